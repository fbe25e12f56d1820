//! Checks that the names in a document are sound and refer to something.
//!
//! In: a [`Document`]. Out: all problems, none for a document that the later stages can rely on. Every problem names
//! the element it is about, because a document read from the projection has no places.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ContainerElement, Document, EnumType, Operation, OperationKind, StructuredType, TypeKind, TypeRef,
};
use crate::diagnostics::{Diagnostics, Position};

/// The types of the namespace `Edm` that a property, a parameter or a return type may have
/// ([CSDL XML 4.01, 3.3 to 3.6](https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/)).
const EDM_TYPES: [&str; 37] = [
    "Binary",
    "Boolean",
    "Byte",
    "ComplexType",
    "Date",
    "DateTimeOffset",
    "Decimal",
    "Double",
    "Duration",
    "EntityType",
    "Geography",
    "GeographyCollection",
    "GeographyLineString",
    "GeographyMultiLineString",
    "GeographyMultiPoint",
    "GeographyMultiPolygon",
    "GeographyPoint",
    "GeographyPolygon",
    "Geometry",
    "GeometryCollection",
    "GeometryLineString",
    "GeometryMultiLineString",
    "GeometryMultiPoint",
    "GeometryMultiPolygon",
    "GeometryPoint",
    "GeometryPolygon",
    "Guid",
    "Int16",
    "Int32",
    "Int64",
    "PrimitiveType",
    "SByte",
    "Single",
    "Stream",
    "String",
    "TimeOfDay",
    "Untyped",
];

/// What a qualified name of the document stands for.
#[derive(Clone, Copy)]
enum Declared<'a> {
    Structured(&'a StructuredType),
    Enum,
}

/// Finds what is wrong with the names of a document: declared twice, referring to nothing or to the wrong kind of
/// thing, going in circles, or no names at all.
///
/// `file` names the document in the problems.
pub fn check(file: &str, document: &Document) -> Diagnostics {
    let mut checker = Checker { file, document, declared: BTreeMap::new(), diagnostics: Diagnostics::new() };
    checker.namespaces();
    checker.declare();
    document.types.iter().for_each(|ty| checker.structured_type(ty));
    document.enums.iter().for_each(|ty| checker.enum_type(ty));
    document.operations.iter().for_each(|operation| checker.operation(operation));
    checker.overloads();
    checker.container();
    checker.diagnostics
}

struct Checker<'a> {
    file: &'a str,
    document: &'a Document,
    declared: BTreeMap<&'a str, Declared<'a>>,
    diagnostics: Diagnostics,
}

impl<'a> Checker<'a> {
    fn problem(&mut self, position: Position, message: String) {
        self.diagnostics.push(self.file, position, message);
    }

    fn namespaces(&mut self) {
        for namespace in &self.document.namespaces {
            if !namespace.split('.').all(is_identifier) {
                let message = format!("`{namespace}` is no namespace: join simple identifiers by dots");
                self.problem(Position::default(), message);
            }
        }
    }

    /// Collects all types by name.
    fn declare(&mut self) {
        let document = self.document;
        let structured = document.types.iter().map(|ty| (&ty.name, ty.position, Declared::Structured(ty)));
        let enums = document.enums.iter().map(|ty| (&ty.name, ty.position, Declared::Enum));
        for (name, position, declared) in structured.chain(enums) {
            self.simple_name(name, position);
            if self.declared.insert(name, declared).is_some() {
                self.problem(position, format!("the type `{name}` is declared twice: remove or rename one"));
            }
        }
    }

    /// Checks the simple name at the end of a qualified one.
    fn simple_name(&mut self, qualified: &str, position: Position) {
        let simple = qualified.rsplit('.').next().unwrap_or(qualified);
        self.identifier(simple, qualified, position);
    }

    /// Checks a name; `owner` says whose it is.
    fn identifier(&mut self, name: &str, owner: &str, position: Position) {
        if !is_identifier(name) {
            self.no_identifier(name, owner, position);
        }
    }

    fn no_identifier(&mut self, name: &str, owner: &str, position: Position) {
        let needs = "it needs 1 to 128 letters, digits or `_`, no digit first";
        self.problem(position, format!("`{name}` (in `{owner}`) is no identifier: {needs}"));
    }

    fn structured_type(&mut self, ty: &'a StructuredType) {
        if let Some(base) = &ty.base {
            self.base(ty, base);
        }
        let mut names = self.inherited_names(ty);
        let properties =
            ty.properties.iter().map(|property| (&property.name, &property.ty, property.position));
        for (name, reference, position) in properties {
            self.member(ty, name, position, &mut names);
            self.reference(reference, position, || format!("the type of the property `{}/{name}`", ty.name));
        }
        for property in &ty.navigation {
            let (name, position) = (&property.name, property.position);
            self.member(ty, name, position, &mut names);
            let what = || format!("the type of the navigation property `{}/{name}`", ty.name);
            self.entity_reference(&property.ty.name, position, what);
        }
        for key in &ty.key {
            let first = key.split('/').next().unwrap_or(key);
            if !names.contains(first) {
                let message = format!("the key of `{}` names `{key}`, which is no property of it", ty.name);
                self.problem(ty.position, message);
            }
        }
    }

