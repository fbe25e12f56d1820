//! Differences of operations, and of the permissions that they take.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Kind, Subject};
use crate::inventory::{Claim, Entry};
use crate::operations::options::{self, Limit};
use crate::permissions::normal_form;

/// What one operation is, whatever the spelling of its path.
type Key<'e> = (&'e str, String);

fn by_key(entries: &[Entry]) -> BTreeMap<Key<'_>, &Entry> {
    entries.iter().map(|entry| ((entry.method, normal_form(&entry.path)), entry)).collect()
}

fn name(entry: &Entry) -> String {
    format!("{} {}", entry.method, entry.path)
}

pub(super) fn compare(old: &[Entry], new: &[Entry]) -> Vec<Change> {
    let (old, new) = (by_key(old), by_key(new));
    let mut changes = Vec::new();
    for (key, from) in &old {
        match new.get(key) {
            None => changes.push(Change::new(Subject::Operation, Kind::Removed, true, name(from))),
            Some(to) => {
                changes.extend(renamed(from, to));
                changes.extend(changed(from, to));
                permissions(from, to, &mut changes);
            }
        }
    }
    let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
    changes.extend(added.map(|(_, entry)| {
        Change::new(Subject::Operation, Kind::Added, false, name(entry)).with(format!("`{}`", entry.rust))
    }));
    changes
}

/// A path that is spelled otherwise; other names of placeholders are nobody's matter.
fn renamed(old: &Entry, new: &Entry) -> Option<Change> {
    let literal = |path: &str| -> Vec<String> {
        path.split('/').filter(|segment| !segment.contains('{')).map(str::to_owned).collect()
    };
    let differs = literal(&old.path) != literal(&new.path);
    let change = Change::new(Subject::Operation, Kind::Renamed, false, name(old));
    differs.then(|| change.with(format!("`{}` → `{}`", old.path, new.path)))
}

fn changed(old: &Entry, new: &Entry) -> Option<Change> {
    let mut details = Vec::new();
    let mut breaking = false;
    let mut note = |what: &str, old: &str, new: &str, breaks: bool| {
        if old != new {
            let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("`{text}`") };
            details.push(format!("{what} {} → {}", shown(old), shown(new)));
            breaking |= breaks;
        }
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (before, after) = (text(&old.request), text(&new.request));
    note("request", &before, &after, !only_adds_parameters(&before, &after));
    note("response", &text(&old.response), &text(&new.response), true);
    let lost = old.query.iter().any(|option| !new.query.contains(option));
    let limited =
        new.limits.iter().any(|limit| old.query.contains(&limit.option) && narrows(limit, &old.limits));
    let query = |entry: &Entry| options::notation(&entry.query, &entry.limits).join(" ");
    note("query options", &query(old), &query(new), lost || limited);
    note("custom query options", &old.options.join(" "), &new.options.join(" "), true);
    note("headers", &old.headers.join(" "), &new.headers.join(" "), true);
    note("method", &old.rust, &new.rust, true);
    note("feature", &old.feature, &new.feature, true);
    let change = Change::new(Subject::Operation, Kind::Changed, breaking, name(new));
    (!details.is_empty()).then(|| change.with(details.join("; ")))
}

/// Whether an option takes less of a property than it took before.
fn narrows(limit: &Limit, before: &[Limit]) -> bool {
    let was = before.iter().find(|old| (old.option, &old.property) == (limit.option, &limit.property));
    let took = |old: &Limit| !old.operators.is_empty();
    match was {
        None => true,
        Some(old) if limit.operators.is_empty() => took(old),
        Some(old) => took(old) && old.operators.iter().any(|operator| !limit.operators.contains(operator)),
    }
}

/// Whether an action takes what it took, and more: all parameters are fields of a struct that can be left out.
fn only_adds_parameters(old: &str, new: &str) -> bool {
    let parameters = |text: &str| -> Option<BTreeSet<String>> {
        let list = text.strip_prefix('{')?.strip_suffix('}')?;
        Some(list.split(", ").map(str::to_owned).collect())
    };
    parameters(old).zip(parameters(new)).is_some_and(|(old, new)| old.is_subset(&new))
}

/// What changed for those who have been granted permissions for an operation.
fn permissions(old: &Entry, new: &Entry, changes: &mut Vec<Change>) {
    let mut push = |kind, detail: String| {
        changes.push(Change::new(Subject::OperationPermissions, kind, false, name(new)).with(detail));
    };
    match (old.provenance, new.provenance) {
        ("unknown", "unknown") => return,
        ("unknown", _) => return push(Kind::Changed, "documented now".to_owned()),
        (_, "unknown") => return push(Kind::Changed, "not documented any more".to_owned()),
        _ => (),
    }
    let schemes: BTreeSet<_> = old.permissions.keys().chain(new.permissions.keys()).collect();
    for scheme in schemes {
        let all = |entry: &Entry| -> BTreeSet<String> {
            let list = entry.permissions.get(*scheme).map_or(&[][..], |permissions| &permissions.all);
            list.iter().map(claim).collect()
        };
        let least = |entry: &Entry| {
            entry.permissions.get(*scheme).map(|permissions| permissions.least.join(", ")).unwrap_or_default()
        };
        let (from, to) = (all(old), all(new));
        let listed = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.difference(other).cloned().collect::<Vec<_>>().join(", ")
        };
        let (lost, won) = (listed(&from, &to), listed(&to, &from));
        if !lost.is_empty() {
            push(Kind::NeedsMore, format!("{scheme}: {lost} not enough any more"));
        }
        if !won.is_empty() {
            push(Kind::NeedsLess, format!("{scheme}: {won} enough, too"));
        }
        if least(old) != least(new) {
            let shown = |least: String| if least.is_empty() { "none".to_owned() } else { least };
            push(Kind::NewLeast, format!("{scheme}: {} → {}", shown(least(old)), shown(least(new))));
        }
    }
}

fn claim(claim: &Claim) -> String {
    if claim.also.is_empty() {
        claim.permission.clone()
    } else {
        format!("{} with {}", claim.permission, claim.also.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_takes_less_if_a_property_or_an_operator_goes() {
        let limit = |operators: &[&str]| Limit {
            option: "filter",
            property: "key".to_owned(),
            operators: operators.iter().map(|operator| (*operator).to_owned()).collect(),
        };
        for (before, after, less) in [
            (vec![], limit(&[]), true),
            (vec![], limit(&["eq"]), true),
            (vec![limit(&["eq"])], limit(&[]), true),
            (vec![limit(&["eq", "ne"])], limit(&["eq"]), true),
            (vec![limit(&[])], limit(&["eq"]), false),
            (vec![limit(&["eq"])], limit(&["eq", "ne"]), false),
            (vec![limit(&["eq"])], limit(&["eq"]), false),
        ] {
            assert_eq!(narrows(&after, &before), less, "{before:?} → {after:?}");
        }
    }
}
