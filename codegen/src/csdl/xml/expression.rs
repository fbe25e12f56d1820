//! Annotation expressions: constants, records and collections
//! ([CSDL XML 4.01, 14](https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/)).

use std::collections::BTreeMap;

use roxmltree::Node;

use super::{Reader, Value, children, text_of};

/// Records and collections are nested at most this deep; known documents need five levels.
const DEPTH_LIMIT: usize = 32;

/// Terms whose strings are qualified names, so that aliases are replaced in them.
const TERMS_OF_NAMES: [&str; 2] =
    ["Org.OData.Validation.V1.DerivedTypeConstraint", "Org.OData.Core.V1.ExplicitOperationBindings"];

/// Attributes of `Annotation` and `PropertyValue` that are no expression.
const HOLDERS: [&str; 3] = ["Term", "Qualifier", "Property"];

impl Reader<'_> {
    /// The term and the value of an `Annotation`; nothing if its expression is not a constant one.
    pub(super) fn annotation(&mut self, node: Node<'_, '_>) -> Option<(String, Value)> {
        let term = self.required(node, "Term")?;
        let term = self.aliases.resolve(term);
        let names = TERMS_OF_NAMES.contains(&term.as_str());
        let value = self.held_value(node, names, 0)?;
        Some((term, value))
    }

    /// The value in an `Annotation` or a `PropertyValue`: an attribute, else the child element, else true.
    fn held_value(&mut self, node: Node<'_, '_>, names: bool, depth: usize) -> Option<Value> {
        let attribute = node.attributes().find(|attribute| !HOLDERS.contains(&attribute.name()));
        let kind = attribute.map_or("", |attribute| attribute.name());
        self.ignore_attributes_but(node, &["Term", "Property", kind]);
        let mut expression = None;
        for child in children(node) {
            if child.tag_name().name() == "Annotation" || attribute.is_some() || expression.is_some() {
                self.ignore(child);
            } else {
                expression = Some(child);
            }
        }
        match (attribute, expression) {
            (Some(attribute), _) => self.constant(node, kind, attribute.value(), names),
            (None, Some(child)) => self.element(child, names, depth),
            (None, None) => Some(Value::Bool(true)),
        }
    }

    /// The value of an expression element.
    fn element(&mut self, node: Node<'_, '_>, names: bool, depth: usize) -> Option<Value> {
        if depth > DEPTH_LIMIT {
            self.problem(
                node,
                format!("the annotation is nested more than {DEPTH_LIMIT} levels deep: flatten it"),
            );
            return None;
        }
        match node.tag_name().name() {
            "Record" => Some(self.record(node, names, depth)),
            "Collection" => Some(Value::List(
                children(node).filter_map(|item| self.element(item, names, depth + 1)).collect(),
            )),
            kind => self.constant(node, kind, &text_of(node), names),
        }
    }

    fn record(&mut self, node: Node<'_, '_>, names: bool, depth: usize) -> Value {
        self.ignore_attributes_but(node, &[]);
        let mut fields = BTreeMap::new();
        for child in children(node) {
            if child.tag_name().name() != "PropertyValue" {
                self.ignore(child);
                continue;
            }
            let Some(property) = self.required(child, "Property") else { continue };
            if let Some(value) = self.held_value(child, names, depth + 1) {
                fields.insert(property.to_owned(), value);
            }
        }
        Value::Record(fields)
    }

    /// A constant of the given kind, which is the name of its attribute or element.
    fn constant(&mut self, node: Node<'_, '_>, kind: &str, text: &str, names: bool) -> Option<Value> {
        match kind {
            "Bool" => match text {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => self.no_constant(node, kind, text, "`true` or `false`"),
            },
            "Int" => match text.parse() {
                Ok(number) => Some(Value::Int(number)),
                Err(_) => self.no_constant(node, kind, text, "an integer of at most 64 bits"),
            },
            "String" if names => Some(Value::Text(self.aliases.resolve(text))),
            "String" | "Binary" | "Date" | "DateTimeOffset" | "Decimal" | "Duration" | "Float" | "Guid"
            | "TimeOfDay" => Some(Value::Text(text.to_owned())),
            "AnnotationPath"
            | "EnumMember"
            | "ModelElementPath"
            | "NavigationPropertyPath"
            | "Path"
            | "PropertyPath" => Some(Value::Text(self.aliases.resolve(text))),
            // Dynamic expressions (`Apply`, `If`, `Cast` …) need an instance to be computed on.
            _ => {
                *self.ignored.entry(format!("expression {kind}")).or_default() += 1;
                None
            }
        }
    }

    fn no_constant(&mut self, node: Node<'_, '_>, kind: &str, text: &str, expected: &str) -> Option<Value> {
        self.problem(node, format!("`{text}` is no value of kind `{kind}`: write {expected}"));
        None
    }
}
