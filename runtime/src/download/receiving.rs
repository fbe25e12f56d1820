//! A download under way: it asks, hands on what comes, asks for the rest after a break, and checks the whole at its end.

use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};

use super::Download;
use super::answer::{Checked, Extent, Version, checked, digest};
use crate::body::ByteStream;
use crate::error::Error;
use crate::response::{Answer, Content, Expected};
use crate::transfer::hash::{Claim, Hash};
use crate::transfer::{Patience, Progress, TransferProblem};

/// Where a download stands.
pub(super) struct Receiving {
    download: Download,
    /// Where the next byte stands in the whole.
    at: u64,
    /// The length of the whole, if it is known.
    total: Option<u64>,
    version: Version,
    incoming: Option<Incoming>,
    patience: Patience,
    /// What is said to be the hash of the whole, and that of what has come so far.
    hashes: Vec<(Claim, Hash)>,
}

/// A body that is being read.
struct Incoming {
    chunks: ByteStream,
    /// How many of its bytes come before the next one that is wanted.
    skip: u64,
    /// How many bytes of it are still to come, if it says so.
    left: Option<u64>,
    /// Whether its end is that of the whole.
    is_whole: bool,
}

impl Receiving {
    pub(super) fn new(download: Download) -> Self {
        let policy = download.draft.retry_policy();
        Self {
            at: download.start,
            total: None,
            version: Version::default(),
            incoming: None,
            patience: Patience::new(policy),
            hashes: Vec::new(),
            download,
        }
    }

