//! Looks, before a request is sent, whether its token can be enough.

use super::{Catalog, Explanation, Granted};
use crate::error::{Error, PermissionError};
use crate::operation::Operation;

/// What a client does if the token of a request lacks the permissions of its operation.
///
/// It never stands in the way of what it does not know: an operation without a row in the permission table, a token that
/// cannot be read, and permissions that may have been given for a single team or chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preflight {
    /// Sends it. The default of programs that are built without debug assertions.
    Off,
    /// Sends it and says so as an event of `tracing` at level WARN. The default of debug builds.
    Warn,
    /// Does not send it: the call fails with [`Error::Permission`](crate::Error::Permission).
    Refuse,
}

impl Default for Preflight {
    fn default() -> Self {
        if cfg!(debug_assertions) { Self::Warn } else { Self::Off }
    }
}

impl Preflight {
    /// Compares a token with an operation.
    ///
    /// # Errors
    /// If the request is not to be sent.
    pub(crate) fn check(self, operation: Operation, token: &str, catalog: &Catalog) -> Result<(), Error> {
        if self == Self::Off {
            return Ok(());
        }
        let Some(granted) = Granted::from_token(token) else { return Ok(()) };
        let explanation = Explanation::new(operation, granted, catalog);
        if !explanation.is_certain() {
            return Ok(());
        }
        if self == Self::Refuse {
            return Err(PermissionError::new(explanation).into());
        }
        tracing::warn!(target: "msgraph", operation = %operation, "{explanation}");
        Ok(())
    }
}
