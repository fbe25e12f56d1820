//! Schemas → types of CSDL.
//!
//! What OpenAPI 3.0 cannot say stays unknown and is read as CSDL reads what is not written: a reference has no room
//! for `nullable` beside it, so it may be null; a schema that no one type describes is `Edm.Untyped`.

use std::collections::{BTreeSet, HashMap};

use super::api::Api;
use super::yaml::Node;
use crate::csdl::TypeRef;

/// The types that component schemas describe, by the name of the schema; none for one that is being read.
pub type Known<'t> = HashMap<&'t str, Option<Typed>>;

/// What a schema describes.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The type.
    pub ty: TypeRef,
    /// Whether null is allowed, also if the document cannot say.
    pub nullable: bool,
}

/// What the JSON of a request or of an answer is.
#[derive(Clone, Debug)]
pub enum Content<'t> {
    /// A value of a type, or an array of them.
    Value(TypeRef),
    /// `{"value": …}` around it.
    Wrapped(TypeRef),
    /// An object written out where it is used.
    Inline(&'t Node<'t>),
}

impl<'t> Api<'t> {
    /// The type that a schema describes.
    pub fn typed(&self, schema: &'t Node<'t>) -> Typed {
        let unknown = || Typed { ty: one("Edm.Untyped"), nullable: true };
        if schema.get("$ref").is_some() {
            return self
                .schema_reference(schema)
                .and_then(|name| self.named(name, schema))
                .unwrap_or_else(unknown);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            if let Some(alternatives) = schema.get(key) {
                let nullable = schema.is_true("nullable");
                return self.alternatives(alternatives.items(), nullable).unwrap_or_else(unknown);
            }
        }
        match (schema.text("type"), schema.get("items")) {
            (Some("array"), Some(items)) => {
                let Typed { ty, nullable } = self.typed(items);
                // CSDL has no collections of collections.
                let name = if ty.is_collection { "Edm.Untyped".to_owned() } else { ty.name };
                Typed { ty: TypeRef { name, is_collection: true }, nullable }
            }
            _ => {
                let ty = one(self.primitive(schema));
                Typed { nullable: ty.name == "Edm.Untyped" || schema.is_true("nullable"), ty }
            }
        }
    }

    /// The type that a component schema is or describes. Each is read once, however often it is referred to.
    fn named(&self, name: &'t str, reference: &'t Node<'t>) -> Option<Typed> {
        if self.is_type(name) {
            return Some(Typed { ty: one(name), nullable: true });
        }
        if let Some(known) = self.known.borrow().get(name) {
            if known.is_none() {
                self.problem(reference.position, format!("`{name}` is defined by itself: break the circle"));
            }
            return known.clone();
        }
        self.known.borrow_mut().insert(name, None);
        let typed = self.typed(self.schema(name)?);
        self.known.borrow_mut().insert(name, Some(typed.clone()));
        Some(typed)
    }

