//! What a CSDL document says: types, operations, container, annotations.
//!
//! In: CSDL XML ([OData CSDL XML 4.01](https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/)) or the
//! project's own projection of it. Out: a [`Document`] in which every name is fully qualified (aliases are
//! replaced) and every annotation is found by its target.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diagnostics::Position;

mod check;
mod facts;
pub mod projection;
pub mod xml;

pub use check::check;
pub(crate) use check::is_identifier;
pub use facts::{Count, Tally, facts};
pub use xml::parse as parse_xml;

/// A whole CSDL document (`edmx:Edmx`), all schemas together. All names are qualified with their namespace.
///
/// Lists are sorted by name, so that equal documents are equal values whatever the order of their text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The namespaces of the document's schemas, sorted.
    pub namespaces: Vec<String>,
    /// Entity and complex types.
    pub types: Vec<StructuredType>,
    /// Enumeration types.
    pub enums: Vec<EnumType>,
    /// Actions and functions, one entry per overload; overloads are sorted by kind, then by their parameters.
    pub operations: Vec<Operation>,
    /// Entity sets and singletons.
    pub container: Container,
    /// Annotations by target (`Ns.Type`, `Ns.Type/member`, `Ns.Container/set`, `Ns.Container/set/a/b`), then by
    /// term. Where a target is annotated inline and out of line, or twice, the first found stands here: inline
    /// first, then in file order. Qualifiers are ignored. Annotations of operations and their parameters are kept
    /// on the operation, because overloads share a name; only those that stand out of line are found here, under
    /// their target as written (`Ns.op(Ns.Type)/parameter`).
    pub annotations: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Document {
    /// Brings all lists into the order that they are documented to have.
    pub(crate) fn sort(&mut self) {
        self.namespaces.sort();
        for ty in &mut self.types {
            ty.properties.sort_by(|a, b| a.name.cmp(&b.name));
            ty.navigation.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.types.sort_by(|a, b| a.name.cmp(&b.name));
        for ty in &mut self.enums {
            ty.members.sort_by(|a, b| (a.value, &a.name).cmp(&(b.value, &b.name)));
        }
        self.enums.sort_by(|a, b| a.name.cmp(&b.name));
        self.operations.sort_by(|a, b| a.order().cmp(&b.order()));
        self.container.entity_sets.sort_by(|a, b| a.name.cmp(&b.name));
        self.container.singletons.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Entity type or complex type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TypeKind {
    /// `edm:EntityType`.
    Entity,
    /// `edm:ComplexType`.
    Complex,
}

/// An entity type or a complex type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StructuredType {
    /// The qualified name.
    pub name: String,
    /// Entity or complex.
    pub kind: TypeKind,
    /// The qualified name of the base type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// `Abstract="true"`.
    #[serde(default, rename = "abstract", skip_serializing_if = "is_false")]
    pub is_abstract: bool,
    /// `OpenType="true"`.
    #[serde(default, rename = "open", skip_serializing_if = "is_false")]
    pub is_open: bool,
    /// `HasStream="true"`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_stream: bool,
    /// The names of the key properties, in the order of the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Structural properties, sorted by name, without inherited ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// Navigation properties, sorted by name, without inherited ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub navigation: Vec<NavigationProperty>,
    /// Where it was declared.
    #[serde(skip)]
    pub position: Position,
}

/// A structural property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Property {
    /// The name, as in JSON.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub ty: TypeRef,
    /// Whether null is allowed; CSDL's default is true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub nullable: bool,
    /// Other facets (`MaxLength`, `Precision`, `Scale`, `Unicode`, `DefaultValue`) as written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facets: BTreeMap<String, String>,
    /// Where it was declared.
    #[serde(skip)]
    pub position: Position,
}

/// A navigation property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NavigationProperty {
    /// The name, as in JSON and in paths.
    pub name: String,
    /// The target entity type, or a collection of it.
    #[serde(rename = "type")]
    pub ty: TypeRef,
    /// Whether null is allowed; CSDL's default is true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub nullable: bool,
    /// `ContainsTarget="true"`.
    #[serde(default, rename = "contained", skip_serializing_if = "is_false")]
    pub contains_target: bool,
    /// Where it was declared.
    #[serde(skip)]
    pub position: Position,
}

