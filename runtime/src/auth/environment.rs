//! The credential that the Azure SDKs' environment variables describe
//! ([names](https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential)).

use std::fmt;

use futures_util::future::BoxFuture;

use super::client_credentials::ClientAssertionCredential;
#[cfg(feature = "certificate")]
use super::client_credentials::ClientCertificateCredential;
use super::client_credentials::ClientSecretCredential;
use super::error::AuthError;
use crate::credential::{AccessToken, TokenCredential, TokenRequest};
use crate::error::Error;

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
#[cfg(feature = "certificate")]
const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";

/// An application that signs in as itself with what environment variables say: `AZURE_TENANT_ID`,
/// `AZURE_CLIENT_ID`, and one of `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH` (with
/// `AZURE_CLIENT_CERTIFICATE_PASSWORD` for PKCS#12) and `AZURE_FEDERATED_TOKEN_FILE`.
pub struct EnvironmentCredential(Box<dyn TokenCredential>);

impl EnvironmentCredential {
    /// Reads the process's variables.
    ///
    /// # Errors
    /// If some are missing or cannot be right; all of them are named.
    pub fn new() -> Result<Self, AuthError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads variables from elsewhere.
    ///
    /// # Errors
    /// As [`EnvironmentCredential::new`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, AuthError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut problems: Vec<String> = [TENANT, CLIENT]
            .iter()
            .filter(|name| set(name).is_none())
            .map(|name| format!("{name} is not set"))
            .collect();
        if [SECRET, CERTIFICATE, TOKEN_FILE].iter().all(|name| set(name).is_none()) {
            problems.push(format!("none of {SECRET}, {CERTIFICATE} and {TOKEN_FILE} is set"));
        }
        AuthError::unless_none(problems)?;
        let (tenant, client) = (set(TENANT).unwrap_or_default(), set(CLIENT).unwrap_or_default());
        let credential: Box<dyn TokenCredential> = match (set(SECRET), set(CERTIFICATE), set(TOKEN_FILE)) {
            (Some(secret), _, _) => Box::new(ClientSecretCredential::new(&tenant, &client, secret)?),
            (None, Some(path), _) => by_certificate(&tenant, &client, &path, &set)?,
            (None, None, file) => {
                Box::new(ClientAssertionCredential::from_file(&tenant, &client, file.unwrap_or_default())?)
            }
        };
        Ok(Self(credential))
    }
}

#[cfg(feature = "certificate")]
fn by_certificate(
    tenant: &str,
    client: &str,
    path: &str,
    set: &dyn Fn(&str) -> Option<String>,
) -> Result<Box<dyn TokenCredential>, AuthError> {
    let password = set(PASSWORD).map(secrecy::SecretString::from);
    let certificate = super::certificate::ClientCertificate::from_file(path, password.as_ref())?;
    Ok(Box::new(ClientCertificateCredential::new(tenant, client, certificate)?))
}

#[cfg(not(feature = "certificate"))]
fn by_certificate(
    _: &str,
    _: &str,
    _: &str,
    _: &dyn Fn(&str) -> Option<String>,
) -> Result<Box<dyn TokenCredential>, AuthError> {
    Err(AuthError::configuration(format!("{CERTIFICATE} needs the feature `certificate`")))
}

impl TokenCredential for EnvironmentCredential {
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.0.get_token(request)
    }
}

impl fmt::Debug for EnvironmentCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvironmentCredential")
    }
}
