//! The permissions for a whole program: as few and as low as its operations allow.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::cover::{self, Choice, Clause};
use super::{Alternatives, Catalog, Permissions, Provenance, Requirement, Scheme};
use crate::operation::Operation;

/// What a list of operations needs, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeastPrivileges {
    scheme: Scheme,
    reasons: Vec<Reason>,
    uncovered: Vec<Uncovered>,
}

/// Why a permission is in the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The permission.
    pub permission: &'static str,
    /// The operations that none of the other permissions of the set allows; never empty.
    pub needed_by: Vec<Operation>,
}

/// An operation that the set says nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// The operation.
    pub operation: Operation,
    /// Why.
    pub why: NotCovered,
}

/// Why no permission is chosen for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCovered {
    /// The table does not know the operation. It may need a permission all the same.
    Unknown,
    /// The table knows the operation, but no permission that allows it in this scheme.
    NotInScheme,
}

impl LeastPrivileges {
    /// The way of signing in.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The names of the permissions, sorted.
    pub fn permissions(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.reasons.iter().map(|reason| reason.permission)
    }

    /// The permissions with the operations that need them, sorted by name.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The operations for which no permission was chosen, sorted.
    pub fn uncovered(&self) -> &[Uncovered] {
        &self.uncovered
    }
}

/// The names, separated by spaces.
impl fmt::Display for LeastPrivileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.permissions().collect::<Vec<_>>().join(" "))
    }
}

/// The least privileged set of permissions that allows all of these operations.
///
/// It is made of the least privileged permissions of the operations, as the table documents them: one that would allow
/// many of them at once, but is the least for none, is too much. Of such sets it is the smallest, then the one with the
/// lower [privilege levels](super::PermissionFacts::privilege_level), and always the same of those that are equal.
/// Without any of its permissions some operation is not allowed.
///
/// What can be asked for comes first: a permission that is disabled or resource-specific is taken only for an operation
/// that has no other. The choice is exact. Its time is exponential in the worst case and milliseconds in fact, even for
/// all operations there are.
///
/// ```
/// use msgraph_runtime::permissions::{Catalog, least_privileged_set};
/// use msgraph_runtime::{Operation, Scheme};
///
/// let list = Operation("op:GET /users;;application=User.ReadBasic.All,User.Read.All;;");
/// let delta = Operation("op:GET /users/delta();;application=User.Read.All;;");
/// let set = least_privileged_set([list, delta], Scheme::Application, &Catalog::default());
/// assert_eq!(set.permissions().collect::<Vec<_>>(), ["User.Read.All"]);
/// assert_eq!(set.reasons()[0].needed_by, [list, delta]);
/// ```
pub fn least_privileged_set(
    operations: impl IntoIterator<Item = Operation>,
    scheme: Scheme,
    catalog: &Catalog,
) -> LeastPrivileges {
    let operations: BTreeMap<String, Operation> =
        operations.into_iter().map(|operation| (operation.to_string(), operation)).collect();
    let mut covered = Vec::new();
    let mut uncovered = Vec::new();
    for operation in operations.into_values() {
        let permissions = operation.permissions();
        match usable(permissions.of(scheme), scheme, catalog) {
            usable if usable.is_empty() => uncovered.push(Uncovered { operation, why: why(&permissions) }),
            usable => covered.push((operation, usable)),
        }
    }
    let chosen = choose(&covered, scheme, catalog);
    let reasons = chosen
        .iter()
        .map(|permission| Reason { permission, needed_by: needed_by(permission, &chosen, &covered) });
    LeastPrivileges { scheme, reasons: reasons.collect(), uncovered }
}

fn why(permissions: &Permissions) -> NotCovered {
    match permissions.provenance() {
        Provenance::Unknown => NotCovered::Unknown,
        _ => NotCovered::NotInScheme,
    }
}

/// The alternatives that can be asked for, or all if none can.
fn usable(alternatives: &Alternatives, scheme: Scheme, catalog: &Catalog) -> Vec<Requirement> {
    let can_be_asked_for = |name: &str| {
        catalog.facts(scheme, name).is_none_or(|facts| facts.enabled && !facts.resource_specific)
    };
    let usable: Vec<_> = alternatives
        .iter()
        .filter(|alternative| alternative.is_satisfied(can_be_asked_for))
        .cloned()
        .collect();
    if usable.is_empty() { alternatives.iter().cloned().collect() } else { usable }
}

/// The cheapest set of names that satisfies all operations.
fn choose(
    operations: &[(Operation, Vec<Requirement>)],
    scheme: Scheme,
    catalog: &Catalog,
) -> BTreeSet<&'static str> {
    let least = operations.iter().filter_map(|(_, alternatives)| alternatives.first()).flat_map(names);
    let candidates: Vec<&'static str> = least.collect::<BTreeSet<_>>().into_iter().collect();
    let number = |name: &str| candidates.binary_search_by(|candidate| (*candidate).cmp(name)).ok();
    let clauses: BTreeSet<Clause> =
        operations.iter().map(|(_, alternatives)| clause(alternatives, number)).collect();
    let cost: Vec<_> = candidates.iter().map(|name| cost(scheme, catalog, name)).collect();
    cover::cheapest(&clauses, &cost).into_iter().map(|chosen| candidates[chosen]).collect()
}

/// The names in an alternative.
fn names(requirement: &Requirement) -> impl Iterator<Item = &'static str> + '_ {
    std::iter::once(requirement.permission()).chain(requirement.together_with().iter().copied())
}

/// The options of an operation among the candidates, which have all of its first alternative.
fn clause(alternatives: &[Requirement], number: impl Fn(&str) -> Option<usize>) -> Clause {
    let mut clause = Clause::new();
    for alternative in alternatives {
        let Some(own) = number(alternative.permission()) else { continue };
        if alternative.together_with().is_empty() {
            clause.insert(Choice::from([own]));
        }
        let others = alternative.together_with().iter().filter_map(|other| number(other));
        clause.extend(others.map(|other| Choice::from([own, other])));
    }
    clause
}

/// One more permission costs more than any levels; one of a level more than any number of lower ones. What is not
/// rated counts as the highest level.
fn cost(scheme: Scheme, catalog: &Catalog, name: &str) -> u128 {
    let level = catalog.facts(scheme, name).and_then(|facts| facts.privilege_level).unwrap_or(5);
    (1 << 96) + (1 << (16 * u32::from(level.min(5))))
}

/// The operations that the set without a permission does not allow.
fn needed_by(
    permission: &str,
    set: &BTreeSet<&'static str>,
    operations: &[(Operation, Vec<Requirement>)],
) -> Vec<Operation> {
    let others = |name: &str| name != permission && set.contains(name);
    let needs = |alternatives: &[Requirement]| !alternatives.iter().any(|one| one.is_satisfied(others));
    operations
        .iter()
        .filter(|(_, alternatives)| needs(alternatives))
        .map(|(operation, _)| *operation)
        .collect()
}
