//! Reduces a document to the facts that the project keeps.
//!
//! In: a [`Document`] as published. Out: the same without prose and without annotations that no stage reads, and a
//! [`Tally`] that says how much of what was kept and dropped, so that nothing disappears unnoticed.

use std::collections::BTreeMap;

use super::{Document, OperationKind, TypeKind, Value};

/// Terms outside `Org.OData.Capabilities.V1` that are kept.
const TERMS: [&str; 13] = [
    "Org.OData.Core.V1.AcceptableMediaTypes",
    "Org.OData.Core.V1.AlternateKeys",
    "Org.OData.Core.V1.AutoExpand",
    "Org.OData.Core.V1.Computed",
    "Org.OData.Core.V1.ExplicitOperationBindings",
    "Org.OData.Core.V1.Immutable",
    "Org.OData.Core.V1.IsDelta",
    "Org.OData.Core.V1.IsURL",
    "Org.OData.Core.V1.MediaType",
    "Org.OData.Core.V1.OptionalParameter",
    "Org.OData.Core.V1.Permissions",
    "Org.OData.Core.V1.RequiresExplicitBinding",
    "Org.OData.Validation.V1.DerivedTypeConstraint",
];

/// The vocabulary of which every term is kept: what a service can do.
const CAPABILITIES: &str = "Org.OData.Capabilities.V1.";

/// The term for a thing's history, of which only [`REVISION_FIELDS`] are kept.
const REVISIONS: &str = "Org.OData.Core.V1.Revisions";

/// What is kept of a revision.
const REVISION_FIELDS: [&str; 4] = ["Date", "Kind", "RemovalDate", "Version"];

/// Fields of records that hold prose or point to it.
const PROSE_FIELDS: [&str; 4] = ["Description", "DocumentationURL", "ExampleValues", "LongDescription"];

/// How many of one kind of thing were read, and how many of them kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many the document has.
    pub read: usize,
    /// How many of them are kept.
    pub kept: usize,
}

impl Count {
    /// How many are not kept.
    pub fn dropped(self) -> usize {
        self.read - self.kept
    }
}

/// What was read, kept and dropped, by kind: `entity type`, `parameter`, `annotation Org.OData.Core.V1.Computed`,
/// `field Org.OData.Core.V1.Revisions/Description`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<String, Count>,
}

impl Tally {
    /// Counts `number` more things of a kind.
    pub fn add(&mut self, kind: &str, number: usize, kept: bool) {
        // A kind of which there is none would only lengthen the list.
        if number > 0 {
            let count = self.counts.entry(kind.to_owned()).or_default();
            count.read += number;
            count.kept += if kept { number } else { 0 };
        }
    }

    /// The counts by kind, sorted by kind.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Count)> {
        self.counts.iter().map(|(kind, count)| (kind.as_str(), *count))
    }
}

/// Keeps the facts of a document: all names, types and facets, and of the annotations those that say what can be
/// done with the service, without any text for human readers.
pub fn facts(mut document: Document) -> (Document, Tally) {
    let mut tally = Tally::default();
    count_elements(&document, &mut tally);
    for operation in &mut document.operations {
        filter(&mut operation.annotations, &mut tally);
        operation.parameters.iter_mut().for_each(|parameter| filter(&mut parameter.annotations, &mut tally));
    }
    document.annotations.values_mut().for_each(|terms| filter(terms, &mut tally));
    document.annotations.retain(|_, terms| !terms.is_empty());
    (document, tally)
}

/// Counts what is kept in any case.
fn count_elements(document: &Document, tally: &mut Tally) {
    tally.add("namespace", document.namespaces.len(), true);
    for ty in &document.types {
        let kind = match ty.kind {
            TypeKind::Entity => "entity type",
            TypeKind::Complex => "complex type",
        };
        tally.add(kind, 1, true);
        tally.add("property", ty.properties.len(), true);
        tally.add("navigation property", ty.navigation.len(), true);
    }
    for ty in &document.enums {
        tally.add("enum type", 1, true);
        tally.add("enum member", ty.members.len(), true);
    }
    for operation in &document.operations {
        let kind = match operation.kind {
            OperationKind::Action => "action",
            OperationKind::Function => "function",
        };
        tally.add(kind, 1, true);
        tally.add("parameter", operation.parameters.len(), true);
    }
    tally.add("entity set", document.container.entity_sets.len(), true);
    tally.add("singleton", document.container.singletons.len(), true);
}

/// Drops the annotations that are not kept, and the prose in those that are.
fn filter(annotations: &mut BTreeMap<String, Value>, tally: &mut Tally) {
    annotations.retain(|term, value| {
        let kept = term.starts_with(CAPABILITIES) || term == REVISIONS || TERMS.contains(&term.as_str());
        tally.add(&format!("annotation {term}"), 1, kept);
        if kept {
            drop_prose(term, value, tally);
        }
        kept
    });
}

fn drop_prose(term: &str, value: &mut Value, tally: &mut Tally) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| drop_prose(term, item, tally)),
        Value::Record(fields) => {
            fields.retain(|field, _| {
                let prose = PROSE_FIELDS.contains(&field.as_str());
                let kept = !prose && (term != REVISIONS || REVISION_FIELDS.contains(&field.as_str()));
                if !kept {
                    tally.add(&format!("field {term}/{field}"), 1, false);
                }
                kept
            });
            fields.values_mut().for_each(|field| drop_prose(term, field, tally));
        }
        Value::Bool(_) | Value::Int(_) | Value::Text(_) => (),
    }
}