    /// The one type among several schemas. Beside it may stand those that only allow null or another spelling of the
    /// same value, as of a number that may also be the text `INF`.
    fn alternatives(&self, schemas: &'t [Node<'t>], nullable: bool) -> Option<Typed> {
        let typed: Vec<_> = schemas.iter().map(|schema| (schema, self.typed(schema))).collect();
        let nullable = nullable || schemas.iter().any(|schema| schema.is_true("nullable"));
        let mut named: Vec<_> =
            typed.iter().filter(|(_, typed)| !typed.ty.name.starts_with("Edm.")).collect();
        named.dedup_by(|a, b| a.1.ty == b.1.ty);
        match named.as_slice() {
            [(_, only)] => Some(only.clone()),
            [] => {
                let primitive =
                    typed.into_iter().map(|(_, typed)| typed).find(|typed| typed.ty.name != "Edm.Untyped");
                primitive.map(|primitive| Typed { nullable, ..primitive })
            }
            _ => None,
        }
    }

    /// The primitive type by `type` and `format`.
    fn primitive(&self, schema: &Node<'_>) -> &'static str {
        match (schema.text("type"), schema.text("format").unwrap_or_default()) {
            (Some("string"), "base64url" | "byte") => "Edm.Binary",
            (Some("string"), "binary") => "Edm.Stream",
            (Some("string"), "date") => "Edm.Date",
            (Some("string"), "date-time") => "Edm.DateTimeOffset",
            (Some("string"), "duration") => "Edm.Duration",
            (Some("string"), "time") => "Edm.TimeOfDay",
            (Some("string"), "uuid") => "Edm.Guid",
            (Some("string"), _) => "Edm.String",
            (Some("boolean"), _) => "Edm.Boolean",
            (Some("integer"), "int8") | (Some("number"), "int8") => "Edm.SByte",
            (Some("integer"), "uint8") | (Some("number"), "uint8") => "Edm.Byte",
            (Some("integer"), "int16") | (Some("number"), "int16") => "Edm.Int16",
            (Some("integer"), "int32") | (Some("number"), "int32") => "Edm.Int32",
            (Some("integer"), _) | (Some("number"), "int64") => "Edm.Int64",
            (Some("number"), "decimal") => "Edm.Decimal",
            (Some("number"), "float") => "Edm.Single",
            (Some("number"), _) => "Edm.Double",
            (None | Some("object" | "array"), _) => "Edm.Untyped",
            (Some(other), _) => {
                let message = format!(
                    "the type `{other}` is not known: OpenAPI 3.0 has array, boolean, integer, \
                                       number, object and string"
                );
                self.problem(schema.get("type").map_or(schema.position, |node| node.position), message);
                "Edm.Untyped"
            }
        }
    }

    /// What the JSON of a request or of an answer is.
    pub fn content(&self, schema: &'t Node<'t>) -> Content<'t> {
        if self.schema_reference(schema).is_some_and(|name| self.is_type(name)) {
            return Content::Value(self.typed(schema).ty);
        }
        let Some(target) = self.resolve(schema) else { return Content::Value(one("Edm.Untyped")) };
        let mut values = self.members(target).filter(|(name, _)| !name.contains('@'));
        match (values.next(), values.next()) {
            (Some(("value", value)), None) => Content::Wrapped(self.typed(value).ty),
            (Some(_), _) => Content::Inline(target),
            (None, _) => Content::Value(self.typed(schema).ty),
        }
    }

    /// Whether a component schema becomes a type (see [`Self::find_types`]).
    pub fn is_type(&self, name: &str) -> bool {
        self.types.contains(name)
    }

    /// The component schemas that become types: enumerations and objects, but none that only carries values of
    /// another type through a request (a page, a reference).
    pub fn find_types(&self) -> BTreeSet<&'t str> {
        let is_type = |(name, schema): &(&'t str, &'t Node<'t>)| {
            let is_dotted = name.contains('.');
            if schema.get("enum").is_some() {
                return is_dotted;
            }
            let is_object = schema.text("type") == Some("object")
                || ["allOf", "properties"].iter().any(|key| schema.get(key).is_some());
            let holds_more = || self.members(schema).any(|(name, _)| !name.contains('@') && name != "value");
            is_object && (holds_more() || (is_dotted && !self.is_page(schema)))
        };
        self.schemas().filter(is_type).map(|(name, _)| name).collect()
    }

    /// Whether an object that holds nothing but a `value` says that more may follow.
    fn is_page(&self, schema: &'t Node<'t>) -> bool {
        self.members(schema).any(|(name, _)| matches!(name, "@odata.nextLink" | "@odata.deltaLink"))
    }

    /// The properties of an object with those of the schemas that it combines.
    pub fn members(&self, schema: &'t Node<'t>) -> impl Iterator<Item = (&'t str, &'t Node<'t>)> {
        let mut seen = BTreeSet::new();
        let mut pending = vec![schema];
        let parts = std::iter::from_fn(move || {
            let part = loop {
                let part = pending.pop()?;
                if seen.insert(part.position) {
                    break part;
                }
            };
            let parts = part.get("allOf").map_or(&[][..], Node::items);
            pending.extend(parts.iter().filter_map(|part| self.resolve(part)));
            Some(part)
        });
        parts.flat_map(properties)
    }
}

/// The properties that an object schema itself has.
pub fn properties<'t>(schema: &'t Node<'t>) -> impl Iterator<Item = (&'t str, &'t Node<'t>)> {
    let entries = schema.get("properties").map_or(&[][..], Node::entries);
    entries.iter().map(|entry| (entry.key.as_ref(), &entry.node))
}

/// One value of a type.
pub fn one(name: &str) -> TypeRef {
    TypeRef { name: name.to_owned(), is_collection: false }
}
