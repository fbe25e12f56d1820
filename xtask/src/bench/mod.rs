//! `cargo xtask bench`: what the generator, the generated crate and the client cost, as rows for BENCHMARKS.md.
//!
//! Each figure is the best of several runs, because other work on the machine only ever adds to it. A calibration,
//! one thread reading the embedded metadata, tells how fast the machine was.

mod client;
mod codegen;
mod compile;
mod measure;
mod size;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Subcommand;

use crate::input;

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Compile the generated crate, dependencies already built, without incremental cache
    Compile(Args),
    /// Generate the crate
    Codegen(Args),
    /// Read and write JSON with models, derived structs, trees of values, and the fastest parser
    Decode(Args),
    /// Send requests through the typed client and through bare reqwest, in turns
    Runtime(Args),
    /// Send very many requests, three in ten of which meet faults
    Soak(SoakArgs),
    /// Weigh a program of three operations, against the same on bare reqwest and serde_json
    Size,
}

/// How to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How often to measure; the best counts
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
}

/// How long to go on.
#[derive(Clone, Debug, clap::Args)]
pub struct SoakArgs {
    /// How many requests
    #[arg(long, default_value_t = 100_000, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(100..))]
    requests: u32,
}

/// Measures and prints the rows.
///
/// # Errors
/// If something that is measured fails.
pub fn run(command: &Command, workspace: &Path, out: &mut impl Write) -> Result<()> {
    // A size is the same on every machine.
    if !matches!(command, Command::Size) {
        calibration(workspace, out)?;
    }
    match command {
        Command::Compile(args) => compile::run(args.runs, workspace, out),
        Command::Codegen(args) => codegen::run(args.runs, workspace, out),
        Command::Decode(args) => client::run(&["decode", "--runs", &args.runs.to_string()], workspace, out),
        Command::Runtime(args) => client::run(&["runtime", "--runs", &args.runs.to_string()], workspace, out),
        Command::Soak(args) => {
            client::run(&["soak", "--requests", &args.requests.to_string()], workspace, out)
        }
        Command::Size => size::run(workspace, out),
    }
}

/// Prints what the machine can do: how long one thread takes to read the embedded metadata.
fn calibration(workspace: &Path, out: &mut impl Write) -> Result<()> {
    const RUNS: usize = 10;
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let started = Instant::now();
        input::read(workspace, "v1.0", None)?;
        least = least.min(started.elapsed());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    writeln!(out, "{cores} cores; calibration {:.1} ms\n", least.as_secs_f64() * 1e3)?;
    Ok(())
}

/// Where measurements write: beside the other things that Cargo builds, so that nothing else is disturbed.
fn folder(workspace: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    workspace.join(target).join("bench")
}
