//! Every permission by name.

use std::borrow::Cow;

use super::Scheme;
use crate::permission::{ApplicationPermission, DelegatedPermission, PermissionFacts};

/// All permissions that are known. The generated crate has one, `msgraph::permissions::CATALOG`.
///
/// ```
/// use msgraph_runtime::permissions::Catalog;
/// use msgraph_runtime::{ApplicationPermission, Scheme};
///
/// let read = ApplicationPermission::new("Mail.Read", None, Some(true), Some(3), false, true, false);
/// let catalog = Catalog::new(Vec::new(), vec![read]);
/// assert_eq!(catalog.application("Mail.Read"), Some(read));
/// assert_eq!(catalog.delegated("Mail.Read"), None);
/// assert_eq!(catalog.facts(Scheme::Application, "Mail.Read").map(|facts| facts.privilege_level), Some(Some(3)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    delegated: Cow<'static, [DelegatedPermission]>,
    application: Cow<'static, [ApplicationPermission]>,
    date: Option<&'static str>,
}

impl Catalog {
    /// A catalog of these permissions.
    pub fn new(mut delegated: Vec<DelegatedPermission>, mut application: Vec<ApplicationPermission>) -> Self {
        delegated.sort_unstable_by_key(|permission| permission.name());
        application.sort_unstable_by_key(|permission| permission.name());
        Self { delegated: Cow::Owned(delegated), application: Cow::Owned(application), date: None }
    }

    /// A catalog of permissions that are sorted by name; generated code has one.
    pub const fn from_static(
        delegated: &'static [DelegatedPermission],
        application: &'static [ApplicationPermission],
    ) -> Self {
        Self { delegated: Cow::Borrowed(delegated), application: Cow::Borrowed(application), date: None }
    }

    /// The catalog with the day of the permission table that it comes from, such as `2026-08-07`.
    pub const fn dated(mut self, date: &'static str) -> Self {
        self.date = Some(date);
        self
    }

    /// The day of the permission table, if it is known.
    pub fn date(&self) -> Option<&'static str> {
        self.date
    }

    /// The delegated permission of that exact name.
    pub fn delegated(&self, name: &str) -> Option<DelegatedPermission> {
        let index = self.delegated.binary_search_by(|known| known.name().cmp(name)).ok()?;
        Some(self.delegated[index])
    }

    /// The application permission of that exact name.
    pub fn application(&self, name: &str) -> Option<ApplicationPermission> {
        let index = self.application.binary_search_by(|known| known.name().cmp(name)).ok()?;
        Some(self.application[index])
    }

    /// What is known of the permission of that exact name.
    pub fn facts(&self, scheme: Scheme, name: &str) -> Option<PermissionFacts> {
        if scheme.is_delegated() {
            self.delegated(name).map(|permission| permission.facts())
        } else {
            self.application(name).map(|permission| permission.facts())
        }
    }

    /// The facts of all permissions, sorted by name.
    pub fn all(&self, scheme: Scheme) -> Vec<PermissionFacts> {
        if scheme.is_delegated() {
            self.delegated.iter().map(|permission| permission.facts()).collect()
        } else {
            self.application.iter().map(|permission| permission.facts()).collect()
        }
    }
}
