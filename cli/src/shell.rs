//! What shells and readers get from the definition of the arguments: completions and man pages.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::Cli;
use crate::exit::{Exit, Failure};

/// Which completions.
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// The shell
    shell: Shell,
}

/// Where man pages go.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write one page for every command into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Prints the completions for a shell.
pub fn completions(args: &CompletionArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    // In memory first: clap_complete panics when the reader of its output has gone.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "msgraph", &mut text);
    out.write_all(&text)?;
    Ok(Exit::Success)
}

/// Prints the man page, or writes all of them.
pub fn man(args: &ManArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    match &args.out {
        None => clap_mangen::Man::new(Cli::command()).render(&mut &mut *out)?,
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
            .with_context(|| format!("cannot write man pages into {}", folder.display()))?,
    }
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_defined_without_contradiction() {
        Cli::command().debug_assert();
    }
}
