//! The shape of a fix-up file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use crate::csdl::{Operation, ReturnType, TypeRef, Value};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) fixup: Vec<Spanned<Row>>,
}

/// One correction.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    reason: String,
    link: String,
    /// The documents it is for, `*` standing for anything.
    documents: Vec<String>,
    pub(super) add: Option<Add>,
    pub(super) change: Option<Change>,
    pub(super) drop: Option<Drop>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Add {
    Property(NewProperty),
    Navigation(NewNavigation),
    Annotation(Annotation),
    Operation(Operation),
    Permission(Grant),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Change {
    Property(ChangedProperty),
    Navigation(ChangedNavigation),
    Annotation(Annotation),
    Operation(ChangedOperation),
    Name(Rename),
    Permission(Rename),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Drop {
    /// Structural or navigation properties, as `Ns.Type/property`.
    Property(Vec<String>),
    #[serde(rename_all = "camelCase")]
    Annotation {
        target: String,
        term: String,
    },
    /// An overload, as `Ns.operation(Ns.Binding, Edm.String)`.
    Operation(String),
    Permission(Grant),
}

/// A new structural property; `name` is `Ns.Type/property`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProperty {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) ty: TypeRef,
    #[serde(default = "yes")]
    pub(super) nullable: bool,
    #[serde(default)]
    pub(super) facets: BTreeMap<String, String>,
}

/// A new navigation property; `name` is `Ns.Type/property`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNavigation {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) ty: TypeRef,
    #[serde(default = "yes")]
    pub(super) nullable: bool,
    #[serde(default)]
    pub(super) contained: bool,
}

/// What becomes of structural properties; each of `names` has to change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedProperty {
    pub(super) names: Vec<String>,
    #[serde(rename = "type")]
    pub(super) ty: Option<TypeRef>,
    pub(super) nullable: Option<bool>,
}

/// What becomes of navigation properties; each of `names` has to change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedNavigation {
    pub(super) names: Vec<String>,
    #[serde(rename = "type")]
    pub(super) ty: Option<TypeRef>,
    pub(super) nullable: Option<bool>,
    pub(super) contained: Option<bool>,
}

/// The whole value of an annotation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Annotation {
    pub(super) target: String,
    pub(super) term: String,
    pub(super) value: Value,
}

/// What becomes of an overload; `name` is `Ns.operation(Ns.Binding, Edm.String)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedOperation {
    pub(super) name: String,
    pub(super) composable: Option<bool>,
    pub(super) returns: Option<ReturnType>,
}

/// Another name for a member of a type (`Ns.Type/member`) or for a permission.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rename {
    pub(super) name: String,
    pub(super) to: String,
}

/// Rows of the permission table: the permission × methods × schemes × paths.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    pub(super) name: String,
    pub(super) methods: BTreeSet<String>,
    pub(super) schemes: BTreeSet<String>,
    pub(super) paths: BTreeSet<String>,
    /// The schemes in which it is the least privileged permission for these paths.
    #[serde(default)]
    pub(super) least: BTreeSet<String>,
}

const fn yes() -> bool {
    true
}

impl Row {
    /// Whether the row is for the document of this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        self.documents.iter().any(|pattern| matches(pattern, name))
    }

    /// What is wrong with the row as such.
    pub(super) fn problems(&self) -> Vec<&'static str> {
        let actions = [self.add.is_some(), self.change.is_some(), self.drop.is_some()];
        let is_page = url_of_a_page(&self.link);
        [
            (self.reason.trim().is_empty(), "the row has no reason: say what upstream has wrong"),
            (!is_page, "`link` leads nowhere: give the https:// address where the matter is discussed"),
            (self.documents.is_empty(), "`documents` is empty: name the documents, such as \"v1.0\""),
            (
                actions.into_iter().filter(|action| *action).count() != 1,
                "the row must do one thing: give `add`, `change` or `drop`",
            ),
            (
                self.names_nothing(),
                "the row names nothing: fill the list of names, methods, schemes or paths",
            ),
        ]
        .into_iter()
        .filter_map(|(is_wrong, message)| is_wrong.then_some(message))
        .collect()
    }

    /// Whether a list that the row goes through is empty, so that it could never fail.
    fn names_nothing(&self) -> bool {
        let grants_nothing =
            |grant: &Grant| grant.methods.is_empty() || grant.schemes.is_empty() || grant.paths.is_empty();
        matches!(&self.add, Some(Add::Permission(grant)) if grants_nothing(grant))
            || match &self.change {
                Some(Change::Property(change)) => change.names.is_empty(),
                Some(Change::Navigation(change)) => change.names.is_empty(),
                _ => false,
            }
            || match &self.drop {
                Some(Drop::Property(names)) => names.is_empty(),
                Some(Drop::Permission(grant)) => grants_nothing(grant),
                _ => false,
            }
    }
}

fn url_of_a_page(link: &str) -> bool {
    link.strip_prefix("https://")
        .is_some_and(|rest| rest.contains('.') && !rest.contains(char::is_whitespace))
}

/// Compares with a pattern in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(after, &rest[at..]))
        }),
    }
}
