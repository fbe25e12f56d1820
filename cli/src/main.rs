//! `msgraph`: which permissions a program needs, and requests to Microsoft Graph from the command line.

mod exit;
mod permissions;
mod shell;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};

/// Microsoft Graph from the command line: permissions, accounts, requests
#[derive(Debug, Parser)]
#[command(name = "msgraph", version, arg_required_else_help = true, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say which permissions a program needs, and what they are
    #[command(subcommand)]
    Permissions(permissions::Command),
    /// Print the completions for a shell
    Completions(shell::CompletionArgs),
    /// Print the man page, or write those of all commands into a folder
    Man(shell::ManArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = anstream::stdout().lock();
    let done = run(cli.command, &mut out).and_then(|exit| Ok(out.flush().map(|()| exit)?));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_closed_pipe() => Exit::Success.into(),
        Err(failure) => {
            let style = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{style}error{style:#}: {failure}");
            failure.exit().into()
        }
    }
}

/// Runs a command. Styles are taken out of what it writes where nobody wants them.
fn run(command: Command, out: &mut dyn Write) -> Result<Exit, Failure> {
    match command {
        Command::Permissions(command) => permissions::run(command, out),
        Command::Completions(args) => shell::completions(&args, out),
        Command::Man(args) => shell::man(&args, out),
    }
}