/// An enumeration type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnumType {
    /// The qualified name.
    pub name: String,
    /// `UnderlyingType`, if the document gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub underlying: Option<String>,
    /// `IsFlags="true"`: values are sets of members.
    #[serde(default, rename = "flags", skip_serializing_if = "is_false")]
    pub is_flags: bool,
    /// The members, in the order of their values, then of their names.
    pub members: Vec<EnumMember>,
    /// Where it was declared.
    #[serde(skip)]
    pub position: Position,
}

/// A member of an enumeration type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumMember {
    /// The name, as in JSON.
    pub name: String,
    /// The number behind the name.
    pub value: i64,
}

/// Action or function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    /// `edm:Action`: called by POST, may change something.
    Action,
    /// `edm:Function`: called by GET, changes nothing.
    Function,
}

/// One overload of an action or a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// The qualified name.
    pub name: String,
    /// Action or function.
    pub kind: OperationKind,
    /// Whether the first parameter is the binding parameter.
    #[serde(default, rename = "bound", skip_serializing_if = "is_false")]
    pub is_bound: bool,
    /// `IsComposable="true"`: further segments may follow the call.
    #[serde(default, rename = "composable", skip_serializing_if = "is_false")]
    pub is_composable: bool,
    /// `EntitySetPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_set_path: Option<String>,
    /// The parameters in order, the binding parameter first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What the operation returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<ReturnType>,
    /// Annotations of the operation and of its return type, by term.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
    /// Where it was declared.
    #[serde(skip)]
    pub position: Position,
}

impl Operation {
    /// What overloads are sorted by: the name, the kind, then the parameters.
    fn order(&self) -> (&str, OperationKind, Vec<(&TypeRef, &str)>) {
        let parameters = self.parameters.iter().map(|parameter| (&parameter.ty, parameter.name.as_str()));
        (&self.name, self.kind, parameters.collect())
    }
}

/// A parameter of an action or function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameter {
    /// The name, as in JSON or in the parentheses.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub ty: TypeRef,
    /// Whether null is allowed; CSDL's default is true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub nullable: bool,
    /// Annotations of the parameter, by term.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, Value>,
}

/// The return type of an action or function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnType {
    /// The type.
    #[serde(rename = "type")]
    pub ty: TypeRef,
    /// Whether null is allowed; CSDL's default is true.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub nullable: bool,
}

/// `edm:EntityContainer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Container {
    /// The qualified name.
    pub name: String,
    /// Entity sets, sorted by name.
    pub entity_sets: Vec<ContainerElement>,
    /// Singletons, sorted by name.
    pub singletons: Vec<ContainerElement>,
}

/// An entity set or a singleton.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerElement {
    /// The name, the first segment of its paths.
    pub name: String,
    /// The qualified name of its entity type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Where it was declared.
    #[serde(skip)]
    pub position: Position,
}

/// A type name, or a collection of it: `microsoft.graph.user`, `Collection(Edm.String)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct TypeRef {
    /// The qualified name of the type or of the elements' type.
    pub name: String,
    /// Whether it is a collection.
    pub is_collection: bool,
}

impl From<String> for TypeRef {
    fn from(text: String) -> Self {
        match text.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')')) {
            Some(element) => Self { name: element.to_owned(), is_collection: true },
            None => Self { name: text, is_collection: false },
        }
    }
}

impl From<TypeRef> for String {
    fn from(ty: TypeRef) -> Self {
        if ty.is_collection { format!("Collection({})", ty.name) } else { ty.name }
    }
}

/// The value of an annotation (an annotation expression).
///
/// Strings, paths, dates and enumeration members are all text; the term tells which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `Bool="true"`, or no expression at all (a tagging term).
    Bool(bool),
    /// `Int`.
    Int(i64),
    /// `String`, `Date`, `PropertyPath`, `NavigationPropertyPath`, `EnumMember` and the like.
    Text(String),
    /// `Collection`.
    List(Vec<Value>),
    /// `Record`, by property.
    Record(BTreeMap<String, Value>),
}

impl Value {
    /// The field `name`, if this is a record that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record(fields) => fields.get(name),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements; none if this is not a list.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

fn is_true(value: &bool) -> bool {
    *value
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn yes() -> bool {
    true
}
