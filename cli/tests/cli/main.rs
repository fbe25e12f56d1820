//! Drives the command as its users do.

mod shell;

/// The command, with nothing of this environment that changes what it writes.
fn msgraph() -> assert_cmd::Command {
    let mut command =
        assert_cmd::Command::cargo_bin("msgraph").expect("cargo builds the command for its tests");
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}
