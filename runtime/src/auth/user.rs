//! The credential of a signed-in user: a refresh token that is kept and replaced, and a way to sign in when
//! there is none.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::lock::Mutex as AsyncMutex;
use jiff::{SignedDuration, Timestamp};
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

/// How long after the cache did not take a refresh token it is offered again.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

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
    /// The newest refresh token, while the cache does not take it.
    unstored: Mutex<Option<Unstored>>,
    sign_in: Option<Arc<dyn SignIn>>,
    /// One at a time: a refresh token must not be used twice, and nobody wants to sign in twice.
    turn: AsyncMutex<()>,
    tokens: AccessTokens,
}

/// A refresh token that the cache did not take. It is used from here, and offered to the cache again.
#[derive(Clone)]
struct Unstored {
    key: TokenCacheKey,
    token: SecretString,
    /// When it was offered last.
    offered: Timestamp,
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
        session.unstored.lock().unwrap_or_else(PoisonError::into_inner).take();
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
        session.keep(&session.cache_key(None)?, &granted, network).await;
        Ok(())
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
        let outcome = session.tokens.get(key, request, fetch).await;
        session.offer_again(request.network()).await;
        outcome
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
        self.keep(&key, &granted, &ask.network).await;
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
            let token = match self.candidate(key, &tried).await {
                Ok(Some(token)) => token,
                Ok(None) => break,
                // The refusal says more.
                Err(_) if refusal.is_some() => break,
                Err(error) => return Err(error),
            };
            // Every request proves anew who the application is, as a proof may be used once.
            match self.exchange(ask).await?.refresh(&token, scopes).await {
                Ok(mut granted) => {
                    // Where there is no rotation, the old one stays good.
                    granted.refresh.get_or_insert(token);
                    self.keep(key, &granted, &ask.network).await;
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
        self.forget(key, &ended).await;
        Ok(Err(refusal))
    }

    /// The newest refresh token that was not tried. A cache that cannot be read matters only if there is no other.
    async fn candidate(
        &self,
        key: &TokenCacheKey,
        tried: &[SecretString],
    ) -> Result<Option<SecretString>, AuthError> {
        let unstored = self.unstored.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unstored = unstored.filter(|unstored| unstored.key == *key).map(|unstored| unstored.token);
        if let Some(token) = unstored.filter(|token| !contains(tried, token)) {
            return Ok(Some(token));
        }
        let (kept, problem) = match self.cache.load(key).await {
            Ok(kept) => (kept, None),
            Err(error) => (None, Some(error)),
        };
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let candidate = kept.into_iter().chain(given).find(|token| !contains(tried, token));
        match (candidate, problem) {
            (None, Some(problem)) => Err(AuthError::source("the token cache failed", problem)),
            (candidate, problem) => {
                if let Some(error) = problem {
                    tracing::warn!(target: "msgraph::auth", %error, "the token cache cannot be read, and the refresh token that was given is used");
                }
                Ok(candidate)
            }
        }
    }

    async fn exchange<'a>(&'a self, ask: &'a Ask) -> Result<Exchange<'a>, AuthError> {
        let claims = ask.claims.as_deref();
        Exchange::begin(&self.application, &self.authentication, &ask.network, ask.cloud, claims).await
    }

    /// Keeps a refresh token here until the cache has it, so that the newest is never lost.
    async fn keep(&self, key: &TokenCacheKey, granted: &Granted, network: &Network) {
        let Some(token) = &granted.refresh else { return };
        // The one that the program gave has been used, and would be taken for stolen if it were used again.
        self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        let offered = network.clock().now();
        let unstored = Unstored { key: key.clone(), token: token.clone(), offered };
        *self.unstored.lock().unwrap_or_else(PoisonError::into_inner) = Some(unstored);
        self.offer(key, token).await;
    }

    /// Offers the cache what it did not take, after a while. Whoever else is at it will do so.
    async fn offer_again(&self, network: &Network) {
        let now = network.clock().now();
        let is_due = |unstored: &Unstored| now.duration_since(unstored.offered).abs() >= PAUSE;
        if !self.unstored.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(is_due) {
            return;
        }
        let Some(_turn) = self.turn.try_lock() else { return };
        let unstored =
            self.unstored.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(|unstored| {
                unstored.offered = now;
                unstored.clone()
            });
        if let Some(unstored) = unstored {
            self.offer(&unstored.key, &unstored.token).await;
        }
    }

    async fn offer(&self, key: &TokenCacheKey, token: &SecretString) {
        match self.cache.store(key, token).await {
            Ok(()) => *self.unstored.lock().unwrap_or_else(PoisonError::into_inner) = None,
            Err(error) => {
                tracing::warn!(target: "msgraph::auth", %error, "the refresh token could not be stored: it is kept in memory and stored later");
            }
        }
    }

    /// Removes refresh tokens that do not work any more, unless another process has just replaced them. One that stays
    /// is refused again, which is no reason to hide this refusal.
    async fn forget(&self, key: &TokenCacheKey, ended: &[SecretString]) {
        let matches = |token: &SecretString| contains(ended, token);
        self.given.lock().unwrap_or_else(PoisonError::into_inner).take_if(|token| matches(token));
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner).take_if(|own| matches(&own.token));
        for token in ended {
            if let Err(error) = self.cache.remove_if(key, token).await {
                tracing::warn!(target: "msgraph::auth", %error, "a refresh token that does not work any more could not be removed");
            }
        }
    }
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
            unstored: Mutex::default(),
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
