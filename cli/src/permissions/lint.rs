//! `msgraph permissions lint`: what is wrong with a list of permissions.

mod coverage;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use msgraph_runtime::Scheme;
use serde::Serialize;

use self::coverage::Coverage;
use super::data::CATALOG;
use super::output::{BAD, GOOD, STRONG, WARN, count, json, table};
use super::{SchemeArg, suggest};
use crate::exit::{Exit, Failure};
use crate::file;

/// From this privilege level on a lesser alternative is looked for.
const HIGH: u8 = 4;

/// Which list.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file of names, separated by white space or commas, with # before comments; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The way of signing in that the permissions are for
    #[arg(long)]
    scheme: SchemeArg,
    /// Let warnings count as errors
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    /// The permission cannot be had.
    Error,
    /// It can, but should it?
    Warning,
}

/// Something that is wrong with a name.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    name: String,
    severity: Severity,
    /// What it is, for programs: `unknown`, `scheme`, …
    kind: &'static str,
    message: String,
}

/// Checks a list of permissions.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let text = if args.file.as_os_str() == "-" {
        file::text_of(std::io::stdin().lock(), "standard input")?
    } else {
        file::text(&args.file)?
    };
    let names = names(&text);
    let findings = lint(&names, args.scheme.into());
    if args.json {
        json(&findings, out)?
    } else {
        report(&names, &findings, out)?
    }
    let bad = findings.iter().any(|finding| args.strict || finding.severity == Severity::Error);
    Ok(if bad { Exit::Finding } else { Exit::Success })
}

/// The names in a text, without the service's address before a scope.
fn names(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines
        .flat_map(|line| {
            line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '[' | ']'))
        })
        .map(|word| word.rsplit('/').next().unwrap_or_default())
        .filter(|word| !word.is_empty() && *word != ".default")
        .map(str::to_owned)
        .collect()
}

/// What is wrong, in the order of the names.
fn lint(names: &[String], scheme: Scheme) -> Vec<Finding> {
    let known = |name: &String| CATALOG.facts(scheme, name).map(|facts| facts.name);
    let coverage = Coverage::of(scheme, names.iter().filter_map(known));
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for name in names {
        if seen.insert(name) {
            findings.extend(about(name, scheme, &coverage));
        } else {
            findings.push(warning(name, "duplicate", "stands twice: leave one out".to_owned()));
        }
    }
    findings
}

fn about(name: &str, scheme: Scheme, coverage: &Coverage) -> Vec<Finding> {
    let Some(facts) = CATALOG.facts(scheme, name) else { return vec![missing(name, scheme)] };
    let mut findings = Vec::new();
    if facts.resource_specific {
        let message = "is consented to for a team or a chat and cannot be asked for: put it into the Teams app's manifest";
        findings.push(error(name, "resource-specific", message.to_owned()));
    }
    if !facts.enabled {
        let message = "cannot be granted in the public cloud: leave it out";
        findings.push(error(name, "disabled", message.to_owned()));
    }
    if facts.hidden {
        let message = "is hidden: consent screens and portals do not offer it, and it may go away";
        findings.push(warning(name, "hidden", message.to_owned()));
    }
    if let Some(other) = coverage.contains(name) {
        let message = format!("is not needed: {other} allows all that it allows in v1.0");
        findings.push(warning(name, "redundant", message));
    } else if let Some(level) = facts.privilege_level.filter(|level| *level >= HIGH) {
        findings.push(high(name, level, scheme));
    }
    findings
}

fn high(name: &str, level: u8, scheme: Scheme) -> Finding {
    let (all, lesser) = coverage::lesser(name, level, scheme);
    let shown: Vec<_> =
        lesser.iter().map(|(name, level, count)| format!("{name} (level {level}) allows {count}")).collect();
    let message = match shown.as_slice() {
        [] => format!("is of level {level}, and none of a lower level does what it does"),
        shown => format!("is of level {level}; of its {all} operations {}", shown.join(", ")),
    };
    warning(name, "high-privilege", message)
}

/// Why a name is not in the scheme.
fn missing(name: &str, scheme: Scheme) -> Finding {
    let like = suggest::like(name, scheme);
    let other = if scheme.is_delegated() { Scheme::Application } else { Scheme::DelegatedWork };
    match CATALOG.facts(other, name) {
        Some(_) => {
            let (has, lacks) = if scheme.is_delegated() {
                ("an application permission", "delegated")
            } else {
                ("a delegated permission", "application")
            };
            let message = format!("is {has} only, not {lacks}{}", suggest::question(&like));
            error(name, "scheme", message)
        }
        None => error(name, "unknown", format!("does not exist{}", suggest::question(&like))),
    }
}

fn error(name: &str, kind: &'static str, message: String) -> Finding {
    Finding { name: name.to_owned(), severity: Severity::Error, kind, message }
}

fn warning(name: &str, kind: &'static str, message: String) -> Finding {
    Finding { name: name.to_owned(), severity: Severity::Warning, kind, message }
}

fn report(names: &[String], findings: &[Finding], out: &mut dyn Write) -> std::io::Result<()> {
    for Finding { name, severity, message, .. } in findings {
        match severity {
            Severity::Error => write!(out, "{BAD}error{BAD:#}:   ")?,
            Severity::Warning => write!(out, "{WARN}warning{WARN:#}: ")?,
        }
        writeln!(out, "{STRONG}{name}{STRONG:#} {message}")?;
    }
    let verdict = if findings.is_empty() {
        format!("{GOOD}in order{GOOD:#}")
    } else {
        count(findings.len(), "finding")
    };
    writeln!(out, "{}, {verdict} ({})", count(names.len(), "name"), table())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_of_what_surrounds_them() {
        let text = "Mail.Read, \"User.Read\"\nhttps://graph.microsoft.com/Files.Read # mine\n[.default]";
        assert_eq!(names(text), ["Mail.Read", "User.Read", "Files.Read"]);
    }
}
