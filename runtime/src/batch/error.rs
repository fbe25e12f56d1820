//! What can go wrong with a part beyond what can go wrong with a request of its own.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::error::{Error, Outcome};
use crate::pipeline::CallName;

/// A part of a batch that got no answer of its own.
#[derive(Debug, thiserror::Error)]
#[error("{call} in a batch: {problem}")]
pub struct BatchError {
    call: CallName,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{0}")]
    Call(Arc<Error>),
    #[error("the service gave no answer to this part")]
    Unanswered,
    #[error("the service gave more than one answer to this part")]
    Ambiguous,
    #[error("the service gave an answer to this part that cannot be read")]
    Unreadable,
    #[error("the part is of another batch than these answers")]
    Foreign,
}

impl BatchError {
    pub(super) fn new(call: CallName, problem: Problem) -> Self {
        Self { call, problem }
    }

    /// Method and path template of the part.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// The error of the call that carried the part, if that failed as a whole.
    pub fn cause(&self) -> Option<&Error> {
        match &self.problem {
            Problem::Call(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.cause().and_then(Error::status)
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.cause().and_then(Error::code)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.cause().and_then(Error::retry_after)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match &self.problem {
            Problem::Call(error) if error.outcome() == Outcome::NotDone => Outcome::NotDone,
            Problem::Foreign => Outcome::NotDone,
            _ => Outcome::Unknown,
        }
    }

    pub(crate) fn is_retryable(&self) -> bool {
        match &self.problem {
            Problem::Call(error) => error.is_retryable(),
            Problem::Unanswered => true,
            Problem::Ambiguous | Problem::Unreadable | Problem::Foreign => false,
        }
    }
}
