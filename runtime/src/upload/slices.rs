//! The slices of an upload: each is one that the service says is missing, until it says that all is there.

use std::ops::Range;

use http::{Method, StatusCode};

use super::Upload;
use super::session::{State, UploadSession, problem};
use crate::error::Error;
use crate::response::Answer;
use crate::transfer::{Patience, TransferProblem};

/// Content on its way.
struct Slices<'a> {
    upload: &'a mut Upload,
    session: &'a UploadSession,
    /// What the service does not have yet, in order; nothing if it must be asked.
    missing: Vec<Range<u64>>,
    /// The fewest bytes that have been missing.
    least: u64,
    /// Whether a slice was sent after which nothing was missing.
    finished: bool,
}

/// Sends what is missing, and gives the answer that says that nothing is.
pub(super) async fn send(upload: &mut Upload, session: &UploadSession, fresh: bool) -> Result<Answer, Error> {
    let missing = Vec::from_iter(fresh.then(|| 0..session.length()));
    let least = if fresh { session.length() } else { u64::MAX };
    let mut slices = Slices { upload, session, missing, least, finished: false };
    let mut patience = Patience::new(slices.upload.client.retry_policy());
    loop {
        let asked = slices.missing.is_empty();
        let failure = match slices.step().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) if slices.has_progressed() => {
                patience.restore();
                continue;
            }
            Ok(None) if asked => continue,
            Ok(None) => problem(Method::PUT, TransferProblem::NoProgress),
            // The question what is missing has been asked again already, as it is safe.
            Err(error) if !asked && is_passing(&error) => {
                // Whatever arrived of the slice, the service knows.
                slices.missing.clear();
                error
            }
            Err(error) => return Err(error),
        };
        if !patience.wait(&slices.upload.client, failure.retry_after()).await {
            return Err(failure);
        }
    }
}

/// Whether an error is one after which the service is asked what it has: also that it does not want the range.
fn is_passing(error: &Error) -> bool {
    let passing =
        |status: StatusCode| status.is_server_error() || status == StatusCode::RANGE_NOT_SATISFIABLE;
    error.is_retryable() || error.status().is_some_and(passing)
}

impl Slices<'_> {
    /// Sends the first slice that is missing, or asks what is.
    async fn step(&mut self) -> Result<Option<Answer>, Error> {
        let Some(range) = self.missing.first().cloned() else { return self.ask().await };
        let end = range.end.min(range.start.saturating_add(self.upload.limits.slice));
        let slice = self.upload.read(range.start..end).await?;
        self.finished = end == range.end && self.missing.len() == 1;
        let answer = self.session.put(&self.upload.client, range.start, slice).await;
        let answer = answer.map_err(|error| self.over(error, TransferProblem::SessionGone))?;
        match self.session.state(&answer)? {
            _ if answer.status == StatusCode::CREATED => Ok(Some(answer)),
            State::Expects(missing) => {
                self.missing = missing;
                Ok(None)
            }
            State::Silent if self.finished || answer.status != StatusCode::ACCEPTED => Ok(Some(answer)),
            State::Silent => {
                self.missing[0].start = end;
                self.missing.retain(|range| !range.is_empty());
                Ok(None)
            }
        }
    }

    async fn ask(&mut self) -> Result<Option<Answer>, Error> {
        let answer = self.session.ask(&self.upload.client).await;
        let gone = if self.finished { TransferProblem::OutcomeUnknown } else { TransferProblem::SessionGone };
        let answer = answer.map_err(|error| self.over(error, gone))?;
        match self.session.state(&answer)? {
            State::Expects(missing) => {
                self.missing = missing;
                Ok(None)
            }
            State::Silent => Ok(Some(answer)),
        }
    }

    /// The error, or what it means if it says that there is no such session.
    fn over(&self, error: Error, gone: TransferProblem) -> Error {
        match error.status() {
            Some(StatusCode::NOT_FOUND | StatusCode::GONE) => problem(Method::PUT, gone),
            _ => error,
        }
    }

    /// Whether less is missing than ever.
    fn has_progressed(&mut self) -> bool {
        let missing = self.missing.iter().map(|range| range.end - range.start).sum();
        let less = missing < self.least;
        if less {
            self.least = missing;
            let length = self.session.length();
            self.upload.report(length.saturating_sub(missing), length);
        }
        less
    }
}
