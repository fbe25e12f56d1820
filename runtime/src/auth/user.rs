//! The credential of a signed-in user: a refresh token that is kept and replaced, and a way to sign in when
//! there is none.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::lock::Mutex as AsyncMutex;
use secrecy::{ExposeSecret, SecretString};

use super::application::Application;
#[cfg(feature = "interactive")]
use super::browser::BrowserSignIn;
use super::client_authentication::ClientAuthentication;
use super::device_code::DeviceCodeSignIn;
use super::error::AuthError;
use super::exchange::{Exchange, Granted};
use super::scope::{self, Scope};
use super::token_cache::{MemoryTokenCache, TokenCache, TokenCacheKey};
use super::tokens::{AccessTokens, Ask, TokenKey};
use crate::credential::{AccessToken, TokenCredential, TokenRequest};
use crate::error::Error;
use crate::network::Network;

/// How many refresh tokens are tried for one access token: other processes may be replacing them meanwhile.
const TRIES: usize = 4;

/// A way to sign a user in.
pub(crate) trait SignIn: Send + Sync {
    fn sign_in<'a>(
        &'a self,
        exchange: &'a Exchange<'a>,
        scopes: &'a [String],
    ) -> BoxFuture<'a, Result<Granted, AuthError>>;
}

/// A signed-in user, or one who will be asked to sign in when the first token is needed.
///
/// The refresh token is kept in a [`TokenCache`] and replaced by the newer one that comes with every access
/// token. If it does not work any more, the user signs in again where the credential has a way to ask.
#[derive(Clone)]
pub struct UserCredential(Arc<Session>);

struct Session {
    application: Application,
    authentication: ClientAuthentication,
    scopes: Vec<Scope>,
    reserved: bool,
    account: String,
    cache: Arc<dyn TokenCache>,
    /// The refresh token that the program gave.
    given: Mutex<Option<SecretString>>,
    sign_in: Option<Arc<dyn SignIn>>,
    /// One at a time: a refresh token must not be used twice, and nobody wants to sign in twice.
    turn: AsyncMutex<()>,
    tokens: AccessTokens,
}

impl UserCredential {
    /// A user of an application.
    pub fn builder(application: Application) -> UserCredentialBuilder {
        UserCredentialBuilder {
            application,
            authentication: ClientAuthentication::public(),
            scopes: Vec::new(),
            reserved: true,
            account: String::new(),
            cache: Arc::new(MemoryTokenCache::default()),
        }
    }

    /// Forgets the user: the refresh token is removed from the cache and no token is given any more, until
    /// the user has signed in again.
    ///
    /// # Errors
    /// If the cache fails.
    pub async fn sign_out(&self) -> Result<(), AuthError> {
        let session = &self.0;
        let _turn = session.turn.lock().await;
        session.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        session.tokens.clear();
        let key = session.cache_key(None)?;
        session.cache.remove(&key).await.map_err(|error| AuthError::source("the token cache failed", error))
    }

    /// Keeps what a sign-in gave.
    pub(crate) async fn adopt(
        &self,
        granted: Granted,
        scopes: &[String],
        network: &Network,
    ) -> Result<(), AuthError> {
        let session = &self.0;
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let key = session.token_key(None, &scopes)?;
        session.tokens.put(key, &granted, network);
        session.keep(&session.cache_key(None)?, &granted).await
    }

    async fn token(&self, request: TokenRequest<'_>) -> Result<AccessToken, AuthError> {
        let session = self.0.clone();
        let own = if session.scopes.is_empty() {
            &request.scopes().iter().map(|scope| Scope::from(*scope)).collect()
        } else {
            &session.scopes
        };
        let scopes = scope::of_user(own, session.application.names(), session.reserved)?.scopes;
        let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let key = session.token_key(request.service_cloud(), &names)?;
        let fetching = session.clone();
        let fetch = move |ask: Ask| async move { fetching.fetch(&ask, &scopes).await }.boxed();
        session.tokens.get(key, request, fetch).await
    }
}

