//! `msgraph permissions audit`: from a finished program to the permissions that it needs.

mod binary;
mod lock;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
pub use lock::Lock;
use msgraph_runtime::permissions::{LeastPrivileges, NotCovered, least_privileged_set};
use msgraph_runtime::{Operation, Scheme};
use serde::Serialize;

use super::SchemeArg;
use super::data::CATALOG;
use super::output::{BAD, GOOD, STRONG, WARN, count, facts, json, table};
use crate::exit::{Exit, Failure};
use crate::file;

/// Which program, and what to compare it with.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The finished program: an executable or a library
    binary: PathBuf,
    /// Only for this way of signing in
    #[arg(long)]
    scheme: Option<SchemeArg>,
    /// Write what the program needs into a file, for review; with --check, compare with it instead
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = Lock::FILE)]
    lock: Option<PathBuf>,
    /// Fail if the program needs more than the lock file grants
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is said of a program, as JSON.
#[derive(Serialize)]
struct Answer {
    operations: Vec<String>,
    schemes: BTreeMap<String, Part>,
    table: Option<&'static str>,
}

#[derive(Serialize)]
struct Part {
    /// The permissions, with the operations that need them.
    permissions: BTreeMap<&'static str, Vec<String>>,
    /// Operations of which the table knows nothing.
    unknown: Vec<String>,
    /// Operations that the scheme does not allow.
    not_in_scheme: Vec<String>,
}

/// Reads a program, and prints what it needs.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (program, _) = file::open(&args.binary)?;
    let operations =
        binary::operations(program).with_context(|| format!("cannot read {}", args.binary.display()))?;
    let schemes = match args.scheme {
        Some(scheme) => vec![scheme.into()],
        None => vec![Scheme::DelegatedWork, Scheme::Application],
    };
    let sets: Vec<_> = schemes
        .iter()
        .map(|scheme| least_privileged_set(operations.iter().copied(), *scheme, &CATALOG))
        .collect();
    if args.check {
        let file = args.lock.clone().unwrap_or_else(|| PathBuf::from(Lock::FILE));
        return check(&Lock::read(&file)?, args.scheme.map(Scheme::from), &operations, out);
    }
    if args.json {
        json(&answer(&operations, &sets), out)?;
    } else {
        report(&operations, &sets, out)?;
    }
    if let Some(file) = &args.lock {
        Lock::new(&sets).write(file)?;
    }
    Ok(Exit::Success)
}

fn answer(operations: &[Operation], sets: &[LeastPrivileges]) -> Answer {
    let schemes = sets.iter().map(|set| {
        let permissions = set.reasons().iter().map(|reason| (reason.permission, names(&reason.needed_by)));
        let part = Part {
            permissions: permissions.collect(),
            unknown: names(&uncovered(set, NotCovered::Unknown)),
            not_in_scheme: names(&uncovered(set, NotCovered::NotInScheme)),
        };
        (set.scheme().to_string(), part)
    });
    Answer { operations: names(operations), schemes: schemes.collect(), table: CATALOG.date() }
}

fn names(operations: &[Operation]) -> Vec<String> {
    operations.iter().map(ToString::to_string).collect()
}

fn uncovered(set: &LeastPrivileges, why: NotCovered) -> Vec<Operation> {
    set.uncovered().iter().filter(|one| one.why == why).map(|one| one.operation).collect()
}

fn report(operations: &[Operation], sets: &[LeastPrivileges], out: &mut dyn Write) -> std::io::Result<()> {
    let calls = count(operations.len(), "operation");
    writeln!(out, "{STRONG}The program can call {calls}{STRONG:#} ({})", table())?;
    for operation in operations {
        writeln!(out, "  {operation}")?;
    }
    for set in sets {
        let scheme = set.scheme();
        writeln!(out, "\n{STRONG}{scheme}: {}{STRONG:#}", count(set.reasons().len(), "permission"))?;
        for reason in set.reasons() {
            let known = CATALOG.facts(scheme, reason.permission).map(|known| facts(&known));
            writeln!(
                out,
                "  {GOOD}{}{GOOD:#} ({}), needed by",
                reason.permission,
                known.unwrap_or_default()
            )?;
            for operation in &reason.needed_by {
                writeln!(out, "    {operation}")?;
            }
        }
        for (why, what) in [
            (NotCovered::Unknown, "permissions unknown, which is not \"no permission needed\""),
            (NotCovered::NotInScheme, "not possible in this way of signing in"),
        ] {
            let list = uncovered(set, why);
            if !list.is_empty() {
                writeln!(out, "  {WARN}{what}{WARN:#}:")?;
            }
            for operation in list {
                writeln!(out, "    {operation}")?;
            }
        }
    }
    writeln!(out, "\nRequests by method and path (`client.request`) are outside of this audit.")
}

/// Compares a program with a lock file.
fn check(
    lock: &Lock,
    scheme: Option<Scheme>,
    operations: &[Operation],
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut missing = 0;
    for (scheme, problem) in lock.missing(scheme, operations)? {
        missing += 1;
        writeln!(out, "{BAD}not granted{BAD:#}: {scheme}: {problem}")?;
    }
    if missing == 0 {
        let calls = count(operations.len(), "operation");
        writeln!(out, "{GOOD}in order{GOOD:#}: the lock file grants all that is needed for {calls}")?;
        return Ok(Exit::Success);
    }
    writeln!(out, "review what is new, then run `msgraph permissions audit --lock` without --check")?;
    Ok(Exit::Finding)
}
