//! Which permissions operations take, which ones a program needs, and which ones a token has.
//!
//! - [`Permissions`] are those of one operation, read on demand from the compact text that generated code holds.
//! - [`least_privileged_set`] chooses the permissions for a whole program.
//! - [`Catalog`] knows every permission by name.
//! - [`Granted`] are those of a token; an [`Explanation`] compares them with an operation, when the service has
//!   forbidden a call or, as [`Preflight`], before it is sent.

mod catalog;
mod cover;
mod explanation;
mod granted;
mod least;
mod preflight;

use std::fmt;

pub use crate::permission::PermissionFacts;
pub use catalog::Catalog;
pub use explanation::{Cause, Explanation};
pub use granted::Granted;
pub use least::{LeastPrivileges, NotCovered, Reason, Uncovered, least_privileged_set};
pub use preflight::Preflight;

/// How a program signs in, and so which kind of permission counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// On behalf of a user with a work or school account.
    DelegatedWork,
    /// On behalf of a user with a personal Microsoft account.
    DelegatedPersonal,
    /// As the application itself, without a user.
    Application,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Self; 3] = [Self::DelegatedWork, Self::DelegatedPersonal, Self::Application];

    /// Whether the permissions are delegated ones: scopes, not app roles.
    pub const fn is_delegated(self) -> bool {
        !matches!(self, Self::Application)
    }
}

/// The name: `delegated`, `delegated-personal` or `application`.
impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DelegatedWork => "delegated",
            Self::DelegatedPersonal => "delegated-personal",
            Self::Application => "application",
        })
    }
}

/// The permissions that allow an operation, by the way of signing in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    work: Alternatives,
    personal: Alternatives,
    application: Alternatives,
    provenance: Provenance,
}

/// Alternatives, any one of which allows an operation, the least privileged first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternatives(Vec<Requirement>);

/// One alternative: a permission, and for a few operations others that must be granted with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    permission: &'static str,
    together_with: Vec<&'static str>,
}

/// Where the knowledge about an operation's permissions comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provenance {
    /// The service's permission table has a row for the operation.
    Documented,
    /// The table has a row for this equivalent path.
    Alias(&'static str),
    /// The table has a row for this path, from which the operation's permissions follow by a rule.
    Inferred(Inference, &'static str),
    /// The table has no row: nothing is known, which is not the same as "no permission needed".
    #[default]
    Unknown,
}

/// How permissions follow from those of a path that is about something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inference {
    /// `x/$ref` and `x/$value` take the permissions of `x`.
    Reference,
    /// `x/$count` takes the permissions of `GET x`.
    Count,
    /// `x/graph.T` takes the permissions of `GET x`.
    Cast,
}

impl Permissions {
    /// Reads the compact notation: fields separated by spaces, each `name=value`, in any order.
    ///
    /// | field | value |
    /// |---|---|
    /// | `work` | delegated permissions for work or school accounts |
    /// | `personal` | delegated permissions for personal accounts |
    /// | `application` | application permissions |
    /// | `provenance` | `documented`, `alias:` and a path, `inferred:`, a rule (`reference`, `count`, `cast`), `:` and a path, or `unknown` |
    ///
    /// Permissions are separated by `,`, the least privileged first. `Name+A|B` is a permission that only
    /// suffices together with any one of the others. A field that is absent means that no permission of that
    /// kind is known to allow the operation; other fields are ignored. Without `provenance`, the operation counts as documented
    /// if any permission is listed and as unknown otherwise.
    pub fn parse(text: &'static str) -> Self {
        let mut permissions = Self::default();
        let mut provenance = None;
        for (name, value) in text.split(' ').filter_map(|field| field.split_once('=')) {
            match name {
                "work" => permissions.work = Alternatives::parse(value),
                "personal" => permissions.personal = Alternatives::parse(value),
                "application" => permissions.application = Alternatives::parse(value),
                "provenance" => provenance = Some(Provenance::parse(value)),
                _ => {}
            }
        }
        let listed = [&permissions.work, &permissions.personal, &permissions.application];
        let default = if listed.iter().any(|alternatives| !alternatives.is_empty()) {
            Provenance::Documented
        } else {
            Provenance::Unknown
        };
        permissions.provenance = provenance.unwrap_or(default);
        permissions
    }

    /// Delegated permissions, for a signed-in work or school account.
    pub fn work(&self) -> &Alternatives {
        &self.work
    }

    /// Delegated permissions, for a signed-in personal account.
    pub fn personal(&self) -> &Alternatives {
        &self.personal
    }

    /// Application permissions, without a signed-in user.
    pub fn application(&self) -> &Alternatives {
        &self.application
    }

    /// Those of a way of signing in.
    pub fn of(&self, scheme: Scheme) -> &Alternatives {
        match scheme {
            Scheme::DelegatedWork => &self.work,
            Scheme::DelegatedPersonal => &self.personal,
            Scheme::Application => &self.application,
        }
    }

    /// Where this knowledge comes from.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }
}

impl Alternatives {
    /// Reads the value of a field of [`Permissions::parse`]: `Name,Name+A|B`.
    pub fn parse(text: &'static str) -> Self {
        Self(text.split(',').filter(|text| !text.is_empty()).map(Requirement::parse).collect())
    }

    /// The least privileged alternative.
    pub fn least(&self) -> Option<&Requirement> {
        self.0.first()
    }

    /// All alternatives, the least privileged first.
    pub fn iter(&self) -> std::slice::Iter<'_, Requirement> {
        self.0.iter()
    }

    /// Whether no permission of this kind is known to allow the operation.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any alternative is satisfied by permissions, of which `has` tells whether they are granted.
    pub fn are_satisfied(&self, mut has: impl FnMut(&str) -> bool) -> bool {
        self.0.iter().any(|requirement| requirement.is_satisfied(&mut has))
    }

    /// The number of alternatives.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a Alternatives {
    type Item = &'a Requirement;
    type IntoIter = std::slice::Iter<'a, Requirement>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Requirement {
    fn parse(text: &'static str) -> Self {
        let (permission, others) = text.split_once('+').unwrap_or((text, ""));
        let together_with = others.split('|').filter(|other| !other.is_empty()).collect();
        Self { permission, together_with }
    }

    /// The permission's name, such as `Mail.Read`.
    pub fn permission(&self) -> &'static str {
        self.permission
    }

    /// Whether it is satisfied by permissions, of which `has` tells whether they are granted.
    pub fn is_satisfied(&self, mut has: impl FnMut(&str) -> bool) -> bool {
        has(self.permission)
            && (self.together_with.is_empty() || self.together_with.iter().any(|other| has(other)))
    }

    /// Permissions of which any one must be granted as well; empty if the permission suffices alone.
    pub fn together_with(&self) -> &[&'static str] {
        &self.together_with
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.permission)?;
        if self.together_with.is_empty() {
            return Ok(());
        }
        write!(f, " with {}", self.together_with.join(" or "))
    }
}

impl Provenance {
    fn parse(text: &'static str) -> Self {
        match text.split_once(':') {
            Some(("alias", path)) => Self::Alias(path),
            Some(("inferred", rest)) => match rest.split_once(':') {
                Some(("reference", path)) => Self::Inferred(Inference::Reference, path),
                Some(("count", path)) => Self::Inferred(Inference::Count, path),
                Some(("cast", path)) => Self::Inferred(Inference::Cast, path),
                _ => Self::Unknown,
            },
            _ if text == "documented" => Self::Documented,
            _ => Self::Unknown,
        }
    }
}
