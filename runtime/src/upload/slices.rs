//! The slices of an upload: each is one that the service says is missing, until it says that all is there.
//!
//! Two accounts are kept: what the service says is missing, and what was never sent, by our own count. Only when both
//! are empty and the service says that something was made of it, the upload is finished. If it says less, the session
//! is asked; if that is over or says nothing, the item is looked at; and if that shows nothing, the outcome is unknown.
//!
//! What the service answers to a slice, and what that means:
//!
//! | answer | meaning |
//! |---|---|
//! | 2xx with ranges | these are missing, if those that were never sent are among them |
//! | 201, or 2xx with an item, after the last byte | finished |
//! | the same before (inbox-zero#3256), or 2xx with neither (onedrive-api-docs#14, #41) | the session is asked |
//! | 404, 410 | the session is over: for a new one, too, if an Office file is there already (abraunegg/onedrive#3859, rclone#9767) |
//! | 416 | it has these bytes, perhaps from this very slice, or others are missing before them: the session is asked |
//! | 429, 503 with `Retry-After`, no connection | nothing was taken: the session is asked later |
//! | 408, other 5xx but 501, 505 and 507, no answer | something may have been taken: the session is asked later |
//! | any other error, such as 409 for a name that is taken | refused |

use http::{Method, StatusCode};

use super::ranges::Ranges;
use super::session::{State, name, problem};
use super::source::Source;
use super::target::{Sight, look};
use super::{Before, Opened, unreadable};
use crate::client::GraphClient;
use crate::error::Error;
use crate::response::Answer;
use crate::retry::RetryPolicy;
use crate::transfer::receipt::Receipt;
use crate::transfer::{Observer, Patience, Progress, TransferError, TransferProblem, Unfinished};
use crate::transport::Phase;

/// Content on its way.
pub(super) struct Slices<'a> {
    pub(super) client: &'a GraphClient,
    pub(super) policy: RetryPolicy,
    pub(super) opened: &'a mut Opened,
    pub(super) source: &'a mut Source,
    pub(super) observer: Option<&'a mut Observer>,
    /// The bytes of a slice.
    pub(super) size: u64,
    /// What the service says that it does not have yet; nothing if it must be asked.
    pub(super) missing: Ranges,
}

/// What an exchange with the service has led to.
enum Step {
    /// All is there, as the answer says.
    Done(Answer),
    /// It is known what is missing.
    Known,
    /// It is not known what is missing, and nothing has failed.
    Ask,
    /// Something is to be tried again after a while.
    Failed(Error),
}

/// What an error in answer to a slice means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// There is no such session.
    Over,
    /// The session knows what became of it: nothing, or perhaps something.
    Again { may_have_arrived: bool },
    /// Another try makes no sense.
    Refused,
}

impl Fate {
    fn of(error: &Error) -> Self {
        let Some(status) = error.status() else {
            return match error {
                Error::Delivery(error) if error.phase() == Phase::Setup => Self::Refused,
                Error::Delivery(error) => Self::Again { may_have_arrived: error.phase() != Phase::Connect },
                _ if error.is_retryable() => Self::Again { may_have_arrived: false },
                _ => Self::Refused,
            };
        };
        match status.as_u16() {
            // A success that holds an error.
            200..300 => Self::Again { may_have_arrived: true },
            404 | 410 => Self::Over,
            429 => Self::Again { may_have_arrived: false },
            503 => Self::Again { may_have_arrived: error.retry_after().is_none() },
            501 | 505 | 507 => Self::Refused,
            408 | 416 | 500.. => Self::Again { may_have_arrived: true },
            _ => Self::Refused,
        }
    }
}

