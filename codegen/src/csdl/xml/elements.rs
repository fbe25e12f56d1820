//! Schemas and what is declared in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use roxmltree::Node;

use super::super::{
    ContainerElement, EnumMember, EnumType, NavigationProperty, Operation, OperationKind, Parameter,
    Property, ReturnType, StructuredType, TypeKind, TypeRef, Value,
};
use super::{Reader, children};

/// Facets of a property that are kept as written.
const FACETS: [&str; 5] = ["DefaultValue", "MaxLength", "Precision", "Scale", "Unicode"];

impl Reader<'_> {
    pub(super) fn edmx(&mut self, root: Node<'_, '_>) {
        for services in children(root) {
            if services.tag_name().name() != "DataServices" {
                self.ignore(services);
                continue;
            }
            for schema in children(services) {
                match schema.tag_name().name() {
                    "Schema" => self.schema(schema),
                    _ => self.ignore(schema),
                }
            }
        }
        if self.document.namespaces.is_empty() && self.diagnostics.is_empty() {
            self.problem(root, "the document has no `Schema`: give the whole CSDL document");
        }
    }

    fn schema(&mut self, node: Node<'_, '_>) {
        self.ignore_attributes_but(node, &["Namespace", "Alias"]);
        let Some(namespace) = self.required(node, "Namespace") else { return };
        if let Some(alias) = node.attribute("Alias")
            && let Some(other) = self.aliases.namespace(alias).filter(|other| *other != namespace)
        {
            let message =
                format!("`{alias}` stands for `{namespace}` and for `{other}`: give one another alias");
            self.problem(node, message);
        }
        if !self.document.namespaces.iter().any(|known| known == namespace) {
            self.document.namespaces.push(namespace.to_owned());
        }
        for child in children(node) {
            match child.tag_name().name() {
                "EntityType" => self.structured_type(child, namespace, TypeKind::Entity),
                "ComplexType" => self.structured_type(child, namespace, TypeKind::Complex),
                "EnumType" => self.enum_type(child, namespace),
                "Action" => self.operation(child, namespace, OperationKind::Action),
                "Function" => self.operation(child, namespace, OperationKind::Function),
                "EntityContainer" => self.container(child, namespace),
                "Annotations" => self.annotations(child),
                _ => self.ignore(child),
            }
        }
    }

    fn structured_type(&mut self, node: Node<'_, '_>, namespace: &str, kind: TypeKind) {
        self.ignore_attributes_but(node, &["Name", "BaseType", "Abstract", "OpenType", "HasStream"]);
        let Some(name) = self.qualified_name(node, namespace) else { return };
        let mut ty = StructuredType {
            kind,
            base: node.attribute("BaseType").map(|base| self.aliases.resolve(base)),
            is_abstract: self.flag(node, "Abstract", false),
            is_open: self.flag(node, "OpenType", false),
            has_stream: self.flag(node, "HasStream", false),
            key: Vec::new(),
            properties: Vec::new(),
            navigation: Vec::new(),
            position: self.source.position(node),
            name,
        };
        for child in children(node) {
            match child.tag_name().name() {
                "Key" => ty.key = self.key(child),
                "Property" => ty.properties.extend(self.property(child, &ty.name)),
                "NavigationProperty" => ty.navigation.extend(self.navigation_property(child, &ty.name)),
                "Annotation" => self.inline_annotation(child, &ty.name),
                _ => self.ignore(child),
            }
        }
        self.document.types.push(ty);
    }

    fn key(&mut self, node: Node<'_, '_>) -> Vec<String> {
        let mut names = Vec::new();
        for child in children(node) {
            match child.tag_name().name() {
                "PropertyRef" => {
                    self.ignore_attributes_but(child, &["Name"]);
                    names.extend(self.required(child, "Name").map(str::to_owned));
                }
                _ => self.ignore(child),
            }
        }
        names
    }

    fn property(&mut self, node: Node<'_, '_>, owner: &str) -> Option<Property> {
        let facets: BTreeMap<_, _> = node
            .attributes()
            .filter(|attribute| FACETS.contains(&attribute.name()))
            .map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned()))
            .collect();
        let known = [["Name", "Type", "Nullable"].as_slice(), &FACETS].concat();
        self.ignore_attributes_but(node, &known);
        let name = self.required(node, "Name");
        let ty = self.type_ref(node);
        let nullable = self.flag(node, "Nullable", true);
        let (name, ty) = (name?.to_owned(), ty?);
        self.only_annotations(node, &format!("{owner}/{name}"));
        Some(Property { name, ty, nullable, facets, position: self.source.position(node) })
    }

    fn navigation_property(&mut self, node: Node<'_, '_>, owner: &str) -> Option<NavigationProperty> {
        self.ignore_attributes_but(node, &["Name", "Type", "Nullable", "ContainsTarget"]);
        let name = self.required(node, "Name");
        let ty = self.type_ref(node);
        let nullable = self.flag(node, "Nullable", true);
        let contains_target = self.flag(node, "ContainsTarget", false);
        let (name, ty) = (name?.to_owned(), ty?);
        self.only_annotations(node, &format!("{owner}/{name}"));
        Some(NavigationProperty { name, ty, nullable, contains_target, position: self.source.position(node) })
    }

    fn enum_type(&mut self, node: Node<'_, '_>, namespace: &str) {
        self.ignore_attributes_but(node, &["Name", "UnderlyingType", "IsFlags"]);
        let Some(name) = self.qualified_name(node, namespace) else { return };
        let mut members = Vec::new();
        // Members without values count up from the one before.
        let mut next = 0_i64;
        for child in children(node) {
            match child.tag_name().name() {
                "Member" => {
                    if let Some(member) = self.enum_member(child, &name, next) {
                        next = member.value.wrapping_add(1);
                        members.push(member);
                    }
                }
                "Annotation" => self.inline_annotation(child, &name),
                _ => self.ignore(child),
            }
        }
        let underlying = node.attribute("UnderlyingType").map(str::to_owned);
        let is_flags = self.flag(node, "IsFlags", false);
        let position = self.source.position(node);
        self.document.enums.push(EnumType { name, underlying, is_flags, members, position });
    }

    fn enum_member(&mut self, node: Node<'_, '_>, owner: &str, next: i64) -> Option<EnumMember> {
        self.ignore_attributes_but(node, &["Name", "Value"]);
        let name = self.required(node, "Name")?.to_owned();
        let value = match node.attribute("Value").map(str::parse) {
            None => next,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.problem(
                    node,
                    format!("the value of the member `{name}` is no integer of at most 64 bits"),
                );
                return None;
            }
        };
        self.only_annotations(node, &format!("{owner}/{name}"));
        Some(EnumMember { name, value })
    }

    fn operation(&mut self, node: Node<'_, '_>, namespace: &str, kind: OperationKind) {
        self.ignore_attributes_but(node, &["Name", "IsBound", "IsComposable", "EntitySetPath"]);
        let Some(name) = self.qualified_name(node, namespace) else { return };
        let mut operation = Operation {
            name,
            kind,
            is_bound: self.flag(node, "IsBound", false),
            is_composable: self.flag(node, "IsComposable", false),
            entity_set_path: node.attribute("EntitySetPath").map(|path| self.aliases.resolve(path)),
            parameters: Vec::new(),
            returns: None,
            annotations: BTreeMap::new(),
            position: self.source.position(node),
        };
        for child in children(node) {
            match child.tag_name().name() {
                "Parameter" => operation.parameters.extend(self.parameter(child)),
                "ReturnType" if operation.returns.is_none() => {
                    operation.returns = self.return_type(child, &mut operation.annotations);
                }
                "Annotation" => self.own_annotation(child, &mut operation.annotations),
                _ => self.ignore(child),
            }
        }
        self.document.operations.push(operation);
    }

    fn parameter(&mut self, node: Node<'_, '_>) -> Option<Parameter> {
        self.ignore_attributes_but(node, &["Name", "Type", "Nullable"]);
        let name = self.required(node, "Name");
        let ty = self.type_ref(node);
        let nullable = self.flag(node, "Nullable", true);
        let mut annotations = BTreeMap::new();
        for child in children(node) {
            match child.tag_name().name() {
                "Annotation" => self.own_annotation(child, &mut annotations),
                _ => self.ignore(child),
            }
        }
        Some(Parameter { name: name?.to_owned(), ty: ty?, nullable, annotations })
    }

    /// Reads a return type. Its annotations join those of its operation: there is one return type to an overload, and
    /// what is said of it (`IsDelta`) is asked of the operation.
    fn return_type(
        &mut self,
        node: Node<'_, '_>,
        annotations: &mut BTreeMap<String, Value>,
    ) -> Option<ReturnType> {
        self.ignore_attributes_but(node, &["Type", "Nullable"]);
        for child in children(node) {
            match child.tag_name().name() {
                "Annotation" => self.own_annotation(child, annotations),
                _ => self.ignore(child),
            }
        }
        let nullable = self.flag(node, "Nullable", true);
        Some(ReturnType { ty: self.type_ref(node)?, nullable })
    }

    fn container(&mut self, node: Node<'_, '_>, namespace: &str) {
        self.ignore_attributes_but(node, &["Name"]);
        let Some(name) = self.qualified_name(node, namespace) else { return };
        if !self.document.container.name.is_empty() {
            let first = &self.document.container.name;
            let message =
                format!("`{name}` is a second entity container after `{first}`: a document has one");
            self.problem(node, message);
            return;
        }
        for child in children(node) {
            match child.tag_name().name() {
                "EntitySet" => {
                    let element = self.container_element(child, &name, "EntityType");
                    self.document.container.entity_sets.extend(element);
                }
                "Singleton" => {
                    let element = self.container_element(child, &name, "Type");
                    self.document.container.singletons.extend(element);
                }
                "Annotation" => self.inline_annotation(child, &name),
                _ => self.ignore(child),
            }
        }
        self.document.container.name = name;
    }

    fn container_element(
        &mut self,
        node: Node<'_, '_>,
        container: &str,
        ty: &str,
    ) -> Option<ContainerElement> {
        self.ignore_attributes_but(node, &["Name", ty]);
        let name = self.required(node, "Name");
        let ty = self.required(node, ty);
        let (name, ty) = (name?.to_owned(), self.aliases.resolve(ty?));
        self.only_annotations(node, &format!("{container}/{name}"));
        Some(ContainerElement { name, ty, position: self.source.position(node) })
    }

    fn annotations(&mut self, node: Node<'_, '_>) {
        // The qualifier of a group holds for its annotations; qualifiers are not kept.
        self.ignore_attributes_but(node, &["Target"]);
        let Some(target) = self.required(node, "Target") else { return };
        let target = self.aliases.resolve(target);
        for child in children(node) {
            match child.tag_name().name() {
                "Annotation" => {
                    if let Some((term, value)) = self.annotation(child) {
                        self.out_of_line.push((target.clone(), term, value));
                    }
                }
                _ => self.ignore(child),
            }
        }
    }

    /// Reads the annotations inside an element that holds nothing else.
    fn only_annotations(&mut self, node: Node<'_, '_>, target: &str) {
        for child in children(node) {
            match child.tag_name().name() {
                "Annotation" => self.inline_annotation(child, target),
                _ => self.ignore(child),
            }
        }
    }

    fn inline_annotation(&mut self, node: Node<'_, '_>, target: &str) {
        if let Some((term, value)) = self.annotation(node) {
            self.annotate(target.to_owned(), term, value);
        }
    }

    /// Reads an annotation that is kept on its operation or parameter.
    fn own_annotation(&mut self, node: Node<'_, '_>, annotations: &mut BTreeMap<String, Value>) {
        let Some((term, value)) = self.annotation(node) else { return };
        match annotations.entry(term) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(_) => self.ignore_repeated(),
        }
    }

    fn qualified_name(&mut self, node: Node<'_, '_>, namespace: &str) -> Option<String> {
        self.required(node, "Name").map(|name| format!("{namespace}.{name}"))
    }

    fn type_ref(&mut self, node: Node<'_, '_>) -> Option<TypeRef> {
        self.required(node, "Type").map(|ty| TypeRef::from(self.aliases.resolve(ty.trim())))
    }
}
