//! Corrections of the permission table.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::members::{gone, needless};
use super::rows::{Grant, Rename};
use crate::permissions::{
    Method, PathSet, Permission, PermissionTable, RowFacts, Scheme, UnknownName, normal_form,
};

/// One row: what is allowed, on which path (in normal form), in which scheme.
type Cell = (Method, Scheme, String);

fn words<T: FromStr<Err = UnknownName> + Ord>(list: &BTreeSet<String>) -> Result<BTreeSet<T>, String> {
    let word = |word: &String| word.parse().map_err(|error| format!("`{word}`: {error}"));
    list.iter().map(word).collect()
}

/// The rows of a grant, with the path as the grant spells it.
fn cells(grant: &Grant) -> Result<Vec<(Cell, &String)>, String> {
    let (methods, schemes) = (words::<Method>(&grant.methods)?, words::<Scheme>(&grant.schemes)?);
    let mut cells = Vec::new();
    for method in methods {
        for scheme in &schemes {
            cells.extend(grant.paths.iter().map(|path| ((method, *scheme, normal_form(path)), path)));
        }
    }
    Ok(cells)
}

fn holds(set: &PathSet, (method, scheme, path): &Cell) -> bool {
    set.methods.contains(method)
        && set.schemes.contains(scheme)
        && set.paths.keys().any(|known| normal_form(known) == *path)
}

fn shown(name: &str, (method, scheme, path): &Cell) -> String {
    format!("{name} {scheme} {method} {path}")
}

/// All rows together, or none.
pub(super) fn add(table: &mut PermissionTable, grant: &Grant) -> Result<(), String> {
    let least = words::<Scheme>(&grant.least)?;
    let index = table.permissions.binary_search_by(|known| known.name.cmp(&grant.name));
    let index = index.map_err(|_| gone(&grant.name))?;
    let permission = &mut table.permissions[index];
    if let Some((known, _)) =
        cells(grant)?.iter().find(|(cell, _)| permission.path_sets.iter().any(|set| holds(set, cell)))
    {
        return Err(needless(&shown(&grant.name, known)));
    }
    let facts = RowFacts { least, also_requires: Vec::new() };
    permission.path_sets.push(PathSet {
        methods: words(&grant.methods)?,
        schemes: words(&grant.schemes)?,
        paths: grant.paths.iter().map(|path| (path.clone(), facts.clone())).collect(),
    });
    permission.path_sets.sort();
    Ok(())
}

pub(super) fn remove(table: &mut PermissionTable, grant: &Grant) -> Result<(), String> {
    let index = table.permissions.binary_search_by(|known| known.name.cmp(&grant.name));
    let permission = &mut table.permissions[index.map_err(|_| gone(&grant.name))?];
    for (cell, _) in cells(grant)? {
        if !permission.path_sets.iter().any(|set| holds(set, &cell)) {
            return Err(gone(&shown(&grant.name, &cell)));
        }
        let sets = std::mem::take(&mut permission.path_sets);
        permission.path_sets = sets.into_iter().flat_map(|set| without(set, &cell)).collect();
    }
    permission.path_sets.sort();
    Ok(())
}

/// A path set without one row: at most three sets, that of the other paths and those of the path's other rows.
fn without(mut set: PathSet, cell: &Cell) -> Vec<PathSet> {
    if !holds(&set, cell) {
        return vec![set];
    }
    let (method, scheme, path) = cell;
    let (matching, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        set.paths.into_iter().partition(|(known, _)| normal_form(known) == *path);
    let mut other_methods = set.methods.clone();
    other_methods.remove(method);
    let mut other_schemes = set.schemes.clone();
    other_schemes.remove(scheme);
    let same_method =
        PathSet { methods: BTreeSet::from([*method]), schemes: other_schemes, paths: matching.clone() };
    let rest = PathSet { methods: other_methods, schemes: set.schemes.clone(), paths: matching };
    set.paths = others;
    [set, same_method, rest]
        .into_iter()
        .filter(|set| !set.methods.is_empty() && !set.schemes.is_empty() && !set.paths.is_empty())
        .collect()
}

/// Gives a permission its right name. If there is one of that name already, both are joined: what is known of that
/// one stands.
pub(super) fn rename(table: &mut PermissionTable, rename: &Rename) -> Result<(), String> {
    let Rename { name, to } = rename;
    let index = table.permissions.iter().position(|permission| permission.name == *name);
    let misnamed = table.permissions.remove(index.ok_or_else(|| gone(name))?);
    match table.permissions.iter_mut().find(|permission| permission.name == *to) {
        Some(right) => {
            for (scheme, facts) in misnamed.schemes {
                right.schemes.entry(scheme).or_insert(facts);
            }
            right.path_sets.extend(misnamed.path_sets);
            right.path_sets.sort();
            right.path_sets.dedup();
        }
        None => table.permissions.push(Permission { name: to.clone(), ..misnamed }),
    }
    table.permissions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}
