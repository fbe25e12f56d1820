//! YAML or JSON as a tree in which everything has its place.
//!
//! In: the text of a document, in YAML 1.2 or in JSON, which YAML contains. Out: a [`Node`]. Anchors and aliases are
//! refused: OpenAPI has `$ref` for that, and an alias can make a small text into a huge value.

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::sources::Problems;
use crate::diagnostics::Position;

/// More nodes than this has no document; all of Microsoft Graph has some three million.
pub const MAX_NODES: usize = 6_000_000;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node<'t> {
    /// Where it begins.
    pub position: Position,
    /// What it is.
    pub value: Value<'t>,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'t> {
    /// A text, number, truth value or null.
    Scalar {
        /// The text, without quotes.
        text: Cow<'t, str>,
        /// Whether it is written without quotes, so that it may be something else than text.
        is_plain: bool,
    },
    /// A sequence.
    List(Vec<Node<'t>>),
    /// A mapping, in the order of the text. Keys are unique.
    Map(Vec<Entry<'t>>),
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry<'t> {
    /// The key.
    pub key: Cow<'t, str>,
    /// Where the key begins.
    pub position: Position,
    /// The value.
    pub node: Node<'t>,
}

impl<'t> Node<'t> {
    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The text under a key of a mapping.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_str)
    }

    /// Whether `true` stands under a key of a mapping.
    pub fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Node { value: Value::Scalar { text, is_plain: true }, .. }) if text == "true")
    }

    /// The text, if this is a scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The elements; none if this is not a sequence.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries; none if this is not a mapping.
    pub fn entries(&self) -> &[Entry<'t>] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
}

/// Reads a text. Its first line is counted as `first_line`.
///
/// # Errors
/// Text that is not YAML (the first place only), and all of anchors, duplicate keys and keys that are not text.
pub fn parse(text: &str, first_line: u32) -> Result<Node<'_>, Problems> {
    let mut builder = Builder { first_line, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let position = builder.position(error.marker().line(), error.marker().col());
                builder.problem(position, format!("{}: correct the YAML or JSON", error.info()));
                break;
            }
        };
        builder.event(event, span);
        if builder.nodes > MAX_NODES {
            let message = format!("the document has more than {MAX_NODES} values: split it");
            builder.problem(Position::new(first_line, 1), message);
            break;
        }
    }
    let Builder { root, mut problems, .. } = builder;
    match root {
        Some(root) if problems.is_empty() => Ok(root),
        None if problems.is_empty() => {
            let message = "the document is empty: give an OpenAPI 3.0 document";
            problems.push((Position::new(first_line, 1), message.to_owned()));
            Err(problems)
        }
        _ => Err(problems),
    }
}

#[derive(Default)]
struct Builder<'t> {
    first_line: u32,
    /// The sequences and mappings that are not closed yet, from the outermost.
    open: Vec<Open<'t>>,
    root: Option<Node<'t>>,
    nodes: usize,
    problems: Problems,
}

/// A sequence or mapping that is not closed yet.
struct Open<'t> {
    node: Node<'t>,
    /// In a mapping: the key whose value comes next.
    key: Option<(Cow<'t, str>, Position)>,
}

impl<'t> Builder<'t> {
    /// Takes one event.
    fn event(&mut self, event: Event<'t>, span: Span) {
        let position = self.position(span.start.line(), span.start.col());
        let is_alias = matches!(event, Event::Alias(_));
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                (Value::Scalar { text, is_plain: style == ScalarStyle::Plain }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (Value::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => (Value::Map(Vec::new()), anchor),
            // An alias stands for what has an anchor, which is refused.
            Event::Alias(_) => (Value::List(Vec::new()), 0),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { node, .. }) = self.open.pop() {
                    self.unique_keys(&node);
                    self.add(node);
                }
                return;
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                self.problem(position, "a second document begins here: give each a file of its own");
                return;
            }
            _ => return,
        };
        self.nodes += 1;
        if anchor != 0 {
            self.problem(position, "anchors and aliases are not read: write the value out, or use `$ref`");
        }
        let node = Node { position, value };
        match node.value {
            Value::List(_) | Value::Map(_) if !is_alias => self.open.push(Open { node, key: None }),
            _ => self.add(node),
        }
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node<'t>) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, position))) => entries.push(Entry { key, position, node }),
            (Value::Map(_), None) => {
                let Node { position, value } = node;
                let key = match value {
                    Value::Scalar { text, .. } => text,
                    _ => {
                        let message = "a key has to be text: correct it";
                        self.problems.push((position, message.to_owned()));
                        Cow::Borrowed("")
                    }
                };
                open.key = Some((key, position));
            }
            (Value::Scalar { .. }, _) => (),
        }
    }

    fn unique_keys(&mut self, node: &Node<'t>) {
        let mut seen = HashSet::new();
        for entry in node.entries() {
            if !seen.insert(entry.key.as_ref()) {
                let message = format!("the key `{}` stands here twice: remove one", entry.key);
                self.problems.push((entry.position, message));
            }
        }
    }

    fn position(&self, line: usize, column: usize) -> Position {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position::new(self.first_line.saturating_add(count(line) - 1), count(column).saturating_add(1))
    }

    fn problem(&mut self, position: Position, message: impl Into<String>) {
        self.problems.push((position, message.into()));
    }
}
