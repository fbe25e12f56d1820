//! `msgraph permissions consent-url`: where an administrator consents.

use std::io::Write;

use anyhow::anyhow;
use msgraph_runtime::auth::{AdminConsent, Application};
use msgraph_runtime::{self as runtime, Scheme};

use super::data::CATALOG;
use super::suggest;
use crate::account::Cloud;
use crate::exit::{Exit, Failure};

/// Whose consent, to what.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The delegated permissions to consent to; without any, all that the app registration asks for
    scopes: Vec<String>,
    /// The tenant's id or one of its domains; `organizations` lets the administrator choose
    #[arg(long, env = "AZURE_TENANT_ID", hide_env_values = true)]
    tenant: String,
    /// The app's client id
    #[arg(long, env = "AZURE_CLIENT_ID", hide_env_values = true)]
    client_id: String,
    /// Where the browser goes afterwards: one of the app registration's redirect URIs
    #[arg(long, value_name = "URL", default_value = "http://localhost")]
    redirect_uri: String,
    /// What comes back unchanged, to recognize the answer by
    #[arg(long, value_name = "TEXT", default_value = "msgraph")]
    state: String,
    /// The cloud of the tenant
    #[arg(long, env = "GRAPH_CLOUD", hide_env_values = true, value_enum, default_value = "global")]
    cloud: Cloud,
}

/// Prints the address.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, Failure> {
    let cloud = runtime::Cloud::from(args.cloud);
    for name in &args.scopes {
        if CATALOG.delegated(name).is_none() {
            let like = suggest::question(&suggest::like(name, Scheme::DelegatedWork));
            let rule = "application permissions come from the app registration";
            return Err(anyhow!("there is no delegated permission {name}{like}; {rule}").into());
        }
    }
    let scopes: Vec<_> = match args.scopes.as_slice() {
        [] => vec![format!("{}/.default", cloud.endpoint())],
        names => names.iter().map(|name| format!("{}/{name}", cloud.endpoint())).collect(),
    };
    let application = Application::builder(&args.tenant, &args.client_id).cloud(cloud).build()?;
    let state = args.state.as_str().into();
    writeln!(out, "{}", AdminConsent::url(&application, &args.redirect_uri, scopes, &state)?)?;
    Ok(Exit::Success)
}
