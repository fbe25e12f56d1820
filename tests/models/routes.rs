//! From the method and URL of a request to the operation of the inventory.

use std::collections::BTreeSet;

use crate::inventory::Operation;

/// Why a request is no operation of the inventory.
pub type Refusal = (&'static str, String);

pub const NOT_V1: &str = "not a request to v1.0 of the service";
pub const NO_PATH: &str = "a path that the metadata does not have";
pub const ELSEWHERE: &str = "a path that the metadata has from the entity set on";
pub const NO_METHOD: &str = "a method that the metadata does not have for the path";

/// The operations, ready to be looked up.
pub struct Routes<'a>(Vec<(Vec<Segment>, &'a Operation)>);

/// One step of a path, in lower case.
#[derive(Debug, PartialEq, Eq)]
enum Segment {
    /// Any key.
    Key,
    /// The path of a drive item, up to its colon.
    ItemPath,
    /// A name, with the names of arguments for a function or an alternate key.
    Name(String, BTreeSet<String>),
}

impl<'a> Routes<'a> {
    pub fn new(operations: &'a [Operation]) -> Self {
        Self(operations.iter().map(|operation| (segments(operation.template), operation)).collect())
    }

    /// The operation that a request calls.
    pub fn find(&self, method: &str, url: &str) -> Result<&'a Operation, Refusal> {
        let path = path(url)?;
        let mut candidates: Vec<_> = self.0.iter().collect();
        for (depth, step) in path.iter().enumerate() {
            let fits = |(segments, _): &&&(Vec<Segment>, &Operation)| {
                segments.get(depth).is_some_and(|segment| segment.matches(step))
            };
            let fitting: Vec<_> = candidates.iter().filter(fits).copied().collect();
            if fitting.is_empty() {
                let known = candidates.first().map(|(_, operation)| prefix(operation.template, depth));
                let known = known.filter(|known| !known.is_empty()).unwrap_or("/".to_owned());
                return Err(match self.entity_set_with(&known, method, &path[depth..]) {
                    Some(set) => (ELSEWHERE, format!("{known} is {set}")),
                    None => (NO_PATH, format!("{known} has no {}", step.name())),
                });
            }
            candidates = fitting;
        }
        // What is named goes before what any key fits.
        candidates.sort_by_key(|(segments, _)| segments.iter().filter(|s| **s == Segment::Key).count());
        let whole = candidates.iter().filter(|(segments, _)| segments.len() == path.len());
        let whole: Vec<_> = whole.map(|(_, operation)| *operation).collect();
        let found = whole.iter().find(|operation| operation.method == method).copied();
        found.ok_or_else(|| (NO_METHOD, format!("{method} {}", prefix(candidates[0].1.template, path.len()))))
    }

    /// The template of the entities of the same type as those at a path, if an operation begins there that ends like
    /// the rest of the path. The metadata does not repeat what is contained in both.
    fn entity_set_with(&self, known: &str, method: &str, rest: &[Segment]) -> Option<&'a str> {
        let reads = |operation: &&Operation, template: &str| {
            operation.method == "GET" && operation.template == template && operation.answer.is_some()
        };
        let answer = self.0.iter().find(|(_, operation)| reads(operation, known))?.1.answer;
        let has_rest = |set: &str| {
            self.0.iter().any(|(segments, operation)| {
                let end = operation.template.strip_prefix(set).and(segments.get(2..)).unwrap_or_default();
                operation.method == method
                    && end.len() == rest.len()
                    && end.iter().zip(rest).all(|(segment, step)| segment.matches(step))
            })
        };
        let mut sets = self.0.iter().filter(|(segments, operation)| {
            segments.len() == 2 && operation.answer == answer && operation.method == "GET"
        });
        sets.find(|(_, operation)| has_rest(operation.template)).map(|(_, operation)| operation.template)
    }
}

impl Segment {
    /// Whether a step of a URL is one of this kind.
    fn matches(&self, step: &Self) -> bool {
        match (self, step) {
            (Self::Key, Self::Name(name, _)) => !name.starts_with('$'),
            _ => self == step,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Key => "key",
            Self::ItemPath => "path of an item",
            // What is no name must have been meant as a key.
            Self::Name(name, _) if name.contains('-') => "key",
            Self::Name(name, _) => name,
        }
    }
}

/// The path of a URL below `/v1.0`, step by step.
fn path(url: &str) -> Result<Vec<Segment>, Refusal> {
    let path = url.split('?').next().unwrap_or(url);
    let path = match path.split_once("://") {
        None => path,
        Some((_, rest)) => {
            let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let (version, path) = rest.split_once('/').unwrap_or((rest, ""));
            let is_v1 = ["v1.0", "v1"].contains(&version.to_lowercase().as_str());
            if host != "graph.microsoft.com" || !is_v1 {
                return Err((
                    NOT_V1,
                    if host == "graph.microsoft.com" { version } else { "other hosts" }.into(),
                ));
            }
            path
        }
    };
    Ok(segments(path))
}

/// The first segments of a template.
fn prefix(template: &str, depth: usize) -> String {
    split(template).take(depth).map(|segment| format!("/{segment}")).collect()
}

fn segments(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut in_item_path = false;
    for text in split(path) {
        if in_item_path {
            in_item_path = !text.ends_with(':');
        } else {
            in_item_path = text.ends_with(':');
            add(text, &mut segments);
            segments.extend(in_item_path.then_some(Segment::ItemPath));
        }
    }
    segments
}

/// Splits at slashes that are not in quotes.
fn split(path: &str) -> impl Iterator<Item = &str> {
    let mut in_quotes = false;
    let segments = path.split(move |character| {
        in_quotes ^= character == '\'';
        character == '/' && !in_quotes
    });
    segments.filter(|segment| !segment.is_empty())
}

/// Adds a segment; `users('a')` are two, as is `users(a)`.
fn add(text: &str, segments: &mut Vec<Segment>) {
    let lower = text.to_lowercase();
    if lower.starts_with('{') && lower.ends_with('}') {
        return segments.push(Segment::Key);
    }
    let (name, arguments) = lower.trim_end_matches(')').split_once('(').unwrap_or((&lower, ""));
    // Names of what is bound may be qualified or not.
    let name = name.trim_start_matches("microsoft.").trim_start_matches("graph.").to_owned();
    if arguments.is_empty() || arguments.contains('=') {
        let names = arguments.split(',').filter_map(|argument| argument.split_once('='));
        segments.push(Segment::Name(name, names.map(|(name, _)| name.trim().to_owned()).collect()));
    } else {
        segments.push(Segment::Name(name, BTreeSet::new()));
        segments.push(Segment::Key);
    }
}
