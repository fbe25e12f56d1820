//! Differences of the permissions that there are: each is a constant of the generated crate per kind of grant.

use std::collections::BTreeSet;

use super::{Change, Kind, Subject, Surface};
use crate::permissions::Scheme;

pub(super) fn compare(old: &Surface<'_>, new: &Surface<'_>) -> Vec<Change> {
    let (from, to) = (names(old), names(new));
    let removed =
        from.difference(&to).map(|name| Change::new(Subject::Permission, Kind::Removed, true, name));
    let added = to.difference(&from).map(|name| Change::new(Subject::Permission, Kind::Added, false, name));
    removed.chain(added).collect()
}

/// `Mail.Read (delegated)`, `Mail.Read (application)`.
fn names(surface: &Surface<'_>) -> BTreeSet<String> {
    let permissions = surface.permissions.permissions.iter();
    permissions
        .flat_map(|permission| {
            permission.schemes.keys().map(|scheme| match scheme {
                Scheme::DelegatedWork | Scheme::DelegatedPersonal => {
                    format!("{} (delegated)", permission.name)
                }
                Scheme::Application => format!("{} (application)", permission.name),
            })
        })
        .collect()
}
