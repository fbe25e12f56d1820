//! Which root resources need which types, and so which Cargo features compile them in.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Scope};
use crate::diagnostics::{Diagnostics, Position};
use crate::model::{Model, OperationId, TypeId};
use crate::operations::spec::{Answer, Body, Spec, parameters};
use crate::operations::tree::{Segment, Tree};

/// The Cargo features that compile something in: any of them does.
pub type Features = BTreeSet<String>;

/// The feature that turns on everything.
pub const FULL: &str = "full";

/// A slot of a base type with more descendants than this says nothing about what will stand in it (the root of
/// the whole hierarchy, say), so its descendants are not compiled in for its sake.
const MAX_DESCENDANTS: usize = 120;

/// The features each type is needed by.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    by_type: BTreeMap<String, Features>,
    by_operation: BTreeMap<OperationId, Features>,
}

impl Needs {
    /// Follows the types that each root's operations take and give through structural properties and to derived
    /// types. Navigation properties are not followed: a field whose type is not compiled in is left out.
    pub fn new(model: &Model<'_>, tree: &Tree<'_>, specs: &[Spec], roots: &Roots) -> Self {
        let mut seeds = BTreeMap::<String, BTreeSet<String>>::new();
        let mut by_operation = BTreeMap::<OperationId, Features>::new();
        for spec in specs {
            let root = tree.root(spec.node).path.as_str();
            if let Segment::Operation(operation) = tree.node(spec.node).segment {
                by_operation.entry(operation).or_default().insert(roots.feature(root));
            }
            let names = seeds.entry(roots.feature(root)).or_default();
            seed(model, tree, spec, names);
        }
        let mut by_type = BTreeMap::<String, Features>::new();
        for (feature, names) in seeds {
            for name in closure(model, names) {
                by_type.entry(name).or_default().insert(feature.clone());
            }
        }
        Self { by_type, by_operation }
    }

    /// The features that compile this type in; `full` alone if no operation needs it.
    pub fn of(&self, name: &str) -> Features {
        self.by_type.get(name).cloned().unwrap_or_else(|| Features::from([FULL.to_owned()]))
    }

    /// The features of the roots below which this action or function is called; `full` alone if it nowhere is.
    pub fn of_operation(&self, operation: OperationId) -> Features {
        self.by_operation.get(&operation).cloned().unwrap_or_else(|| Features::from([FULL.to_owned()]))
    }

    /// The features of a member's type, if it is not compiled in wherever its owner is.
    pub fn narrower(&self, owner: &Features, member: &str) -> Option<Features> {
        if member.starts_with("Edm.") {
            return None;
        }
        let member = self.of(member);
        let owner_is_full_only = owner.len() == 1 && owner.contains(FULL);
        (!owner_is_full_only && !owner.is_subset(&member)).then_some(member)
    }
}

/// Names a root's module cannot have: the crate's other modules, files that Cargo or Rust gives a meaning, and
/// features that every crate has.
const RESERVED_ROOTS: [&str; 14] = [
    "auth",
    "bin",
    "build",
    "client",
    "core",
    "default",
    "full",
    "lib",
    "main",
    "mod",
    "models",
    "permissions",
    "prelude",
    "runtime",
];

/// The Rust module of each root resource, by its path.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    modules: BTreeMap<String, String>,
}

impl Roots {
    /// Names the modules of all roots.
    ///
    /// # Errors
    /// Roots for which no rule finds a free name.
    pub fn new(tree: &Tree<'_>) -> Result<Self, Diagnostics> {
        let mut scope = Scope::with(RESERVED_ROOTS);
        let mut diagnostics = Diagnostics::new();
        let mut modules = BTreeMap::new();
        for path in tree.roots.iter().map(|root| &tree.node(*root).path) {
            let name = names::field(path.trim_start_matches('/'));
            let plain = names::stem(&name).to_owned();
            match scope.take([name, format!("{plain}_resource")]) {
                Ok(name) => drop(modules.insert(path.clone(), name)),
                Err(name) => no_name(&mut diagnostics, path, &name),
            }
        }
        diagnostics.into_result(Self { modules })
    }

    /// The module of the root at this path.
    pub fn module(&self, path: &str) -> String {
        self.modules.get(path).cloned().unwrap_or_default()
    }

    /// The Cargo feature of the root at this path.
    pub fn feature(&self, path: &str) -> String {
        feature_of_module(&self.module(path))
    }
}

/// The Cargo feature of a root's module: `identity-governance` for `identity_governance`.
pub fn feature_of_module(module: &str) -> String {
    names::unescape(module).replace('_', "-")
}

/// Reports that no rule finds a free Rust name.
pub fn no_name(diagnostics: &mut Diagnostics, graph: &str, name: &str) {
    let message = format!("`{graph}` gets no Rust name of its own: `{name}` is taken; rename one of the two");
    diagnostics.push("plan", Position::default(), message);
}

fn seed(model: &Model<'_>, tree: &Tree<'_>, spec: &Spec, names: &mut BTreeSet<String>) {
    let node = tree.node(spec.node);
    names.extend(node.ty.map(|ty| model.ty(ty).name.clone()));
    if let Body::Value(ty) | Body::Values(ty) = &spec.body {
        names.insert(ty.name.clone());
    }
    if let Answer::Value(ty) | Answer::Optional(ty) | Answer::Scalar(ty) | Answer::Page(ty) = &spec.answer {
        names.insert(ty.name.clone());
    }
    if let Segment::Operation(operation) = node.segment {
        names.extend(parameters(model, operation).iter().map(|parameter| parameter.ty.name.clone()));
        names.extend(model.operation(operation).parameters.first().map(|binding| binding.ty.name.clone()));
    }
}

fn closure(model: &Model<'_>, names: BTreeSet<String>) -> BTreeSet<String> {
    let mut stack: Vec<_> = names.iter().cloned().collect();
    let mut seen = names;
    while let Some(name) = stack.pop() {
        let Some(id) = model.find(&name) else { continue };
        for next in neighbours(model, id) {
            if seen.insert(next.clone()) {
                stack.push(next);
            }
        }
    }
    seen
}

fn neighbours(model: &Model<'_>, id: TypeId) -> Vec<String> {
    let mut names: Vec<_> =
        model.properties(id).into_iter().map(|(_, property)| property.ty.name.clone()).collect();
    let descendants = model.descendants(id);
    if descendants.len() <= MAX_DESCENDANTS {
        names.extend(descendants.into_iter().map(|id| model.ty(id).name.clone()));
    }
    names
}
