//! Drives the command as its users do.

mod account;
mod permissions;
mod request;
mod shell;
mod support;
#[cfg(unix)]
mod terminal;

/// The command, with nothing of this environment that changes what it writes.
fn msgraph() -> assert_cmd::Command {
    let mut command =
        assert_cmd::Command::cargo_bin("msgraph").expect("cargo builds the command for its tests");
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}
