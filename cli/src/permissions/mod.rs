//! `msgraph permissions`: all answers come from data in the command itself.

mod audit;
mod consent;
mod data;
mod find;
#[cfg(test)]
mod least_tests;
mod lint;
mod manifest;
mod output;
mod paths;
mod show;
mod suggest;

use std::io::Write;

use clap::Subcommand;
use msgraph_runtime::Scheme;

use crate::exit::{Exit, Failure};

/// What to say about permissions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read out of a finished program which operations it can call, and which permissions it needs
    Audit(audit::Args),
    /// Say which permissions an operation takes
    Find(find::Args),
    /// Say what a permission is, and which operations it allows
    Show(show::Args),
    /// Check a list of permissions
    Lint(lint::Args),
    /// Print the permissions as the manifest of an app registration wants them
    Manifest(manifest::Args),
    /// Print the address at which an administrator consents
    ConsentUrl(consent::Args),
}

/// Answers a question about permissions.
pub fn run(command: Command, out: &mut dyn Write) -> Result<Exit, Failure> {
    match command {
        Command::Audit(args) => audit::run(&args, out),
        Command::Find(args) => find::run(&args, out),
        Command::Show(args) => show::run(&args, out),
        Command::Lint(args) => lint::run(&args, out),
        Command::Manifest(args) => manifest::run(&args, out),
        Command::ConsentUrl(args) => consent::run(&args, out),
    }
}

/// A way of signing in, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SchemeArg {
    /// As the application itself, without a user: app roles
    Application,
    /// On behalf of a user with a work or school account: scopes
    Delegated,
    /// On behalf of a user with a personal account: scopes
    DelegatedPersonal,
}

impl From<SchemeArg> for Scheme {
    fn from(scheme: SchemeArg) -> Self {
        match scheme {
            SchemeArg::Application => Self::Application,
            SchemeArg::Delegated => Self::DelegatedWork,
            SchemeArg::DelegatedPersonal => Self::DelegatedPersonal,
        }
    }
}
