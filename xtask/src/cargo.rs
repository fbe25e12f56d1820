//! Cargo, as the commands that compile the generated crate run it, and the features that they choose from.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The features that stand for several roots.
const SETS: [&str; 2] = ["default", "full"];

/// The Cargo that runs this command, in the workspace.
///
/// Without the incremental cache: what is compiled once has no use for it, and for a crate of this size it is large.
pub fn command(workspace: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace).env("CARGO_INCREMENTAL", "0");
    command
}

/// The features of the generated crate that stand for one root each, sorted.
pub fn roots(workspace: &Path) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Manifest {
        features: BTreeMap<String, Vec<String>>,
    }
    let path = workspace.join("generated/Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}; `cargo xtask codegen` makes it", path.display()))?;
    let manifest: Manifest =
        toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(manifest.features.into_keys().filter(|feature| !SETS.contains(&feature.as_str())).collect())
}
