//! From the permission table to the permissions of an operation.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::equivalence::{AliasRule, drive_path, is_me, other_user_path, take_off_last};
use super::least::{Candidate, least_privileged};
use super::path::{self, Segment};
use super::{Method, Permission, PermissionTable, Scheme};

/// The permission table turned around: path → method → scheme → permissions.
#[derive(Clone, Debug)]
pub struct Joiner {
    /// Sorted by path.
    entries: Vec<Entry>,
    /// Every beginning of a path of the table, up to a key.
    collections: HashSet<String>,
    by_path: Index,
    by_drive_path: Index,
}

/// The permissions of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationPermissions {
    /// Per scheme the permissions of which any one is enough, least privileged first. A scheme that is absent is
    /// not supported if the operation is documented, and unknown if it is not.
    pub schemes: BTreeMap<Scheme, Vec<Requirement>>,
    /// Where the permissions come from.
    pub provenance: Provenance,
}

/// A permission that an operation takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The permission's name.
    pub permission: String,
    /// Whether it is the least privileged one, or one of several that are.
    pub least: bool,
    /// It is enough only together with another, any one of these; empty if it is enough alone. The first is the
    /// one to recommend.
    pub also: Vec<String>,
}

/// Where an operation's permissions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// The table has a row for the operation's method and path.
    Documented,
    /// The table has a row for a path that is known to take the same permissions.
    Alias {
        /// That path, in normal form.
        path: String,
        /// The rules that lead to it, in the order of their use; one at least.
        rules: Vec<AliasRule>,
    },
    /// The table has no row. That is not to say that no permission is needed.
    Unknown,
}

/// A (method, path) of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow<'a> {
    /// The method.
    pub method: Method,
    /// The path in normal form.
    pub path: &'a str,
    /// The path as the table spells it, in every way it does, sorted.
    pub spellings: &'a BTreeSet<String>,
    /// Whether the row documents one of the operations.
    pub documents: bool,
    /// Whether one of the operations takes its permissions from the row by an alias.
    pub lends: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    path: String,
    spellings: BTreeSet<String>,
    methods: BTreeMap<Method, BTreeMap<Scheme, Vec<Requirement>>>,
}

/// An operation's row: which entry, and by which rules.
struct Match {
    entry: usize,
    method: Method,
    rules: Vec<AliasRule>,
}

impl Joiner {
    /// Turns the table around.
    pub fn new(table: &PermissionTable) -> Self {
        let entries: Vec<_> = claims(table).into_iter().map(|(path, claims)| entry(path, claims)).collect();
        let mut joiner = Self {
            collections: entries.iter().flat_map(|entry| collections(&entry.path)).collect(),
            entries,
            by_path: Index::default(),
            by_drive_path: Index::default(),
        };
        for (number, entry) in joiner.entries.iter().enumerate() {
            let loose = joiner.without_arguments(&entry.path);
            if let Some(drive) = drive_path(&entry.path) {
                joiner.by_drive_path.add(drive, drive_path(&loose), number);
            }
            joiner.by_path.add(entry.path.clone(), Some(loose), number);
        }
        let entries = &joiner.entries;
        let has_arguments = |number: usize| entries[number].path.contains('(');
        joiner.by_path.sort_by_key(|number| (has_arguments(number), number));
        // Among equivalent paths one in `/drives` speaks for all, and one in `/me` last, as it lacks a scheme.
        joiner.by_drive_path.sort_by_key(|number| {
            let path = entries[number].path.as_str();
            (is_me(path), !path.starts_with("/drives/"), has_arguments(number), number)
        });
        joiner
    }

    /// The permissions of an operation, given its method (`GET`) and Graph's template of its path
    /// (`/users/{user-id}/messages/$count`).
    pub fn join(&self, method: &str, path: &str) -> OperationPermissions {
        let Some(found) = self.find(method, path) else {
            return OperationPermissions { schemes: BTreeMap::new(), provenance: Provenance::Unknown };
        };
        let entry = &self.entries[found.entry];
        let mut schemes = entry.methods.get(&found.method).cloned().unwrap_or_default();
        let path = path::normal_form(path);
        schemes.retain(|scheme, _| counts(&path, entry, *scheme));
        let provenance = match found.rules {
            rules if rules.is_empty() => Provenance::Documented,
            rules => Provenance::Alias { path: entry.path.clone(), rules },
        };
        OperationPermissions { schemes, provenance }
    }

