//! A web API that calls the service for the user who called it
//! ([on-behalf-of flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow)).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ring::digest;
use secrecy::{ExposeSecret, SecretString};

use super::application::Application;
use super::client_authentication::ClientAuthentication;
use super::error::AuthError;
use super::exchange::Exchange;
use super::scope::{self, Scope};
use super::tokens::{AccessTokens, Ask, TokenKey};
use crate::credential::{AccessToken, TokenCredential, TokenRequest};
use crate::error::Error;

/// A web API that is called with users' tokens, and exchanges them for tokens of the service. Make one per
/// process: it keeps the tokens of all users.
#[derive(Clone)]
pub struct OnBehalfOf(Arc<MiddleTier>);

struct MiddleTier {
    application: Application,
    authentication: ClientAuthentication,
    tokens: AccessTokens,
}

impl OnBehalfOf {
    /// An API that proves which one it is with a secret, a certificate or an assertion.
    ///
    /// # Errors
    /// If the proof cannot be right.
    pub fn new(application: Application, authentication: ClientAuthentication) -> Result<Self, AuthError> {
        authentication.check()?;
        Ok(Self(Arc::new(MiddleTier { application, authentication, tokens: AccessTokens::default() })))
    }

    /// The credential for a user who called with this token, which the API must have validated.
    pub fn user(&self, token: impl Into<SecretString>) -> OnBehalfOfCredential {
        OnBehalfOfCredential { middle_tier: self.0.clone(), assertion: token.into() }
    }
}

/// One user of a web API.
#[derive(Clone)]
pub struct OnBehalfOfCredential {
    middle_tier: Arc<MiddleTier>,
    assertion: SecretString,
}

impl OnBehalfOfCredential {
    async fn token(&self, request: TokenRequest<'_>) -> Result<AccessToken, AuthError> {
        let MiddleTier { application, authentication, tokens } = &*self.middle_tier;
        let scopes: Vec<Scope> = request.scopes().iter().map(|scope| Scope::from(*scope)).collect();
        let scopes = scope::of_user(&scopes, application.names(), true)?.scopes;
        let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
        // Two users' tokens have different digests.
        let user = digest::digest(&digest::SHA256, self.assertion.expose_secret().as_bytes());
        let user = BASE64_URL_SAFE_NO_PAD.encode(user);
        let authority = application.authority(request.service_cloud())?;
        let key = TokenKey::new(&authority, application.client_id(), Some(user), &names);
        let (application, authentication) = (application.clone(), authentication.clone());
        let assertion = self.assertion.clone();
        let fetch = move |ask: Ask| {
            async move {
                let claims = ask.claims.as_deref();
                let exchange =
                    Exchange::begin(&application, &authentication, &ask.network, ask.cloud, claims).await?;
                exchange.on_behalf_of(&assertion, &scopes).await
            }
            .boxed()
        };
        tokens.get(key, request, fetch).await
    }
}

impl TokenCredential for OnBehalfOfCredential {
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move { Ok(self.token(request).await?) })
    }
}

impl fmt::Debug for OnBehalfOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnBehalfOf({:?})", self.0.application)
    }
}

/// Without the user's token.
impl fmt::Debug for OnBehalfOfCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnBehalfOfCredential({:?})", self.middle_tier.application)
    }
}
