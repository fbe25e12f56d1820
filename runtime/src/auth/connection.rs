//! Tests a connection: whether a token can be had, what it is good for, and whether the service takes it.

use std::fmt;

use http::{HeaderMap, Method};
use serde::Deserialize;

use super::claims::{Identity, TokenClaims};
use crate::body::Body;
use crate::client::GraphClient;
use crate::error::Error;
use crate::pipeline::Call;

/// What a test of a connection found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ConnectionReport {
    /// What the token says; `None` if there is none or it cannot be read, as those of personal accounts cannot.
    pub claims: Option<TokenClaims>,
    /// The name of the tenant or user that the service answered with.
    pub display_name: Option<String>,
    /// What failed, and where. Nothing, if the connection works.
    pub failure: Option<(ConnectionStep, Error)>,
}

/// The steps of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionStep {
    /// Getting a token.
    Token,
    /// Calling the service: `/organization` as an application, `/me` for a user.
    Call,
}

impl ConnectionReport {
    /// Whether everything worked.
    pub fn is_success(&self) -> bool {
        self.failure.is_none()
    }
}

/// Several lines that can be shown as they are.
impl fmt::Display for ConnectionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = "unknown";
        if let Some(claims) = &self.claims {
            let text = |value: &Option<String>| value.as_deref().unwrap_or(unknown).to_owned();
            writeln!(f, "tenant: {}", text(&claims.tenant_id))?;
            writeln!(f, "app: {} ({})", text(&claims.app_name), text(&claims.app_id))?;
            match claims.identity {
                Identity::User => writeln!(f, "signed in: user {}", text(&claims.user_name))?,
                Identity::Application => writeln!(f, "signed in: the application itself")?,
            }
            let permissions = claims.permissions.join(", ");
            let permissions = if permissions.is_empty() { "none" } else { &permissions };
            writeln!(f, "permissions granted: {permissions}")?;
            match claims.expires_on {
                Some(expires_on) => writeln!(f, "token valid until: {expires_on}")?,
                None => writeln!(f, "token valid until: {unknown}")?,
            }
        } else if !matches!(self.failure, Some((ConnectionStep::Token, _))) {
            writeln!(f, "the token cannot be read; those of personal accounts cannot")?;
        }
        if let Some(name) = &self.display_name {
            writeln!(f, "the service answered as: {name}")?;
        }
        match &self.failure {
            None => write!(f, "the connection works"),
            Some((ConnectionStep::Token, error)) => write!(f, "failed to get a token: {error}"),
            Some((ConnectionStep::Call, error)) => write!(f, "failed to call the service: {error}"),
        }
    }
}

/// A user, a tenant, or a page of tenants.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "displayName")]
    display_name: Option<String>,
    #[serde(default)]
    value: Vec<Named>,
}

impl GraphClient {
    /// Tests the connection: gets a token, reads what it says, and calls the service with it.
    pub async fn test_connection(&self) -> ConnectionReport {
        let mut report = ConnectionReport::default();
        let token = match self.token().await {
            Ok(token) => token,
            Err(error) => {
                return ConnectionReport { failure: Some((ConnectionStep::Token, error)), ..report };
            }
        };
        report.claims = TokenClaims::read(&token);
        let path = match report.claims.as_ref().map(|claims| claims.identity) {
            Some(Identity::Application) => "/organization?$select=id,displayName",
            _ => "/me?$select=id,displayName",
        };
        match self.name_at(path).await {
            Ok(name) => report.display_name = name,
            Err(error) => report.failure = Some((ConnectionStep::Call, error)),
        }
        report
    }

    async fn name_at(&self, path: &str) -> Result<Option<String>, Error> {
        let url = self.url(path).map_err(Error::credential)?;
        let call = Call::new(Method::GET, url, HeaderMap::new(), Body::empty(), None);
        let answer = self.clone().call(call.buffered()).await?;
        let body = answer.body.as_bytes().cloned().unwrap_or_default();
        let named: Option<Named> = serde_json::from_slice(&body).ok();
        Ok(named.and_then(|named| {
            named.display_name.or_else(|| named.value.into_iter().find_map(|own| own.display_name))
        }))
    }
}