    /// Every (method, path) of the table, sorted by path, with whether one of these operations uses it.
    pub fn rows<'a>(&self, operations: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<TableRow<'_>> {
        let mut documents = HashSet::new();
        let mut lends = HashSet::new();
        for found in operations.into_iter().filter_map(|(method, path)| self.find(method, path)) {
            let used = if found.rules.is_empty() { &mut documents } else { &mut lends };
            used.insert((found.entry, found.method));
        }
        let entries = self.entries.iter().enumerate();
        let rows = entries
            .flat_map(|(number, entry)| entry.methods.keys().map(move |method| (number, entry, *method)));
        rows.map(|(number, entry, method)| TableRow {
            method,
            path: &entry.path,
            spellings: &entry.spellings,
            documents: documents.contains(&(number, method)),
            lends: lends.contains(&(number, method)),
        })
        .collect()
    }

    /// The row for an operation: its own, else an equivalent path's, else that of the path without its last segment
    /// where the table leaves such a segment off.
    fn find(&self, method: &str, path: &str) -> Option<Match> {
        let method = method.parse().ok()?;
        let mut segments = path::segments(path);
        let mut rules = Vec::new();
        loop {
            if let Some((entry, rule)) = self.find_equivalent(method, &segments) {
                rules.extend(rule);
                return Some(Match { entry, method, rules });
            }
            rules.push(take_off_last(&mut segments, method)?);
        }
    }

    fn find_equivalent(&self, method: Method, segments: &[Segment]) -> Option<(usize, Option<AliasRule>)> {
        let path = path::join(segments);
        let loose = self.without_arguments(&path);
        let usable = |number: usize| {
            let entry = &self.entries[number];
            let schemes = entry.methods.get(&method);
            schemes.is_some_and(|schemes| schemes.keys().any(|scheme| counts(&path, entry, *scheme)))
        };
        if let Some(number) = self.by_path.find(&path, &loose, usable) {
            return Some((number, None));
        }
        if let (Some(path), Some(loose)) = (other_user_path(&path), other_user_path(&loose))
            && let Some(number) = self.by_path.find(&path, &loose, usable)
        {
            return Some((number, Some(AliasRule::Me)));
        }
        if let (Some(path), Some(loose)) = (drive_path(&path), drive_path(&loose))
            && let Some(number) = self.by_drive_path.find(&path, &loose, usable)
        {
            return Some((number, Some(AliasRule::Drive)));
        }
        None
    }

    /// The path with a key for each alternate key and without the arguments of functions. The two look the same;
    /// a name below which the table knows keys is a collection and no function.
    fn without_arguments(&self, path: &str) -> String {
        let mut out = String::with_capacity(path.len());
        for segment in path.split('/').skip(1) {
            let name = segment.strip_suffix(')').and_then(|segment| segment.split_once('('));
            out.push('/');
            out.push_str(name.map_or(segment, |(name, _arguments)| name));
            if name.is_some() && self.collections.contains(&out) {
                out.push_str("/{}");
            }
        }
        out
    }
}

/// Whether an entry's scheme counts for an operation: an application is nobody, so it has no `/me`, and what a
/// row of `/me` says about applications says nothing about other paths either.
fn counts(path: &str, entry: &Entry, scheme: Scheme) -> bool {
    scheme != Scheme::Application || !(is_me(path) || is_me(&entry.path))
}

/// Entries by path, and by path without arguments.
#[derive(Clone, Debug, Default)]
struct Index {
    exact: HashMap<String, Vec<usize>>,
    loose: HashMap<String, Vec<usize>>,
}

impl Index {
    fn add(&mut self, exact: String, loose: Option<String>, entry: usize) {
        self.exact.entry(exact).or_default().push(entry);
        if let Some(loose) = loose {
            self.loose.entry(loose).or_default().push(entry);
        }
    }

    fn sort_by_key<K: Ord>(&mut self, key: impl Fn(usize) -> K) {
        for list in self.exact.values_mut().chain(self.loose.values_mut()) {
            list.sort_by_key(|entry| key(*entry));
        }
    }

