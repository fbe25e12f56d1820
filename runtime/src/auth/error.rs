//! Why a sign-in failed, as one type that says what to do about it and never shows a secret.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::refusal::Refusal;
use crate::error::{CredentialError, Error};
use crate::transport::TransportError;

/// Why no token could be had. Cloning is cheap: everybody who waited for the same token gets the same error.
///
/// A call that failed for want of a token fails with [`Error::Credential`]; [`AuthError::of`] finds this one in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// Something is wrong that was found before any request: all of it, one sentence each.
    Configuration(Arc<[String]>),
    /// The sign-in service refused.
    Refused(Arc<Refusal>),
    /// The sign-in service could not be reached.
    Delivery {
        /// Where the request went, without query.
        endpoint: String,
        /// What happened.
        source: Arc<TransportError>,
    },
    /// The sign-in service answered with something that OAuth 2.0 does not know.
    Answer {
        /// Where the request went, without query.
        endpoint: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// The user must sign in, or a sign-in that began did not end.
    Interaction(String),
    /// Something that the credential depends on failed: a callback, a file, a store, another library.
    Source {
        /// What was to be had from it.
        what: String,
        /// What it says.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// No credential of a chain gave a token: each with its name and why.
    Chain(Arc<[(String, Error)]>),
}

impl AuthError {
    /// The sign-in error inside an error of a call, if there is one.
    pub fn of(error: &Error) -> Option<&Self> {
        match error {
            Error::Credential(_) => error.source()?.downcast_ref(),
            _ => None,
        }
    }

    /// The sign-in service's answer, if it refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Delivery { .. } => true,
            Self::Refused(refusal) => refusal.is_retryable(),
            _ => false,
        }
    }

    pub(crate) fn configuration(problem: impl Into<String>) -> Self {
        Self::Configuration([problem.into()].into())
    }

    pub(crate) fn source(
        what: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Source { what: what.into(), source: source.into().into() }
    }

    /// Fails if there are problems.
    pub(crate) fn unless_none(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self::Configuration(problems.into())) }
    }
}

/// One line that a person can act on; a chain has one line for each credential.
impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(problems) => f.write_str(&problems.join("; ")),
            Self::Refused(refusal) => write!(f, "the sign-in service refused: {refusal}"),
            Self::Delivery { endpoint, source } => write!(f, "{endpoint} gave no answer: {source}"),
            Self::Answer { endpoint, problem } => {
                write!(f, "the answer of {endpoint} cannot be used: {problem}")
            }
            Self::Interaction(problem) => f.write_str(problem),
            Self::Source { what, source } => write!(f, "{what}: {source}"),
            Self::Chain(failures) => {
                f.write_str("no credential of the chain gave a token:")?;
                failures.iter().try_for_each(|(name, error)| write!(f, "\n- {name}: {error}"))
            }
        }
    }
}

impl StdError for AuthError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Refused(refusal) => Some(&**refusal),
            Self::Delivery { source, .. } => Some(&**source),
            Self::Source { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        let (retryable, retry_after) = (error.is_retryable(), error.refusal().and_then(Refusal::retry_after));
        let credential = CredentialError::new(error.to_string(), Some(error.into()));
        if retryable { credential.passing(retry_after).into() } else { credential.into() }
    }
}
