//! The least privileged permissions, compared with an implementation of its own on the permission table itself.

use std::collections::{BTreeMap, BTreeSet};

use msgraph_runtime::permissions::least_privileged_set;
use msgraph_runtime::{Operation, Requirement, Scheme};
use serde_json::Value;

use super::data::{self, CATALOG, Row};

const TABLE: &str = include_str!("../../../metadata/permissions.json");

/// What the table says of one path in one scheme: the methods, and for each the permissions and whether it calls them
/// the least.
type Path = BTreeMap<String, BTreeMap<String, bool>>;

/// The table by scheme and path. Paths with functions and corrected ones are spelled in too many ways for it.
fn table() -> BTreeMap<(String, String), Path> {
    let table: Value = serde_json::from_str(TABLE).expect("the table is JSON");
    let mut paths = BTreeMap::<(String, String), Path>::new();
    let texts = |value: &Value| {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    for (name, permission) in table["permissions"].as_object().expect("there are permissions") {
        for set in permission["pathSets"].as_array().into_iter().flatten() {
            for (path, facts) in set["paths"].as_object().expect("a set has paths") {
                let facts = facts.as_str().unwrap_or_default();
                let least = facts.split(';').find_map(|fact| fact.strip_prefix("least=")).unwrap_or_default();
                for scheme in texts(&set["schemeKeys"]) {
                    let is_least = least.split(',').any(|word| word == scheme);
                    let methods = paths.entry((scheme, simple(path))).or_default();
                    for method in texts(&set["methods"]) {
                        *methods.entry(method).or_default().entry(name.clone()).or_default() |= is_least;
                    }
                }
            }
        }
    }
    paths
}

/// Lower case, and every key alike.
fn simple(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/').to_lowercase();
    let segments = path.split('/').map(|segment| if segment.contains('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// The least privileged permissions by the rules of Microsoft's own tool: those with this one method; else the one with
/// the fewest.
fn least(path: &Path, method: &str) -> BTreeSet<String> {
    let flagged = path[method].iter().filter(|(_, least)| **least).map(|(name, _)| name);
    let methods = |name: &String| path.values().filter(|permissions| permissions.contains_key(name)).count();
    let mut flagged: Vec<_> = flagged.map(|name| (methods(name), name.clone())).collect();
    flagged.sort();
    let single: BTreeSet<_> =
        flagged.iter().filter(|(methods, _)| *methods == 1).map(|(_, name)| name.clone()).collect();
    if single.is_empty() { flagged.into_iter().take(1).map(|(_, name)| name).collect() } else { single }
}

#[test]
fn sampled_operations_have_the_least_permission_that_the_table_calls_so() {
    let table = table();
    let mut compared = 0;
    for (scheme, key) in [(Scheme::DelegatedWork, "DelegatedWork"), (Scheme::Application, "Application")] {
        let documented = data::rows().filter(|row| row.provenance().as_deref() == Some("documented"));
        let plain = documented.filter(|row| !row.path.contains(['(', ':', '.', '\'']));
        for row in plain.step_by(7) {
            let path = table.get(&(key.to_owned(), simple(row.path)));
            let Some(path) = path.filter(|path| path.contains_key(row.method)) else { continue };
            let expected = least(path, row.method);
            let alternatives = row.alternatives(scheme);
            let Some(found) = alternatives.least().filter(|_| !expected.is_empty()) else { continue };
            assert!(
                expected.contains(found.permission()),
                "{} {scheme}: {found}, not {expected:?}",
                row.name()
            );
            compared += 1;
        }
    }
    assert!(compared >= 500, "only {compared} were compared");
}

/// The operation of a row, as generated code states it.
fn operation(row: &Row, scheme: Scheme) -> Operation {
    let list: Vec<_> = row
        .alternatives(scheme)
        .iter()
        .map(|one| match one.together_with() {
            [] => one.permission().to_owned(),
            others => format!("{}+{}", one.permission(), others.join("|")),
        })
        .collect();
    let field = if scheme.is_delegated() { "work" } else { "application" };
    Operation(String::leak(format!("op:{};;{field}={};;", row.name(), list.join(","))))
}

/// What can be asked for, or everything if nothing can.
fn usable(operation: Operation, scheme: Scheme) -> Vec<Requirement> {
    let fine = |name: &str| {
        let facts = CATALOG.facts(scheme, name).expect("it is known");
        facts.enabled && !facts.resource_specific
    };
    let all: Vec<_> = operation.permissions().of(scheme).iter().cloned().collect();
    let some: Vec<_> = all.iter().filter(|one| one.is_satisfied(fine)).cloned().collect();
    if some.is_empty() { all } else { some }
}

#[test]
fn the_set_for_sampled_programs_is_the_cheapest_of_all_sets() {
    for scheme in [Scheme::DelegatedWork, Scheme::Application] {
        let rows: Vec<_> = data::rows().filter(|row| !row.alternatives(scheme).is_empty()).collect();
        for number in 0..250 {
            let rows = (0..6).map(|step| rows[(number * 7919 + step * (number + 31)) % rows.len()]);
            let operations: Vec<_> = rows.map(|row| operation(&row, scheme)).collect();
            let set = least_privileged_set(operations.iter().copied(), scheme, &CATALOG);
            let found: Vec<_> = set.permissions().collect();
            let clauses: Vec<_> = operations.iter().map(|operation| usable(*operation, scheme)).collect();
            assert_eq!(price(&found, scheme), cheapest(&clauses, scheme), "{operations:?}: {set}");
            for reason in set.reasons() {
                let without = |name: &str| name != reason.permission && found.contains(&name);
                let needs = |operation: &Operation| {
                    !usable(*operation, scheme).iter().any(|one| one.is_satisfied(without))
                };
                assert!(!reason.needed_by.is_empty() && reason.needed_by.iter().all(needs), "{reason:?}");
            }
        }
    }
}

/// How many permissions, and their levels from the highest.
fn price(names: &[&str], scheme: Scheme) -> (usize, Vec<u8>) {
    let level =
        |name: &&str| CATALOG.facts(scheme, name).and_then(|facts| facts.privilege_level).unwrap_or(5);
    let mut levels: Vec<_> = names.iter().map(level).collect();
    levels.sort_unstable_by(|a, b| b.cmp(a));
    (names.len(), levels)
}

/// The price of the cheapest set of least permissions, by trying all.
fn cheapest(clauses: &[Vec<Requirement>], scheme: Scheme) -> (usize, Vec<u8>) {
    let names = clauses.iter().filter_map(|clause| clause.first());
    let names: BTreeSet<_> =
        names.flat_map(|one| one.together_with().iter().copied().chain([one.permission()])).collect();
    let names: Vec<_> = names.into_iter().collect();
    let sets = (0..1_u32 << names.len()).map(|bits| {
        let chosen = names.iter().enumerate().filter(move |(number, _)| bits & (1 << number) != 0);
        chosen.map(|(_, name)| *name).collect::<Vec<_>>()
    });
    let covers = |set: &Vec<&str>| {
        clauses.iter().all(|clause| clause.iter().any(|one| one.is_satisfied(|name| set.contains(&name))))
    };
    sets.filter(covers).map(|set| price(&set, scheme)).min().expect("all of them cover")
}

#[test]
fn the_set_for_everything_there_is_is_found() {
    let operations: Vec<_> = data::rows().map(|row| operation(&row, Scheme::Application)).collect();
    let set = least_privileged_set(operations, Scheme::Application, &CATALOG);
    assert!(set.reasons().len() > 100 && set.reasons().iter().all(|reason| !reason.needed_by.is_empty()));
}
