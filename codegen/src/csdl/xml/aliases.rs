//! Replaces aliases of namespaces by the namespaces.
//!
//! A schema may give its namespace an alias, and so may the inclusion of a foreign namespace
//! ([CSDL XML 4.01, 4.1 and 5.2](https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/)). Wherever a qualified name
//! is expected, the alias may stand in place of the namespace.

use std::collections::BTreeMap;

use roxmltree::Node;

/// The namespaces of a document by their aliases.
pub(super) struct Aliases {
    namespaces: BTreeMap<String, String>,
}

impl Aliases {
    /// Collects the aliases of all schemas and inclusions under `root`.
    pub(super) fn collect(root: Node<'_, '_>) -> Self {
        let declares = |node: &Node<'_, '_>| matches!(node.tag_name().name(), "Schema" | "Include");
        let namespaces = root
            .descendants()
            .filter(|node| node.is_element() && declares(node))
            .filter_map(|node| {
                Some((node.attribute("Alias")?.to_owned(), node.attribute("Namespace")?.to_owned()))
            })
            .collect();
        Self { namespaces }
    }

    /// The namespace that an alias stands for.
    pub(super) fn namespace(&self, alias: &str) -> Option<&str> {
        self.namespaces.get(alias).map(String::as_str)
    }

    /// Replaces the aliases in every qualified name of `text`, be it one name or names between `/`, `(`, `,`, `)` and
    /// white space: `Collection(graph.user)`, `graph.user/graph.manager`.
    pub(super) fn resolve(&self, text: &str) -> String {
        let is_delimiter = |c: char| matches!(c, '/' | '(' | ')' | ',') || c.is_whitespace();
        text.split_inclusive(is_delimiter).map(|part| self.resolve_name(part)).collect()
    }

    /// Replaces the alias that `name` begins with. What follows the last dot is the simple name, so an alias never
    /// matches a part of a namespace.
    fn resolve_name(&self, name: &str) -> String {
        match name.rsplit_once('.') {
            Some((prefix, simple)) => match self.namespaces.get(prefix) {
                Some(namespace) => format!("{namespace}.{simple}"),
                None => name.to_owned(),
            },
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Aliases;

    fn aliases() -> Aliases {
        let text = r#"<Edmx><Include Alias="Core" Namespace="Org.OData.Core.V1"/>
            <Schema Alias="graph" Namespace="microsoft.graph"/>
            <Schema Alias="self" Namespace="microsoft.graph.security"/></Edmx>"#;
        let xml = roxmltree::Document::parse(text).expect("well-formed");
        Aliases::collect(xml.root_element())
    }

    #[test]
    fn every_qualified_name_in_a_text_loses_its_alias() {
        let aliases = aliases();
        for (text, expected) in [
            ("graph.user", "microsoft.graph.user"),
            ("Collection(self.alert)", "Collection(microsoft.graph.security.alert)"),
            (
                "graph.user/graph.x/Core.Description",
                "microsoft.graph.user/microsoft.graph.x/Org.OData.Core.V1.Description",
            ),
            ("graph.f(graph.a, Edm.String)/p", "microsoft.graph.f(microsoft.graph.a, Edm.String)/p"),
        ] {
            assert_eq!(aliases.resolve(text), expected);
        }
    }

    #[test]
    fn what_only_looks_like_an_alias_is_left_alone() {
        let aliases = aliases();
        for text in ["microsoft.graph.user", "graph", "graph.security.alert", "graph/user", "Edm.String", ""]
        {
            assert_eq!(aliases.resolve(text), text);
        }
    }
}
