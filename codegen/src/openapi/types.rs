//! Component schemas → entity types, complex types and enumerations.
//!
//! In: the schemas of an [`Api`]. Out: [`Types`], which know the members of each type but not yet whether it is an
//! entity type, and once its paths have told that, the same as CSDL.

use std::collections::{BTreeMap, BTreeSet};

use super::api::Api;
use super::schema::{Typed, properties};
use super::yaml::{Node, Value};
use crate::csdl::{
    Document, EnumMember, EnumType, NavigationProperty, Property, StructuredType, TypeKind, TypeRef,
    Value as Annotation,
};
use crate::diagnostics::Position;
use crate::model::{term, unqualified};

/// The types that schemas describe.
#[derive(Debug, Default)]
pub struct Types<'t> {
    structured: BTreeMap<&'t str, Draft<'t>>,
    /// Their names by what follows the last dot; none if several are called so.
    short: BTreeMap<&'t str, Option<&'t str>>,
    enums: Vec<EnumType>,
    /// Types that no schema has: bodies that are written out where they are used.
    bodies: BTreeMap<String, StructuredType>,
}

/// An object schema, read.
#[derive(Debug)]
struct Draft<'t> {
    base: Option<&'t str>,
    members: BTreeMap<&'t str, Member>,
    position: Position,
}

/// A property, structural or navigation.
#[derive(Clone, Debug)]
struct Member {
    typed: Typed,
    /// `x-ms-navigationProperty`.
    is_navigation: bool,
    is_read_only: bool,
    max_length: Option<String>,
    position: Position,
}

/// What the paths of an API say about its types.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Types that have an address of their own.
    pub entities: BTreeSet<String>,
    /// The key properties of types.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Properties that are read or written as bytes, with the types that they were found on.
    pub streams: BTreeSet<(String, String)>,
}

impl<'t> Types<'t> {
    /// Reads all schemas that become types.
    pub fn new(api: &Api<'t>) -> Self {
        let mut types = Self::default();
        let errors = error_schemas(api);
        for name in api.types.iter().filter(|name| !errors.contains(*name)) {
            let Some(schema) = api.schema(name) else { continue };
            if !name.contains('.') {
                let message =
                    format!("the schema `{name}` has no namespace: call it like `microsoft.graph.{name}`");
                api.problem(schema.position, message);
            }
            match schema.get("enum") {
                Some(members) => types.enums.push(enum_type(name, schema, members)),
                None => {
                    types
                        .short
                        .entry(unqualified(name))
                        .and_modify(|only| *only = None)
                        .or_insert(Some(name));
                    types.structured.insert(name, draft(api, name, schema));
                }
            }
        }
        for (name, schema) in api.schemas() {
            types.check_discriminator(api, name, schema);
        }
        types
    }

    /// The namespace that all types have in common.
    pub fn namespace(&self) -> String {
        let names = self.structured.keys().copied().chain(self.enums.iter().map(|ty| ty.name.as_str()));
        let mut namespaces = names.filter_map(|name| name.rsplit_once('.').map(|(namespace, _)| namespace));
        let first = namespaces.next().unwrap_or_default();
        let mut common: Vec<_> = first.split('.').collect();
        for namespace in namespaces {
            let equal = common.iter().zip(namespace.split('.')).take_while(|(a, b)| *a == b).count();
            common.truncate(equal);
        }
        common.join(".")
    }

