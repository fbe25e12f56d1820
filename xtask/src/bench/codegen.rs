//! What it costs to generate the crate.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::folder;
use super::measure::{HEADINGS, measure};

/// Generates the crate into an empty folder, and prints the least of each stage and of the whole.
pub fn run(runs: u8, workspace: &Path, out: &mut impl Write) -> Result<()> {
    let folder = folder(workspace).join("generated");
    let mut least = None;
    for _ in 0..runs {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot delete {}", folder.display()))?;
        }
        // A process of its own, as only a process has a peak of memory.
        let generator = std::env::current_exe().context("cannot find this program")?;
        let (cost, summary) = measure(Command::new(generator).args(["codegen", "--out"]).arg(&folder))?;
        let stages = stages(&summary);
        least = Some(match least {
            None => (cost, stages),
            Some((known, known_stages)) => (cost.least(known), least_of_each(known_stages, stages)),
        });
    }
    let Some((cost, stages)) = least else { return Ok(()) };
    writeln!(out, "| stage | {HEADINGS} |\n|---|---|---|---|")?;
    for (stage, seconds) in stages {
        writeln!(out, "| {stage} | {seconds:.2} s | | |")?;
    }
    writeln!(out, "| the whole process | {} |", cost.cells())?;
    Ok(())
}

/// The seconds of each stage, out of the summary that the generator prints: lines like `parse  0.021 s`.
fn stages(summary: &str) -> Vec<(String, f64)> {
    let seconds = |line: &str| {
        let (stage, time) = line.strip_suffix(" s")?.rsplit_once(' ')?;
        Some((stage.trim().to_owned(), time.parse().ok()?))
    };
    summary.lines().filter_map(seconds).collect()
}

fn least_of_each(one: Vec<(String, f64)>, other: Vec<(String, f64)>) -> Vec<(String, f64)> {
    one.into_iter().zip(other).map(|((stage, one), (_, other))| (stage, one.min(other))).collect()
}

#[cfg(test)]
mod tests {
    use super::{least_of_each, stages};

    #[test]
    fn the_stages_are_read_from_the_summary_and_the_least_of_each_counts() {
        let summary = |parse| {
            format!("operations     17820\nfiles added     7\nparse      {parse} s\ntotal       1.500 s\n")
        };
        let least = least_of_each(stages(&summary("0.250")), stages(&summary("0.125")));
        assert_eq!(least, [("parse".to_owned(), 0.125), ("total".to_owned(), 1.5)]);
    }
}
