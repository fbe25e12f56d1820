//! Large content in slices
//! ([drive items](https://learn.microsoft.com/graph/api/driveitem-createuploadsession),
//! [attachments](https://learn.microsoft.com/graph/outlook-large-attachments)): an [`Upload`] opens an upload
//! session by a request, sends the content slice by slice, and goes on after every failure with what the service
//! says it is missing.
//!
//! In comes a request that opens a session and something that can be read from any position; out comes what the
//! service has made of it, as [`Uploaded`]. One slice is in memory at a time. An [`UploadSession`] can be stored, so
//! that an upload goes on in another process.
//!
//! An upload is a success only if the service proves it, because what it answers often does not: an empty object to a
//! slice in the middle (onedrive-api-docs#14, #41), a list of missing ranges that is empty although slices are missing
//! (#71), an item before the last slice (inbox-zero#3256) or one without an identifier after it (core#146605 of Home
//! Assistant), and 404 to a session that is finished as to one that has expired (#1259). So:
//! - what was sent is counted here, and an item counts only after the last byte;
//! - the item's `size` and hash, where it gives them, must be those of the content ([`Upload::verify`]);
//! - if the answers leave it open, the session is asked, and then the item is looked at;
//! - what is still open is [`TransferProblem::OutcomeUnknown`], with the session to go on with.

mod conflict;
#[cfg(test)]
mod model;
mod put;
mod ranges;
mod session;
mod slices;
mod source;
mod target;
mod uploaded;

use std::fmt;
use std::io::Cursor;
use std::ops::Range;

use bytes::Bytes;
use http::Method;
use tokio::io::{AsyncRead, AsyncSeek};

pub use conflict::ConflictBehavior;
pub use put::Put;
use ranges::Ranges;
pub use session::UploadSession;
use session::{name, problem};
use slices::Slices;
use source::{Comparison, Source};
pub use uploaded::Uploaded;

use crate::client::GraphClient;
use crate::error::Error;
use crate::request::{Draft, Request};
use crate::response::{Answer, Decode, Expected};
use crate::retry::RetryPolicy;
use crate::transfer::receipt::Receipt;
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
/// async fn send<Session, Item: Model>(request: Request<Session>, video: Vec<u8>) -> Result<Option<Item>, Error> {
///     let mut upload = Upload::from_bytes(request, video).progress(|progress| println!("{progress:?}"));
///     // To go on after this process has ended, store what `open` gives.
///     upload.open().await?;
///     Ok(upload.send::<Item>().await?.into_value())
/// }
/// ```
#[must_use = "an upload does nothing unless it is sent"]
pub struct Upload {
    client: GraphClient,
    policy: RetryPolicy,
    /// What opens a session; nothing if the upload goes on with one.
    request: Option<Box<Draft>>,
    opened: Option<Opened>,
    source: Source,
    limits: Limits,
    verify: bool,
    observer: Option<Observer>,
}

/// A session, and what has been done with it by our own count.
struct Opened {
    session: UploadSession,
    /// Whether nothing has been sent to it yet.
    fresh: bool,
    /// What was never sent, or was refused; unknown for a session of another process before it was asked.
    unsent: Option<Ranges>,
    /// The fewest bytes that the service has said are missing, if it has said so.
    least: Option<u64>,
    /// Whether the service said that something was made before the last byte was sent.
    ended_early: bool,
}

/// What was known before a slice was sent.
struct Before {
    fresh: bool,
    unsent: Option<Ranges>,
    last_byte_sent: bool,
}

impl Opened {
    fn new(session: UploadSession, fresh: bool) -> Self {
        let length = fresh.then(|| session.length());
        let unsent = length.map(|length| Ranges::from_iter(std::iter::once(0..length)));
        Self { session, fresh, unsent, least: length, ended_early: false }
    }

    /// Counts bytes as sent.
    fn note_sent(&mut self, range: &Range<u64>) -> Before {
        let unsent = self.unsent.as_ref().map(|unsent| unsent.without(range));
        let before = Before {
            fresh: std::mem::take(&mut self.fresh),
            unsent: std::mem::replace(&mut self.unsent, unsent),
            last_byte_sent: self.session.is_last_byte_sent(),
        };
        if self.is_all_sent() {
            self.session.set_last_byte_sent(true);
        }
        before
    }

