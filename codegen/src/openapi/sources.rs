//! Several documents counted as one text, so that one [`Position`] says both the document and the place in it.

use crate::diagnostics::{Diagnostics, Position};

/// Problems and where they are, in the lines of all documents together.
pub type Problems = Vec<(Position, String)>;

/// The names of the documents, each with its first line in the text that they make together.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    documents: Vec<(String, u32)>,
    next_line: u32,
}

impl Sources {
    /// Adds a document, and returns what its first line is counted as.
    pub fn add(&mut self, name: &str, text: &str) -> u32 {
        let first = self.next_line + 1;
        self.documents.push((name.to_owned(), first));
        // Any of the three line ends of YAML may be used; a line too many does no harm.
        let lines = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.next_line = first.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX)).min(u32::MAX - 1);
        first
    }

    /// The document at a place, and the place in that document.
    pub fn locate(&self, position: Position) -> (&str, Position) {
        let index = self.documents.partition_point(|(_, first)| *first <= position.line);
        match index.checked_sub(1).and_then(|index| self.documents.get(index)) {
            Some((name, first)) => (name, Position::new(position.line - first + 1, position.column)),
            None => (self.documents.first().map_or("", |(name, _)| name), Position::default()),
        }
    }

    /// A place, written as in an error message: `Mail.yml:17:5`.
    pub fn show(&self, position: Position) -> String {
        let (name, Position { line, column }) = self.locate(position);
        format!("{name}:{line}:{column}")
    }

    /// Problems with the document and the place of each; what is found twice is said once.
    pub fn diagnostics(&self, mut problems: Problems) -> Diagnostics {
        problems.sort();
        problems.dedup();
        let mut diagnostics = Diagnostics::new();
        for (position, message) in problems {
            let (name, position) = self.locate(position);
            diagnostics.push(name, position, message);
        }
        diagnostics
    }
}
