//! Prints what was read, kept and dropped.

use std::io::{self, Write};

use msgraph_codegen::csdl::Tally;

/// What was read, kept and dropped of one document.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) tally: Tally,
}

impl Table {
    /// Prints the title and one aligned line per kind of thing.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let width = self.tally.iter().map(|(kind, _)| kind.chars().count()).max().unwrap_or(0);
        writeln!(out, "{}", self.title)?;
        writeln!(out, "  {:width$} {:>7} {:>7} {:>7}", "", "read", "kept", "dropped")?;
        for (kind, count) in self.tally.iter() {
            writeln!(out, "  {kind:width$} {:>7} {:>7} {:>7}", count.read, count.kept, count.dropped())?;
        }
        Ok(())
    }
}
