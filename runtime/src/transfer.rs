//! What uploads and downloads have in common: how far they are, when they go on after a failure, and what ends
//! them.

use std::io;
use std::time::Duration;

use crate::client::{GraphClient, Shared};
use crate::error::{Error, Outcome};
use crate::pipeline::CallName;
use crate::retry::{Failure, RetryPolicy};

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The bytes that have arrived.
    pub transferred: u64,
    /// The bytes of the whole, if that is known.
    pub total: Option<u64>,
}

/// What is told how far a transfer is.
pub(crate) type Observer = Box<dyn FnMut(Progress) + Send>;

/// A transfer that cannot be brought to its end.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {problem}")]
pub struct TransferError {
    call: CallName,
    problem: TransferProblem,
}

/// Why a transfer cannot be brought to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferProblem {
    /// The service knows the upload session no more.
    #[error("the upload session has expired or was cancelled: begin a new one")]
    SessionGone,
    /// All was sent, but the service's last word was lost and the upload session is over.
    #[error(
        "everything was sent, but the last answer was lost and the session is over: the content is most likely \
         complete, look at it before sending it again"
    )]
    OutcomeUnknown,
    /// The service asks for the same bytes again and again.
    #[error("the service does not take the bytes that it asks for")]
    NoProgress,
    /// What is to be sent cannot be read.
    #[error("the content cannot be read: {0}")]
    Source(io::Error),
    /// What was received cannot be stored.
    #[error("the content cannot be stored: {0}")]
    Sink(io::Error),
    /// What is to be sent is not what an upload session was opened for, or cannot be sent in one.
    #[error("{0}")]
    Unsuitable(String),
    /// The content is not the same that the transfer began with.
    #[error("the content has changed since the download began: begin again")]
    Changed,
    /// The service's answer does not fit the transfer.
    #[error("the service's answer does not fit the transfer: {0}")]
    Answer(&'static str),
}

impl TransferError {
    pub(crate) fn new(call: CallName, problem: TransferProblem) -> Self {
        Self { call, problem }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self.problem {
            TransferProblem::OutcomeUnknown => Outcome::Unknown,
            _ => Outcome::NotDone,
        }
    }

    /// What is wrong.
    pub fn problem(&self) -> &TransferProblem {
        &self.problem
    }
}

/// Counts the failures since the last progress.
pub(crate) struct Patience {
    policy: RetryPolicy,
    failures: u32,
}

impl Patience {
    /// As many failures in a row are survived as a call has further tries.
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0 }
    }

    /// Something has arrived.
    pub(crate) fn restore(&mut self) {
        self.failures = 0;
    }

    /// Waits after a failure, for at least as long as the service asked; `false` if there were too many.
    pub(crate) async fn wait(&mut self, client: &GraphClient, told: Option<Duration>) -> bool {
        self.failures += 1;
        if !self.policy.allows_after(self.failures) {
            return false;
        }
        let Shared { clock, randomness, .. } = client.shared();
        clock.sleep(self.policy.delay(self.failures, &Failure::passing(told), randomness.next())).await;
        true
    }
}

impl Error {
    pub(crate) fn transfer(call: CallName, problem: TransferProblem) -> Self {
        TransferError::new(call, problem).into()
    }
}