    /// The first usable entry with that path, else with that path but for the arguments.
    fn find(&self, exact: &str, loose: &str, usable: impl Fn(usize) -> bool) -> Option<usize> {
        let in_list = |list: Option<&Vec<usize>>| list?.iter().copied().find(|entry| usable(*entry));
        in_list(self.exact.get(exact)).or_else(|| in_list(self.loose.get(loose)))
    }
}

/// The beginnings of a path that are followed by a key.
fn collections(path: &str) -> impl Iterator<Item = String> {
    path.match_indices("/{}").map(|(end, _)| path[..end].to_owned())
}

/// What the table says of one path in normal form.
#[derive(Default)]
struct PathClaims<'a> {
    spellings: BTreeSet<String>,
    claims: BTreeMap<(Method, Scheme), BTreeMap<&'a str, Claim<'a>>>,
}

/// That a permission allows a request.
struct Claim<'a> {
    permission: &'a Permission,
    least: bool,
    also: Vec<String>,
}

fn claims(table: &PermissionTable) -> BTreeMap<String, PathClaims<'_>> {
    let mut paths = BTreeMap::<String, PathClaims<'_>>::new();
    for permission in &table.permissions {
        for set in &permission.path_sets {
            for (path, facts) in &set.paths {
                let entry = paths.entry(path::normal_form(path)).or_default();
                entry.spellings.insert(path.clone());
                let requests = set
                    .methods
                    .iter()
                    .flat_map(|method| set.schemes.iter().map(move |scheme| (*method, *scheme)));
                for (method, scheme) in requests {
                    let least = facts.least.contains(&scheme);
                    let also = facts.also_requires.clone();
                    let claims = entry.claims.entry((method, scheme)).or_default();
                    add_claim(claims, Claim { permission, least, also });
                }
            }
        }
    }
    paths
}

/// Adds a claim; a second one of the same permission widens the first.
fn add_claim<'a>(claims: &mut BTreeMap<&'a str, Claim<'a>>, claim: Claim<'a>) {
    let Some(known) = claims.get_mut(claim.permission.name.as_str()) else {
        claims.insert(&claim.permission.name, claim);
        return;
    };
    known.least |= claim.least;
    if known.also.is_empty() || claim.also.is_empty() {
        known.also.clear();
    } else {
        let more = claim.also.into_iter().filter(|name| !known.also.contains(name)).collect::<Vec<_>>();
        known.also.extend(more);
    }
}

fn entry(path: String, PathClaims { spellings, claims }: PathClaims<'_>) -> Entry {
    let mut granted = HashMap::<(Scheme, &str), usize>::new();
    for ((_, scheme), permissions) in &claims {
        for name in permissions.keys() {
            *granted.entry((*scheme, name)).or_default() += 1;
        }
    }
    let mut methods = BTreeMap::<Method, BTreeMap<Scheme, Vec<Requirement>>>::new();
    for ((method, scheme), permissions) in &claims {
        let flagged = permissions.iter().filter(|(_, claim)| claim.least);
        let candidates: Vec<_> = flagged
            .map(|(permission, _)| Candidate { permission, methods: granted[&(*scheme, *permission)] })
            .collect();
        let least = least_privileged(&candidates);
        methods.entry(*method).or_default().insert(*scheme, requirements(permissions, *scheme, &least));
    }
    Entry { path, spellings, methods }
}

/// The requirements, least privileged first; what is not rated comes after what is.
fn requirements(permissions: &BTreeMap<&str, Claim<'_>>, scheme: Scheme, least: &[&str]) -> Vec<Requirement> {
    let mut claims: Vec<_> = permissions.iter().collect();
    claims.sort_by_cached_key(|(name, claim)| {
        let level = claim.permission.schemes.get(&scheme).and_then(|facts| facts.privilege_level);
        (!least.contains(name), level.unwrap_or(u8::MAX), name.to_string())
    });
    let requirement = |(name, claim): (&&str, &Claim<'_>)| Requirement {
        permission: name.to_string(),
        least: least.contains(name),
        also: claim.also.clone(),
    };
    claims.into_iter().map(requirement).collect()
}
