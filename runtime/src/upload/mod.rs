//! Large content in slices
//! ([drive items](https://learn.microsoft.com/graph/api/driveitem-createuploadsession),
//! [attachments](https://learn.microsoft.com/graph/outlook-large-attachments)): an [`Upload`] opens an upload
//! session by a request, sends the content slice by slice, and goes on after every failure with what the service
//! says it is missing.
//!
//! In comes a request that opens a session and something that can be read from any position; out comes the
//! service's last answer. One slice is in memory at a time. An [`UploadSession`] can be stored, so that an upload
//! goes on in another process.

mod conflict;
mod session;
mod slices;
mod source;

use std::fmt;
use std::io::Cursor;
use std::ops::Range;

use bytes::Bytes;
use http::Method;
use tokio::io::{AsyncRead, AsyncSeek};

pub use conflict::ConflictBehavior;
pub use session::UploadSession;
use session::problem;
use source::ReadSeek;

use crate::client::GraphClient;
use crate::error::Error;
use crate::request::{Draft, Request};
use crate::response::{Decode, Expected, Response};
use crate::transfer::{Observer, Progress, TransferProblem};

/// What the service wants the sizes of all slices but the last to be multiples of.
pub const SLICE_UNIT: u64 = 320 * 1024;

/// The largest slice that the service takes: 60 MiB.
const LARGEST_SLICE: u64 = 192 * SLICE_UNIT;

/// Content that is on its way into an upload session.
///
/// ```no_run
/// use msgraph_runtime::{Error, GraphClient, Model, Request};
/// use msgraph_runtime::upload::Upload;
///
/// /// `request` is what a generated `create_upload_session` gives.
/// async fn send<Session, Item: Model>(request: Request<Session>, video: Vec<u8>) -> Result<Item, Error> {
///     let mut upload = Upload::from_bytes(request, video).progress(|progress| println!("{progress:?}"));
///     // To go on after this process has ended, store what `open` gives.
///     upload.open().await?;
///     Ok(upload.send::<Item>().await?.into_value())
/// }
/// ```
#[must_use = "an upload does nothing unless it is sent"]
pub struct Upload {
    client: GraphClient,
    begin: Begin,
    source: Box<dyn ReadSeek>,
    limits: Limits,
    observer: Option<Observer>,
}

/// How the upload comes by its session.
enum Begin {
    Request(Box<Draft>),
    Session {
        session: UploadSession,
        /// Whether nothing has been sent to it yet.
        fresh: bool,
    },
}

/// Sizes that depend on where the content goes.
#[derive(Clone, Copy)]
struct Limits {
    /// Of all slices but the last.
    slice: u64,
    /// Up to which a request by itself is better.
    small: u64,
}

impl Limits {
    /// What an operation that opens a session leads to: a drive, or a mailbox, which takes less at a time.
    fn of(path: &str) -> Self {
        if path.contains("/attachments/") {
            Self { slice: 12 * SLICE_UNIT, small: 3_000_000 }
        } else {
            Self { slice: 32 * SLICE_UNIT, small: 4_000_000 }
        }
    }
}

impl Upload {
    /// Content for the session that a request opens, such as a generated `create_upload_session`.
    pub fn new<T>(request: Request<T>, source: impl AsyncRead + AsyncSeek + Send + Unpin + 'static) -> Self {
        let draft = request.into_draft();
        let (client, limits) = (draft.client().clone(), Limits::of(draft.name().template()));
        Self {
            client,
            begin: Begin::Request(Box::new(draft)),
            source: Box::new(source),
            limits,
            observer: None,
        }
    }

    /// Bytes for the session that a request opens.
    pub fn from_bytes<T>(request: Request<T>, bytes: impl Into<Bytes>) -> Self {
        Self::new(request, Cursor::new(bytes.into()))
    }

    /// Goes on with a session that was opened before, perhaps by another process. What it has already is asked
    /// for, not sent again. Bytes can be given as `std::io::Cursor`.
    pub fn resume(
        client: &GraphClient,
        session: UploadSession,
        source: impl AsyncRead + AsyncSeek + Send + Unpin + 'static,
    ) -> Self {
        Self {
            client: client.clone(),
            begin: Begin::Session { session, fresh: false },
            source: Box::new(source),
            // The smaller slices are right everywhere.
            limits: Limits::of("/attachments/"),
            observer: None,
        }
    }

