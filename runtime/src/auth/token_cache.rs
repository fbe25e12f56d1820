//! Where refresh tokens are kept between sign-ins: in memory, in a file, or in the system's key store.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

mod file;
#[cfg(feature = "keyring")]
mod keyring;

pub use file::FileTokenCache;
#[cfg(feature = "keyring")]
pub use keyring::KeyringTokenCache;

/// What a cache answers: anything that went wrong becomes the error of the credential.
pub type CacheResult<'a, T> = BoxFuture<'a, Result<T, Box<dyn StdError + Send + Sync>>>;

/// Whose refresh token it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenCacheKey {
    /// The authority with the tenant, as a URL.
    pub authority: String,
    /// The application.
    pub client_id: String,
    /// The account, under the name that the program gave it.
    pub account: String,
}

/// One line that tells keys apart.
impl fmt::Display for TokenCacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.authority, self.client_id, self.account)
    }
}

/// A store of refresh tokens. Tokens are replaced at every use (rotation), so a store that several programs
/// share must give each the newest.
pub trait TokenCache: Send + Sync {
    /// The token of a key, if there is one.
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>>;

    /// Keeps a token in place of an earlier one.
    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()>;

    /// Forgets a token, if there is one.
    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()>;

    /// Forgets a token if it is still this one. A store that several programs share should compare and remove in one
    /// step, or the newer token of another program may be lost in between; what is provided here takes two.
    fn remove_if<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        Box::pin(async move {
            match self.load(key).await? {
                Some(kept) if kept.expose_secret() == token.expose_secret() => self.remove(key).await,
                _ => Ok(()),
            }
        })
    }
}

/// A cache that several credentials share.
impl<C: TokenCache + ?Sized> TokenCache for Arc<C> {
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        (**self).load(key)
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        (**self).store(key, token)
    }

    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        (**self).remove(key)
    }

    fn remove_if<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        (**self).remove_if(key, token)
    }
}

/// Keeps tokens until the program ends.
#[derive(Default)]
pub struct MemoryTokenCache(Mutex<BTreeMap<TokenCacheKey, SecretString>>);

impl TokenCache for MemoryTokenCache {
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        Box::pin(async { Ok(token) })
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), token.clone());
        Box::pin(async { Ok(()) })
    }

    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        Box::pin(async { Ok(()) })
    }

    fn remove_if<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.get(key).is_some_and(|kept| kept.expose_secret() == token.expose_secret()) {
            tokens.remove(key);
        }
        Box::pin(async { Ok(()) })
    }
}

/// Without the tokens.
impl fmt::Debug for MemoryTokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryTokenCache")
    }
}
