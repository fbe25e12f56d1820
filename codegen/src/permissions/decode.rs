//! JSON to values, piece by piece, so that every bad piece is reported with its true place.
//!
//! [`serde_json`] stops at the first error. Here a document is decoded one object at a time from raw slices of the
//! same text: a piece that does not fit is reported and left out, and the next one is decoded all the same.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{PathSet, RowFacts, Scheme, UnknownName};
use crate::diagnostics::{Diagnostics, Position};

/// A JSON document that is being decoded, with the problems found so far.
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
    /// The byte offset of each line's start.
    lines: Vec<usize>,
    diagnostics: Diagnostics,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let lines =
            std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect();
        Self { file, text, lines, diagnostics: Diagnostics::new() }
    }

    /// The whole document as one piece, or nothing if it is not JSON.
    pub(super) fn root(&mut self) -> Option<&'a RawValue> {
        match serde_json::from_str(self.text) {
            Ok(raw) => Some(raw),
            Err(error) => {
                self.report(0, "the document", &error);
                None
            }
        }
    }

    /// Decodes one piece of the document; `what` names it in the report if it does not fit.
    pub(super) fn decode<T: Deserialize<'a>>(&mut self, raw: &'a RawValue, what: &str) -> Option<T> {
        match serde_json::from_str(raw.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(self.offset(raw), what, &error);
                None
            }
        }
    }

    /// Decodes an object into its members; a name that stands twice is reported and its first value kept.
    pub(super) fn members(&mut self, raw: &'a RawValue, what: &str) -> BTreeMap<String, &'a RawValue> {
        let mut members = BTreeMap::new();
        for (name, value) in self.decode::<Members<'a>>(raw, what).unwrap_or_default().0 {
            match members.entry(name) {
                Entry::Vacant(entry) => drop(entry.insert(value)),
                Entry::Occupied(entry) => {
                    self.reject(
                        value,
                        format!("{what}: `{}` stands twice; keep one of the two", entry.key()),
                    );
                }
            }
        }
        members
    }

    /// Reports a piece that decodes but means nothing.
    pub(super) fn reject(&mut self, raw: &'a RawValue, message: String) {
        let position = self.position(self.offset(raw));
        self.diagnostics.push(self.file, position, message);
    }

    /// The problems found.
    pub(super) fn into_diagnostics(self) -> Diagnostics {
        self.diagnostics
    }

    fn report(&mut self, start: usize, what: &str, error: &serde_json::Error) {
        // The error counts lines and bytes from the piece's start.
        let line_start = match error.line() {
            0 | 1 => start,
            line => self.lines.get(self.line_index(start) + line - 1).copied().unwrap_or(start),
        };
        let position = self.position(line_start + error.column().saturating_sub(1));
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        self.diagnostics.push(self.file, position, format!("{what}: {message}"));
    }

    /// Every piece is a slice of the document's text, so its address tells its offset.
    fn offset(&self, raw: &RawValue) -> usize {
        raw.get().as_ptr() as usize - self.text.as_ptr() as usize
    }

    fn line_index(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn position(&self, offset: usize) -> Position {
        let index = self.line_index(offset);
        let before = self.text.get(self.lines[index]..offset).unwrap_or_default();
        let column = before.chars().count() + 1;
        Position::new(u32::try_from(index + 1).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

/// The members of an object in document order, doubles and all.
#[derive(Default)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor).map(Members)
    }
}

/// Whether a permission may be called that: names become claims, scopes and Rust names.
pub(super) fn is_permission_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// The GUID in lower case, or nothing if it is none.
pub(super) fn guid(text: &str) -> Option<String> {
    let groups: Vec<_> = text.split('-').collect();
    let hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shaped = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    (shaped && groups.iter().all(hex)).then(|| text.to_ascii_lowercase())
}

/// A path set as both the upstream document and the projection write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PathSetText<'a> {
    #[serde(borrow)]
    scheme_keys: Vec<&'a RawValue>,
    #[serde(borrow)]
    methods: Vec<&'a RawValue>,
    #[serde(borrow)]
    paths: &'a RawValue,
}

/// Decodes the path sets of the permission `name`, sorted.
pub(super) fn path_sets<'a>(source: &mut Source<'a>, raw: &'a RawValue, name: &str) -> Vec<PathSet> {
    let what = format!("path sets of `{name}`");
    let pieces: Vec<&RawValue> = source.decode(raw, &what).unwrap_or_default();
    let mut sets: Vec<_> = pieces.into_iter().filter_map(|piece| path_set(source, piece, &what)).collect();
    sets.sort();
    sets
}

fn path_set<'a>(source: &mut Source<'a>, raw: &'a RawValue, what: &str) -> Option<PathSet> {
    let text: PathSetText<'a> = source.decode(raw, what)?;
    let schemes = words(source, &text.scheme_keys, what);
    let methods = words(source, &text.methods, what);
    let mut paths = BTreeMap::new();
    for (path, raw) in source.members(text.paths, what) {
        if !path.starts_with('/') || path.chars().any(char::is_control) {
            source.reject(raw, format!("{what}: {path:?} is not a path; it has to begin with `/`"));
            continue;
        }
        let Some(row) = source.decode::<String>(raw, what) else { continue };
        match row_facts(&row, &schemes) {
            Ok(facts) => drop(paths.insert(path, facts)),
            Err(problem) => source.reject(raw, format!("{what}, `{path}`: {problem}")),
        }
    }
    Some(PathSet { methods, schemes, paths })
}

fn words<'a, T: FromStr<Err = UnknownName> + Ord>(
    source: &mut Source<'a>,
    raws: &[&'a RawValue],
    what: &str,
) -> BTreeSet<T> {
    let mut words = BTreeSet::new();
    for &raw in raws {
        let Some(word) = source.decode::<String>(raw, what) else { continue };
        match word.parse() {
            Ok(word) => drop(words.insert(word)),
            Err(problem) => source.reject(raw, format!("{what}: `{word}`: {problem}")),
        }
    }
    words
}

/// Reads `least=DelegatedWork,Application;AlsoRequires=A,B`; either part may be absent.
fn row_facts(text: &str, schemes: &BTreeSet<Scheme>) -> Result<RowFacts, String> {
    let mut facts = RowFacts::default();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, list) = part.split_once('=').unwrap_or((part, ""));
        let list = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        match key.trim() {
            "least" => {
                for item in list {
                    let scheme = item.parse().map_err(|problem| format!("`{item}`: {problem}"))?;
                    if !schemes.contains(&scheme) {
                        return Err(format!(
                            "least in {scheme}, which is no scheme of the path set; add it there"
                        ));
                    }
                    facts.least.insert(scheme);
                }
            }
            "AlsoRequires" => {
                for item in list {
                    if !is_permission_name(item) {
                        return Err(format!("`{item}` is not a permission's name"));
                    }
                    facts.also_requires.push(item.to_owned());
                }
            }
            other => return Err(format!("`{other}` is unknown; `least=` and `AlsoRequires=` are read")),
        }
    }
    Ok(facts)
}
