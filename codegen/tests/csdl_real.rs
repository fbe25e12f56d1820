//! The readers on real metadata: whatever is in those documents is understood.

use std::collections::BTreeSet;
use std::path::PathBuf;

use msgraph_codegen::csdl::{self, Document, Value};
use msgraph_codegen::diagnostics::Position;

/// The real documents beside the workspace.
const DOCUMENTS: [&str; 7] = [
    "v1.0/cleanMetadata-2026-08.xml",
    "v1.0/cleanMetadata-2026-02.xml",
    "beta/cleanMetadata-2021-06.xml",
    "clouds/v1.0-Prod-2026-08.csdl",
    "clouds/v1.0-Fairfax-2026-08.csdl",
    "clouds/v1.0-Mooncake-2026-08.csdl",
    "clouds/beta-USSec-2026-08.csdl",
];

/// The text of a real document; nothing, said loudly, if it is absent.
fn read(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/metadata").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: there is no {}", path.display());
    }
    text
}

/// All real documents that are there, by name.
fn documents() -> impl Iterator<Item = (&'static str, Document)> {
    DOCUMENTS.into_iter().filter_map(|name| {
        let document = csdl::parse_xml(name, &read(name)?);
        Some((name, document.unwrap_or_else(|problems| panic!("{problems}"))))
    })
}

fn annotation<'a>(document: &'a Document, target: &str, term: &str) -> Option<&'a Value> {
    document.annotations.get(target)?.get(term)
}

#[test]
fn every_element_of_the_v1_document_is_read() {
    let Some(text) = read(DOCUMENTS[0]) else { return };
    let parsed =
        csdl::xml::parse_counted(DOCUMENTS[0], &text).unwrap_or_else(|problems| panic!("{problems}"));
    let document = &parsed.document;
    let count = |element: &str| text.matches(&format!("<{element} ")).count();
    assert_eq!(document.namespaces.len(), count("Schema"));
    assert_eq!(document.types.len(), count("EntityType") + count("ComplexType"));
    assert_eq!(document.enums.len(), count("EnumType"));
    assert_eq!(document.enums.iter().map(|ty| ty.members.len()).sum::<usize>(), count("Member"));
    assert_eq!(document.types.iter().map(|ty| ty.properties.len()).sum::<usize>(), count("Property"));
    assert_eq!(
        document.types.iter().map(|ty| ty.navigation.len()).sum::<usize>(),
        count("NavigationProperty")
    );
    assert_eq!(document.operations.len(), count("Action") + count("Function"));
    assert_eq!(document.operations.iter().map(|op| op.parameters.len()).sum::<usize>(), count("Parameter"));
    assert_eq!(document.container.entity_sets.len(), count("EntitySet"));
    assert_eq!(document.container.singletons.len(), count("Singleton"));
    let kept: usize = document.annotations.values().map(|terms| terms.len()).sum();
    let operations = document.operations.iter();
    let own = |op: &csdl::Operation| {
        op.annotations.len()
            + op.parameters.iter().map(|parameter| parameter.annotations.len()).sum::<usize>()
    };
    let ignored = |what: &str| parsed.ignored.get(what).copied().unwrap_or(0);
    let repeated = ignored("repeated Annotation");
    assert_eq!(kept + operations.map(own).sum::<usize>() + repeated, count("Annotation"));
    assert_eq!(ignored("Schema/Term"), count("Term"));
}

#[test]
fn no_alias_is_left_in_any_name() {
    for (name, document) in documents() {
        let aliases =
            BTreeSet::from(["graph", "self", "agentic", "entraRecoveryServices", "teamsAdministration"]);
        let check = |text: &str| {
            for part in text.split(['/', '(', ')', ',', ' ']) {
                let aliased = part.rsplit_once('.').is_some_and(|(prefix, _)| aliases.contains(prefix));
                assert!(!aliased, "{name}: {text}");
            }
        };
        for ty in &document.types {
            check(&ty.name);
            ty.base.iter().for_each(|base| check(base));
            ty.properties.iter().for_each(|property| check(&property.ty.name));
            ty.navigation.iter().for_each(|property| check(&property.ty.name));
        }
        for op in &document.operations {
            op.parameters.iter().for_each(|parameter| check(&parameter.ty.name));
            op.returns.iter().for_each(|returns| check(&returns.ty.name));
            op.entity_set_path.iter().for_each(|path| check(path));
        }
        let container = &document.container;
        container.entity_sets.iter().chain(&container.singletons).for_each(|element| check(&element.ty));
        for (target, terms) in &document.annotations {
            check(target);
            terms.keys().for_each(|term| check(term));
        }
    }
}

