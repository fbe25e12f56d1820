//! Several credentials, of which the first that works is used: one program for a developer's computer and for
//! the cloud.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;

use super::error::AuthError;
use crate::credential::{AccessToken, TokenCredential, TokenRequest};
use crate::error::Error;

/// Credentials that are tried in order. The one that worked last is tried first.
#[derive(Clone, Default)]
pub struct CredentialChain {
    links: Vec<(String, Arc<dyn TokenCredential>)>,
    worked: Arc<AtomicUsize>,
}

impl CredentialChain {
    /// A chain without credentials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a credential at the end, under the name by which errors speak of it.
    #[must_use]
    pub fn with(mut self, name: &str, credential: impl TokenCredential + 'static) -> Self {
        self.links.push((name.to_owned(), Arc::new(credential)));
        self
    }

    async fn token(&self, request: TokenRequest<'_>) -> Result<AccessToken, Error> {
        let first = self.worked.load(Ordering::Relaxed).min(self.links.len());
        let order = (first..self.links.len()).chain(0..first);
        let mut failures = Vec::new();
        for at in order {
            let (name, credential) = &self.links[at];
            match credential.get_token(request).await {
                Ok(token) => {
                    self.worked.store(at, Ordering::Relaxed);
                    return Ok(token);
                }
                Err(error) => failures.push((name.clone(), error)),
            }
        }
        if failures.is_empty() {
            return Err(AuthError::configuration("the chain has no credentials: add one with `with`").into());
        }
        Err(AuthError::Chain(failures.into()).into())
    }
}

impl TokenCredential for CredentialChain {
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(self.token(request))
    }
}

/// The names of the credentials.
impl fmt::Debug for CredentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.links.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "CredentialChain({})", names.join(", "))
    }
}
