//! Corrections of upstream's data, one row each, with a reason and a link.
//!
//! In: the text of `fixups.toml`, a [`Document`] and a [`PermissionTable`]. Out: the same two as the service really
//! behaves, or the rows that no longer change anything. A row that upstream has made needless is an error, so that
//! no correction outlives its cause.

mod members;
mod operations;
mod permissions;
mod rows;

use crate::csdl::Document;
use crate::diagnostics::{Diagnostics, Position};
use crate::permissions::PermissionTable;
use rows::{Add, Change, Drop, Row};

/// The rows of a fix-up file.
#[derive(Clone, Debug, Default)]
pub struct Fixups {
    file: String,
    rows: Vec<(Position, Row)>,
}

/// Reads a fix-up file; `file` names it in problems.
///
/// # Errors
/// Text that is no TOML, unknown or missing fields; rows without a reason, without a link to a web page, or that do
/// not do exactly one thing.
pub fn read(file: &str, text: &str) -> Result<Fixups, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let rows = match toml::from_str::<rows::File>(text) {
        Ok(parsed) => parsed.fixup,
        Err(error) => {
            let position = error.span().map_or(Position::default(), |span| position(text, span.start));
            diagnostics.push(file, position, error.message());
            return Err(diagnostics);
        }
    };
    let rows: Vec<_> =
        rows.into_iter().map(|row| (position(text, row.span().start), row.into_inner())).collect();
    for (position, row) in &rows {
        row.problems().into_iter().for_each(|problem| diagnostics.push(file, *position, problem));
    }
    diagnostics.into_result(Fixups { file: file.to_owned(), rows })
}

/// The place of a byte in a text.
fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let line = before.matches('\n').count() + 1;
    Position::new(u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

impl Fixups {
    /// Applies the rows that are for the document `name`, in the order of the file.
    ///
    /// `name` is the API version (`v1.0`) for the project's own metadata, and `v1.0/Name` for another file.
    ///
    /// # Errors
    /// Every row that names something that is not there, or that upstream says itself by now.
    pub fn apply(
        &self,
        name: &str,
        document: &mut Document,
        permissions: &mut PermissionTable,
    ) -> Result<(), Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        for (position, row) in self.rows.iter().filter(|(_, row)| row.is_for(name)) {
            for problem in apply(row, document, permissions) {
                diagnostics.push(&self.file, *position, format!("{problem} (in `{name}`)"));
            }
        }
        document.sort();
        diagnostics.into_result(())
    }

    /// How many rows there are for the document `name`.
    pub fn count(&self, name: &str) -> usize {
        self.rows.iter().filter(|(_, row)| row.is_for(name)).count()
    }
}

/// What is wrong with a row; nothing if it changed all that it names.
fn apply(row: &Row, document: &mut Document, table: &mut PermissionTable) -> Vec<String> {
    let mut problems = Vec::new();
    let mut done = |result: Result<(), String>| problems.extend(result.err());
    match &row.add {
        Some(Add::Property(property)) => done(members::add_property(document, property)),
        Some(Add::Navigation(property)) => done(members::add_navigation(document, property)),
        Some(Add::Annotation(annotation)) => done(members::add_annotation(document, annotation)),
        Some(Add::Operation(operation)) => done(operations::add(document, operation)),
        Some(Add::Permission(grant)) => done(permissions::add(table, grant)),
        None => (),
    }
    match &row.change {
        Some(Change::Property(change)) => {
            change.names.iter().for_each(|name| done(members::change_property(document, name, change)));
        }
        Some(Change::Navigation(change)) => {
            change.names.iter().for_each(|name| done(members::change_navigation(document, name, change)));
        }
        Some(Change::Annotation(annotation)) => done(members::change_annotation(document, annotation)),
        Some(Change::Operation(change)) => done(operations::change(document, change)),
        Some(Change::Name(rename)) => done(members::rename(document, rename)),
        Some(Change::Permission(rename)) => done(permissions::rename(table, rename)),
        None => (),
    }
    match &row.drop {
        Some(Drop::Property(names)) => {
            names.iter().for_each(|name| done(members::drop_member(document, name)));
        }
        Some(Drop::Annotation { target, term }) => done(members::drop_annotation(document, target, term)),
        Some(Drop::Operation(signature)) => done(operations::remove(document, signature)),
        Some(Drop::Permission(grant)) => done(permissions::remove(table, grant)),
        None => (),
    }
    problems
}
