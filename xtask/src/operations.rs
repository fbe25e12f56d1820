//! `cargo xtask operations`: the inventory of operations, as a table or as JSON lines.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use msgraph_codegen::clouds::Cloud;
use msgraph_codegen::inventory::{self, Entry};
use msgraph_codegen::plan;

use crate::input;

/// Which operations to print, and how.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A table for people or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Only below this root resource
    #[arg(long, value_name = "ROOT")]
    pub root: Option<String>,
    /// Only this HTTP method
    #[arg(long, value_name = "METHOD", ignore_case = true)]
    pub method: Option<String>,
    /// Only paths that match: `*` stands for anything within a segment, `**` for any number of segments
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Only operations that this permission allows
    #[arg(long, value_name = "PERMISSION")]
    pub permission: Option<String>,
    /// Only operations that exist in this cloud: global, us-government, china
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<Cloud>,
    /// API version
    #[arg(long, default_value = "v1.0", value_name = "VERSION")]
    pub api: String,
    /// Another CSDL document (XML) instead of metadata/
    #[arg(long, value_name = "FILE")]
    pub csdl: Option<PathBuf>,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns: method, path, kind, least permissions.
    Table,
    /// One JSON object a line.
    Jsonl,
}

/// Prints the operations that pass all filters, sorted by path.
pub fn run(args: &Args, workspace: &Path, out: &mut impl Write) -> Result<()> {
    let input = input::read(workspace, &args.api, args.csdl.as_ref())?;
    let model = input.model();
    let plan = plan::plan(&model, &input.permissions, &input.api, &[])?;
    let entries: Vec<_> =
        inventory::entries(&model, &plan).into_iter().filter(|entry| passes(args, entry)).collect();
    match args.format {
        Format::Jsonl => {
            for entry in &entries {
                serde_json::to_writer(&mut *out, entry)?;
                writeln!(out)?;
            }
        }
        Format::Table => table(&entries, out)?,
    }
    Ok(())
}

fn passes(args: &Args, entry: &Entry) -> bool {
    let root = entry.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    args.root.as_deref().is_none_or(|wanted| wanted == root)
        && args.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(entry.method))
        && args.path.as_deref().is_none_or(|glob| matches_path(glob, &entry.path))
        && args.cloud.is_none_or(|cloud| entry.clouds.contains(&cloud.as_str()))
        && args.permission.as_deref().is_none_or(|wanted| allows(entry, wanted))
}

fn allows(entry: &Entry, permission: &str) -> bool {
    entry
        .permissions
        .values()
        .any(|scheme| scheme.all.iter().any(|claim| claim.permission.eq_ignore_ascii_case(permission)))
}

/// Compares segment by segment; without regard to case, as paths are in Graph.
fn matches_path(glob: &str, path: &str) -> bool {
    let segments =
        |text: &str| text.trim_matches('/').to_lowercase().split('/').map(str::to_owned).collect::<Vec<_>>();
    matches_segments(&segments(glob), &segments(path))
}

fn matches_segments(glob: &[String], path: &[String]) -> bool {
    match (glob.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            matches_segments(rest, path)
                || path.split_first().is_some_and(|(_, path)| matches_segments(glob, path))
        }
        (Some((first, rest)), Some((segment, path))) => {
            matches_segment(first, segment) && matches_segments(rest, path)
        }
        _ => false,
    }
}

fn matches_segment(glob: &str, segment: &str) -> bool {
    match glob.split_once('*') {
        None => glob == segment,
        Some((before, after)) => segment.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches_segment(after, &rest[at..]))
        }),
    }
}

fn table(entries: &[Entry], out: &mut impl Write) -> Result<()> {
    for entry in entries {
        let least: Vec<_> = entry
            .permissions
            .iter()
            .filter(|(_, permissions)| !permissions.least.is_empty())
            .map(|(scheme, permissions)| format!("{scheme}={}", permissions.least.join(",")))
            .collect();
        let least = if least.is_empty() { entry.provenance.to_owned() } else { least.join(" ") };
        writeln!(out, "{:6} {} [{}] {least}", entry.method, entry.path, entry.kind)?;
    }
    writeln!(out, "{} operations", entries.len())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::matches_path;

    #[test]
    fn a_star_stands_for_part_of_a_segment_and_two_for_any_number_of_segments() {
        let path = "/users/{user-id}/messages/{message-id}";
        for glob in ["/users/*/messages/*", "/users/**", "**/messages/**", "/Users/{user-id}/mess*/*", "**"] {
            assert!(matches_path(glob, path), "{glob}");
        }
        for glob in ["/users/*", "/users/*/messages", "/groups/**", "/users/*/mess/*", ""] {
            assert!(!matches_path(glob, path), "{glob}");
        }
    }
}
