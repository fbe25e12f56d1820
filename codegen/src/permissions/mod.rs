//! Which permission allows which request: Graph's permission table, and how it joins to operations.
//!
//! In: Microsoft's permission and provisioning documents ([`parse_upstream`]) or the project's own projection of
//! them ([`read`], [`write()`]). Out: a [`PermissionTable`], and through [`Joiner`] the permissions of any operation,
//! with where they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

mod decode;
mod equivalence;
mod join;
mod least;
mod path;
mod projection;
#[cfg(test)]
mod tests;
mod upstream;

pub use equivalence::AliasRule;
pub use join::{Joiner, OperationPermissions, Provenance, Requirement, TableRow};
pub use path::normal_form;
pub use projection::{read, write};
pub use upstream::parse_upstream;

/// The permission table: every permission of the public cloud, sorted by name, with the rows that it grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionTable {
    /// The permissions, sorted by name; names are unique.
    pub permissions: Vec<Permission>,
    /// The day of the table, as `2026-08-07`, if it is known; it stands beside the table, not in it.
    pub date: Option<String>,
}

impl PermissionTable {
    /// The permission of that exact name.
    pub fn get(&self, name: &str) -> Option<&Permission> {
        let index =
            self.permissions.binary_search_by(|permission| permission.name.as_str().cmp(name)).ok()?;
        self.permissions.get(index)
    }
}

/// One permission, such as `Mail.Read`. One name stands for up to three grants, one per [`Scheme`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// The name, which is also the value of the token's `scp` or `roles` claim.
    pub name: String,
    /// Whether it is consented to for one resource at a time, such as a team or a chat, and is no scope or app role
    /// that an app registration can ask for.
    pub resource_specific: bool,
    /// What is known of the permission in each scheme in which it exists.
    pub schemes: BTreeMap<Scheme, SchemeFacts>,
    /// The requests that it allows, sorted. Empty if the permission is provisioned but nothing is documented of it.
    pub path_sets: Vec<PathSet>,
}

/// How the caller signs in, and so which kind of grant counts.
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
    /// All schemes, in their order.
    pub const ALL: [Self; 3] = [Self::DelegatedWork, Self::DelegatedPersonal, Self::Application];

    /// The scheme's name in the permission documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DelegatedWork => "DelegatedWork",
            Self::DelegatedPersonal => "DelegatedPersonal",
            Self::Application => "Application",
        }
    }
}

/// A permission in one scheme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemeFacts {
    /// The GUID of the OAuth 2.0 scope or app role on Graph's service principal, in lower case, if published.
    pub id: Option<String>,
    /// Whether an administrator has to consent; absent where only the provisioning document knows the permission.
    pub admin_consent: Option<bool>,
    /// How much the permission allows, 1 (least) to 5; absent where it is not rated.
    pub privilege_level: Option<u8>,
    /// Whether the permission is kept out of the lists that people choose from.
    pub hidden: bool,
    /// Whether the permission is deployed to the public cloud and can be granted.
    pub enabled: bool,
}

/// An HTTP method that the permission table knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

impl Method {
    /// All methods, in their order.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Paths that a permission allows with the same methods in the same schemes: methods × schemes × paths are rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathSet {
    /// The methods.
    pub methods: BTreeSet<Method>,
    /// The schemes.
    pub schemes: BTreeSet<Scheme>,
    /// The paths as the table spells them (see [`normal_form`]), each with what holds for that path only.
    pub paths: BTreeMap<String, RowFacts>,
}

/// What holds for one path of a [`PathSet`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowFacts {
    /// The schemes in which the permission is documented as the least privileged for this path.
    pub least: BTreeSet<Scheme>,
    /// The permission is enough only together with another, any one of these; empty if it is enough alone. The
    /// order is upstream's: the first is the one to recommend.
    pub also_requires: Vec<String>,
}

/// A word that names no [`Scheme`] or [`Method`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name; one of {}", expected.join(", "))]
pub struct UnknownName {
    /// The names there are.
    pub expected: &'static [&'static str],
}

impl FromStr for Scheme {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == name)
            .ok_or(UnknownName { expected: &["DelegatedWork", "DelegatedPersonal", "Application"] })
    }
}

impl FromStr for Method {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == name)
            .ok_or(UnknownName { expected: &["GET", "POST", "PUT", "PATCH", "DELETE"] })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
