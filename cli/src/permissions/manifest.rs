//! `msgraph permissions manifest`: what an app registration wants to read.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use msgraph_runtime::Scheme;
use serde::Serialize;

use super::audit::Lock;
use super::data::CATALOG;
use super::output::json;
use super::{SchemeArg, suggest};
use crate::exit::{Exit, Failure};

/// Microsoft Graph's own app id, the same in every tenant and cloud.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Which permissions.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The names
    #[arg(required_unless_present = "from_lock", requires = "scheme")]
    names: Vec<String>,
    /// The way of signing in that the names are for
    #[arg(long)]
    scheme: Option<SchemeArg>,
    /// Take the permissions from a lock file of the audit
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = Lock::FILE, conflicts_with_all = ["names", "scheme"])]
    from_lock: Option<PathBuf>,
}

/// The part of the manifest that is called `requiredResourceAccess`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    required_resource_access: [Resource; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_app_id: &'static str,
    resource_access: Vec<Access>,
}

#[derive(Serialize)]
struct Access {
    id: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// Prints the manifest's part.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let wanted: BTreeSet<(Scheme, String)> = match (&args.from_lock, args.scheme) {
        (Some(file), _) => Lock::read(file)?.permissions().collect(),
        (None, Some(scheme)) => args.names.iter().map(|name| (scheme.into(), name.clone())).collect(),
        (None, None) => return Err(anyhow!("give --scheme, or --from-lock").into()),
    };
    let accesses = wanted.iter().map(|(scheme, name)| access(*scheme, name));
    let (good, bad): (Vec<_>, Vec<_>) = accesses.partition(Result::is_ok);
    let problems: Vec<_> = bad.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
    if !problems.is_empty() {
        return Err(anyhow!(problems.join("; ")).into());
    }
    let resource_access = good.into_iter().flatten().collect();
    let resource = Resource { resource_app_id: GRAPH, resource_access };
    json(&Manifest { required_resource_access: [resource] }, out)?;
    Ok(Exit::Success)
}

fn access(scheme: Scheme, name: &str) -> Result<Access> {
    let facts = CATALOG.facts(scheme, name).ok_or_else(|| {
        anyhow!("there is no {scheme} permission {name}{}", suggest::question(&suggest::like(name, scheme)))
    })?;
    if facts.resource_specific {
        return Err(anyhow!(
            "{name} is resource-specific: put it into the Teams app's manifest, not into this one"
        ));
    }
    let id = facts.id.ok_or_else(|| anyhow!("the id of {name} is not published: leave it out"))?;
    Ok(Access { id, kind: if scheme.is_delegated() { "Scope" } else { "Role" } })
}
