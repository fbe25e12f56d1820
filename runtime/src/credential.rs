//! Where access tokens come from. How they are obtained and kept fresh is the credential's affair; the
//! pipeline asks for one before every request.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use http::HeaderValue;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::cloud::Cloud;
use crate::error::Error;
use crate::network::Network;

/// An access token and how long it is valid. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct AccessToken {
    token: Arc<Token>,
    expires_on: Option<Timestamp>,
}

#[derive(Debug)]
struct Token {
    secret: SecretString,
    /// The header that sends it, put together once for all requests; `None` if there can be none.
    header: OnceLock<Option<HeaderValue>>,
}

impl AccessToken {
    /// A token of which it is not known how long it is valid.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        let token = Token { secret: secret.into(), header: OnceLock::new() };
        Self { token: Arc::new(token), expires_on: None }
    }

    /// The token with the time until which it is valid.
    pub fn expires_on(self, expires_on: Timestamp) -> Self {
        Self { expires_on: Some(expires_on), ..self }
    }

    /// The token itself; `Debug` does not show it.
    pub fn secret(&self) -> &SecretString {
        &self.token.secret
    }

    /// The value of the `Authorization` header; `None` if the token has characters that no header can have.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let header = || {
            let text = format!("Bearer {}", self.token.secret.expose_secret());
            let mut value = HeaderValue::try_from(text).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        self.token.header.get_or_init(header).clone()
    }

    /// Whether it is the same token, whatever is known of its time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.token.secret.expose_secret() == other.token.secret.expose_secret()
    }

    /// Until when the token is valid, if that is known.
    pub fn expiry(&self) -> Option<Timestamp> {
        self.expires_on
    }
}

/// What a token is asked for, and what a credential may use to get it.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    scopes: &'a [&'a str],
    network: &'a Network,
    cloud: Option<Cloud>,
    challenge: Option<ClaimsChallenge<'a>>,
    refused: Option<&'a AccessToken>,
}

/// The service refused a token that has not expired and said what a new one must state
/// ([continuous access evaluation](https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation)).
#[derive(Clone, Copy, Debug)]
pub struct ClaimsChallenge<'a> {
    /// The claims that a new token is asked for with, as JSON.
    pub claims: &'a str,
    /// The token that was refused.
    pub refused: &'a AccessToken,
}

impl<'a> TokenRequest<'a> {
    /// Asks for a token for these scopes, over this network.
    pub fn new(scopes: &'a [&'a str], network: &'a Network) -> Self {
        Self { scopes, network, cloud: None, challenge: None, refused: None }
    }

    /// Asks in a cloud; a credential that was not told its cloud signs in there.
    pub fn cloud(self, cloud: Option<Cloud>) -> Self {
        Self { cloud, ..self }
    }

    /// Asks for a token in place of one that was refused, with claims.
    pub fn challenge(self, challenge: ClaimsChallenge<'a>) -> Self {
        Self { challenge: Some(challenge), refused: Some(challenge.refused), ..self }
    }

    /// Asks for a token in place of one that the service called invalid. A credential that has no other gives the
    /// same again.
    pub fn instead_of(self, refused: &'a AccessToken) -> Self {
        Self { refused: Some(refused), ..self }
    }

    /// What the token is to be good for.
    pub fn scopes(&self) -> &'a [&'a str] {
        self.scopes
    }

    /// What carries the credential's own requests.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// The cloud of the service that the token is for, if it is one that is known.
    pub fn service_cloud(&self) -> Option<Cloud> {
        self.cloud
    }

    /// The refusal that this request answers.
    pub fn claims_challenge(&self) -> Option<ClaimsChallenge<'a>> {
        self.challenge
    }

    /// The token that was refused and must not be given again if there is another, with or without claims.
    pub fn refused(&self) -> Option<&'a AccessToken> {
        self.refused
    }
}

/// A source of access tokens.
///
/// Any async closure from the scopes to a token is one:
///
/// ```
/// use msgraph_runtime::{AccessToken, Error, TokenCredential};
/// fn takes(credential: impl TokenCredential) {}
/// takes(|scopes: Vec<String>| async move { Ok::<_, Error>(AccessToken::new("secret")) });
/// ```
pub trait TokenCredential: Send + Sync {
    /// A token that is valid now. It is called before every request, so it should answer from memory as long
    /// as it can.
    ///
    /// # Errors
    /// If no token can be had.
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>>;
}

impl<F, T> TokenCredential for F
where
    F: Fn(Vec<String>) -> T + Send + Sync,
    T: Future<Output = Result<AccessToken, Error>> + Send + 'static,
{
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self(request.scopes.iter().map(|scope| (*scope).to_owned()).collect()))
    }
}

impl<C: TokenCredential + ?Sized> TokenCredential for Arc<C> {
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        (**self).get_token(request)
    }
}

/// A token that was obtained elsewhere and is never renewed.
#[derive(Clone)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// A credential that always gives this token.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self(AccessToken::new(secret))
    }
}

impl TokenCredential for StaticToken {
    fn get_token<'a>(&'a self, _: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

impl fmt::Debug for StaticToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticToken")
    }
}
