//! `cargo xtask diff`: what a change of the metadata means for users of the generated crate.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use msgraph_codegen::diff::{Report, Surface, compare};
use msgraph_codegen::plan;

use crate::input::{self, Input};

/// What to compare, and how to print it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A CSDL document (XML) or a git revision of metadata/
    pub old: String,
    /// The same; without it, metadata/ as it is now
    pub new: Option<String>,
    /// A section of a changelog, or JSON
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    pub format: Format,
    /// API version
    #[arg(long, default_value = "v1.0", value_name = "VERSION")]
    pub api: String,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A section of a changelog.
    Markdown,
    /// One JSON object.
    Json,
}

/// Prints the differences.
///
/// # Errors
/// If a side is neither a file nor a revision, or cannot be planned.
pub fn run(args: &Args, workspace: &Path, out: &mut impl Write) -> Result<()> {
    let report = report(&args.old, args.new.as_deref(), &args.api, workspace)?;
    match args.format {
        Format::Markdown => write!(out, "{}", report.markdown(env!("CARGO_PKG_VERSION")))?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Compares two states of the metadata; `new` is `metadata/` itself if it is not given.
pub fn report(old: &str, new: Option<&str>, api: &str, workspace: &Path) -> Result<Report> {
    let old_input = read(Some(old), api, workspace)?;
    let new_input = read(new, api, workspace)?;
    let (old_model, new_model) = (old_input.model(), new_input.model());
    let old_plan = plan::plan(&old_model, &old_input.permissions, api, &[])?;
    let new_plan = plan::plan(&new_model, &new_input.permissions, api, &[])?;
    Ok(compare(
        (&name(old), &Surface::new(&old_model, &old_plan, &old_input.permissions)),
        (
            &new.map_or_else(|| "now".to_owned(), name),
            &Surface::new(&new_model, &new_plan, &new_input.permissions),
        ),
    ))
}

/// A file without its folders, a revision as it is.
fn name(side: &str) -> String {
    let file = Path::new(side);
    if file.is_file() {
        file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    } else {
        side.to_owned()
    }
}

fn read(side: Option<&str>, api: &str, workspace: &Path) -> Result<Input> {
    match side {
        None => input::read(workspace, api, None),
        Some(file) if Path::new(file).is_file() => input::read(workspace, api, Some(&PathBuf::from(file))),
        Some(revision) => {
            if !is_revision(workspace, revision)? {
                bail!("`{revision}` is neither a file nor a git revision: give one of them");
            }
            input::read_from(api, |path| show(workspace, revision, path))
                .with_context(|| format!("cannot read metadata/ at `{revision}`"))
        }
    }
}

fn git(workspace: &Path, arguments: &[&str]) -> Result<std::process::Output> {
    Command::new("git").current_dir(workspace).args(arguments).output().context("cannot run git")
}

fn is_revision(workspace: &Path, revision: &str) -> Result<bool> {
    let commit = format!("{revision}^{{commit}}");
    Ok(git(workspace, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?.status.success())
}

/// The text of a file at a revision; nothing if it was not there.
fn show(workspace: &Path, revision: &str, path: &str) -> Result<Option<String>> {
    let output = git(workspace, &["show", &format!("{revision}:{path}")])?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8(output.stdout).with_context(|| format!("{path} is not text"))?))
}
