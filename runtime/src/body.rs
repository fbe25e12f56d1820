//! The bodies of requests and responses, as the pipeline and transports see them.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

/// Chunks of a body, as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, io::Error>> + Send>>;

/// What gives the chunks of a body from their beginning, as often as it is asked.
pub(crate) type Opener = Arc<dyn Fn() -> ByteStream + Send + Sync>;

/// A body: nothing, bytes, or chunks that come as they are asked for, once or as often as they are needed.
pub struct Body(Content);

enum Content {
    Bytes(Bytes),
    Stream { chunks: ByteStream, length: Option<u64> },
    Source { open: Opener, length: Option<u64> },
}

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Self(Content::Bytes(Bytes::new()))
    }

    /// A body whose chunks come as they are asked for. `length` is the number of bytes, if it is known.
    pub fn stream(
        chunks: impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static,
        length: Option<u64>,
    ) -> Self {
        Self(Content::Stream { chunks: Box::pin(chunks), length })
    }

    /// A body whose chunks can be had again from their beginning, as those of a file can: each try opens them anew, so
    /// that a call with it can be sent again. `length` is the number of bytes, if it is known.
    ///
    /// ```
    /// use futures_util::stream;
    /// use msgraph_runtime::Body;
    ///
    /// let body = Body::source(|| Box::pin(stream::iter([Ok("again and ".into()), Ok("again".into())])), Some(15));
    /// assert!(body.try_clone().is_some());
    /// ```
    pub fn source(open: impl Fn() -> ByteStream + Send + Sync + 'static, length: Option<u64>) -> Self {
        Self(Content::Source { open: Arc::new(open), length })
    }

    /// The same body once more, for another try; `None` for a stream, which can be read only once.
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Content::Bytes(bytes) => Some(Self(Content::Bytes(bytes.clone()))),
            Content::Stream { .. } => None,
            Content::Source { open, length } => {
                Some(Self(Content::Source { open: open.clone(), length: *length }))
            }
        }
    }

    /// What gives the body again and again; `None` for a stream, which can be read only once.
    pub(crate) fn opener(&self) -> Option<Opener> {
        match &self.0 {
            Content::Bytes(bytes) => {
                let bytes = bytes.clone();
                Some(Arc::new(move || Self::from(bytes.clone()).into_stream()))
            }
            Content::Stream { .. } => None,
            Content::Source { open, .. } => Some(open.clone()),
        }
    }

    /// The bytes, if they are all there.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Content::Bytes(bytes) => Some(bytes),
            Content::Stream { .. } | Content::Source { .. } => None,
        }
    }

    /// The number of bytes, if it is known.
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Stream { length, .. } | Content::Source { length, .. } => *length,
        }
    }

    /// The body as a stream of chunks.
    pub fn into_stream(self) -> ByteStream {
        match self.0 {
            Content::Bytes(bytes) if bytes.is_empty() => Box::pin(futures_util::stream::empty()),
            Content::Bytes(bytes) => Box::pin(futures_util::stream::once(async { Ok(bytes) })),
            Content::Stream { chunks, .. } => chunks,
            Content::Source { open, .. } => open(),
        }
    }

    /// All bytes of the body.
    ///
    /// # Errors
    /// If the body breaks off, or is longer than `limit` bytes.
    pub async fn collect(self, limit: usize) -> Result<Bytes, io::Error> {
        let (bytes, complete) = self.collect_up_to(limit).await?;
        if complete {
            return Ok(bytes);
        }
        Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("the body is longer than {limit} bytes")))
    }

    /// The first `limit` bytes of the body, and whether that is all of it.
    pub(crate) async fn collect_up_to(self, limit: usize) -> Result<(Bytes, bool), io::Error> {
        let (mut chunks, length) = match self.0 {
            Content::Bytes(bytes) => {
                let complete = bytes.len() <= limit;
                return Ok((bytes.slice(..bytes.len().min(limit)), complete));
            }
            Content::Stream { chunks, length } => (chunks, length),
            Content::Source { open, length } => (open(), length),
        };
        let Some(first) = chunks.next().await.transpose()? else { return Ok((Bytes::new(), true)) };
        let Some(second) = chunks.next().await.transpose()? else {
            // The usual case of a short answer: one chunk, not copied.
            let complete = first.len() <= limit;
            return Ok((first.slice(..first.len().min(limit)), complete));
        };
        // A length that was only announced reserves no more than a megabyte.
        let announced = usize::try_from(length.unwrap_or(0)).unwrap_or(0).min(1 << 20);
        let mut all = BytesMut::with_capacity(announced.max(first.len() + second.len()));
        let mut next = Some(second);
        all.extend_from_slice(&first);
        while let Some(chunk) = next {
            all.extend_from_slice(&chunk);
            if all.len() > limit {
                all.truncate(limit);
                return Ok((all.freeze(), false));
            }
            next = chunks.next().await.transpose()?;
        }
        Ok((all.freeze(), true))
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self(Content::Bytes(bytes.into()))
    }
}

/// Shows the length only: contents can be long and private.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(f, "Body({length} bytes)"),
            None => f.write_str("Body(stream)"),
        }
    }
}
