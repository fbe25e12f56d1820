//! A report as a section of a changelog.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Bump, Change, Kind, Report, Subject};

/// So many operations of one root are listed; more are counted.
const LISTED: usize = 5;

impl Report {
    /// Markdown: what breaks in full, then what is new and what changed, then permissions. `version` is that of the
    /// generated crate before the change.
    pub fn markdown(&self, version: &str) -> String {
        let mut out = format!("## Metadata: {} → {}\n\n", self.old, self.new);
        let breaking = self.changes.iter().filter(|change| change.breaking).count();
        let _ = writeln!(
            out,
            "Differences: {}, of them breaking: {breaking}. {}\n",
            self.changes.len(),
            self.advice(version)
        );
        self.table(&mut out);
        section(&mut out, "Breaking", self.changes.iter().filter(|change| change.breaking));
        let changed = |change: &&Change| {
            !change.breaking
                && change.subject != Subject::OperationPermissions
                && matches!(change.kind, Kind::Changed | Kind::Renamed)
        };
        section(&mut out, "Changed", self.changes.iter().filter(changed));
        self.added(&mut out, "Added properties and enum members", is_member, '/');
        self.added(&mut out, "Added types and enums", is_type, '.');
        let permission =
            |change: &&Change| change.subject == Subject::Permission && change.kind == Kind::Added;
        section(&mut out, "Added permissions", self.changes.iter().filter(permission));
        self.added_operations(&mut out);
        for (title, kind) in [
            ("Operations that need more", Kind::NeedsMore),
            ("Operations with a new least permission", Kind::NewLeast),
            ("Operations that need less", Kind::NeedsLess),
            ("Operations whose documentation came or went", Kind::Changed),
        ] {
            let of_kind =
                |change: &&Change| change.subject == Subject::OperationPermissions && change.kind == kind;
            section(&mut out, title, self.changes.iter().filter(of_kind));
        }
        out
    }

    fn advice(&self, version: &str) -> String {
        match self.bump.after(version) {
            Some(next) if self.bump != Bump::None => format!("Next version: {next} (now {version})."),
            _ => "No new version is needed.".to_owned(),
        }
    }

    fn table(&self, out: &mut String) {
        out.push_str("| what | number |\n|---|---:|\n");
        for (what, count) in &self.counts {
            let _ = writeln!(out, "| {what} | {count} |");
        }
    }

    /// New things of one kind, one line for those that share what stands before the last `separator` of their names.
    fn added(&self, out: &mut String, title: &str, is_kind: fn(&Change) -> bool, separator: char) {
        let mut groups = BTreeMap::<&str, Vec<&str>>::new();
        let added = self.changes.iter().filter(|change| is_kind(change) && change.kind == Kind::Added);
        for (group, name) in added.filter_map(|change| change.name.rsplit_once(separator)) {
            groups.entry(group).or_default().push(name);
        }
        let lines = groups.iter().map(|(group, names)| format!("- `{group}`: {}", names.join(", ")));
        list(out, title, &lines.collect::<Vec<_>>());
    }

    /// New operations, one block per root resource.
    fn added_operations(&self, out: &mut String) {
        let mut roots = BTreeMap::<&str, Vec<&str>>::new();
        let added = |change: &&Change| change.subject == Subject::Operation && change.kind == Kind::Added;
        for change in self.changes.iter().filter(added) {
            let root = change.name.split('/').nth(1).and_then(|root| root.split('(').next());
            roots.entry(root.unwrap_or_default()).or_default().push(&change.name);
        }
        let mut lines = Vec::new();
        for (root, operations) in &mut roots {
            operations.sort_by_key(|name| name.split_once(' ').map(|(method, path)| (path, method)));
            lines.push(format!("- `/{root}`: {}", operations.len()));
            lines.extend(operations.iter().take(LISTED).map(|operation| format!("  - `{operation}`")));
            if operations.len() > LISTED {
                lines.push(format!("  - … and {} more", operations.len() - LISTED));
            }
        }
        list(out, "Added operations", &lines);
    }
}

fn is_member(change: &Change) -> bool {
    matches!(change.subject, Subject::Property | Subject::EnumMember)
}

fn is_type(change: &Change) -> bool {
    matches!(change.subject, Subject::Type | Subject::Enum)
}

fn section<'c>(out: &mut String, title: &str, changes: impl Iterator<Item = &'c Change>) {
    let line = |change: &Change| {
        let Change { subject, kind, name, detail, .. } = change;
        let what = if *subject == Subject::OperationPermissions {
            String::new()
        } else {
            format!("{subject} {kind}: ")
        };
        let detail = if detail.is_empty() { String::new() } else { format!(" — {detail}") };
        format!("- {what}`{name}`{detail}")
    };
    list(out, title, &changes.map(line).collect::<Vec<_>>());
}

/// A title and lines; nothing if there are no lines.
fn list(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = write!(out, "\n### {title}\n\n{}\n", lines.join("\n"));
    }
}
