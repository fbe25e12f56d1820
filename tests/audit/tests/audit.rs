//! `msgraph permissions audit` of real programs: debug, release, stripped, with link-time optimization.
//!
//! Each program prints the operations that it calls; the audit must find exactly those.

use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SMALL: &str = env!("CARGO_BIN_EXE_audit-small");
const MANY: &str = env!("CARGO_BIN_EXE_audit-many");

/// Runs a command that must succeed.
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn cargo(args: &[&str]) {
    run(Command::new(env!("CARGO")).arg("build").args(args).current_dir(env!("CARGO_MANIFEST_DIR")));
}

/// The command `msgraph`, which lies beside the programs; tests of the whole workspace have built it.
fn msgraph() -> Command {
    let command = Path::new(SMALL).with_file_name(format!("msgraph{EXE_SUFFIX}"));
    if !command.exists() {
        cargo(&["--package", "msgraph-cli"]);
    }
    Command::new(command)
}

/// The folder of all profiles.
fn target() -> PathBuf {
    let folder = Path::new(SMALL).parent().and_then(Path::parent);
    folder.expect("programs lie in the folder of their profile").to_owned()
}

fn called(program: &Path) -> BTreeSet<String> {
    let output = run(&mut Command::new(program));
    String::from_utf8(output.stdout).expect("it prints text").lines().map(str::to_owned).collect()
}

fn found(program: &Path) -> BTreeSet<String> {
    let output = run(msgraph().args(["permissions", "audit", "--json"]).arg(program));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let operations = answer["operations"].as_array().expect("there is a list");
    operations.iter().map(|name| name.as_str().expect("names are text").to_owned()).collect()
}

/// Audits a program as it is and, where there is the tool, without its symbols.
fn check(program: &Path, number: usize) {
    let called = called(program);
    assert_eq!(called.len(), number, "{}", program.display());
    assert_eq!(found(program), called, "{}", program.display());
    let folder = tempfile::tempdir().expect("a folder");
    let stripped = folder.path().join("stripped");
    match Command::new("strip").arg("-o").arg(&stripped).arg(program).status() {
        Ok(status) if status.success() => assert_eq!(found(&stripped), called, "stripped"),
        other => eprintln!("skipped: there is no tool that strips {}: {other:?}", program.display()),
    }
}

#[test]
fn a_debug_program_has_the_operations_that_it_calls() {
    check(Path::new(SMALL), 4);
}

#[test]
fn a_program_of_200_operations_over_20_roots_has_exactly_those() {
    check(Path::new(MANY), 200);
}

#[test]
fn a_release_program_has_the_operations_that_it_calls() {
    cargo(&["--profile", "audit", "--bin", "audit-small"]);
    check(&target().join("audit").join(format!("audit-small{EXE_SUFFIX}")), 4);
}

#[test]
fn a_program_with_link_time_optimization_has_the_operations_that_it_calls() {
    cargo(&["--profile", "audit-lto", "--bin", "audit-small"]);
    check(&target().join("audit-lto").join(format!("audit-small{EXE_SUFFIX}")), 4);
}

#[test]
fn a_lock_file_holds_until_the_program_needs_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("graph-permissions.lock");
    let audit = |program: &str, args: &[&str]| {
        let mut command = msgraph();
        command.args(["permissions", "audit", program, "--scheme", "application", "--lock"]).arg(&lock);
        command.args(args).output().expect("it runs")
    };
    assert!(audit(SMALL, &[]).status.success());
    let text = std::fs::read_to_string(&lock).expect("it is written");
    assert!(text.contains("[application.permissions]") && text.contains("\"GET /users\""), "{text}");
    assert!(audit(SMALL, &["--check"]).status.success());

    let more = audit(MANY, &["--check"]);
    assert_eq!(more.status.code(), Some(3));
    let text = String::from_utf8_lossy(&more.stdout).into_owned();
    assert!(text.contains("not granted") && text.contains("application: GET /"), "{text}");
}
