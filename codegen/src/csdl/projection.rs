//! The project's own text of a document: JSON that is sorted, complete and readable in a diff.
//!
//! In: a [`Document`], or the text that [`write()`] made of one. Out: the other. Each property, enumeration member,
//! parameter and annotation has a line to itself, so a change upstream is a change of few lines.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::Document;
use crate::diagnostics::{Diagnostics, Position};

/// So many levels of arrays and objects are spread over lines: the document, its sections, their elements.
const SPREAD_LEVELS: usize = 3;

/// Writes a document. Equal documents give equal texts, whatever their places.
pub fn write(document: &Document) -> String {
    let mut out = Vec::new();
    document
        .serialize(&mut Serializer::with_formatter(&mut out, Lines::default()))
        .expect("a document has only string keys, and memory does not fail");
    out.push(b'\n');
    String::from_utf8(out).expect("JSON is written in UTF-8")
}

/// Reads what [`write()`] wrote. The document's elements have no places.
///
/// # Errors
/// The first problem of form: text that is not JSON, a missing or an unknown field, a value of the wrong type.
pub fn read(file: &str, text: &str) -> Result<Document, Diagnostics> {
    let mut document: Document = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (count(error.line()), count(error.column()));
        let message = error.to_string();
        let what = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(file, Position::new(line, column), format!("{what}: import the metadata again"));
        diagnostics
    })?;
    document.sort();
    Ok(document)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Spreads the outer levels of JSON over lines, and keeps each thing within them on one line.
///
/// Of what an element has, arrays (properties, members, parameters) are spread, objects (a return type) are not.
#[derive(Default)]
struct Lines {
    /// For each open array or object, from the outermost: whether it is spread.
    open: Vec<bool>,
    /// Whether the array or object that is closed next has anything in it.
    has_content: bool,
}

impl Lines {
    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8], is_array: bool) -> io::Result<()> {
        let depth = self.open.len();
        self.open.push(depth < SPREAD_LEVELS || (is_array && depth == SPREAD_LEVELS));
        self.has_content = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        let is_spread = self.open.pop() == Some(true);
        if is_spread && self.has_content {
            self.new_line(writer)?;
        }
        self.has_content = true;
        writer.write_all(bracket)
    }

    /// Begins an entry of the innermost array or object.
    fn entry<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        let is_spread = self.open.last() == Some(&true);
        if !first {
            writer.write_all(if is_spread { b"," } else { b", " })?;
        }
        if is_spread { self.new_line(writer) } else { Ok(()) }
    }

    /// A spread one is only ever inside spread ones, so the number of open ones is the indentation.
    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        self.open.iter().try_for_each(|_| writer.write_all(b" "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[", true)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.entry(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_content = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{", false)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.entry(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_content = true;
        Ok(())
    }
}
