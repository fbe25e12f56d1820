//! `msgraph permissions find METHOD PATH`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::anyhow;
use msgraph_runtime::Scheme;
use serde::Serialize;

use super::data::{self, CATALOG, Row};
use super::output::{STRONG, WARN, json, table};
use super::paths;
use crate::exit::{Exit, Failure};

/// Which operation.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The HTTP method
    method: String,
    /// The path, with keys or as a template, or the URL
    path: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The answer; as JSON, too.
#[derive(Serialize)]
struct Answer {
    method: &'static str,
    path: &'static str,
    rust: &'static str,
    /// Absent if nothing is known, which is not to say that no permission is needed.
    provenance: Option<String>,
    permissions: BTreeMap<String, Vec<String>>,
    table: Option<&'static str>,
}

/// Prints the permissions of an operation.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(row) = paths::matching(&args.method, &args.path, data::rows()).into_iter().next() else {
        return Err(not_found(args).into());
    };
    let permissions = Scheme::ALL.into_iter().map(|scheme| {
        let list = row.alternatives(scheme).iter().map(ToString::to_string).collect();
        (scheme.to_string(), list)
    });
    let answer = Answer {
        method: row.method,
        path: row.path,
        rust: row.rust,
        provenance: row.provenance(),
        permissions: permissions.collect(),
        table: CATALOG.date(),
    };
    if args.json {
        json(&answer, out)?
    } else {
        text(&answer, &row, out)?
    }
    Ok(Exit::Success)
}

fn text(answer: &Answer, row: &Row, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{STRONG}{} {}{STRONG:#}", answer.method, answer.path)?;
    writeln!(out, "  {:<19} {}", "Rust", answer.rust)?;
    let Some(provenance) = &answer.provenance else {
        writeln!(
            out,
            "  {WARN}permissions unknown{WARN:#} the table has no row, which is not \"no permission needed\""
        )?;
        return writeln!(out, "  {:<19} {}", "source", table());
    };
    for scheme in Scheme::ALL {
        let list: Vec<_> = row.alternatives(scheme).iter().map(ToString::to_string).collect();
        match list.split_first() {
            None => writeln!(out, "  {scheme:<19} not supported")?,
            Some((least, others)) => {
                writeln!(out, "  {scheme:<19} {STRONG}{least}{STRONG:#}")?;
                for other in others {
                    writeln!(out, "  {:<19} {other}", "  or")?;
                }
            }
        }
    }
    writeln!(out, "  {:<19} {provenance}, {}", "source", table())
}

/// What the path has, if it has anything.
fn not_found(args: &Args) -> anyhow::Error {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let others: Vec<_> = methods
        .into_iter()
        .filter(|method| !paths::matching(method, &args.path, data::rows()).is_empty())
        .collect();
    let (method, path) = (args.method.to_uppercase(), &args.path);
    if others.is_empty() {
        anyhow!(
            "there is no {path} in v1.0: check its spelling, or look into generated/inventory/operations.txt"
        )
    } else {
        anyhow!("there is no {method} {path} in v1.0: the path has {}", others.join(", "))
    }
}
