//! Content that is received in constant memory, and from where it broke off if it does
//! ([range requests](https://www.rfc-editor.org/rfc/rfc9110#section-14)).
//!
//! In comes a request for content; out come its chunks, each byte once and in order, or an error. After a break the
//! request is made again for the rest, so that links of the service that have expired in the meantime do not
//! matter; that it is still the same content is checked by its entity tag or its date.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderName, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::body::ByteStream;
use crate::error::Error;
use crate::request::{Draft, Request};
use crate::response::{Answer, Content, Expected};
use crate::transfer::{Observer, Patience, Progress, TransferProblem};

/// Content that is to be received.
///
/// ```
/// use msgraph_runtime::{Content, Download, Error, Request};
///
/// /// `request` is what a generated `get_content` gives.
/// async fn save(request: Request<Content>, file: &mut Vec<u8>) -> Result<u64, Error> {
///     Download::new(request).progress(|progress| println!("{progress:?}")).write_to(file).await
/// }
/// ```
#[must_use = "a download does nothing unless it is written or polled"]
pub struct Download {
    draft: Draft,
    start: u64,
    /// The first byte behind the wanted ones.
    end: Option<u64>,
    observer: Option<Observer>,
}

impl Download {
    /// The content that a request gives. Where the service leads to it by a link to another host, no token goes
    /// there.
    pub fn new(request: Request<Content>) -> Self {
        Self { draft: request.into_draft(), start: 0, end: None, observer: None }
    }

    /// Only some of the bytes, such as `..1024` or `4096..`; those that there are of them.
    pub fn range(mut self, range: impl RangeBounds<u64>) -> Self {
        self.start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        self.end = match range.end_bound() {
            Bound::Included(last) => last.checked_add(1),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        };
        self
    }

    /// Calls a function with every chunk. The total is that of the wanted bytes.
    pub fn progress(mut self, observer: impl FnMut(Progress) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The content in chunks, as they come. An error ends the stream.
    ///
    /// The errors are those of the request; that the content breaks off again and again, or does not say how to
    /// tell that it is still the same; and [`Error::Transfer`] if it has changed in the meantime.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, Error>> {
        let policy = self.draft.retry_policy();
        let receiving = Receiving {
            at: self.start,
            download: self,
            total: None,
            version: Version::default(),
            chunks: None,
            skip: 0,
            patience: Patience::new(policy),
        };
        let chunks = futures_util::stream::try_unfold(receiving, |mut receiving| async move {
            Ok(receiving.next().await?.map(|chunk| (chunk, receiving)))
        });
        chunks.boxed()
    }

    /// Writes the content and flushes it; gives the number of bytes.
    ///
    /// # Errors
    /// Those of [`Download::into_stream`]; and [`Error::Transfer`] if it cannot be written.
    pub async fn write_to(self, sink: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<u64, Error> {
        let name = self.draft.name();
        let unwritten = |error| Error::transfer(name.clone(), TransferProblem::Sink(error));
        let mut chunks = self.into_stream();
        let mut written = 0;
        while let Some(chunk) = chunks.try_next().await? {
            sink.write_all(&chunk).await.map_err(unwritten)?;
            written += chunk.len() as u64;
        }
        sink.flush().await.map_err(unwritten)?;
        Ok(written)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Download({})", self.draft.name())
    }
}

/// A download under way.
struct Receiving {
    download: Download,
    /// Where the next byte stands in the whole.
    at: u64,
    /// The length of the whole, if it is known.
    total: Option<u64>,
    version: Version,
    chunks: Option<ByteStream>,
    /// How many bytes of the chunks come before the next one that is wanted.
    skip: u64,
    patience: Patience,
}

impl Receiving {
    /// The next chunk; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.is_complete() {
            if self.chunks.is_none() {
                self.chunks = Some(self.request().await?);
            }
            let failure = match self.receive().await {
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) if self.goal().is_none() => return Ok(None),
                Ok(None) => Error::body(self.download.draft.name(), std::io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.is_retryable() => error,
                Err(error) => return Err(error),
            };
            self.chunks = None;
            let resumable = self.at == self.download.start || self.version.is_known();
            let told = failure.retry_after();
            if !resumable || !self.patience.wait(self.download.draft.client(), told).await {
                return Err(failure);
            }
        }
        Ok(None)
    }

    fn goal(&self) -> Option<u64> {
        goal(self.download.end, self.total)
    }

    fn is_complete(&self) -> bool {
        self.goal().or(self.download.end).is_some_and(|goal| self.at >= goal)
    }

    /// The next chunk of the body that is being read.
    async fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(chunks) = &mut self.chunks else { return Ok(None) };
        while let Some(chunk) = chunks.next().await {
            let mut chunk = chunk.map_err(|error| Error::body(self.download.draft.name(), error))?;
            let skipped = self.skip.min(chunk.len() as u64);
            self.skip -= skipped;
            chunk = chunk.split_off(usize::try_from(skipped).unwrap_or(chunk.len()));
            let goal = goal(self.download.end, self.total).or(self.download.end);
            if let Some(goal) = goal {
                chunk.truncate(usize::try_from(goal - self.at).unwrap_or(usize::MAX));
            }
            if !chunk.is_empty() {
                self.at += chunk.len() as u64;
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
    async fn request(&mut self) -> Result<ByteStream, Error> {
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
        let (starts, total) = self.extent(&answer)?;
        if again && (version != self.version || (total.is_some() && total != self.total)) {
            return Err(self.problem(TransferProblem::Changed));
        }
        self.skip = self.at.checked_sub(starts).ok_or_else(|| {
            self.problem(TransferProblem::Answer("it begins behind the bytes that were asked for"))
        })?;
        (self.version, self.total) = (version, total.or(self.total));
        Ok(answer.body.into_stream())
    }

    /// Where an answer begins, and how long the whole is.
    fn extent(&self, answer: &Answer) -> Result<(u64, Option<u64>), Error> {
        if answer.status != StatusCode::PARTIAL_CONTENT {
            let length = text(&answer.headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
            return Ok((0, length.or(answer.body.length())));
        }
        let range = text(&answer.headers, &CONTENT_RANGE).and_then(content_range);
        range.ok_or_else(|| self.problem(TransferProblem::Answer("it does not say which bytes it has")))
    }

    fn problem(&self, problem: TransferProblem) -> Error {
        Error::transfer(self.download.draft.name(), problem)
    }
}

/// The first byte behind the last one that is wanted and there, as far as that is known.
fn goal(end: Option<u64>, total: Option<u64>) -> Option<u64> {
    // An end that may lie behind the whole says nothing of where that ends.
    total.map(|total| end.map_or(total, |end| end.min(total)))
}

/// `bytes 0-99/100`, the length being `*` if it is not known.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What tells one version of the content from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Version {
    tag: Option<String>,
    /// When it was changed last; only if there is no tag, as it is less exact.
    date: Option<String>,
}

impl Version {
    fn of(headers: &HeaderMap) -> Self {
        let tag = text(headers, &ETAG).map(str::to_owned);
        let date = if tag.is_none() { text(headers, &LAST_MODIFIED).map(str::to_owned) } else { None };
        Self { tag, date }
    }

    fn is_known(&self) -> bool {
        *self != Self::default()
    }

    /// The tag, if it stands for the same bytes and not only for the same meaning.
    fn strong_tag(&self) -> Option<&str> {
        self.tag.as_deref().filter(|tag| !tag.starts_with("W/"))
    }
}
