//! Documents merged into one API, with their references.
//!
//! In: the trees of OpenAPI documents ([OpenAPI 3.0.3](https://spec.openapis.org/oas/v3.0.3)). Out: an [`Api`] in
//! which paths and components are found by name, wherever they stand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::schema::Known;
use super::sources::{Problems, Sources};
use super::yaml::{Entry, Node, Value};
use crate::diagnostics::Position;
use crate::permissions::Method;

/// Keys that hold text for human readers. Documents may differ in them and still say the same.
const PROSE: [&str; 6] = ["description", "example", "examples", "externalDocs", "summary", "title"];

/// The verbs that Microsoft Graph knows, as OpenAPI writes them.
const METHODS: [(&str, Method); 5] = [
    ("get", Method::Get),
    ("post", Method::Post),
    ("patch", Method::Patch),
    ("put", Method::Put),
    ("delete", Method::Delete),
];

/// A reference leads at most over so many others.
const MAX_HOPS: usize = 32;

/// Merged documents.
#[derive(Debug)]
pub struct Api<'t> {
    sources: &'t Sources,
    /// Everything under `components`, by section and name.
    components: BTreeMap<&'t str, BTreeMap<&'t str, &'t Node<'t>>>,
    /// The path items of each path.
    pub paths: BTreeMap<&'t str, PathItem<'t>>,
    /// The component schemas that become types.
    pub types: BTreeSet<&'t str>,
    /// What is known of the other component schemas.
    pub known: RefCell<Known<'t>>,
    /// What was found wrong so far. Reading goes on after a problem, so that all are found.
    problems: RefCell<Problems>,
}

/// What can be done at one path.
#[derive(Clone, Debug, Default)]
pub struct PathItem<'t> {
    /// Where its path stands.
    pub position: Position,
    /// The operations, by verb.
    pub operations: BTreeMap<Method, &'t Node<'t>>,
    /// The parameters that all operations have.
    parameters: Vec<&'t Node<'t>>,
}

impl PathItem<'_> {
    /// Whether Microsoft's converter says of an operation here that it is an `action` or a `function`.
    pub fn is(&self, kind: &str) -> bool {
        self.operations.values().any(|operation| operation.text("x-ms-docs-operation-type") == Some(kind))
    }
}

impl<'t> Api<'t> {
    /// Merges documents. What several of them have, they must have in the same words.
    pub fn new(sources: &'t Sources, documents: &'t [Node<'t>]) -> Self {
        let mut api = Self {
            sources,
            components: BTreeMap::new(),
            paths: BTreeMap::new(),
            types: BTreeSet::new(),
            known: RefCell::default(),
            problems: RefCell::default(),
        };
        for document in documents {
            api.version(document);
            api.add_components(document);
            api.add_paths(document);
        }
        api.types = api.find_types();
        api
    }

    fn version(&self, document: &Node<'_>) {
        let version = document.text("openapi").unwrap_or_default();
        if version != "3.0" && !version.starts_with("3.0.") {
            let message = match (version, document.text("swagger")) {
                ("", None) => "this is no OpenAPI document, it has no `openapi`".to_owned(),
                ("", Some(version)) => format!("the document is of Swagger {version}"),
                _ => format!("the document is of OpenAPI {version}"),
            };
            self.problem(document.position, format!("{message}: give a document of OpenAPI 3.0"));
        }
    }

    fn add_components(&mut self, document: &'t Node<'t>) {
        for section in document.get("components").map_or(&[][..], Node::entries) {
            for entry in section.node.entries() {
                let known = self.components.entry(&section.key).or_default();
                let known = *known.entry(&entry.key).or_insert(&entry.node);
                if !same(known, &entry.node) {
                    self.differs(entry.node.position, &entry.key, known.position);
                }
            }
        }
    }

    fn add_paths(&mut self, document: &'t Node<'t>) {
        for path in document.get("paths").map_or(&[][..], Node::entries) {
            if path.key.starts_with("x-") {
                continue;
            }
            if !path.key.starts_with('/') {
                self.problem(path.position, format!("the path `{}` has to begin with `/`", path.key));
                continue;
            }
            if path.node.get("$ref").is_some() {
                self.problem(
                    path.position,
                    "references to path items are not read: write the path item here",
                );
            }
            let mut item = self.paths.remove(path.key.as_ref()).unwrap_or_default();
            item.position = path.position;
            if let Some(parameters) = path.node.get("parameters") {
                item.parameters.extend(parameters.items());
            }
            for (key, method) in METHODS {
                let Some(operation) = path.node.get(key) else { continue };
                match item.operations.get(&method) {
                    Some(known) if !same(known, operation) => {
                        self.differs(operation.position, &format!("{key} {}", path.key), known.position);
                    }
                    Some(_) => (),
                    None => drop(item.operations.insert(method, operation)),
                }
            }
            self.paths.insert(&path.key, item);
        }
    }

    fn differs(&self, position: Position, name: &str, other: Position) {
        let other = self.sources.show(other);
        self.problem(position, format!("`{name}` is not the same at {other}: give documents of one version"));
    }

    /// Notes a problem.
    pub fn problem(&self, position: Position, message: impl Into<String>) {
        self.problems.borrow_mut().push((position, message.into()));
    }

    /// All problems noted so far.
    pub fn into_problems(self) -> Problems {
        self.problems.into_inner()
    }

    /// The component schemas, by name.
    pub fn schemas(&self) -> impl Iterator<Item = (&'t str, &'t Node<'t>)> {
        self.components.get("schemas").into_iter().flatten().map(|(name, node)| (*name, *node))
    }

    /// The component schema of this name.
    pub fn schema(&self, name: &str) -> Option<&'t Node<'t>> {
        self.components.get("schemas")?.get(name).copied()
    }

    /// What a node stands for: itself, or what it refers to. Notes a problem if that does not exist.
    pub fn resolve(&self, node: &'t Node<'t>) -> Option<&'t Node<'t>> {
        let mut found = node;
        for _ in 0..MAX_HOPS {
            let Some(reference) = found.get("$ref") else { return Some(found) };
            found = self.target(reference)?.1;
        }
        self.problem(node.position, "this reference leads around in a circle: break it");
        None
    }

    /// The name of the component schema that a node refers to, if it is a reference.
    pub fn schema_reference(&self, node: &'t Node<'t>) -> Option<&'t str> {
        self.target(node.get("$ref")?)
            .filter(|((section, _), _)| *section == "schemas")
            .map(|((_, name), _)| name)
    }

