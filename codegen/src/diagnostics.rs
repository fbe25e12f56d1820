//! Problems found in input documents, each with its place, collected so that all are reported at once.

use std::fmt;

/// A place in an input document. Lines and columns count from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1; 0 if the place is not known.
    pub line: u32,
    /// The column, from 1; 0 if the place is not known.
    pub column: u32,
}

impl Position {
    /// Makes a position from a line and a column, both counted from 1.
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

/// One problem, its place and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The name of the document, as the user gave it.
    pub file: String,
    /// Where in the document.
    pub position: Position,
    /// What is wrong, and what to do about it, in one sentence.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position, message } = self;
        match position {
            Position { line: 0, .. } => write!(f, "{file}: {message}"),
            Position { line, column } => write!(f, "{file}:{line}:{column}: {message}"),
        }
    }
}

/// All problems found in one or more documents, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Starts with no problem.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one problem.
    pub fn push(&mut self, file: &str, position: Position, message: impl Into<String>) {
        self.list.push(Diagnostic { file: file.to_owned(), position, message: message.into() });
    }

    /// Adds all problems of `other`.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The problems, sorted by file and place.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut list: Vec<_> = self.list.iter().collect();
        list.sort();
        list
    }

    /// `value` if nothing was found, else the problems.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.sorted().into_iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
