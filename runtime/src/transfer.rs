//! What uploads and downloads have in common: how far they are, when they go on after a failure, what ends them, and
//! what proves that the right bytes arrived.

pub(crate) mod hash;
pub(crate) mod receipt;

use std::fmt;
use std::io;
use std::time::Duration;

use jiff::Timestamp;

use crate::client::{GraphClient, Shared};
use crate::error::{Error, Outcome};
use crate::pipeline::CallName;
use crate::retry::{Failure, RetryPolicy};
use crate::throttling::later;
use crate::upload::UploadSession;

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
#[derive(Debug)]
pub struct TransferError {
    call: CallName,
    problem: TransferProblem,
    /// What is left of an upload whose outcome is unknown.
    unfinished: Option<Unfinished>,
}

/// An upload of which the service has not said that it is finished, nor that it is not.
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) session: UploadSession,
    /// The bytes that the service is known to have, if that is known.
    pub(crate) offset: Option<u64>,
}

/// Why a transfer cannot be brought to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferProblem {
    /// The service knows the upload session no more, and the content was not sent to its end.
    #[error("the upload session has expired or was cancelled: begin a new one")]
    SessionGone,
    /// The service has not said whether all of the content is stored, and it could not be found out.
    /// [`TransferError::session`] and [`TransferError::offset`] say where the upload stands; sending it again goes on.
    #[error(
        "the service has not said whether all of the content is stored: look at its target before sending it anew"
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
    #[error("the content has changed since the transfer began: begin again")]
    Changed,
    /// All was transferred, but what the service has, or gave, is something else by its size or its hash.
    #[error("{0}")]
    Differs(String),
    /// The service's answer does not fit the transfer.
    #[error("the service's answer does not fit the transfer: {0}")]
    Answer(&'static str),
}

impl TransferError {
    pub(crate) fn new(call: CallName, problem: TransferProblem) -> Self {
        Self { call, problem, unfinished: None }
    }

    /// The error of an upload whose outcome is unknown.
    pub(crate) fn unknown(call: CallName, unfinished: Option<Unfinished>) -> Self {
        Self { call, problem: TransferProblem::OutcomeUnknown, unfinished }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self.problem {
            TransferProblem::OutcomeUnknown | TransferProblem::Differs(_) | TransferProblem::Answer(_) => {
                Outcome::Unknown
            }
            _ => Outcome::NotDone,
        }
    }

    /// What is wrong.
    pub fn problem(&self) -> &TransferProblem {
        &self.problem
    }

    /// The session of an upload whose outcome is unknown, with which it can be found out or gone on with later
    /// ([`Upload::resume`](crate::Upload::resume)).
    pub fn session(&self) -> Option<&UploadSession> {
        self.unfinished.as_ref().map(|unfinished| &unfinished.session)
    }

    /// How many bytes the service is known to have of an upload whose outcome is unknown.
    pub fn offset(&self) -> Option<u64> {
        self.unfinished.as_ref()?.offset
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.problem)?;
        match &self.unfinished {
            Some(Unfinished { session, offset: Some(offset) }) => {
                write!(f, " ({offset} of {} bytes are known to have arrived)", session.length())
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for TransferError {}

/// Counts the failures since the last progress, and the time since the first of them.
pub(crate) struct Patience {
    policy: RetryPolicy,
    failures: u32,
    /// When the last try may begin.
    latest: Option<Timestamp>,
}

impl Patience {
    /// As many failures in a row are survived as a call has further tries, and for as long as the policy's total.
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0, latest: None }
    }

    /// Something has arrived.
    pub(crate) fn restore(&mut self) {
        (self.failures, self.latest) = (0, None);
    }

    /// Waits after a failure, for at least as long as the service asked; `false`, at once, if there were too many or
    /// that is longer than the policy allows: as for any other call, however long the service wants it to wait.
    pub(crate) async fn wait(&mut self, client: &GraphClient, told: Option<Duration>) -> bool {
        self.failures += 1;
        if !self.policy.allows_after(self.failures) {
            return false;
        }
        let Shared { clock, randomness, .. } = client.shared();
        let now = clock.now();
        let latest = *self.latest.get_or_insert_with(|| later(now, self.policy.longest_total()));
        let delay = self.policy.delay(self.failures, &Failure::passing(told), randomness.next());
        if later(now, delay) > latest {
            return false;
        }
        clock.sleep(delay).await;
        true
    }
}

impl Error {
    pub(crate) fn transfer(call: CallName, problem: TransferProblem) -> Self {
        TransferError::new(call, problem).into()
    }
}