    /// About how many bytes are sent at a time, and kept in memory (default: 10 MiB, for attachments 3.75 MiB).
    /// It is made a multiple of 320 KiB, of at least one and at most 192.
    pub fn slice_size(mut self, bytes: u64) -> Self {
        self.limits.slice = (bytes / SLICE_UNIT * SLICE_UNIT).clamp(SLICE_UNIT, LARGEST_SLICE);
        self
    }

    /// Calls a function whenever the service has said what has arrived.
    pub fn progress(mut self, observer: impl FnMut(Progress) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Opens the session, unless it is open, and gives it, to be stored.
    ///
    /// # Errors
    /// Those of the request; and [`Error::Transfer`] if the content is empty or cannot be read, or the answer has
    /// no upload URL.
    pub async fn open(&mut self) -> Result<UploadSession, Error> {
        let length = self.length().await?;
        let session = match &mut self.begin {
            Begin::Session { session, .. } => session.clone(),
            Begin::Request(draft) if length > 0 => {
                let answer = draft.again().send(Expected::JSON).await?;
                let session = UploadSession::opened(&self.client, &answer, length)?;
                self.begin = Begin::Session { session: session.clone(), fresh: true };
                session
            }
            Begin::Request(_) => {
                return Err(unsuitable(
                    "an upload session takes no empty content: send it by a request of its own".to_owned(),
                ));
            }
        };
        if session.length() == length {
            return Ok(session);
        }
        Err(unsuitable(format!("the session was opened for {} bytes, not for {length}", session.length())))
    }

    /// Sends what the service does not have yet, and gives its last answer: the item, or for attachments `()` with
    /// the place of the attachment in the header `Location`.
    ///
    /// After an error that passes, such as a lost connection, it can be called again, and goes on.
    ///
    /// # Errors
    /// Those of [`Upload::open`]; those of the service, such as 409 for a name that is taken; and
    /// [`Error::Transfer`], as [`TransferProblem`] says.
    pub async fn send<R: Decode>(&mut self) -> Result<Response<R::Output>, Error> {
        let session = self.open().await?;
        let fresh = match &mut self.begin {
            Begin::Session { fresh, .. } => std::mem::take(fresh),
            Begin::Request(_) => false,
        };
        let answer = slices::send(self, &session, fresh).await?;
        self.report(session.length(), session.length());
        answer.decode::<R>()
    }

    /// Sends small content (up to 4 MB; attachments: 3 MB) by one request, which a function makes of the bytes,
    /// and anything else as [`Upload::send`].
    ///
    /// # Errors
    /// Those of the request, or of [`Upload::send`].
    pub async fn send_or_put<R: Decode>(
        &mut self,
        put: impl FnOnce(Bytes) -> Request<R>,
    ) -> Result<Response<R::Output>, Error> {
        let length = self.length().await?;
        if length > self.limits.small || matches!(self.begin, Begin::Session { .. }) {
            return self.send::<R>().await;
        }
        let bytes = self.read(0..length).await?;
        let answer = put(bytes).send().await?;
        self.report(length, length);
        Ok(answer)
    }

    async fn length(&mut self) -> Result<u64, Error> {
        source::length(&mut *self.source).await.map_err(unreadable)
    }

    async fn read(&mut self, range: Range<u64>) -> Result<Bytes, Error> {
        source::read(&mut *self.source, range).await.map_err(unreadable)
    }

    fn report(&mut self, transferred: u64, total: u64) {
        if let Some(observer) = &mut self.observer {
            observer(Progress { transferred, total: Some(total) });
        }
    }
}

fn unreadable(error: std::io::Error) -> Error {
    problem(Method::PUT, TransferProblem::Source(error))
}

fn unsuitable(what: String) -> Error {
    problem(Method::PUT, TransferProblem::Unsuitable(what))
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.begin {
            Begin::Request(draft) => write!(f, "Upload({})", draft.name()),
            Begin::Session { session, .. } => write!(f, "Upload({session:?})"),
        }
    }
}