#[test]
fn known_facts_of_v1_are_found_where_they_belong() {
    let Some(text) = read(DOCUMENTS[0]) else { return };
    let document = csdl::parse_xml(DOCUMENTS[0], &text).unwrap_or_else(|problems| panic!("{problems}"));
    let user = document.types.iter().find(|ty| ty.name == "microsoft.graph.user").expect("there are users");
    assert_eq!(user.base.as_deref(), Some("microsoft.graph.directoryObject"));
    assert!(user.is_open && !user.is_abstract && user.key.is_empty());
    let computed = annotation(&document, "microsoft.graph.entity/id", "Org.OData.Core.V1.Computed");
    assert!(computed.is_none() || computed == Some(&Value::Bool(true)));
    let expand = "Org.OData.Capabilities.V1.ExpandRestrictions";
    let value =
        annotation(&document, "microsoft.graph.GraphService/users", expand).expect("users restricts $expand");
    assert!(matches!(value, Value::Record(_)));
}

#[test]
fn every_real_document_is_sound() {
    for (name, document) in documents() {
        let problems = csdl::check(name, &document);
        assert!(problems.is_empty(), "{problems}");
    }
}

#[test]
fn the_projection_says_what_the_document_says() {
    for (name, document) in documents() {
        let (document, _) = csdl::facts(document);
        let text = csdl::projection::write(&document);
        let read = csdl::projection::read(name, &text).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(
            csdl::projection::write(&read) == text,
            "{name}: the text changes when it is read and written"
        );
        assert!(read == without_places(document), "{name}: the document changes when it is written and read");
        assert!(csdl::check(name, &read).is_empty());
    }
}

#[test]
fn no_prose_is_among_the_facts() {
    /// One word, or a list of operators (`ge le`) or of enumeration members (`Ns.Enum/a Ns.Enum/b`).
    fn is_fact(text: &str) -> bool {
        let mut words = text.split(char::is_whitespace);
        !text.contains(char::is_whitespace) || words.all(|word| word.len() <= 3 || word.contains('/'))
    }
    fn check(name: &str, target: &str, value: &Value) {
        match value {
            Value::Text(text) => assert!(is_fact(text), "{name}: {target}: {text}"),
            Value::List(items) => items.iter().for_each(|item| check(name, target, item)),
            Value::Record(fields) => fields.values().for_each(|field| check(name, target, field)),
            Value::Bool(_) | Value::Int(_) => (),
        }
    }
    for (name, document) in documents() {
        let (document, tally) = csdl::facts(document);
        let operations = document.operations.iter();
        let own = operations.flat_map(|operation| {
            let parameters =
                operation.parameters.iter().map(|parameter| (&operation.name, &parameter.annotations));
            parameters.chain([(&operation.name, &operation.annotations)])
        });
        for (target, terms) in own.chain(&document.annotations) {
            terms.values().for_each(|value| check(name, target, value));
        }
        let dropped = |kind: &str| tally.iter().any(|(known, count)| known == kind && count.dropped() > 0);
        assert!(dropped("annotation Org.OData.Core.V1.Description"), "{name} has descriptions");
        assert!(
            dropped("field Org.OData.Core.V1.Revisions/Description"),
            "{name} has descriptions of revisions"
        );
    }
}

fn without_places(mut document: Document) -> Document {
    for ty in &mut document.types {
        ty.position = Position::default();
        ty.properties.iter_mut().for_each(|property| property.position = Position::default());
        ty.navigation.iter_mut().for_each(|property| property.position = Position::default());
    }
    document.enums.iter_mut().for_each(|ty| ty.position = Position::default());
    document.operations.iter_mut().for_each(|operation| operation.position = Position::default());
    let container = &mut document.container;
    let elements = container.entity_sets.iter_mut().chain(&mut container.singletons);
    elements.for_each(|element| element.position = Position::default());
    document
}
