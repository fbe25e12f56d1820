//! `cargo xtask`: regenerates the `msgraph` crate and keeps its metadata.

mod bench;
mod cargo;
mod codegen;
mod compare;
mod diff;
mod files;
mod input;
mod metadata;
mod operations;
mod test;
mod update;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Regenerates the msgraph crate and keeps its metadata
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate the crate from metadata/, or another crate from another document
    Codegen(codegen::Args),
    /// Keep the metadata that the generator reads
    #[command(subcommand)]
    Metadata(MetadataCommand),
    /// Print what CSDL and OpenAPI say differently about the same types
    Compare(compare::Args),
    /// Print the inventory of operations
    Operations(operations::Args),
    /// Compare two states of the metadata: what breaks, what is new, what it means for permissions
    Diff(diff::Args),
    /// Follow upstream: fetch, compare, generate, write the changelog, test; stops at the first doubt
    Update(update::Args),
    /// Compile the generated crate in the ways that `cargo test` does not
    Test(test::Args),
    /// Measure what the generator and the generated crate cost
    #[command(subcommand)]
    Bench(bench::Command),
}

#[derive(Debug, Subcommand)]
enum MetadataCommand {
    /// Fetch what is new upstream, and import it
    Fetch(metadata::FetchArgs),
    /// Import upstream's documents, facts only
    Import(metadata::ImportArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::stdout().lock();
    match run(cli.command, &workspace(), &mut out).and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, workspace: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        Command::Codegen(args) => codegen::run(&args, workspace, out),
        Command::Metadata(MetadataCommand::Fetch(args)) => {
            metadata::fetch(&args, &workspace.join("metadata"), &workspace.join(DOWNLOADS), out).map(drop)
        }
        Command::Metadata(MetadataCommand::Import(args)) => {
            metadata::import(&args, &workspace.join("metadata"), out)
        }
        Command::Compare(args) => compare::run(&args, workspace, out),
        Command::Operations(args) => operations::run(&args, workspace, out),
        Command::Diff(args) => diff::run(&args, workspace, out),
        Command::Update(args) => update::run(&args, workspace, out),
        Command::Test(args) => test::run(&args, workspace, out),
        Command::Bench(command) => bench::run(&command, workspace, out),
    }
}

/// Where downloads wait until they are imported.
const DOWNLOADS: &str = "target/downloads";

/// Whether the reader of the output has gone, as `head` does: nobody needs to hear of it.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The root of the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}