    /// The next chunk; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.is_complete() {
            if self.incoming.is_none() {
                let incoming = self.request().await?;
                self.incoming = Some(incoming);
                // An answer can say that there is nothing to come.
                continue;
            }
            let failure = match self.receive().await {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) if self.total.is_none() && self.ends_the_whole()? => {
                    self.total = Some(self.at);
                    break;
                }
                Ok(None) => Error::body(self.download.draft.name(), std::io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.is_retryable() => error,
                Err(error) => return Err(error),
            };
            self.incoming = None;
            let resumable = self.at == self.download.start || self.version.is_known();
            let told = failure.retry_after();
            if !resumable || !self.patience.wait(self.download.draft.client(), told).await {
                return Err(failure);
            }
        }
        self.verify().map(|()| None)
    }

    /// The first byte behind the last one that is wanted and there, as far as that is known.
    fn goal(&self) -> Option<u64> {
        // An end that may lie behind the whole says nothing of where that ends.
        self.total.map(|total| self.download.end.map_or(total, |end| end.min(total)))
    }

    fn is_complete(&self) -> bool {
        self.goal().or(self.download.end).is_some_and(|goal| self.at >= goal)
    }

    /// Whether the body that has ended is all of the content, whose length was not said.
    fn ends_the_whole(&self) -> Result<bool, Error> {
        match &self.incoming {
            Some(incoming) if incoming.is_whole && incoming.skip > 0 => Err(self.ends_early()),
            Some(incoming) => Ok(incoming.is_whole),
            None => Ok(false),
        }
    }

    /// The next chunk of the body that is being read.
    async fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        let goal = self.goal().or(self.download.end);
        let Some(incoming) = &mut self.incoming else { return Ok(None) };
        while let Some(chunk) = incoming.chunks.next().await {
            let mut chunk = chunk.map_err(|error| Error::body(self.download.draft.name(), error))?;
            if let Some(left) = &mut incoming.left {
                let Some(rest) = left.checked_sub(chunk.len() as u64) else {
                    return Err(self.problem(TransferProblem::Answer("it has more bytes than it says")));
                };
                *left = rest;
            }
            let skipped = incoming.skip.min(chunk.len() as u64);
            incoming.skip -= skipped;
            chunk = chunk.split_off(usize::try_from(skipped).unwrap_or(chunk.len()));
            if let Some(goal) = goal {
                chunk.truncate(usize::try_from(goal - self.at).unwrap_or(usize::MAX));
            }
            if !chunk.is_empty() {
                self.at += chunk.len() as u64;
                self.hashes.iter_mut().for_each(|(_, hash)| hash.update(&chunk));
                self.patience.restore();
                self.report();
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    fn report(&mut self) {
        let start = self.download.start;
        let (transferred, total) = (self.at - start, self.goal().map(|goal| goal.saturating_sub(start)));
        if let Some(observer) = &mut self.download.observer {
            observer(Progress { transferred, total });
        }
    }

    /// Asks for the rest.
    async fn request(&mut self) -> Result<Incoming, Error> {
        let again = self.at > self.download.start;
        let mut draft = self.download.draft.again();
        // The lengths and positions are those of the content itself.
        draft.header(ACCEPT_ENCODING.as_str(), "identity");
        if self.at > 0 || self.download.end.is_some() {
            let last = self.download.end.map(|end| (end - 1).to_string()).unwrap_or_default();
            draft.header(RANGE.as_str(), &format!("bytes={}-{last}", self.at));
        }
        let tag = self.version.strong_tag().filter(|_| again);
        if let Some(tag) = tag {
            draft.header(IF_RANGE.as_str(), tag);
        }
        let answer = draft.send(Expected::of::<Content>()).await?;
        let mut version = Version::of(&answer.headers);
        if tag.is_some() && answer.status == StatusCode::PARTIAL_CONTENT && !version.is_known() {
            // The service has compared the tags; it need not repeat its own.
            version = self.version.clone();
        }
        let extent = Extent::of(&answer).map_err(|what| self.problem(TransferProblem::Answer(what)))?;
        let other_total = extent.total.zip(self.total).is_some_and(|(total, known)| total != known);
        if again && (version != self.version || other_total) {
            return Err(self.problem(TransferProblem::Changed));
        }
        let answer = self.checked(answer).await?;
        let skip = self.skip(extent)?;
        if !again {
            self.hashes = self.to_hash(digest(&answer.headers));
        }
        (self.version, self.total) = (version, extent.total.or(self.total));
        self.check_size()?;
        let chunks = answer.body.into_stream();
        Ok(Incoming { chunks, skip, left: extent.length, is_whole: extent.is_whole })
    }

    async fn checked(&mut self, answer: Answer) -> Result<Answer, Error> {
        let now = self.download.draft.client().shared().clock.now();
        checked(answer, &self.download.expected, now).await.map_err(|checked| match checked {
            Checked::Answer(what) => self.problem(TransferProblem::Answer(what)),
            Checked::Error(error) => error,
        })
    }

    /// How many bytes of an answer come before the next one that is wanted.
    fn skip(&self, extent: Extent) -> Result<u64, Error> {
        let skip = self.at.checked_sub(extent.start).ok_or_else(|| {
            self.problem(TransferProblem::Answer("it begins behind the bytes that were asked for"))
        })?;
        let ends_early = extent.length.is_some_and(|length| skip >= length && skip > 0);
        // All may have come before a break at the very end.
        let is_end = extent.total == Some(self.at) && self.at > self.download.start;
        if ends_early && !is_end { Err(self.ends_early()) } else { Ok(skip) }
    }

    /// What is to be hashed: for the first claim of the item that can be compared, and for that of the answer. A range
    /// has no hash that is known.
    fn to_hash(&self, digest: Option<Claim>) -> Vec<(Claim, Hash)> {
        if self.download.start > 0 || self.download.end.is_some() {
            return Vec::new();
        }
        let hash = |claim: Claim| Hash::new(claim.kind).map(|hash| (claim, hash));
        let of_item = self.download.expected.claims.iter().cloned().find_map(hash);
        of_item.into_iter().chain(digest.and_then(hash)).collect()
    }

    /// Whether the whole is as long as the item says.
    fn check_size(&self) -> Result<(), Error> {
        match self.total.zip(self.download.expected.size) {
            Some((total, size)) if total != size => {
                let what = format!("the content has {total} bytes, but the item says {size}");
                Err(self.problem(TransferProblem::Differs(what)))
            }
            _ => Ok(()),
        }
    }

    /// Whether all that has come is what the item and the service say it is.
    fn verify(&mut self) -> Result<(), Error> {
        self.check_size()?;
        for (claim, hash) in std::mem::take(&mut self.hashes) {
            if !claim.is_of(hash) {
                let what = format!("the content does not have the {} that was said", claim.kind.name());
                return Err(self.problem(TransferProblem::Differs(what)));
            }
        }
        Ok(())
    }

    fn ends_early(&self) -> Error {
        self.problem(TransferProblem::Answer("the content ends before the bytes that were asked for"))
    }

    fn problem(&self, problem: TransferProblem) -> Error {
        Error::transfer(self.download.draft.name(), problem)
    }
}