    /// What was counted as sent was refused.
    fn restore(&mut self, before: Before) {
        self.unsent = before.unsent;
        self.session.set_last_byte_sent(before.last_byte_sent);
    }

    fn is_all_sent(&self) -> bool {
        self.unsent.as_ref().map_or(self.session.is_last_byte_sent(), Ranges::is_empty)
    }

    fn is_something_unsent(&self) -> bool {
        self.unsent.as_ref().is_some_and(|unsent| !unsent.is_empty())
    }

    /// Whether all that was never sent is among what the service is missing.
    fn agrees_with(&self, missing: &Ranges) -> bool {
        self.unsent.as_ref().is_none_or(|unsent| unsent.are_among(missing))
    }
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
    /// Those of a drive, or of a mailbox, which takes less at a time.
    fn of(is_attachment: bool) -> Self {
        if is_attachment {
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
        Self {
            client: draft.client().clone(),
            policy: draft.retry_policy(),
            limits: Limits::of(is_attachment(&draft)),
            request: Some(Box::new(draft)),
            opened: None,
            source: Source::new(source),
            verify: true,
            observer: None,
        }
    }

    /// Bytes for the session that a request opens.
    pub fn from_bytes<T>(request: Request<T>, bytes: impl Into<Bytes>) -> Self {
        Self::new(request, Cursor::new(bytes.into()))
    }

    /// Goes on with a session that was opened before, perhaps by another process. What it has already is asked
    /// for, not sent again; and the content must be the one that it was opened for, as far as a mebibyte of samples
    /// and [`version`](Self::version) tell. Bytes can be given as `std::io::Cursor`.
    pub fn resume(
        client: &GraphClient,
        session: UploadSession,
        source: impl AsyncRead + AsyncSeek + Send + Unpin + 'static,
    ) -> Self {
        Self {
            client: client.clone(),
            policy: client.retry_policy(),
            request: None,
            opened: Some(Opened::new(session, false)),
            source: Source::new(source),
            // The smaller slices are right everywhere.
            limits: Limits::of(true),
            verify: true,
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

    /// Says what tells this version of the content from others, such as the time at which a file was modified last. It
    /// is kept in the session that is opened; an upload that goes on with it must say the same.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.source.set_version(version.into());
        self
    }

    /// Whether the size and the hash that the service gives of the item must be those of the content (default: yes).
    ///
    /// SharePoint writes properties into Office files, PDF, HTML and some pictures while it stores them, so that these
    /// become other files (onedrive-api-docs#935, microsoft-graph-docs-contrib#817, #8903). For them, say no: that each
    /// byte was sent and the service said so is then all the proof there is.
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// The session as it is by now, if it is open: to be stored after an error, as it holds also whether the last byte
    /// was sent.
    pub fn session(&self) -> Option<&UploadSession> {
        self.opened.as_ref().map(|opened| &opened.session)
    }

    /// Opens the session, unless it is open, and gives it, to be stored.
    ///
    /// # Errors
    /// Those of the request; and [`Error::Transfer`] if the content is empty or cannot be read, is not the one that
    /// the session was opened for, or the answer has no upload URL.
    pub async fn open(&mut self) -> Result<UploadSession, Error> {
        let length = self.length().await?;
        if let Some(opened) = &self.opened {
            let (session, fresh) = (opened.session.clone(), opened.fresh);
            return self.check(&session, length, fresh).await.map(|()| session);
        }
        let Some(draft) = self.request.as_mut().filter(|_| length > 0) else {
            return Err(unsuitable(
                "an upload session takes no empty content: send it by a request of its own".to_owned(),
            ));
        };
        self.source.begin();
        let fingerprint = self.source.fingerprint(length).await.map_err(unreadable)?;
        let answer = draft.again().send(Expected::JSON).await?;
        let session = UploadSession::opened(draft, &answer, (length, fingerprint))?;
        self.opened = Some(Opened::new(session.clone(), true));
        Ok(session)
    }

    /// Whether the content is the one that a session was opened for.
    async fn check(&mut self, session: &UploadSession, length: u64, fresh: bool) -> Result<(), Error> {
        if session.length() != length {
            let opened_for = session.length();
            return Err(unsuitable(format!(
                "the session was opened for {opened_for} bytes, not for {length}"
            )));
        }
        let Some(expected) = session.fingerprint().filter(|_| !fresh) else { return Ok(()) };
        let fingerprint = self.source.fingerprint(length).await.map_err(unreadable)?;
        if fingerprint.is_same(expected) {
            Ok(())
        } else {
            Err(problem(Method::PUT, TransferProblem::Changed))
        }
    }

    /// Sends what the service does not have yet, and gives what it has made of it: the item, or for attachments the
    /// place of the attachment.
    ///
    /// After an error that passes, such as a lost connection, it can be called again, and goes on; after
    /// [`TransferProblem::SessionGone`] it begins a new session, if the upload has the request for one. A future that
    /// is dropped leaves nothing running; also then it can be called again.
    ///
    /// # Errors
    /// Those of [`Upload::open`]; those of the service, such as 409 for a name that is taken, or 503 if it wants to be
    /// left alone for longer than [`RetryPolicy::total`]; and [`Error::Transfer`], as [`TransferProblem`] says.
    pub async fn send<R: Decode>(&mut self) -> Result<Uploaded<R::Output>, Error> {
        let session = self.open().await?;
        let sent = match self.slices() {
            Some(slices) => slices.send().await,
            None => Err(problem(Method::PUT, TransferProblem::SessionGone)),
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                if is_gone(&error) && self.request.is_some() {
                    self.opened = None;
                }
                return Err(error);
            }
        };
        self.finish::<R>(answer, session.length(), session.is_attachment()).await
    }

    fn slices(&mut self) -> Option<Slices<'_>> {
        let opened = self.opened.as_mut()?;
        let missing = Ranges::from_iter(opened.fresh.then(|| 0..opened.session.length()));
        Some(Slices {
            client: &self.client,
            policy: self.policy,
            missing,
            opened,
            source: &mut self.source,
            observer: self.observer.as_mut(),
            size: self.limits.slice,
        })
    }

