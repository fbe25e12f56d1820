//! The answers of a batch, each taken as the type of its request.

use std::fmt;

use super::error::Problem;
use super::{BatchError, Entry, Identity, Part};
use crate::error::Error;
use crate::json::Value;
use crate::paging::{Items, Page, Pages};
use crate::response::{Answer, Decode, Response};

/// What happened to each request of a [`Batch`](super::Batch).
pub struct BatchAnswers {
    entries: Vec<Entry>,
    answers: Vec<Option<Result<Answer, Error>>>,
    identity: Identity,
}

impl BatchAnswers {
    pub(super) fn new(
        entries: Vec<Entry>,
        answers: Vec<Option<Result<Answer, Error>>>,
        identity: Identity,
    ) -> Self {
        Self { entries, answers, identity }
    }

    /// The value that a part's request yields.
    ///
    /// # Errors
    /// Those of the request by itself; and [`Error::Batch`] if there is no answer to the part alone.
    pub fn take<T: Decode>(&mut self, part: Part<T>) -> Result<T::Output, Error> {
        self.take_response(part).map(Response::into_value)
    }

    /// The value that a part's request yields, with the status and headers of its own answer.
    ///
    /// # Errors
    /// Those of [`BatchAnswers::take`].
    pub fn take_response<T: Decode>(&mut self, part: Part<T>) -> Result<Response<T::Output>, Error> {
        self.answer(part.index, &part.batch).and_then(Answer::decode::<T>)
    }

    /// All pages of a collection of which the part has asked for the first; the others are requests of their own.
    ///
    /// # Errors
    /// Those of [`BatchAnswers::take`], but for a first page that does not decode: that is the stream's.
    pub fn pages<T: Value + 'static>(&mut self, part: Part<Page<T>>) -> Result<Pages<T>, Error> {
        let first = self.answer(part.index, &part.batch)?;
        Ok(Pages::begun(self.entries[part.index].later.again(), first))
    }

    /// All items of a collection of which the part has asked for the first page.
    ///
    /// # Errors
    /// Those of [`BatchAnswers::pages`].
    pub fn stream<T: Value + 'static>(&mut self, part: Part<Page<T>>) -> Result<Items<T>, Error> {
        self.pages(part).map(Items::new)
    }

    fn answer(&mut self, part: usize, batch: &Identity) -> Result<Answer, Error> {
        let foreign = || BatchError::new(super::batch_name(), Problem::Foreign);
        if !self.identity.is(batch) {
            return Err(foreign().into());
        }
        // A part is given away with its answer, so that the answer is there.
        self.answers.get_mut(part).and_then(Option::take).unwrap_or_else(|| Err(foreign().into()))
    }
}

impl fmt::Debug for BatchAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.answers.iter().filter(|answer| matches!(answer, Some(Err(_)))).count();
        write!(f, "BatchAnswers({} parts, {failed} failed)", self.answers.len())
    }
}