impl Session {
    fn token_key(&self, cloud: Option<crate::Cloud>, scopes: &[&str]) -> Result<TokenKey, AuthError> {
        let authority = self.application.authority(cloud)?;
        Ok(TokenKey::new(&authority, self.application.client_id(), Some(self.account.clone()), scopes))
    }

    fn cache_key(&self, cloud: Option<crate::Cloud>) -> Result<TokenCacheKey, AuthError> {
        Ok(TokenCacheKey {
            authority: self.application.authority(cloud)?.into(),
            client_id: self.application.client_id().to_owned(),
            account: self.account.clone(),
        })
    }

    /// An access token by a refresh token, or by a new sign-in.
    async fn fetch(&self, ask: &Ask, scopes: &[String]) -> Result<Granted, AuthError> {
        let _turn = self.turn.lock().await;
        let key = self.cache_key(ask.cloud)?;
        let refusal = match self.refresh(&key, ask, scopes).await? {
            Ok(granted) => return Ok(granted),
            Err(refusal) => refusal,
        };
        let Some(sign_in) = &self.sign_in else {
            return Err(refusal.unwrap_or_else(|| {
                AuthError::Interaction("nobody is signed in: no refresh token was given or kept, and the credential has no way to sign in".to_owned())
            }));
        };
        let exchange = self.exchange(ask).await?;
        let granted = sign_in.sign_in(&exchange, scopes).await?;
        self.keep(&key, &granted).await?;
        Ok(granted)
    }

    /// Tries the refresh tokens that are known. The inner error is that there is none which works, with the
    /// last refusal.
    async fn refresh(
        &self,
        key: &TokenCacheKey,
        ask: &Ask,
        scopes: &[String],
    ) -> Result<Result<Granted, Option<AuthError>>, AuthError> {
        let mut tried: Vec<SecretString> = Vec::new();
        let mut ended: Vec<SecretString> = Vec::new();
        let mut refusal = None;
        while tried.len() < TRIES {
            let kept = self.cache.load(key).await.map_err(cache_failed)?;
            let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let candidate = kept.into_iter().chain(given).find(|token| !contains(&tried, token));
            let Some(token) = candidate else { break };
            // Every request proves anew who the application is, as a proof may be used once.
            match self.exchange(ask).await?.refresh(&token, scopes).await {
                Ok(mut granted) => {
                    // Where there is no rotation, the old one stays good.
                    granted.refresh.get_or_insert(token);
                    self.keep(key, &granted).await?;
                    return Ok(Ok(granted));
                }
                Err(AuthError::Refused(refused)) if refused.needs_user() => {
                    if refused.ends_refresh_token() {
                        ended.push(token.clone());
                    }
                    refusal = Some(AuthError::Refused(refused));
                    tried.push(token);
                }
                Err(error) => return Err(error),
            }
        }
        self.forget(key, &ended).await?;
        Ok(Err(refusal))
    }

    async fn exchange<'a>(&'a self, ask: &'a Ask) -> Result<Exchange<'a>, AuthError> {
        let claims = ask.claims.as_deref();
        Exchange::begin(&self.application, &self.authentication, &ask.network, ask.cloud, claims).await
    }

    async fn keep(&self, key: &TokenCacheKey, granted: &Granted) -> Result<(), AuthError> {
        let Some(token) = &granted.refresh else { return Ok(()) };
        // The one that the program gave has been used, and would be taken for stolen if it were used again.
        self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.cache.store(key, token).await.map_err(cache_failed)
    }

    /// Removes a refresh token that does not work any more, unless another process has just replaced it.
    async fn forget(&self, key: &TokenCacheKey, ended: &[SecretString]) -> Result<(), AuthError> {
        let kept = self.cache.load(key).await.map_err(cache_failed)?;
        match kept {
            Some(token) if contains(ended, &token) => self.cache.remove(key).await.map_err(cache_failed),
            _ => Ok(()),
        }
    }
}

fn cache_failed(error: Box<dyn std::error::Error + Send + Sync>) -> AuthError {
    AuthError::source("the token cache failed", error)
}

