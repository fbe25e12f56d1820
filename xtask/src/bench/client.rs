//! What the client costs at run time, and whether it endures: the package `msgraph-bench` measures it. It is built
//! and run by Cargo, and not a part of this program, so that generating does not have to wait for it.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Runs a command of the package, optimized, which prints its own results.
pub fn run(arguments: &[&str], workspace: &Path, out: &mut impl Write) -> Result<()> {
    // What is written so far comes before what the package prints.
    out.flush()?;
    let mut command = cargo::command(workspace);
    command.args(["run", "--quiet", "--release", "--package", "msgraph-bench", "--"]).args(arguments);
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}
