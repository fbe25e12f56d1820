//! Refresh tokens in the system's key store: Keychain, Credential Manager, Secret Service.

use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use super::{CacheResult, TokenCache, TokenCacheKey};

/// Keeps each token as a password of a service in the key store that the system encrypts, or in the one that
/// the program has set with `keyring_core::set_default_store`.
#[derive(Clone, Debug)]
pub struct KeyringTokenCache {
    service: String,
}

impl KeyringTokenCache {
    /// A store under a service name, such as the program's.
    pub fn new(service: &str) -> Self {
        Self { service: service.to_owned() }
    }

    /// Key stores ask the user, and block meanwhile.
    fn with<T: Send + 'static>(
        &self,
        key: &TokenCacheKey,
        action: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> CacheResult<'static, T> {
        let (service, user) = (self.service.clone(), key.to_string());
        Box::pin(async move {
            let blocking = move || entry(&service, &user).and_then(action);
            let outcome = tokio::task::spawn_blocking(blocking).await?;
            // The errors' own `Debug` can show what is stored.
            outcome.map_err(|error| format!("the system's key store: {error}").into())
        })
    }
}

/// An entry of the store that the program has chosen, or else of the system's.
fn entry(service: &str, user: &str) -> Result<Entry, Error> {
    if keyring_core::get_default_store().is_none() {
        // Choosing the system's store is a side effect of this.
        keyring::Entry::new(service, user)?;
    }
    Entry::new(service, user)
}

impl TokenCache for KeyringTokenCache {
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        self.with(key, |entry| match entry.get_password() {
            Ok(token) => Ok(Some(token.into())),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        let token = token.clone();
        self.with(key, move |entry| entry.set_password(token.expose_secret()))
    }

    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        self.with(key, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// Key stores cannot compare and remove in one step; here nothing comes between but another program.
    fn remove_if<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        let token = token.clone();
        self.with(key, move |entry| match entry.get_password().map(SecretString::from) {
            Ok(kept) if kept.expose_secret() == token.expose_secret() => entry.delete_credential(),
            Ok(_) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }
}
