//! The inventory of the generated crate, read: what the metadata says, apart from the code that is tested.

use std::collections::{BTreeMap, HashMap};

use crate::registry::{self, Entry};

const TYPES: &str = include_str!("../../generated/inventory/types.txt");
const OPERATIONS: &str = include_str!("../../generated/inventory/operations.txt");

/// The types of properties by their names.
pub type Properties = BTreeMap<&'static str, &'static str>;

/// Types and operations.
#[derive(Default)]
pub struct Inventory {
    /// Entity and complex types by their qualified names.
    pub structured: BTreeMap<&'static str, Structured>,
    /// Each type, and all that derive from it.
    pub derived: HashMap<&'static str, Vec<&'static str>>,
    properties: HashMap<&'static str, Properties>,
    /// Enumerations by their qualified names.
    pub enumerations: HashMap<&'static str, Enumeration>,
    /// Actions with parameters.
    pub actions: Vec<Action>,
    /// Operations.
    pub operations: Vec<Operation>,
}

/// An entity or complex type.
pub struct Structured {
    pub rust: &'static str,
    pub base: Option<&'static str>,
    is_open: bool,
    /// Those declared here.
    properties: Properties,
}

/// An enumeration.
pub struct Enumeration {
    pub is_flags: bool,
    pub members: Vec<&'static str>,
}

/// An action with parameters.
pub struct Action {
    /// The qualified name.
    pub name: &'static str,
    /// The type of each parameter but the one it is bound to.
    pub parameters: Vec<(&'static str, &'static str)>,
    pub rust: &'static str,
}

/// An operation.
pub struct Operation {
    pub method: &'static str,
    pub template: &'static str,
    /// The type of its body, `{name: type, …}` for that of an action.
    pub body: Option<&'static str>,
    /// The type of its answer.
    pub answer: Option<&'static str>,
}

impl Action {
    /// Whether an operation is a call of this action, or of one of the same name and parameters.
    pub fn is_called_by(&self, operation: &Operation) -> bool {
        let list: Vec<_> = self.parameters.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let called = operation.template.rsplit(['/', '.']).next();
        called == self.name.rsplit('.').next() && operation.body == Some(&*format!("{{{}}}", list.join(", ")))
    }
}

impl Inventory {
    /// Reads the committed inventory.
    pub fn read() -> Self {
        let mut inventory = Self::default();
        for line in TYPES.lines().filter(|line| !line.starts_with('#')) {
            inventory.add(line).unwrap_or_else(|| panic!("not understood: {line}"));
        }
        for name in inventory.structured.keys().copied() {
            let mut next = Some(name);
            while let Some(ancestor) = next {
                inventory.derived.entry(ancestor).or_default().push(name);
                next = inventory.structured.get(ancestor).and_then(|ty| ty.base);
            }
        }
        let names = inventory.structured.keys();
        inventory.properties = names.map(|name| (*name, inventory.collect_properties(name))).collect();
        let operations = OPERATIONS.lines().filter(|line| !line.starts_with('#'));
        inventory.operations = operations
            .map(|line| operation(line).unwrap_or_else(|| panic!("not understood: {line}")))
            .collect();
        inventory
    }

    fn add(&mut self, line: &'static str) -> Option<()> {
        let mut columns = line.split(" | ");
        let described = columns.next()?;
        let rust = columns.next().filter(|column| column.starts_with("models::"));
        let (name, rest) = described.split_once(' ')?;
        if let Some((name, rest)) = described.split_once('(').filter(|(name, _)| !name.contains(' ')) {
            self.actions.extend(rust.and_then(|rust| action(name, rest, rust)));
        } else if let Some((owner, member)) = name.split_once('/') {
            self.add_member(owner, member, rest)?;
        } else if rest == "enum" || rest == "flags" {
            self.enumerations.insert(name, Enumeration { is_flags: rest == "flags", members: Vec::new() });
        } else {
            let base = rest.split_once(" : ").map(|(_, base)| base.split(' ').next().unwrap_or(base));
            let structured = Structured {
                rust: rust?,
                base,
                is_open: rest.split(' ').any(|word| word == "open"),
                properties: Properties::new(),
            };
            self.structured.insert(name, structured);
        }
        Some(())
    }

    fn add_member(&mut self, owner: &'static str, member: &'static str, rest: &'static str) -> Option<()> {
        if let Some(ty) = self.structured.get_mut(owner) {
            let described = rest.trim_start_matches("→ ");
            ty.properties.insert(member, described.split(' ').next()?);
        } else {
            self.enumerations.get_mut(owner)?.members.push(member);
        }
        Some(())
    }

    /// The types from one up to the root of its hierarchy.
    pub fn lineage<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a Structured)> {
        let entry = |name: &'a str| self.structured.get(name).map(|ty| (name, ty));
        std::iter::successors(entry(name), move |(_, ty)| entry(ty.base?))
    }

    /// Whether a type is another one or derives from it.
    pub fn derives(&self, name: &str, base: &str) -> bool {
        self.lineage(name).any(|(ancestor, _)| ancestor == base)
    }

    /// Whether values of a type may have properties that it does not declare.
    pub fn is_open(&self, name: &str) -> bool {
        self.lineage(name).any(|(_, ty)| ty.is_open)
    }

    /// All properties of a type, inherited ones included, and their types. Streams are left out: they are no part of a
    /// value, but have operations of their own.
    pub fn properties(&self, name: &str) -> &Properties {
        &self.properties[name]
    }

    /// The nearest declaration of each property counts.
    fn collect_properties(&self, name: &str) -> Properties {
        let mut all = Properties::new();
        for (_, ty) in self.lineage(name) {
            for (name, ty) in &ty.properties {
                all.entry(*name).or_insert(*ty);
            }
        }
        all.retain(|_, ty| *ty != "Edm.Stream");
        all
    }

    /// The model of a type.
    pub fn model(&self, name: &str) -> Option<Entry> {
        registry::find(self.structured.get(name)?.rust)
    }
}

/// `param: type, param: type) action → …`
fn action(name: &'static str, rest: &'static str, rust: &'static str) -> Option<Action> {
    let (list, _) = rest.split_once(") action")?;
    let parameters = list.split(", ").skip(1).filter_map(|parameter| parameter.split_once(": ")).collect();
    Some(Action { name, parameters, rust })
}

/// `/path METHOD kind origin body → answer ?options | …`
fn operation(line: &'static str) -> Option<Operation> {
    let (described, _) = line.split_once(" | ")?;
    let (request, answer) = described.split_once(" → ")?;
    let answer = answer.split(' ').next().filter(|answer| *answer != "nothing");
    let mut parts = request.splitn(5, ' ');
    let (template, method) = (parts.next()?, parts.next()?);
    Some(Operation { method, template, body: parts.nth(2), answer })
}

/// The type of the elements of `Collection(…)`.
pub fn element(ty: &str) -> Option<&str> {
    ty.strip_prefix("Collection(")?.strip_suffix(')')
}
