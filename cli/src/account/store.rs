//! Where the refresh token of a user is kept: in the system's key store, or in a file that only its owner can read.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use msgraph_runtime::auth::{CacheResult, FileTokenCache, KeyringTokenCache, TokenCache, TokenCacheKey};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::remembered::Folder;

/// The name under which the system's key store shows what is kept.
const SERVICE: &str = "msgraph";

/// A place for refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// The system's key store.
    Keyring,
    /// A file with mode 0600.
    File,
}

/// Which place is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Preference {
    /// The system's key store, or a file where there is none
    #[default]
    Auto,
    /// The system's key store
    Keyring,
    /// A file that only you can read
    File,
}

impl Store {
    /// The store itself.
    pub fn open(self, folder: &Folder) -> Arc<dyn TokenCache> {
        match self {
            Self::Keyring => Arc::new(KeyringTokenCache::new(SERVICE)),
            Self::File => Arc::new(FileTokenCache::new(folder.tokens())),
        }
    }

    /// What people are told.
    pub fn describe(self, folder: &Folder) -> String {
        match self {
            Self::Keyring => "the system's key store".to_owned(),
            Self::File => format!("{} (mode 0600)", folder.tokens().display()),
        }
    }
}

/// A store for one sign-in: it knows of no earlier one, keeps the token in the first place that takes it, and remembers
/// which that was. Whether a key store works is known only once it has taken a token: it may be locked, or have too
/// little room.
pub struct FirstThatWorks {
    folder: Folder,
    preference: Preference,
    /// Where the token was kept, or why it was not.
    outcome: Mutex<Option<Result<Kept, String>>>,
}

/// Where a token was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The place.
    pub store: Store,
    /// Why it is not the key store, if that was wanted.
    pub problem: Option<String>,
}

impl FirstThatWorks {
    /// A store that has kept nothing yet.
    pub fn new(folder: Folder, preference: Preference) -> Self {
        Self { folder, preference, outcome: Mutex::default() }
    }

    /// Where the token was kept, if there was one, or why it was not. The credential goes on without a store.
    pub fn kept(&self) -> Option<Result<Kept, String>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn keep(
        &self,
        key: &TokenCacheKey,
        token: &SecretString,
    ) -> Result<Kept, Box<dyn Error + Send + Sync>> {
        let mut problem = None;
        if self.preference != Preference::File {
            match Store::Keyring.open(&self.folder).store(key, token).await {
                Ok(()) => return Ok(Kept { store: Store::Keyring, problem }),
                Err(error) if self.preference == Preference::Keyring => return Err(error),
                Err(error) => problem = Some(error.to_string()),
            }
        }
        self.folder.make()?;
        Store::File.open(&self.folder).store(key, token).await?;
        Ok(Kept { store: Store::File, problem })
    }
}

impl TokenCache for FirstThatWorks {
    fn load<'a>(&'a self, _: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        Box::pin(async { Ok(None) })
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        Box::pin(async move {
            let kept = self.keep(key, token).await;
            let outcome = kept.as_ref().map(Kept::clone).map_err(ToString::to_string);
            *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            kept.map(drop)
        })
    }

    fn remove<'a>(&'a self, _: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl fmt::Debug for FirstThatWorks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FirstThatWorks({:?})", self.preference)
    }
}