fn contains(tokens: &[SecretString], token: &SecretString) -> bool {
    tokens.iter().any(|other| other.expose_secret() == token.expose_secret())
}

impl TokenCredential for UserCredential {
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move { Ok(self.token(request).await?) })
    }
}

/// Without tokens.
impl fmt::Debug for UserCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserCredential({:?})", self.0.application)
    }
}

/// Settings of a [`UserCredential`].
#[must_use = "settings do nothing until they are built"]
pub struct UserCredentialBuilder {
    application: Application,
    authentication: ClientAuthentication,
    scopes: Vec<Scope>,
    reserved: bool,
    account: String,
    cache: Arc<dyn TokenCache>,
}

impl UserCredentialBuilder {
    /// How the application proves which one it is (default: not at all, as programs on users' devices do).
    pub fn authentication(self, authentication: ClientAuthentication) -> Self {
        Self { authentication, ..self }
    }

    /// What the user signs in for (default: what the client asks, `.default` of the service).
    pub fn scopes<S: Into<Scope>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// Asks for these scopes alone, without `openid`, `profile` and `offline_access`, which are added
    /// otherwise. Without `offline_access` there is no refresh token.
    pub fn without_reserved_scopes(self) -> Self {
        Self { reserved: false, ..self }
    }

    /// Where the refresh token is kept (default: in memory).
    pub fn cache(self, cache: impl TokenCache + 'static) -> Self {
        Self { cache: Arc::new(cache), ..self }
    }

    /// The name under which the refresh token is kept, where a cache holds those of several users.
    pub fn account(self, account: &str) -> Self {
        Self { account: account.to_owned(), ..self }
    }

    /// What is unwise about the settings, one sentence each: a refresh token that will be missed.
    ///
    /// # Errors
    /// If the scopes cannot be right.
    pub fn warnings(&self) -> Result<Vec<String>, AuthError> {
        // Where no scope is given, the client asks for everything that the app is registered for.
        let default = [Scope::from(".default")];
        let scopes = if self.scopes.is_empty() { &default[..] } else { &self.scopes };
        Ok(scope::of_user(scopes, self.application.names(), self.reserved)?.warnings)
    }

    /// A user whose refresh token is in the cache.
    ///
    /// # Errors
    /// If the settings cannot be right.
    pub fn from_cache(self) -> Result<UserCredential, AuthError> {
        self.build(None, None)
    }

    /// A user whose refresh token is known. One that is in the cache is newer and used first.
    ///
    /// # Errors
    /// If the settings cannot be right.
    pub fn refresh_token(self, token: impl Into<SecretString>) -> Result<UserCredential, AuthError> {
        self.build(Some(token.into()), None)
    }

    /// A user who signs in on another device with a code, when the first token is needed.
    ///
    /// # Errors
    /// If the settings cannot be right.
    pub fn device_code(self, sign_in: DeviceCodeSignIn) -> Result<UserCredential, AuthError> {
        self.build(None, Some(Arc::new(sign_in)))
    }

    /// A user who signs in with the browser of this computer, when the first token is needed.
    ///
    /// # Errors
    /// If the settings cannot be right.
    #[cfg(feature = "interactive")]
    pub fn browser(self, sign_in: BrowserSignIn) -> Result<UserCredential, AuthError> {
        self.build(None, Some(Arc::new(sign_in)))
    }

    pub(crate) fn build(
        self,
        given: Option<SecretString>,
        sign_in: Option<Arc<dyn SignIn>>,
    ) -> Result<UserCredential, AuthError> {
        self.authentication.check()?;
        for warning in self.warnings()? {
            tracing::warn!(target: "msgraph::auth", "{warning}");
        }
        Ok(UserCredential(Arc::new(Session {
            application: self.application,
            authentication: self.authentication,
            scopes: self.scopes,
            reserved: self.reserved,
            account: self.account,
            cache: self.cache,
            given: Mutex::new(given),
            sign_in,
            turn: AsyncMutex::new(()),
            tokens: AccessTokens::default(),
        })))
    }
}

impl fmt::Debug for UserCredentialBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserCredentialBuilder({:?})", self.application)
    }
}
