//! `msgraph`: which permissions a program needs, and requests to Microsoft Graph from the command line.

#![warn(clippy::print_stdout, clippy::print_stderr)]

mod account;
mod exit;
mod file;
mod permissions;
mod request;
mod screen;
mod service;
mod shell;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
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
    /// Sign in, and let the other commands use it
    Login(account::LoginArgs),
    /// Forget the sign-in
    Logout,
    /// Say who is signed in, by what, and with which permissions
    #[command(after_help = account::HELP)]
    Whoami(account::AccountArgs),
    /// Test the connection: the token, the permissions in it, and one call of the service
    #[command(after_help = account::HELP)]
    Test(account::AccountArgs),
    /// Send a request to the service
    #[command(after_help = account::HELP)]
    Request(Box<request::RequestArgs>),
    /// Print the completions for a shell
    Completions(shell::CompletionArgs),
    /// Print the man page, or write those of all commands into a folder
    Man(shell::ManArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) if !answer.use_stderr() => answer.exit(),
        Err(error) => return wrong(&error),
    };
    let mut out = screen::out();
    let done = run(cli.command, &mut out).and_then(|exit| {
        out.flush().context("cannot write standard output")?;
        Ok(exit)
    });
    match done {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_closed_pipe() => Exit::Success.into(),
        Err(failure) => {
            // What was written before comes first; that it cannot be is another matter.
            let _ = out.flush();
            screen::fail(&failure.to_string());
            failure.exit().into()
        }
    }
}

/// Says what is wrong with the arguments, which may hold whatever a script has put into them.
fn wrong(error: &clap::Error) -> ExitCode {
    screen::say!("{}", error.to_string().trim_end());
    Exit::Usage.into()
}

/// Runs a command. Styles are taken out of what it writes where nobody wants them.
fn run(command: Command, out: &mut dyn Write) -> Result<Exit, Failure> {
    match command {
        Command::Permissions(command) => permissions::run(command, out),
        Command::Login(args) => account::login(&args),
        Command::Logout => account::logout(),
        Command::Whoami(args) => account::whoami(&args, out),
        Command::Test(args) => account::test(&args, out),
        Command::Request(args) => request::run(&args, out),
        Command::Completions(args) => shell::completions(&args, out),
        Command::Man(args) => shell::man(&args, out),
    }
}