    /// The service has taken all and said so; what else it says of it must be true.
    async fn finish<R: Decode>(
        &mut self,
        answer: Answer,
        length: u64,
        is_attachment: bool,
    ) -> Result<Uploaded<R::Output>, Error> {
        let receipt = Receipt::of(answer.bytes());
        let mut is_hash_verified = false;
        // The size of an attachment is that of all of it.
        if self.verify && !is_attachment {
            match self.source.compare(&receipt, length).await.map_err(unreadable)? {
                Comparison::Same { hash, .. } => is_hash_verified = hash,
                Comparison::Differs(how) => {
                    let problem = TransferProblem::Differs(format!(
                        "the service has stored something else than was sent: {how} (SharePoint changes Office \
                         files and some others, for which `Upload::verify` can be turned off)"
                    ));
                    return Err(Error::transfer(name(Method::PUT), problem));
                }
            }
        }
        self.report(length, length);
        Ok(Uploaded::of::<R>(answer, receipt.has_id, length, is_hash_verified))
    }

    async fn length(&mut self) -> Result<u64, Error> {
        self.source.length().await.map_err(unreadable)
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

/// Whether an error says that a new session is to be opened.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Transfer(error) if matches!(error.problem(), TransferProblem::SessionGone))
}

/// Whether a request leads to an attachment: of a mailbox, or of a task.
fn is_attachment(draft: &Draft) -> bool {
    draft.name().template().contains("/attachments/")
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.opened, &self.request) {
            (Some(opened), _) => write!(f, "Upload({:?})", opened.session),
            (None, Some(draft)) => write!(f, "Upload({})", draft.name()),
            (None, None) => f.write_str("Upload"),
        }
    }
}
