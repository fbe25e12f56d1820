//! How an application proves which one it is: not at all, with a secret, with a certificate, or with an
//! assertion that somebody else signed.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

#[cfg(feature = "certificate")]
use super::certificate::ClientCertificate;
use super::error::AuthError;
use crate::error::Error;

/// [RFC 7523, section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Fields of a token request.
pub(crate) type Parameters = Vec<(&'static str, SecretString)>;

/// How an application proves which one it is.
#[derive(Clone)]
pub struct ClientAuthentication(Method);

#[derive(Clone)]
enum Method {
    Public,
    Secret(SecretString),
    #[cfg(feature = "certificate")]
    Certificate(Arc<ClientCertificate>),
    Callback(Arc<dyn Fn() -> BoxFuture<'static, Result<SecretString, Error>> + Send + Sync>),
    File(PathBuf),
}

impl ClientAuthentication {
    /// Not at all: a program on a user's device cannot keep a secret.
    pub fn public() -> Self {
        Self(Method::Public)
    }

    /// A client secret: its value, not its ID.
    pub fn secret(secret: impl Into<SecretString>) -> Self {
        Self(Method::Secret(secret.into()))
    }

    /// A certificate with its private key.
    #[cfg(feature = "certificate")]
    pub fn certificate(certificate: ClientCertificate) -> Self {
        Self(Method::Certificate(Arc::new(certificate)))
    }

    /// A client assertion that an async function gives for every token request: a JWT of an identity
    /// provider that the app registration trusts (workload identity federation).
    pub fn assertion<F, T>(callback: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<SecretString, Error>> + Send + 'static,
    {
        Self(Method::Callback(Arc::new(move || Box::pin(callback()))))
    }

    /// A client assertion in a file, which is read for every token request, as others replace it.
    pub fn assertion_file(path: impl Into<PathBuf>) -> Self {
        Self(Method::File(path.into()))
    }

    /// The proof as fields of a request to a token endpoint.
    pub(crate) async fn parameters(
        &self,
        client_id: &str,
        token_url: &Url,
        now: Timestamp,
    ) -> Result<Parameters, AuthError> {
        let assertion = match &self.0 {
            Method::Public => return Ok(Vec::new()),
            Method::Secret(secret) => return Ok(vec![("client_secret", secret.clone())]),
            #[cfg(feature = "certificate")]
            Method::Certificate(certificate) => certificate.assertion(client_id, token_url, now)?,
            Method::Callback(callback) => {
                callback().await.map_err(|error| AuthError::source("no client assertion", error))?
            }
            Method::File(path) => read(path)?,
        };
        #[cfg(not(feature = "certificate"))]
        let _ = (client_id, token_url, now);
        let assertion_type = SecretString::from(ASSERTION_TYPE);
        Ok(vec![("client_assertion_type", assertion_type), ("client_assertion", assertion)])
    }

    /// What cannot be right about it.
    pub(crate) fn check(&self) -> Result<(), AuthError> {
        match &self.0 {
            Method::Secret(secret) if secret.expose_secret().trim().is_empty() => {
                Err(AuthError::configuration(
                    "the client secret is empty: copy its value from the app registration",
                ))
            }
            _ => Ok(()),
        }
    }
}

fn read(path: &PathBuf) -> Result<SecretString, AuthError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        AuthError::source(format!("the client assertion in {} cannot be read", path.display()), error)
    })?;
    let text = SecretString::from(text);
    match text.expose_secret().trim() {
        "" => Err(AuthError::configuration(format!("the client assertion in {} is empty", path.display()))),
        assertion => Ok(assertion.into()),
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Method::Public => "ClientAuthentication(public)",
            Method::Secret(_) => "ClientAuthentication(secret)",
            #[cfg(feature = "certificate")]
            Method::Certificate(_) => "ClientAuthentication(certificate)",
            Method::Callback(_) | Method::File(_) => "ClientAuthentication(assertion)",
        })
    }
}
