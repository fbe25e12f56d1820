//! What can be wrong with JSON text: inside the reader a small boxed [`ReadError`], for the caller a
//! [`JsonError`] that says where, what was expected and what stood there.

use std::fmt;

/// Why a value could not be read. Generated code only passes it on; [`JsonError`] is its readable form.
#[derive(Debug)]
pub struct ReadError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    kind: Kind,
    offset: usize,
    /// Steps from the failing value outwards, so that adding one is a push.
    path: Vec<Step>,
}

/// What kind of failure it is; it decides whether the surrounding value can still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The text is not JSON: nothing after it can be trusted.
    Syntax(&'static str),
    /// Nested deeper than the reader follows.
    Depth,
    /// Well-formed JSON that is not a value of the expected type.
    Mismatch(&'static str),
    /// A property that is known by name but has no field, because its type is not compiled in.
    Absent,
}

#[derive(Debug)]
enum Step {
    Property(&'static str),
    Index(usize),
}

impl ReadError {
    #[cold]
    pub(crate) fn new(kind: Kind, offset: usize) -> Self {
        Self(Box::new(Failure { kind, offset, path: Vec::new() }))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether it is that the text, which is so long, ends where more of it had to follow.
    pub(super) fn is_at_end(&self, length: usize) -> bool {
        matches!(self.0.kind, Kind::Syntax(_)) && self.0.offset >= length
    }

    #[cold]
    pub(crate) fn in_property(mut self, name: &'static str) -> Self {
        self.0.path.push(Step::Property(name));
        self
    }

    #[cold]
    pub(crate) fn in_element(mut self, index: usize) -> Self {
        self.0.path.push(Step::Index(index));
        self
    }

    /// The readable form, with an excerpt of the text that was being read.
    pub(crate) fn explain(self, text: &[u8]) -> JsonError {
        let Failure { kind, offset, path } = *self.0;
        let mut place = String::from("$");
        for step in path.iter().rev() {
            match step {
                Step::Property(name) => {
                    place.push('.');
                    place.push_str(name);
                }
                Step::Index(index) => place.push_str(&format!("[{index}]")),
            }
        }
        let problem = match kind {
            Kind::Syntax(what) => Problem::Syntax(what),
            Kind::Depth => Problem::Depth,
            Kind::Mismatch(expected) => Problem::Mismatch(expected),
            Kind::Absent => Problem::Mismatch("a type that is compiled in"),
        };
        JsonError { problem, offset, path: place, found: excerpt(text, offset), truncated: false }
    }
}

/// The problem of a string with a control character that is not escaped.
pub(super) const CONTROL_CHARACTER: &str = "control character in a string";

/// JSON text that could not be decoded: where, what was expected, what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    problem: Problem,
    offset: usize,
    path: String,
    found: String,
    truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    /// In the words of serde.
    Serde(String),
    Syntax(&'static str),
    Depth,
    Mismatch(&'static str),
    Encoding,
    Utf16,
}

impl JsonError {
    /// The text is not UTF-8 from `offset` on.
    pub(crate) fn encoding(text: &[u8], offset: usize) -> Self {
        let (path, found) = ("$".to_owned(), excerpt(text, offset));
        let is_utf16 = text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF");
        let problem = if is_utf16 { Problem::Utf16 } else { Problem::Encoding };
        Self { problem, offset, path, found, truncated: false }
    }

    /// What serde did not like.
    pub(crate) fn of_serde(error: &serde_json::Error, text: &[u8]) -> Self {
        let lines = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len);
        let line: usize = lines.take(error.line().saturating_sub(1)).sum();
        let offset = line + error.column().saturating_sub(1);
        let words = error.to_string();
        let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
        Self {
            problem: Problem::Serde(words.to_owned()),
            offset,
            path: "$".to_owned(),
            found: excerpt(text, offset),
            truncated: false,
        }
        .in_document(text)
    }

    /// Looks whether the whole text, of which this is the error, breaks off. It costs a look at all of it.
    #[cold]
    pub(crate) fn in_document(mut self, text: &[u8]) -> Self {
        self.truncated = super::breaks_off(text);
        self
    }

    /// The same in a text that so many bytes are before.
    pub(super) fn behind(mut self, bytes: usize) -> Self {
        self.offset += bytes;
        self
    }

    /// Whether a string holds what no string may hold.
    pub(super) fn is_of_characters(&self) -> bool {
        matches!(self.problem, Problem::Encoding | Problem::Syntax(CONTROL_CHARACTER))
    }

    /// Whether the text breaks off: it is no complete JSON, but bytes appended to it could make it so, as when a
    /// connection is lost on the way. It is asked of the text alone, whatever else was wrong with it; also an empty one
    /// breaks off.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The text is not JSON at all.
    pub(crate) fn not_json(what: &'static str, text: &[u8]) -> Self {
        Self {
            problem: Problem::Syntax(what),
            offset: 0,
            path: "$".to_owned(),
            found: excerpt(text, 0),
            truncated: false,
        }
    }

    /// Whether the text is not JSON, rather than JSON of another shape.
    pub(crate) fn is_syntax(&self) -> bool {
        matches!(self.problem, Problem::Syntax(_))
    }

    /// The byte offset into the text at which the problem was met.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The place in the document as a JSON path, such as `$.value[3].isRead`; `$` is the whole document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The type that was expected, if the text was JSON but not of that type.
    pub fn expected(&self) -> Option<&'static str> {
        match self.problem {
            Problem::Mismatch(expected) => Some(expected),
            _ => None,
        }
    }

    /// The beginning of what stood there instead, at most 60 characters.
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Serde(words) => f.write_str(words)?,
            Problem::Syntax(what) => write!(f, "not JSON: {what}")?,
            Problem::Depth => f.write_str("nested deeper than 128 levels")?,
            Problem::Mismatch(expected) => write!(f, "expected {expected}")?,
            Problem::Utf16 => f.write_str("UTF-16, as its byte order mark says, where UTF-8 was expected")?,
            Problem::Encoding => f.write_str("not UTF-8")?,
        }
        write!(f, " at byte {} ({})", self.offset, self.path)?;
        if self.found.is_empty() {
            f.write_str(", the text ends there")
        } else {
            write!(f, ", found {}", self.found)
        }
    }
}

impl std::error::Error for JsonError {}

/// At most 60 characters of the text from `offset` on, control characters made visible.
fn excerpt(text: &[u8], offset: usize) -> String {
    let rest = text.get(offset..).unwrap_or_default();
    let shown = String::from_utf8_lossy(&rest[..rest.len().min(240)]);
    let mut excerpt = String::new();
    for character in shown.chars().take(60) {
        match character.is_control() {
            true => excerpt.extend(character.escape_default()),
            false => excerpt.push(character),
        }
    }
    if shown.chars().nth(60).is_some() {
        excerpt.push('…');
    }
    excerpt
}