impl Slices<'_> {
    /// Sends what is missing, and gives the answer that says that nothing is.
    pub(super) async fn send(mut self) -> Result<Answer, Error> {
        let mut patience = Patience::new(self.policy);
        loop {
            let failure = match self.advance().await? {
                Step::Done(answer) => return Ok(answer),
                Step::Failed(failure) => failure,
                Step::Known | Step::Ask if self.has_progressed() => {
                    patience.restore();
                    continue;
                }
                Step::Known | Step::Ask => problem(Method::PUT, TransferProblem::NoProgress),
            };
            if !patience.wait(self.client, failure.retry_after()).await {
                return Err(failure);
            }
        }
    }

    /// Sends the first slice that is missing, and asks what is before and after, if it must. A question alone is no
    /// success, so that every round either sends something or brings the upload on.
    async fn advance(&mut self) -> Result<Step, Error> {
        if self.missing.is_empty() {
            match self.ask().await? {
                Step::Known if !self.is_less_missing() => {}
                step => return Ok(step),
            }
        }
        match self.put().await? {
            Step::Ask => self.ask().await,
            step => Ok(step),
        }
    }

    async fn put(&mut self) -> Result<Step, Error> {
        let Some(range) = self.missing.first() else { return Ok(Step::Ask) };
        let range = range.start..range.end.min(range.start.saturating_add(self.size));
        let slice = self.source.read(range.clone()).await.map_err(unreadable)?;
        self.source.note_sent(range.start, &slice);
        let left = self.missing.without(&range);
        // Noted before, as nobody may be there any more to note it when it is sent.
        let before = self.opened.note_sent(&range);
        let sent = self.opened.session.put(self.client, range.start, slice).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                self.missing = Ranges::default();
                return self.failed(error, before).await;
            }
        };
        let is_made = answer.status == StatusCode::CREATED || Receipt::of(answer.bytes()).has_id;
        let is_last = self.opened.is_all_sent() && left.is_empty();
        self.missing = Ranges::default();
        match self.opened.session.state(&answer)? {
            // After the last byte, something was made and more is missing: both cannot be (onedrive-api-docs#1531).
            State::Expects(_) if is_made && is_last => return Ok(Step::Ask),
            State::Expects(missing) if self.opened.agrees_with(&missing) => {
                self.missing = missing;
                return Ok(Step::Known);
            }
            State::Expects(_) => {}
            State::Silent if is_made && is_last => return Ok(Step::Done(answer)),
            State::Silent => self.opened.ended_early |= is_made,
        }
        Ok(Step::Ask)
    }

    /// A slice got an error for an answer.
    async fn failed(&mut self, error: Error, before: Before) -> Result<Step, Error> {
        match Fate::of(&error) {
            Fate::Again { may_have_arrived } => {
                if !may_have_arrived {
                    self.opened.restore(before);
                }
                Ok(Step::Failed(error))
            }
            // The last slice may have finished the session that is over; it may have been sent twice on its way.
            Fate::Over if self.opened.is_all_sent() && !before.fresh => self.over().await,
            // A new session that is over with its first slice never was one, unless the item shows otherwise.
            Fate::Over => {
                let may_be_finished = self.opened.is_all_sent();
                self.opened.restore(before);
                let sight = if may_be_finished { self.look(false).await? } else { Sight::Unknown };
                match sight {
                    Sight::Proven(answer) => Ok(Step::Done(*answer)),
                    _ if may_be_finished => Err(problem(Method::PUT, TransferProblem::SessionGone)),
                    _ => self.over().await,
                }
            }
            Fate::Refused => {
                self.opened.restore(before);
                Err(error)
            }
        }
    }

    /// Asks the session what is missing.
    async fn ask(&mut self) -> Result<Step, Error> {
        let answer = match self.opened.session.ask(self.client).await {
            Ok(answer) => answer,
            Err(error) if Fate::of(&error) == Fate::Over => return self.over().await,
            Err(error) => return Err(error),
        };
        let receipt = Receipt::of(answer.bytes());
        match self.opened.session.state(&answer)? {
            State::Expects(missing) => {
                if !self.opened.agrees_with(&missing) {
                    return Ok(Step::Failed(self.unknown()));
                }
                self.opened.unsent.get_or_insert_with(|| missing.clone());
                self.missing = missing;
                Ok(Step::Known)
            }
            State::Silent if self.opened.is_something_unsent() => Ok(Step::Failed(self.unknown())),
            State::Silent if receipt.has_id && self.is_of_all(&answer, &receipt) => Ok(Step::Done(answer)),
            State::Silent => match self.look(true).await? {
                Sight::Proven(answer) => Ok(Step::Done(*answer)),
                _ => Ok(Step::Failed(self.unknown())),
            },
        }
    }

    /// Whether an item that a session gives when it is asked is that of all bytes. The last slice has got no answer that
    /// says so, so that having been sent alone does not make it.
    fn is_of_all(&self, answer: &Answer, receipt: &Receipt) -> bool {
        let is_created = answer.status == StatusCode::CREATED && self.opened.is_all_sent();
        is_created || receipt.size == Some(self.opened.session.length())
    }

    /// The session is over: it is finished, has expired or was cancelled. The service answers the same to all
    /// (onedrive-api-docs#1259), so that only the item itself tells.
    async fn over(&mut self) -> Result<Step, Error> {
        let gone = || problem(Method::PUT, TransferProblem::SessionGone);
        let may_be_finished = self.opened.session.is_last_byte_sent() || self.opened.ended_early;
        if !may_be_finished && self.opened.is_something_unsent() {
            return Err(gone());
        }
        match self.look(may_be_finished).await? {
            Sight::Proven(answer) => Ok(Step::Done(*answer)),
            Sight::Absent | Sight::Other if !may_be_finished => Err(gone()),
            _ => Err(self.unknown()),
        }
    }

    async fn look(&mut self, expected: bool) -> Result<Sight, Error> {
        look(self.client, self.policy, &self.opened.session.target(), self.source, expected).await
    }

    /// The error that it is not known what became of the content.
    fn unknown(&self) -> Error {
        let session = self.opened.session.clone();
        let offset = self.opened.least.map(|least| session.length().saturating_sub(least));
        TransferError::unknown(name(Method::PUT), Some(Unfinished { session, offset })).into()
    }

    /// Whether the service says that less is missing than ever.
    fn is_less_missing(&self) -> bool {
        !self.missing.is_empty() && self.opened.least.is_none_or(|least| self.missing.total() < least)
    }

    /// Whether less is missing than ever; it is told who wants to know.
    fn has_progressed(&mut self) -> bool {
        let is_less = self.is_less_missing();
        if is_less {
            let (missing, total) = (self.missing.total(), self.opened.session.length());
            self.opened.least = Some(missing);
            if let Some(observer) = &mut self.observer {
                observer(Progress { transferred: total.saturating_sub(missing), total: Some(total) });
            }
        }
        is_less
    }
}
