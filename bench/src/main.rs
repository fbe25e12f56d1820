//! What `cargo xtask bench` runs.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use msgraph_bench::{decode, runtime, soak};

/// Measures what the client costs at run time, and whether it endures
#[derive(Debug, Parser)]
#[command(name = "msgraph-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send very many requests, a tenth of which meets faults
    Soak {
        /// How many
        #[arg(long, default_value_t = 100_000, value_name = "NUMBER")]
        requests: u32,
    },
    /// Send requests through the typed client and through bare reqwest, in turns
    Runtime {
        /// How often each has its turn of half a second; the best counts
        #[arg(long, default_value_t = 10, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
    /// Read and write JSON with models, derived structs, trees of values, and the fastest parser
    Decode {
        /// How often each has its turn of a fifth of a second; the best counts
        #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
        /// Only this payload, by its number
        #[arg(long, hide = true)]
        payload: Option<usize>,
    },
    /// Answer the requests of `runtime`
    #[command(hide = true)]
    Serve,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Soak { requests } => {
            let plan = soak::Plan { requests, rounds: 20, concurrency: 32, limit: Duration::from_secs(900) };
            let report = tokio()?.block_on(soak::run(plan))?;
            println!("{report}");
            ensure!(report.kept() < soak::BYTES_PER_REQUEST, "memory grows with every request");
            Ok(())
        }
        Command::Runtime { runs } => {
            let server = runtime::Process::start(&["serve"])?;
            let plan = runtime::Plan { rounds: runs, turn: Duration::from_millis(500), concurrency: 16 };
            head(runtime::HEADINGS);
            tokio()?.block_on(runtime::run(plan, server.url(), |row| line(&row)))
        }
        Command::Decode { runs, payload: Some(payload) } => {
            let plan = decode::Plan { rounds: runs, turn: Duration::from_millis(200) };
            decode::run(plan, payload, |row| line(&row))
        }
        Command::Decode { runs, payload: None } => {
            head(decode::HEADINGS);
            for payload in 0..decode::PAYLOADS {
                let mut own = std::process::Command::new(std::env::current_exe()?);
                own.args(["decode", "--runs", &runs.to_string(), "--payload", &payload.to_string()]);
                ensure!(own.status()?.success(), "a payload could not be measured");
            }
            Ok(())
        }
        Command::Serve => {
            let tokio = tokio()?;
            let address = tokio.block_on(runtime::serve())?;
            Ok(runtime::Process::announce(address)?)
        }
    }
}

/// Begins a table.
fn head(headings: &str) {
    println!("| {headings} |\n|{}", "---|".repeat(headings.split('|').count()));
}

/// Adds a row to a table, at once.
fn line(row: &impl std::fmt::Display) -> Result<()> {
    println!("| {row} |");
    Ok(std::io::stdout().flush()?)
}

fn tokio() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