    /// The type of this name: as it is written, or the only one that is so called without its namespace.
    pub fn find(&self, name: &str) -> Option<&'t str> {
        let exact = self.structured.get_key_value(name).map(|(name, _)| *name);
        exact.or_else(|| self.short.get(name).copied().flatten())
    }

    /// Whether this is the name of an entity or complex type.
    pub fn is_structured(&self, name: &str) -> bool {
        self.structured.contains_key(name) || self.bodies.contains_key(name)
    }

    /// The type of a member of a type or of its bases, and the type that declares it.
    pub fn member(&self, ty: &str, name: &str) -> Option<(&'t str, TypeRef)> {
        self.lineage(ty).find_map(|(owner, draft)| Some((owner, draft.members.get(name)?.typed.ty.clone())))
    }

    /// The type, its base, the base's base and so on. A circle is left after one turn.
    fn lineage(&self, ty: &str) -> impl Iterator<Item = (&'t str, &Draft<'t>)> {
        let mut seen = BTreeSet::new();
        let find = |name: &str| self.structured.get_key_value(name).map(|(name, draft)| (*name, draft));
        std::iter::successors(find(ty), move |(_, draft)| find(draft.base?))
            .take_while(move |(name, _)| seen.insert(*name))
    }

    /// Gives a body that is written out where it is used a name of its own, and returns that.
    pub fn add_body(&mut self, name: &str, properties: Vec<Property>, position: Position) -> String {
        let mut numbers = 2..;
        let mut free = name.to_owned();
        while self.structured.contains_key(free.as_str())
            || self.bodies.get(&free).is_some_and(|known| !alike(&known.properties, &properties))
        {
            free = format!("{name}{}", numbers.next().unwrap_or(0));
        }
        let body = StructuredType { properties, ..structured_type(&free, TypeKind::Complex, position) };
        self.bodies.insert(free.clone(), body);
        free
    }

    /// The types as in CSDL.
    pub fn finish(self, evidence: &Evidence, document: &mut Document) {
        let entities = self.entities(evidence);
        let keys = self.keys(evidence);
        let streams: BTreeSet<_> = evidence
            .streams
            .iter()
            .filter_map(|(ty, name)| Some((self.member(ty, name)?.0, name.as_str())))
            .collect();
        for (name, draft) in &self.structured {
            let kind = if entities.contains(name) { TypeKind::Entity } else { TypeKind::Complex };
            let mut ty = structured_type(name, kind, draft.position);
            ty.base = draft.base.map(str::to_owned);
            ty.key = keys.get(name).cloned().unwrap_or_default();
            for (member, declared) in &draft.members {
                let is_entity = entities.contains(declared.typed.ty.name.as_str());
                if declared.is_navigation || is_entity {
                    ty.navigation.push(declared.navigation(member));
                } else {
                    ty.properties.push(declared.property(member, streams.contains(&(name, member))));
                }
                if declared.is_read_only {
                    let computed = (term::COMPUTED.to_owned(), Annotation::Bool(true));
                    document.annotations.insert(format!("{name}/{member}"), BTreeMap::from([computed]));
                }
            }
            document.types.push(ty);
        }
        document.types.extend(self.bodies.into_values());
        document.enums = self.enums;
    }

    /// The entity types: those that navigation properties and paths lead to, their bases and what derives from them.
    fn entities(&self, evidence: &Evidence) -> BTreeSet<&'t str> {
        let flagged = self.structured.values().flat_map(|draft| draft.members.values());
        let flagged =
            flagged.filter(|member| member.is_navigation).map(|member| member.typed.ty.name.as_str());
        let seeds = flagged.chain(evidence.entities.iter().map(String::as_str));
        let roots: BTreeSet<_> =
            seeds.filter_map(|seed| self.lineage(seed).last()).map(|(root, _)| root).collect();
        let is_entity = |name: &str| self.lineage(name).last().is_some_and(|(root, _)| roots.contains(root));
        self.structured.keys().copied().filter(|name| is_entity(name)).collect()
    }

    /// Each key on the type that declares its properties, unless that has another one already.
    fn keys(&self, evidence: &Evidence) -> BTreeMap<&'t str, Vec<String>> {
        let mut keys = BTreeMap::<&str, Vec<String>>::new();
        for (ty, key) in &evidence.keys {
            let owners: Vec<_> = key.iter().filter_map(|name| Some(self.member(ty, name)?.0)).collect();
            let Some((own, _)) = self.lineage(ty).next().filter(|_| owners.len() == key.len()) else {
                continue;
            };
            // The nearest type that has all of the key's properties.
            let owner =
                self.lineage(ty).map(|(name, _)| name).find(|name| owners.contains(name)).unwrap_or(own);
            let is_free = keys.get(owner).is_none_or(|known| known == key);
            keys.insert(if is_free { owner } else { own }, key.clone());
        }
        keys
    }

    /// Checks that each value of `@odata.type` leads to the type of that name.
    fn check_discriminator(&self, api: &Api<'t>, name: &str, schema: &'t Node<'t>) {
        let parts = schema.get("allOf").map_or(&[][..], Node::items);
        for part in std::iter::once(schema).chain(parts) {
            let mapping = part.get("discriminator").and_then(|discriminator| discriminator.get("mapping"));
            for entry in mapping.map_or(&[][..], Node::entries) {
                let target =
                    entry.node.as_str().unwrap_or_default().trim_start_matches("#/components/schemas/");
                if api.schema(target).is_none() {
                    let message =
                        format!("`{target}` is in none of the documents: give the one that has it as well");
                    api.problem(entry.node.position, message);
                } else if entry.key.trim_start_matches('#') != target {
                    let message = format!(
                        "values of type `{}` would be of the schema `{target}`: use one name",
                        entry.key
                    );
                    api.problem(entry.position, message);
                } else if self.structured.contains_key(name)
                    && self.lineage(target).all(|(base, _)| base != name)
                {
                    let message =
                        format!("`{target}` does not derive from `{name}`: add `{name}` to its `allOf`");
                    api.problem(entry.position, message);
                }
            }
        }
    }
}

impl Member {
    fn property(&self, name: &str, is_stream: bool) -> Property {
        let ty = if is_stream { super::schema::one("Edm.Stream") } else { self.typed.ty.clone() };
        let facets = self.max_length.iter().map(|length| ("MaxLength".to_owned(), length.clone())).collect();
        Property { name: name.to_owned(), ty, nullable: self.typed.nullable, facets, position: self.position }
    }

