//! `msgraph permissions consent-url`: where an administrator consents.

use std::io::Write;

use anyhow::{Context, anyhow};
use msgraph_runtime::{Cloud, Scheme};
use url::Url;

use super::data::CATALOG;
use super::suggest;
use crate::exit::{Exit, Failure};

/// Whose consent, to what.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The delegated permissions to consent to; without any, all that the app registration asks for
    scopes: Vec<String>,
    /// The tenant's id or one of its domains; `organizations` lets the administrator choose
    #[arg(long, env = "AZURE_TENANT_ID")]
    tenant: String,
    /// The app's client id
    #[arg(long, env = "AZURE_CLIENT_ID")]
    client_id: String,
    /// Where the browser goes afterwards: one of the app registration's redirect URIs
    #[arg(long, value_name = "URL", default_value = "http://localhost")]
    redirect_uri: String,
    /// What comes back unchanged, to recognize the answer by
    #[arg(long, value_name = "TEXT")]
    state: Option<String>,
    /// The cloud of the tenant
    #[arg(long, value_enum, default_value_t = CloudArg::Global)]
    cloud: CloudArg,
}

/// A cloud, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum CloudArg {
    /// The worldwide service
    Global,
    /// US Government L4
    UsGovernment,
    /// US Government L5
    UsGovernmentDod,
    /// China, operated by 21Vianet
    China,
}

impl From<CloudArg> for Cloud {
    fn from(cloud: CloudArg) -> Self {
        match cloud {
            CloudArg::Global => Self::Global,
            CloudArg::UsGovernment => Self::UsGovernment,
            CloudArg::UsGovernmentDod => Self::UsGovernmentDod,
            CloudArg::China => Self::China,
        }
    }
}

/// Prints the address.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let cloud = Cloud::from(args.cloud);
    // Checked, but kept as it is: it must be equal to the registered one.
    Url::parse(&args.redirect_uri).with_context(|| format!("{} is not a URL", args.redirect_uri))?;
    let mut url = Url::parse(cloud.authority())?;
    url.path_segments_mut().map_err(|()| anyhow!("the sign-in service has no path"))?.extend([
        args.tenant.as_str(),
        "v2.0",
        "adminconsent",
    ]);
    for name in &args.scopes {
        if CATALOG.delegated(name).is_none() {
            let like = suggest::question(&suggest::like(name, Scheme::DelegatedWork));
            let message = format!(
                "there is no delegated permission {name}{like}; application permissions come from the app registration"
            );
            return Err(anyhow!(message).into());
        }
    }
    let scopes: Vec<_> = match args.scopes.as_slice() {
        [] => vec![format!("{}/.default", cloud.endpoint())],
        names => names.iter().map(|name| format!("{}/{name}", cloud.endpoint())).collect(),
    };
    url.query_pairs_mut()
        .append_pair("client_id", &args.client_id)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("redirect_uri", &args.redirect_uri)
        .extend_pairs(args.state.iter().map(|state| ("state", state)));
    writeln!(out, "{url}")?;
    Ok(Exit::Success)
}
