//! `msgraph permissions show NAME`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::anyhow;
use msgraph_runtime::Scheme;
use msgraph_runtime::permissions::PermissionFacts;
use serde::Serialize;

use super::data::{self, CATALOG};
use super::output::{STRONG, count, facts, json, table};
use super::{SchemeArg, suggest};
use crate::exit::{Exit, Failure};

/// Which permission.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name, such as Mail.Read
    name: String,
    /// Only for this way of signing in
    #[arg(long)]
    scheme: Option<SchemeArg>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A permission in one scheme.
#[derive(Serialize)]
struct Answer {
    id: Option<&'static str>,
    admin_consent: Option<bool>,
    privilege_level: Option<u8>,
    hidden: bool,
    enabled: bool,
    resource_specific: bool,
    operations: Vec<Allowed>,
    #[serde(skip)]
    facts: PermissionFacts,
}

/// An operation that the permission allows.
#[derive(Serialize)]
struct Allowed {
    operation: String,
    least: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    together_with: Vec<&'static str>,
}

/// Prints what is known of a permission.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let schemes = args.scheme.map_or(Scheme::ALL.to_vec(), |scheme| vec![scheme.into()]);
    let known = |scheme: &Scheme| {
        let all = CATALOG.all(*scheme).into_iter();
        all.filter(|facts| facts.name.eq_ignore_ascii_case(&args.name)).map(|facts| facts.name).next()
    };
    let Some(name) = schemes.iter().find_map(known) else {
        return Err(not_found(&args.name, &schemes).into());
    };
    let mut answers = BTreeMap::new();
    for scheme in schemes {
        let Some(facts) = CATALOG.facts(scheme, name) else { continue };
        let operations = allowed(name, scheme);
        // Nothing tells whether a scope without rows is one of personal accounts.
        if scheme == Scheme::DelegatedPersonal && operations.is_empty() && answers.contains_key("delegated") {
            continue;
        }
        answers.insert(scheme.to_string(), answer(facts, operations));
    }
    if args.json {
        json(&answers, out)?
    } else {
        text(name, &answers, out)?
    }
    Ok(Exit::Success)
}

fn answer(facts: PermissionFacts, operations: Vec<Allowed>) -> Answer {
    Answer {
        id: facts.id,
        admin_consent: facts.admin_consent,
        privilege_level: facts.privilege_level,
        hidden: facts.hidden,
        enabled: facts.enabled,
        resource_specific: facts.resource_specific,
        operations,
        facts,
    }
}

fn allowed(name: &str, scheme: Scheme) -> Vec<Allowed> {
    let mut allowed = Vec::new();
    for row in data::rows().filter(|row| row.may_mention(name)) {
        let alternatives = row.alternatives(scheme);
        let least = alternatives.least().is_some_and(|least| least.permission() == name);
        if let Some(own) = alternatives.iter().find(|one| one.permission() == name) {
            let together_with = own.together_with().to_vec();
            allowed.push(Allowed { operation: row.name(), least, together_with });
        }
    }
    allowed
}

fn text(name: &str, answers: &BTreeMap<String, Answer>, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{STRONG}{name}{STRONG:#} ({})", table())?;
    for (scheme, answer) in answers {
        writeln!(out, "\n{STRONG}{scheme}{STRONG:#}: {}", facts(&answer.facts))?;
        writeln!(out, "  id {}", answer.id.unwrap_or("not published"))?;
        let least = answer.operations.iter().filter(|operation| operation.least).count();
        let allowed = count(answer.operations.len(), "operation");
        writeln!(out, "  allows {allowed} of v1.0, for {least} of them the least")?;
        for Allowed { operation, least, together_with } in &answer.operations {
            let with = match together_with.as_slice() {
                [] => String::new(),
                others => format!(" with {}", others.join(" or ")),
            };
            writeln!(out, "  {} {operation}{with}", if *least { "*" } else { " " })?;
        }
    }
    Ok(())
}

fn not_found(name: &str, schemes: &[Scheme]) -> anyhow::Error {
    let mut like: Vec<_> = schemes.iter().flat_map(|scheme| suggest::like(name, *scheme)).collect();
    like.sort_unstable();
    like.dedup();
    anyhow!("there is no permission {name}{}", suggest::question(&like))
}
