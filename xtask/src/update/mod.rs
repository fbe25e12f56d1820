//! `cargo xtask update`: upstream's newest metadata into the generated crate, in one go that stops at the first doubt.
//!
//! Fetch → compare → generate → changelog → test. What is uncommitted, what cannot be fetched whole, fix-up rows that
//! have lost their cause, losses too large to be meant, differences that break programs, and tests that fail all stop
//! it; nothing is committed or published by it.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use msgraph_codegen::diff::{Bump, Change, Kind, Report, Subject};

use crate::metadata::{self, FetchArgs};
use crate::{DOWNLOADS, cargo, codegen, diff};

/// The version of the crate that `generated/` holds.
const API: &str = "v1.0";

/// Where the differences are told to users.
const CHANGELOG: &str = "CHANGELOG.md";

/// More than one operation in so many gone is rather a broken document than a decision of Microsoft's.
const LOSS: usize = 50;

/// How to update.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Go on after a stop, with metadata/ as it is: the differences have been read, and breaking ones are wanted
    #[arg(long)]
    go_on: bool,
    /// A copy of upstream's repositories, as for `metadata fetch`
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

/// Updates the metadata, the crate and the changelog, and tests them.
///
/// # Errors
/// The first doubt, with what to do about it.
pub fn run(args: &Args, workspace: &Path, out: &mut impl Write) -> Result<()> {
    if !args.go_on {
        clean(workspace)?;
        let mut fetch = FetchArgs::default();
        fetch.from = args.from.clone().unwrap_or(fetch.from);
        if !metadata::fetch(&fetch, &workspace.join("metadata"), &workspace.join(DOWNLOADS), out)? {
            return Ok(());
        }
    }
    let mut report = diff::report("HEAD", None, API, workspace)?;
    (report.old, report.new) = dates(workspace)?;
    let version = env!("CARGO_PKG_VERSION");
    write!(out, "\n{}\n", report.markdown(version))?;
    out.flush()?;
    if let Some(doubt) = doubt(&report, args.go_on) {
        bail!(
            "{doubt}; `cargo xtask update --go-on` goes on with it, `git restore metadata` goes back. \
             `git diff --word-diff metadata` shows the rows"
        );
    }
    codegen::run(&codegen::Args::of_the_workspace(API), workspace, out)?;
    note(workspace, &report.markdown(version))?;
    test(workspace)?;
    write!(out, "{}", next(&report, version))?;
    Ok(())
}

/// Fails if there are changes that an update would mix with its own.
fn clean(workspace: &Path) -> Result<()> {
    let changes = git(workspace, &["status", "--porcelain", "--", "metadata", "generated", CHANGELOG])?;
    ensure!(changes.is_empty(), "there are uncommitted changes, commit or restore them first:\n{changes}");
    Ok(())
}

fn git(workspace: &Path, arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("git").current_dir(workspace).args(arguments).output().context("cannot run git")?;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git {}: {problem}", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The days of the newest documents before and after.
fn dates(workspace: &Path) -> Result<(String, String)> {
    let path = format!("metadata/{}", metadata::SOURCES);
    let old = git(workspace, &["show", &format!("HEAD:{path}")])?;
    let new =
        std::fs::read_to_string(workspace.join(&path)).with_context(|| format!("cannot read {path}"))?;
    let day =
        |text: &str| Ok::<_, anyhow::Error>(metadata::newest(text)?.unwrap_or_else(|| "unknown".to_owned()));
    Ok((day(&old)?, day(&new)?))
}

/// Why a person should look before the update goes on; nothing once that is done.
fn doubt(report: &Report, is_read: bool) -> Option<String> {
    let is_gone = |change: &&Change| (change.subject, change.kind) == (Subject::Operation, Kind::Removed);
    let gone = report.changes.iter().filter(is_gone).count();
    let breaking = report.changes.iter().filter(|change| change.breaking).count();
    let all = report.operations;
    if is_read || breaking == 0 {
        None
    } else if gone * LOSS > all {
        Some(format!("{gone} of {all} operations would go, which is rather a broken document"))
    } else {
        Some(format!("{breaking} of the differences break programs"))
    }
}

/// Puts a section at the top of the committed changelog, so that another go after a stop does not tell it twice.
fn note(workspace: &Path, section: &str) -> Result<()> {
    let old = git(workspace, &["show", &format!("HEAD:{CHANGELOG}")]);
    // There is none before the first update.
    let old = old.unwrap_or_else(|_| "# Changelog\n".to_owned());
    let path = workspace.join(CHANGELOG);
    std::fs::write(&path, inserted(&old, section)).with_context(|| format!("cannot write {}", path.display()))
}

/// The text with a section before its first one.
fn inserted(text: &str, section: &str) -> String {
    let (head, rest) = text.split_at(text.find("\n## ").map_or(text.len(), |at| at + 1));
    let parts = [head, section, rest].map(str::trim).into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn test(workspace: &Path) -> Result<()> {
    let mut command = cargo::command(workspace);
    let status = command.args(["test", "--quiet", "--workspace", "--all-features"]).status();
    ensure!(status.context("cannot run Cargo")?.success(), "tests fail with the new metadata: see above");
    Ok(())
}

/// What is left for a person to do.
fn next(report: &Report, version: &str) -> String {
    let version = report.bump.after(version).unwrap_or_else(|| version.to_owned());
    let bump = if report.bump == Bump::None { "" } else { "set the version in Cargo.toml, " };
    format!(
        "\nThe tests pass. Read `git diff --word-diff generated/inventory` and {CHANGELOG}, {bump}then release:\n  \
         git add metadata generated {CHANGELOG} Cargo.toml Cargo.lock\n  \
         git commit --message 'Follow the metadata of {}'\n  \
         git tag v{version}\n  \
         cargo publish --package msgraph-runtime && cargo publish --package msgraph\n",
        report.new
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use msgraph_codegen::diff::{Bump, Change, Kind, Report, Subject};

    use super::{doubt, inserted, next};

    fn report(operations: usize, gone: usize, breaking: bool) -> Report {
        let change = Change {
            subject: Subject::Operation,
            kind: Kind::Removed,
            breaking,
            name: "GET /users".to_owned(),
            detail: String::new(),
        };
        Report {
            old: "2026-02-10".to_owned(),
            new: "2026-08-20".to_owned(),
            operations,
            bump: Bump::Major,
            counts: BTreeMap::new(),
            changes: vec![change; gone],
        }
    }

    #[test]
    fn losses_too_large_to_be_meant_and_breaking_differences_stop_until_they_are_read() {
        let lost = report(100, 3, true);
        assert!(doubt(&lost, false).is_some_and(|doubt| doubt.starts_with("3 of 100 operations")));
        let breaking = report(1000, 3, true);
        assert_eq!(doubt(&breaking, false).as_deref(), Some("3 of the differences break programs"));
        assert_eq!(doubt(&lost, true).or(doubt(&breaking, true)), None);
        assert_eq!(doubt(&report(1000, 0, true), false), None);
    }

    #[test]
    fn a_section_stands_before_the_older_ones() {
        let first = inserted("# Changelog\n", "## A\n\none\n");
        assert_eq!(first, "# Changelog\n\n## A\n\none\n");
        let second = inserted(&first, "## B\n\ntwo\n");
        assert_eq!(second, "# Changelog\n\n## B\n\ntwo\n\n## A\n\none\n");
    }

    #[test]
    fn what_is_left_to_do_names_the_version_that_follows() {
        assert!(next(&report(1, 1, true), "0.1.0").contains("git tag v0.2.0"));
    }
}
