//! The lock file: what a program may need, for review and for the next audit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use msgraph_runtime::permissions::LeastPrivileges;
use msgraph_runtime::{Operation, Provenance, Scheme};
use serde::{Deserialize, Serialize};

use super::super::data::CATALOG;
use crate::file;

/// What a program was found to need, by the way of signing in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The day of the permission table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delegated: Option<Part>,
    #[serde(default, rename = "delegated-personal", skip_serializing_if = "Option::is_none")]
    personal: Option<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application: Option<Part>,
}

/// What it needs in one way of signing in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// Operations that the table says nothing about, or that this way of signing in does not allow.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    uncovered: BTreeSet<String>,
    /// The permissions, with the operations that need them.
    permissions: BTreeMap<String, BTreeSet<String>>,
}

impl Lock {
    /// What it is called unless it is called otherwise.
    pub const FILE: &str = "graph-permissions.lock";

    /// The lock of what was found.
    pub fn new(sets: &[LeastPrivileges]) -> Self {
        let mut lock = Self { table: CATALOG.date().map(str::to_owned), ..Self::default() };
        for set in sets {
            *lock.part_mut(set.scheme()) = Some(Part::new(set));
        }
        lock
    }

    /// Reads a lock file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::text(path)
            .context("there is no lock file: write it with `msgraph permissions audit BINARY --lock`")?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            anyhow!("{} is not a lock file: line {line}: {}", path.display(), error.message())
        })
    }

    /// Writes a lock file.
    pub fn write(&self, file: &Path) -> Result<()> {
        let head = "# Written by `msgraph permissions audit --lock`. Review a difference as you would a change of code.\n\n";
        let text = head.to_owned() + &toml::to_string_pretty(self).context("a lock is TOML")?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// All permissions that it grants.
    pub fn permissions(&self) -> impl Iterator<Item = (Scheme, String)> + '_ {
        let parts = Scheme::ALL.into_iter().filter_map(|scheme| Some((scheme, self.part(scheme)?)));
        parts.flat_map(|(scheme, part)| part.permissions.keys().map(move |name| (scheme, name.clone())))
    }

    /// What operations need that the lock does not grant, in one way of signing in or in all that it has.
    pub fn missing(&self, scheme: Option<Scheme>, operations: &[Operation]) -> Result<Vec<(Scheme, String)>> {
        let parts: Vec<_> = Scheme::ALL
            .into_iter()
            .filter(|known| scheme.is_none_or(|scheme| scheme == *known))
            .filter_map(|scheme| Some((scheme, self.part(scheme)?)))
            .collect();
        if parts.is_empty() {
            bail!("the lock file has nothing of that way of signing in: write it anew");
        }
        let missing = parts.into_iter().flat_map(|(scheme, part)| {
            operations.iter().filter_map(move |operation| Some((scheme, part.missing(scheme, operation)?)))
        });
        Ok(missing.collect())
    }

    fn part(&self, scheme: Scheme) -> Option<&Part> {
        match scheme {
            Scheme::DelegatedWork => self.delegated.as_ref(),
            Scheme::DelegatedPersonal => self.personal.as_ref(),
            Scheme::Application => self.application.as_ref(),
        }
    }

    fn part_mut(&mut self, scheme: Scheme) -> &mut Option<Part> {
        match scheme {
            Scheme::DelegatedWork => &mut self.delegated,
            Scheme::DelegatedPersonal => &mut self.personal,
            Scheme::Application => &mut self.application,
        }
    }
}

impl Part {
    fn new(set: &LeastPrivileges) -> Self {
        let names = |operations: &[Operation]| operations.iter().map(ToString::to_string).collect();
        let permissions =
            set.reasons().iter().map(|reason| (reason.permission.to_owned(), names(&reason.needed_by)));
        let uncovered = set.uncovered().iter().map(|one| one.operation.to_string());
        Self { uncovered: uncovered.collect(), permissions: permissions.collect() }
    }

    fn missing(&self, scheme: Scheme, operation: &Operation) -> Option<String> {
        let permissions = operation.permissions();
        let alternatives = permissions.of(scheme);
        if alternatives.are_satisfied(|name| self.permissions.contains_key(name)) {
            return None;
        }
        match alternatives.least() {
            Some(least) => Some(format!("{operation} needs {least}")),
            None if self.uncovered.contains(&operation.to_string()) => None,
            None if permissions.provenance() == Provenance::Unknown => {
                Some(format!("{operation} is new, and its permissions are unknown"))
            }
            None => Some(format!("{operation} is new, and not possible in this way of signing in")),
        }
    }
}
