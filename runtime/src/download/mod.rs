//! Content that is received in constant memory, and from where it broke off if it does
//! ([range requests](https://www.rfc-editor.org/rfc/rfc9110#section-14)).
//!
//! In comes a request for content; out come its chunks, each byte once and in order, or an error. After a break the
//! request is made again for the rest, so that links of the service that have expired in the meantime do not
//! matter; that it is still the same content is checked by its entity tag or its date.
//!
//! The end of the stream is the proof that all is there: as many bytes have come as the service has announced, of the
//! range that was asked for, and with the hash that it gave, if it gave one
//! ([`Repr-Digest`](https://www.rfc-editor.org/rfc/rfc9530) in its answer, or what an item says: [`Download::expect`]).

mod answer;
mod receiving;

use std::fmt;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use receiving::Receiving;

use crate::error::Error;
use crate::json::{self, Value};
use crate::request::{Draft, Request};
use crate::response::Content;
use crate::transfer::receipt::Receipt;
use crate::transfer::{Observer, Progress, TransferProblem};

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
    /// What is known of the whole.
    expected: Receipt,
    observer: Option<Observer>,
}

impl Download {
    /// The content that a request gives. Where the service leads to it by a link to another host, no token goes
    /// there.
    pub fn new(request: Request<Content>) -> Self {
        Self {
            draft: request.into_draft(),
            start: 0,
            end: None,
            expected: Receipt::default(),
            observer: None,
        }
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

    /// Says which item the content is of, such as a `DriveItem` that was read before: what comes must have its size, its
    /// hash (`quickXorHash`; with the feature `auth` also SHA-1 and SHA-256) and, if it is a page of HTML, its media
    /// type. Of a range only the size of the whole is checked.
    ///
    /// SharePoint was seen to give sizes and hashes of Office files that are not those of their content
    /// (onedrive-api-docs#546, #1066): for them, and for items that may have changed since, expect nothing.
    ///
    /// ```
    /// use msgraph_runtime::{Content, Download, Error, Model, Request};
    ///
    /// async fn save<Item: Model>(item: &Item, content: Request<Content>, file: &mut Vec<u8>) -> Result<u64, Error> {
    ///     Download::new(content).expect(item).write_to(file).await
    /// }
    /// ```
    pub fn expect(mut self, item: &impl Value) -> Self {
        self.expected = Receipt::of(&json::to_vec(item));
        self
    }

    /// Calls a function with every chunk. The total is that of the wanted bytes.
    pub fn progress(mut self, observer: impl FnMut(Progress) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// The content in chunks, as they come. An error ends the stream; only a stream that ends without one was the
    /// content.
    ///
    /// The errors are those of the request, also one that comes with a status of success; that the content breaks off
    /// again and again, or does not say how to tell that it is still the same; and [`Error::Transfer`] if it has
    /// changed in the meantime, is not what was asked for, or not as long, or does not have the hash, that was said.
    pub fn into_stream(self) -> BoxStream<'static, Result<Bytes, Error>> {
        let receiving = Receiving::new(self);
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
