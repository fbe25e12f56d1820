//! What every command that talks to the service can be told about the account.

use std::path::PathBuf;

use msgraph_runtime as runtime;
use serde::{Deserialize, Serialize};

/// Which app signs in where
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Account options")]
pub struct AccountArgs {
    /// Tenant: its GUID or one of its domain names; for users also organizations, consumers or common
    #[arg(long, env = "AZURE_TENANT_ID", hide_env_values = true, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Client ID of the app registration
    #[arg(long, env = "AZURE_CLIENT_ID", hide_env_values = true, value_name = "ID")]
    pub client_id: Option<String>,
    /// Cloud that the tenant is in
    #[arg(long, env = "GRAPH_CLOUD", hide_env_values = true, value_enum)]
    pub cloud: Option<Cloud>,
    /// Sign in as the app itself, with the client secret in this file
    #[arg(long, value_name = "FILE", conflicts_with = "certificate")]
    pub client_secret_file: Option<PathBuf>,
    /// Sign in as the app itself, with the certificate and private key in this file: PEM, or PKCS#12 with its password
    /// in AZURE_CLIENT_CERTIFICATE_PASSWORD
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Root of the service with its version, in place of the cloud's: over https, or on this machine
    #[arg(long, env = "GRAPH_BASE_URL", hide_env_values = true, value_name = "URL")]
    pub base_url: Option<String>,
    /// Sign-in service, in place of the cloud's: over https, or on this machine
    #[arg(long, env = "AZURE_AUTHORITY_HOST", hide_env_values = true, value_name = "URL")]
    pub authority: Option<String>,
    /// Show what is sent and received, but for its secrets, on standard error
    #[arg(long)]
    pub debug: bool,
}

/// The clouds, by the names that options and files have for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide service
    #[default]
    Global,
    /// US Government L4 (GCC High)
    UsGovernment,
    /// US Government L5 (Department of Defense)
    UsGovernmentDod,
    /// China, operated by 21Vianet
    China,
}

impl From<Cloud> for runtime::Cloud {
    fn from(cloud: Cloud) -> Self {
        match cloud {
            Cloud::Global => Self::Global,
            Cloud::UsGovernment => Self::UsGovernment,
            Cloud::UsGovernmentDod => Self::UsGovernmentDod,
            Cloud::China => Self::China,
        }
    }
}
