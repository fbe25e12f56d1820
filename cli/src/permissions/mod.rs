//! `msgraph permissions`: all answers come from data in the command itself.

use std::io::Write;

use clap::Subcommand;

use crate::exit::{Exit, Failure};

/// What to say about permissions.
#[derive(Debug, Subcommand)]
pub enum Command {}

/// Answers a question about permissions.
pub fn run(command: Command, _out: &mut dyn Write) -> Result<Exit, Failure> {
    match command {}
}
