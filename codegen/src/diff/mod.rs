//! What a change of the metadata means for users of the generated crate.
//!
//! In: two states of the metadata, each as a [`Surface`]. Out: a [`Report`] of all that was added, removed, renamed
//! or changed, each breaking or not, with the version that follows; as Markdown for a changelog or as JSON.
//!
//! *Breaking* is what makes a program that compiled and worked against the old crate not compile, or be refused by
//! the crate. New fields, enumeration members, types and methods are not: structs are made with `..Default::default()`
//! and enumerations are `#[non_exhaustive]`. Nullability is not either, because every field is optional. Permissions
//! are the service's matter and apply to the old crate, too.

mod markdown;
mod operations;
mod permissions;
mod types;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::csdl::Document;
use crate::inventory::{self, Entry};
use crate::model::Model;
use crate::permissions::PermissionTable;
use crate::plan::Plan;

/// One state of the metadata, and the operations that follow from it.
#[derive(Debug)]
pub struct Surface<'d> {
    document: &'d Document,
    model: &'d Model<'d>,
    permissions: &'d PermissionTable,
    entries: Vec<Entry>,
}

impl<'d> Surface<'d> {
    /// Collects what users of a crate with this plan see.
    pub fn new(model: &'d Model<'d>, plan: &Plan<'_>, permissions: &'d PermissionTable) -> Self {
        Self { document: model.document, model, permissions, entries: inventory::entries(model, plan) }
    }
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// An entity or complex type.
    Type,
    /// A structural or navigation property.
    Property,
    /// An enumeration type.
    Enum,
    /// A member of an enumeration type.
    EnumMember,
    /// An operation: method and path.
    Operation,
    /// A permission as such: whether it exists.
    Permission,
    /// The permissions of an operation.
    OperationPermissions,
}

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is gone.
    Removed,
    /// Its name is spelled otherwise.
    Renamed,
    /// Something about it differs.
    Changed,
    /// A permission that was enough is not enough any more.
    NeedsMore,
    /// The least privileged permission is another one.
    NewLeast,
    /// A further permission is enough, too.
    NeedsLess,
    /// It is new.
    Added,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub kind: Kind,
    /// Whether a program that used it has to change.
    pub breaking: bool,
    /// `microsoft.graph.user/mail`, `GET /users/{user-id}`.
    pub name: String,
    /// What differs, old → new; empty if the kind says all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Change {
    fn new(subject: Subject, kind: Kind, breaking: bool, name: impl Into<String>) -> Self {
        Self { subject, kind, breaking, name: name.into(), detail: String::new() }
    }

    fn with(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// How much a version has to change ([Cargo's rules](https://doc.rust-lang.org/cargo/reference/semver.html)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bump {
    /// Nothing that users see has changed.
    None,
    /// Only what does not add to the API has changed.
    Patch,
    /// Something is new.
    Minor,
    /// Something breaks.
    Major,
}

/// All differences between two states of the metadata.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The name of the old state.
    pub old: String,
    /// The name of the new state.
    pub new: String,
    /// How many operations the old state has.
    pub operations: usize,
    /// How much the version has to change.
    pub bump: Bump,
    /// How many there are, by `subject kind`.
    pub counts: BTreeMap<String, usize>,
    /// The differences, sorted by subject and kind.
    pub changes: Vec<Change>,
}

/// Compares two states of the metadata.
pub fn compare(old: (&str, &Surface<'_>), new: (&str, &Surface<'_>)) -> Report {
    let mut changes = types::compare(old.1, new.1);
    changes.extend(operations::compare(&old.1.entries, &new.1.entries));
    changes.extend(permissions::compare(old.1, new.1));
    changes.sort();
    let mut counts = BTreeMap::new();
    for change in &changes {
        *counts.entry(format!("{} {}", change.subject, change.kind)).or_default() += 1;
    }
    Report {
        old: old.0.to_owned(),
        new: new.0.to_owned(),
        operations: old.1.entries.len(),
        bump: bump(&changes),
        counts,
        changes,
    }
}

fn bump(changes: &[Change]) -> Bump {
    if changes.iter().any(|change| change.breaking) {
        Bump::Major
    } else if changes.iter().any(|change| change.kind == Kind::Added) {
        Bump::Minor
    } else if changes.is_empty() {
        Bump::None
    } else {
        Bump::Patch
    }
}

impl Bump {
    /// The version after `version`, `MAJOR.MINOR.PATCH`; nothing if that is no such version.
    ///
    /// ```
    /// use msgraph_codegen::diff::Bump;
    ///
    /// assert_eq!(Bump::Major.after("0.1.4").as_deref(), Some("0.2.0"), "before 1.0 the minor number is the major");
    /// assert_eq!(Bump::Minor.after("1.2.3").as_deref(), Some("1.3.0"));
    /// ```
    pub fn after(self, version: &str) -> Option<String> {
        let numbers: Result<Vec<u64>, _> = version.split('.').map(str::parse).collect();
        let [major, minor, patch] = numbers.ok()?.try_into().ok()?;
        Some(match (self, major) {
            (Self::None, _) => version.to_owned(),
            (Self::Major, 1..) => format!("{}.0.0", major + 1),
            (Self::Major, 0) | (Self::Minor, 1..) => format!("{major}.{}.0", minor + 1),
            (Self::Patch, _) | (Self::Minor, 0) => format!("{major}.{minor}.{}", patch + 1),
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "type",
            Self::Property => "property",
            Self::Enum => "enum",
            Self::EnumMember => "enum member",
            Self::Operation => "operation",
            Self::Permission => "permission",
            Self::OperationPermissions => "operation's permissions",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Changed => "changed",
            Self::NeedsMore => "needs more",
            Self::NewLeast => "new least",
            Self::NeedsLess => "needs less",
            Self::Added => "added",
        })
    }
}
