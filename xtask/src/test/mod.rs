//! `cargo xtask test`: checks of the generated crate that `cargo test` cannot make, because they compile it again
//! with other features or build its documentation.

#[cfg(test)]
mod fresh;

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// How many roots `--some` takes.
const SOME: usize = 5;

/// Which checks to make.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// Compile the crate without features, and once with each root's feature alone
    #[arg(long)]
    each_feature: bool,
    /// With --each-feature: only a few roots, spread over all
    #[arg(long, requires = "each_feature")]
    some: bool,
    /// Build the documentation of the whole crate
    #[arg(long)]
    docs: bool,
}

/// Makes the checks; a warning counts as a failure.
///
/// # Errors
/// If a check fails; the others are made nevertheless, and all that failed are named.
pub fn run(args: &Args, workspace: &Path, out: &mut impl Write) -> Result<()> {
    let mut checks = Vec::new();
    if args.each_feature {
        let roots = cargo::roots(workspace)?;
        checks.push(compile(""));
        checks.extend(selection(&roots, args.some).map(|root| compile(root)));
    }
    if args.docs {
        checks.push(document());
    }
    let mut failed = Vec::new();
    for check in checks {
        let started = Instant::now();
        let passed = check.run(workspace)?;
        let verdict = if passed { "ok" } else { "FAILED" };
        writeln!(out, "{:48} {verdict:6} {:>6.1} s", check.name, started.elapsed().as_secs_f64())?;
        out.flush()?;
        if !passed {
            failed.push(check.name);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// All roots, or a few from the first to the last.
fn selection(roots: &[String], some: bool) -> impl Iterator<Item = &String> {
    let step = if some { roots.len().div_ceil(SOME).max(1) } else { 1 };
    roots.iter().step_by(step)
}

/// A run of Cargo and what it shows.
struct Check {
    name: String,
    arguments: Vec<String>,
    environment: Option<(&'static str, &'static str)>,
}

/// The crate with one feature, or with none.
fn compile(feature: &str) -> Check {
    let mut arguments = vec!["rustc", "--quiet", "--package", "msgraph", "--lib", "--no-default-features"];
    if !feature.is_empty() {
        arguments.extend(["--features", feature]);
    }
    // After the dashes stands what only the crate itself is compiled with; RUSTFLAGS would compile its dependencies anew.
    arguments.extend(["--profile", "check", "--", "--deny", "warnings"]);
    let name = if feature.is_empty() { "no feature".to_owned() } else { feature.to_owned() };
    Check { name, arguments: arguments.into_iter().map(str::to_owned).collect(), environment: None }
}

/// The documentation of the crate with all features.
fn document() -> Check {
    let arguments = ["doc", "--quiet", "--package", "msgraph", "--no-deps", "--features", "full"];
    Check {
        name: "documentation".to_owned(),
        arguments: arguments.into_iter().map(str::to_owned).collect(),
        environment: Some(("RUSTDOCFLAGS", "--deny warnings")),
    }
}

impl Check {
    /// Whether Cargo succeeds. What it prints is for people to read.
    fn run(&self, workspace: &Path) -> Result<bool> {
        let mut command = cargo::command(workspace);
        command.args(&self.arguments).envs(self.environment);
        Ok(command.status().context("cannot run Cargo")?.success())
    }
}

#[cfg(test)]
mod tests {
    use super::selection;

    #[test]
    fn a_selection_of_some_roots_is_spread_over_all_and_small() {
        let roots: Vec<_> = (0..70).map(|root| root.to_string()).collect();
        let some: Vec<_> = selection(&roots, true).map(String::as_str).collect();
        assert_eq!(some, ["0", "14", "28", "42", "56"]);
        assert_eq!(selection(&roots, false).count(), 70);
        assert_eq!(selection(&roots[..3], true).count(), 3);
        assert_eq!(selection(&[], true).count(), 0);
    }
}