    fn navigation(&self, name: &str) -> NavigationProperty {
        NavigationProperty {
            name: name.to_owned(),
            ty: self.typed.ty.clone(),
            nullable: self.typed.nullable,
            contains_target: false,
            position: self.position,
        }
    }
}

fn structured_type(name: &str, kind: TypeKind, position: Position) -> StructuredType {
    StructuredType {
        name: name.to_owned(),
        kind,
        base: None,
        is_abstract: false,
        is_open: false,
        has_stream: false,
        key: Vec::new(),
        properties: Vec::new(),
        navigation: Vec::new(),
        position,
    }
}

/// Whether two lists have the same properties, wherever they stand.
fn alike(a: &[Property], b: &[Property]) -> bool {
    let facts = |list: &[Property]| {
        list.iter()
            .map(|property| (property.name.clone(), property.ty.clone(), property.nullable))
            .collect::<Vec<_>>()
    };
    facts(a) == facts(b)
}

fn draft<'t>(api: &Api<'t>, name: &str, schema: &'t Node<'t>) -> Draft<'t> {
    let mut draft = Draft { base: None, members: BTreeMap::new(), position: schema.position };
    let parts = schema.get("allOf").map_or(&[][..], Node::items);
    for part in std::iter::once(schema).chain(parts) {
        match api.schema_reference(part) {
            Some(base) if !api.is_type(base) => (),
            Some(base) if draft.base.is_none() => draft.base = Some(base),
            Some(base) => {
                let message = format!(
                    "`{name}` has a second base type, `{base}`: keep one, and merge the other into it"
                );
                api.problem(part.position, message);
            }
            None => {
                // Names with `@` are OData's own words about a value.
                for (name, schema) in properties(part).filter(|(name, _)| !name.contains('@')) {
                    draft.members.insert(name, member(api, schema));
                }
            }
        }
    }
    draft
}

fn member<'t>(api: &Api<'t>, schema: &'t Node<'t>) -> Member {
    let typed = api.typed(schema);
    let is_navigation = schema.is_true("x-ms-navigationProperty");
    if is_navigation && typed.ty.name.starts_with("Edm.") && typed.ty.name != "Edm.Untyped" {
        let message =
            format!("a navigation property leads to an object, not to `{}`: correct one", typed.ty.name);
        api.problem(schema.position, message);
    }
    Member {
        is_navigation: is_navigation && !typed.ty.name.starts_with("Edm."),
        typed,
        is_read_only: schema.is_true("readOnly"),
        max_length: schema.text("maxLength").map(str::to_owned),
        position: schema.position,
    }
}

/// OpenAPI has no numbers for members, so they are numbered in their order.
fn enum_type(name: &str, schema: &Node<'_>, members: &Node<'_>) -> EnumType {
    let is_null =
        |node: &Node<'_>| matches!(&node.value, Value::Scalar { text, is_plain: true } if text == "null");
    let names = members.items().iter().filter(|node| !is_null(node)).filter_map(Node::as_str);
    EnumType {
        name: name.to_owned(),
        underlying: None,
        is_flags: schema.get("x-ms-enum-flags").is_some_and(|flags| flags.is_true("isFlags")),
        members: names.zip(0..).map(|(name, value)| EnumMember { name: name.to_owned(), value }).collect(),
        position: schema.position,
    }
}

/// The schemas that only answers of failed requests use: the runtime has its own errors.
fn error_schemas<'t>(api: &Api<'t>) -> BTreeSet<&'t str> {
    let (mut failed, mut rest) = (Vec::new(), Vec::new());
    for operation in api.paths.values().flat_map(|item| item.operations.values()) {
        for entry in operation.entries() {
            if entry.key != "responses" {
                rest.push(&entry.node);
                continue;
            }
            for response in entry.node.entries() {
                let list = if response.key.starts_with('2') { &mut rest } else { &mut failed };
                list.push(&response.node);
            }
        }
    }
    let failed = reachable(api, failed);
    rest.extend(api.schemas().filter(|(name, _)| !failed.contains(name)).map(|(_, schema)| schema));
    let rest = reachable(api, rest);
    failed.difference(&rest).copied().collect()
}

/// The schemas that nodes lead to by reference.
fn reachable<'t>(api: &Api<'t>, mut pending: Vec<&'t Node<'t>>) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    while let Some(node) = pending.pop() {
        pending.extend(node.items());
        pending.extend(node.entries().iter().map(|entry| &entry.node));
        if node.get("$ref").is_some() {
            if let Some(name) = api.schema_reference(node) {
                found.insert(name);
            }
            if let Some(target) = api.resolve(node).filter(|target| seen.insert(target.position)) {
                pending.push(target);
            }
        }
    }
    found
}
