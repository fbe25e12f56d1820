//! What it costs to compile the generated crate alone.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::folder;
use super::measure::{Cost, HEADINGS, measure};
use crate::cargo;

/// A way to compile the crate, as the arguments of Cargo, and what it may cost.
struct Case {
    arguments: &'static str,
    limit: &'static str,
}

const CASES: [Case; 4] = [
    Case { arguments: "check --package msgraph --features full", limit: "20 s, 2.5 GB" },
    Case { arguments: "check --package msgraph --no-default-features --features users", limit: "5 s" },
    Case { arguments: "build --package msgraph --features full --release", limit: "30 s" },
    Case { arguments: "doc --package msgraph --features full --no-deps", limit: "15 min, 6 GB" },
];

/// Measures all cases and prints a row for each.
pub fn run(runs: u8, workspace: &Path, out: &mut impl Write) -> Result<()> {
    writeln!(out, "| `cargo …` | {HEADINGS} | limit |\n|---|---|---|---|---|")?;
    for case in &CASES {
        let mut least: Option<Cost> = None;
        // The first run builds the dependencies and counts for nothing.
        for run in 0..=runs {
            forget(workspace, case)?;
            let (cost, _) = measure(&mut cargo(workspace, case.arguments))?;
            if run > 0 {
                least = Some(least.map_or(cost, |least| least.least(cost)));
            }
        }
        if let Some(least) = least {
            writeln!(out, "| `{}` | {} | {} |", case.arguments, least.cells(), case.limit)?;
            out.flush()?;
        }
    }
    Ok(())
}

/// Deletes what earlier runs made of the crate itself, so that a run makes all of it.
fn forget(workspace: &Path, case: &Case) -> Result<()> {
    let release = if case.arguments.contains("--release") { " --release" } else { "" };
    measure(&mut cargo(workspace, &format!("clean --package msgraph{release}")))?;
    Ok(())
}

fn cargo(workspace: &Path, arguments: &str) -> std::process::Command {
    let mut command = cargo::command(workspace);
    command.args(arguments.split(' ')).arg("--quiet").arg("--target-dir").arg(folder(workspace));
    command
}