    fn target(&self, reference: &'t Node<'t>) -> Option<((&'t str, &'t str), &'t Node<'t>)> {
        let text = reference.as_str().unwrap_or_default();
        let found = text.strip_prefix("#/components/").and_then(|rest| rest.split_once('/')).and_then(
            |(section, name)| {
                let (section, list) = self.components.get_key_value(section)?;
                let (name, node) = list.get_key_value(name.replace("~1", "/").replace("~0", "~").as_str())?;
                Some(((*section, *name), *node))
            },
        );
        match found {
            Some(found) => Some(found),
            None => {
                let mend = if text.starts_with('#') {
                    "give the document that has it as well, or correct the reference"
                } else {
                    "refer to `#/components/…`, and give all documents at once"
                };
                self.problem(reference.position, format!("`{text}` is in none of the documents: {mend}"));
                None
            }
        }
    }

    /// The parameters of an operation: its own, then those of its path.
    pub fn parameters(&self, item: &PathItem<'t>, operation: &'t Node<'t>) -> Vec<&'t Node<'t>> {
        let own = operation.get("parameters").map_or(&[][..], Node::items);
        own.iter().chain(item.parameters.iter().copied()).filter_map(|node| self.resolve(node)).collect()
    }
}

/// Whether two nodes say the same, apart from their prose.
fn same(a: &Node<'_>, b: &Node<'_>) -> bool {
    alike(a, b, &PROSE)
}

/// Whether two nodes are the same but for some keys.
fn alike(a: &Node<'_>, b: &Node<'_>, left_out: &[&str]) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            let facts = |map: &Vec<Entry<'_>>| {
                map.iter().filter(|entry| !left_out.contains(&entry.key.as_ref())).count()
            };
            let others: HashMap<_, _> = b.iter().map(|entry| (&entry.key, &entry.node)).collect();
            // Below `properties`, keys are names: one may be called `title`.
            let below = |key: &str| if key == "properties" { &[][..] } else { &PROSE };
            let mut own = a.iter().filter(|entry| !left_out.contains(&entry.key.as_ref()));
            facts(a) == facts(b)
                && own.all(|Entry { key, node, .. }| {
                    others.get(key).is_some_and(|other| alike(node, other, below(key)))
                })
        }
        _ => false,
    }
}