    fn base(&mut self, ty: &'a StructuredType, base: &str) {
        let name = &ty.name;
        let message = match self.declared.get(base) {
            None => format!(
                "the base type of `{name}`, `{base}`, is not declared: declare it or correct the name"
            ),
            Some(Declared::Structured(found)) if found.kind == ty.kind => {
                if !self.ancestors(ty).any(|ancestor| ancestor.name == *name) {
                    return;
                }
                format!("`{name}` is among its own base types: break the circle")
            }
            Some(_) => format!("the base type of `{name}`, `{base}`, is not a type of the same kind"),
        };
        self.problem(ty.position, message);
    }

    /// The base type, its base type and so on. A circle is left after one turn.
    fn ancestors(&self, ty: &'a StructuredType) -> impl Iterator<Item = &'a StructuredType> {
        let mut seen = BTreeSet::new();
        let step = |ty: &StructuredType| match self.declared.get(ty.base.as_deref()?) {
            Some(Declared::Structured(base)) => Some(*base),
            _ => None,
        };
        std::iter::successors(step(ty), move |ty| step(ty)).take_while(move |ty| seen.insert(&ty.name))
    }

    fn inherited_names(&self, ty: &'a StructuredType) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for ancestor in self.ancestors(ty).filter(|ancestor| ancestor.name != ty.name) {
            names.extend(ancestor.properties.iter().map(|property| property.name.as_str()));
            names.extend(ancestor.navigation.iter().map(|property| property.name.as_str()));
        }
        names
    }

    fn member(
        &mut self,
        ty: &StructuredType,
        name: &'a str,
        position: Position,
        names: &mut BTreeSet<&'a str>,
    ) {
        // Microsoft Graph has properties with hyphens, named after HTTP headers.
        if name.starts_with('-') || !is_identifier(&name.replace('-', "_")) {
            self.no_identifier(name, &ty.name, position);
        }
        if !names.insert(name) {
            let message = format!("`{}` or a base type of it already has a property `{name}`", ty.name);
            self.problem(position, message);
        }
    }

    fn enum_type(&mut self, ty: &EnumType) {
        let mut names = BTreeSet::new();
        for member in &ty.members {
            self.identifier(&member.name, &ty.name, ty.position);
            if !names.insert(&member.name) {
                let message =
                    format!("`{}` has two members `{}`: remove or rename one", ty.name, member.name);
                self.problem(ty.position, message);
            }
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let Operation { name, position, .. } = operation;
        self.simple_name(name, *position);
        if operation.is_bound && operation.parameters.is_empty() {
            let message = format!("`{name}` is bound but has no parameter: add the binding parameter");
            self.problem(*position, message);
        }
        let mut names = BTreeSet::new();
        for parameter in &operation.parameters {
            self.identifier(&parameter.name, name, *position);
            if !names.insert(&parameter.name) {
                let message = format!("`{name}` has two parameters `{}`: rename one", parameter.name);
                self.problem(*position, message);
            }
            self.reference(&parameter.ty, *position, || {
                format!("the type of the parameter `{}` of `{name}`", parameter.name)
            });
        }
        if operation.kind == OperationKind::Function && operation.returns.is_none() {
            self.problem(*position, format!("the function `{name}` returns nothing: add the return type"));
        }
        if let Some(returns) = &operation.returns {
            self.reference(&returns.ty, *position, || format!("the return type of `{name}`"));
        }
    }

    /// Finds overloads that no call can tell apart: one name, one kind, the same parameters.
    fn overloads(&mut self) {
        let mut seen = BTreeSet::new();
        for operation in &self.document.operations {
            let Operation { name, kind, is_bound, parameters, position, .. } = operation;
            let parameters: Vec<_> =
                parameters.iter().map(|parameter| (&parameter.ty, &parameter.name)).collect();
            if !seen.insert((name, kind, is_bound, parameters)) {
                let message = format!("`{name}` has two overloads with the same parameters: remove one");
                self.problem(*position, message);
            }
        }
    }

    fn container(&mut self) {
        let container = &self.document.container;
        let mut names = BTreeSet::new();
        for element in container.entity_sets.iter().chain(&container.singletons) {
            let ContainerElement { name, ty, position } = element;
            self.identifier(name, &container.name, *position);
            if !names.insert(name) {
                let message = format!("`{}` has two elements `{name}`: remove or rename one", container.name);
                self.problem(*position, message);
            }
            self.entity_reference(ty, *position, || format!("the type of `{}/{name}`", container.name));
        }
    }

    /// Checks that a type exists; `what` says whose type it is.
    fn reference(&mut self, reference: &TypeRef, position: Position, what: impl FnOnce() -> String) {
        let name = &reference.name;
        let known = match name.strip_prefix("Edm.") {
            Some(simple) => EDM_TYPES.contains(&simple),
            None => self.declared.contains_key(name.as_str()),
        };
        if !known {
            self.undeclared(name, position, &what());
        }
    }

    /// Checks that a type exists and is an entity type.
    fn entity_reference(&mut self, name: &str, position: Position, what: impl FnOnce() -> String) {
        match self.declared.get(name) {
            Some(Declared::Structured(ty)) if ty.kind == TypeKind::Entity => (),
            _ if name == "Edm.EntityType" => (),
            Some(_) => {
                let message = format!("{}, `{name}`, is not an entity type", what());
                self.problem(position, message);
            }
            None => self.undeclared(name, position, &what()),
        }
    }

    fn undeclared(&mut self, name: &str, position: Position, what: &str) {
        let message = format!("{what}, `{name}`, is not declared: declare it or correct the name");
        self.problem(position, message);
    }
}

/// Whether `name` is a simple identifier
/// ([CSDL XML 4.01, 17.2](https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/)).
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c));
    first && characters.all(unicode_ident::is_xid_continue) && name.chars().count() <= 128
}
