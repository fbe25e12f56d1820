//! Which operations permissions allow, to compare them with each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use msgraph_runtime::Scheme;

use super::super::data::{self, CATALOG};

/// How many lesser permissions are named.
const MOST: usize = 3;

/// What each permission of a list allows, by the number of the operation.
pub struct Coverage {
    scheme: Scheme,
    allows: BTreeMap<&'static str, Allows>,
}

/// What a permission allows.
#[derive(Default)]
struct Allows {
    /// Alone, or together with others of the list.
    here: BTreeSet<usize>,
    /// Together with whatever it takes.
    anyhow: BTreeSet<usize>,
}

impl Coverage {
    /// Reads what the permissions allow.
    pub fn of(scheme: Scheme, names: impl Iterator<Item = &'static str>) -> Self {
        let mut allows: BTreeMap<_, _> = names.map(|name| (name, Allows::default())).collect();
        let list: BTreeSet<_> = allows.keys().copied().collect();
        for (number, row) in data::rows().enumerate() {
            for alternative in &row.alternatives(scheme) {
                let name = alternative.permission();
                let Some(own) = allows.get_mut(name) else { continue };
                own.anyhow.insert(number);
                if alternative.is_satisfied(|name| list.contains(name)) {
                    own.here.insert(number);
                }
                for other in alternative.together_with() {
                    if let Some(other) = allows.get_mut(other) {
                        other.anyhow.insert(number);
                    }
                }
            }
        }
        Self { scheme, allows }
    }

    /// Another permission of the list that allows all that this one allows. Of two that allow the same, it is the one
    /// of the lower level.
    pub fn contains(&self, name: &str) -> Option<&'static str> {
        let own = &self.allows.get(name)?.anyhow;
        if own.is_empty() {
            return None;
        }
        let rank = |name: &str| {
            let level = CATALOG.facts(self.scheme, name).and_then(|facts| facts.privilege_level);
            (level.unwrap_or(u8::MAX), name.to_owned())
        };
        let others = self.allows.iter().filter(|(other, _)| **other != name);
        let contains = |other: &str, allows: &Allows| {
            own.is_subset(&allows.here) && (own.len() < allows.here.len() || rank(other) < rank(name))
        };
        others.filter(|(other, allows)| contains(other, allows)).map(|(other, _)| *other).next()
    }
}

/// How many operations a permission allows, and the permissions of a lower level that allow most of them alone, with
/// their level and how many of them they allow.
pub fn lesser(name: &str, level: u8, scheme: Scheme) -> (usize, Vec<(&'static str, u8, usize)>) {
    let mut all = 0;
    let mut counts = BTreeMap::<&'static str, usize>::new();
    for row in data::rows().filter(|row| row.may_mention(name)) {
        let alternatives = row.alternatives(scheme);
        if !alternatives.iter().any(|one| one.permission() == name) {
            continue;
        }
        all += 1;
        let alone = alternatives.iter().filter(|one| one.together_with().is_empty());
        for other in alone.filter(|one| one.permission() != name) {
            *counts.entry(other.permission()).or_default() += 1;
        }
    }
    let lower = |name: &str| {
        let facts = CATALOG.facts(scheme, name)?;
        let can_be_had = facts.enabled && !facts.hidden && !facts.resource_specific;
        facts.privilege_level.filter(|lower| can_be_had && *lower < level)
    };
    let mut lesser: Vec<_> =
        counts.into_iter().filter_map(|(name, count)| Some((name, lower(name)?, count))).collect();
    lesser.sort_by_key(|(name, level, count)| (Reverse(*count), *level, *name));
    lesser.truncate(MOST);
    (all, lesser)
}
