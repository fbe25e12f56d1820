//! The data that answers come from: the generated crate's inventory, as it was when the command was built.

use std::sync::LazyLock;

use msgraph_runtime::permissions::Catalog;
use msgraph_runtime::{Alternatives, ApplicationPermission, DelegatedPermission, Scheme};

const OPERATIONS: &str = include_str!("../../../generated/inventory/operations.txt");
const PERMISSIONS: &str = include_str!("../../../generated/inventory/permissions.txt");
const SOURCES: &str = include_str!("../../../metadata/sources.toml");

/// All permissions, with the day of the permission table.
pub static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let (mut delegated, mut application) = (Vec::new(), Vec::new());
    for line in lines(PERMISSIONS) {
        let mut columns = line.split(" | ");
        let (name, resource_specific) = words(columns.next().unwrap_or_default());
        let resource_specific = resource_specific == "resource-specific";
        let mut is_delegated = false;
        for column in columns {
            let (scheme, facts) = words(column);
            let Facts { id, admin, level, hidden, enabled } = Facts::parse(facts);
            if scheme == "application" {
                let it =
                    ApplicationPermission::new(name, id, admin, level, hidden, enabled, resource_specific);
                application.push(it);
            } else if !is_delegated {
                // One scope serves both kinds of account; that of work accounts comes first.
                is_delegated = true;
                let it = DelegatedPermission::new(name, id, admin, level, hidden, enabled, resource_specific);
                delegated.push(it);
            }
        }
    }
    let catalog = Catalog::new(delegated, application);
    match table_date() {
        Some(date) => catalog.dated(date),
        None => catalog,
    }
});

/// The words behind a permission in one scheme.
struct Facts {
    id: Option<&'static str>,
    admin: Option<bool>,
    level: Option<u8>,
    hidden: bool,
    enabled: bool,
}

impl Facts {
    fn parse(text: &'static str) -> Self {
        let mut facts = Self { id: None, admin: None, level: None, hidden: false, enabled: true };
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "admin-consent" => facts.admin = Some(true),
                "user-consent" => facts.admin = Some(false),
                "hidden" => facts.hidden = true,
                "disabled" => facts.enabled = false,
                _ => match word.strip_prefix("level-") {
                    Some(level) => facts.level = level.parse().ok(),
                    None => facts.id = Some(word),
                },
            }
        }
        facts
    }
}

/// An operation of the inventory.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The HTTP method.
    pub method: &'static str,
    /// The path template.
    pub path: &'static str,
    /// The Rust method.
    pub rust: &'static str,
    /// Where the permissions come from, and the permissions by scheme.
    permissions: &'static str,
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split(" | ");
        let (path, rest) = words(columns.next()?);
        let (method, _) = words(rest);
        Some(Self { method, path, rust: columns.next()?, permissions: columns.next()? })
    }

    /// Method and path.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The permissions in a scheme, least privileged first.
    pub fn alternatives(&self, scheme: Scheme) -> Alternatives {
        let field = match scheme {
            Scheme::DelegatedWork => "delegated-work=",
            Scheme::DelegatedPersonal => "delegated-personal=",
            Scheme::Application => "application=",
        };
        let list = self.permissions.split(' ').find_map(|word| word.strip_prefix(field));
        Alternatives::parse(list.unwrap_or_default())
    }

    /// Where the permissions come from, for people; `None` if nothing is known.
    pub fn provenance(&self) -> Option<String> {
        let (provenance, rest) = words(self.permissions);
        match provenance {
            "documented" => Some("documented".to_owned()),
            "alias" => Some(format!("as documented for {}", words(rest).0)),
            _ => None,
        }
    }

    /// Whether a name stands among the permissions, perhaps as a part of another; quick.
    pub fn may_mention(&self, name: &str) -> bool {
        self.permissions.contains(name)
    }
}

/// All operations, sorted by path.
pub fn rows() -> impl Iterator<Item = Row> {
    lines(OPERATIONS).filter_map(Row::parse)
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// The first word and the rest.
fn words(text: &'static str) -> (&'static str, &'static str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// The day of the permission table.
fn table_date() -> Option<&'static str> {
    let section = SOURCES.split("[[source]]").find(|text| text.contains("document = \"permissions\""))?;
    section.lines().find_map(|line| line.strip_prefix("date = "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_inventory_is_read() {
        assert_eq!(rows().count(), lines(OPERATIONS).count());
        assert!(rows().all(|row| row.path.starts_with('/')));
        assert!(CATALOG.all(Scheme::Application).len() > 1000 && CATALOG.date().is_some());
    }

    #[test]
    fn every_permission_of_an_operation_is_in_the_catalog() {
        for row in rows() {
            for scheme in Scheme::ALL {
                for alternative in &row.alternatives(scheme) {
                    let name = alternative.permission();
                    assert!(CATALOG.facts(scheme, name).is_some(), "{}: {name}", row.name());
                }
            }
        }
    }
}
