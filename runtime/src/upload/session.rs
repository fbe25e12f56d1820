//! An upload session: the place that the service has made for some content, and what it still expects there
//! ([resumable upload](https://learn.microsoft.com/graph/api/driveitem-createuploadsession)).

use std::fmt;
use std::ops::{Not, Range};

use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::body::Body;
use crate::client::GraphClient;
use crate::error::Error;
use crate::operation::Operation;
use crate::pipeline::{Call, CallName};
use crate::request::Draft;
use crate::response::Answer;
use crate::retry::RetryPolicy;
use crate::transfer::TransferProblem;
use crate::transfer::receipt::{member, object};

use super::ranges::Ranges;
use super::source::Fingerprint;
use super::target::{self, Target};

/// Calls of a session are named by this, as its URL is a secret. Without `op:`, as no permission is needed.
const SESSION: Operation = Operation("PUT {upload-url};;");

/// An upload session. With it, an upload goes on in another process: it can be stored, by serde, and given to
/// [`Upload::resume`](super::Upload::resume).
///
/// Besides its place it holds what the upload knows of itself: a fingerprint of the content, so that another one is not
/// sent into it; the URL of the item that it leads to, to look whether that is there when the session is over; and
/// whether the last byte was sent. [`Upload::session`](super::Upload::session) gives it as it is by now.
///
/// Whoever has it can write the content without signing in: store it like a password. `Debug` does not show it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadSession {
    upload_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiration_date_time: Option<String>,
    /// The number of bytes that it was opened for.
    length: u64,
    /// Where the item will be, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item_url: Option<String>,
    /// When it was opened, by the service's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened: Option<String>,
    /// Whether it leads to an attachment, whose size is not that of its content.
    #[serde(default, skip_serializing_if = "Not::not")]
    is_attachment: bool,
    /// What the content is known by. Sessions that were stored by earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Fingerprint>,
    /// Whether a slice was sent after which nothing was missing, and the service did not refuse it.
    #[serde(default, skip_serializing_if = "Not::not")]
    last_byte_sent: bool,
}

/// What an answer of the service says about a session.
pub(super) enum State {
    /// These bytes are missing.
    Expects(Ranges),
    /// The answer does not say what is missing. It says no more if it says that nothing is: a session with bytes
    /// missing was seen to say so (onedrive-api-docs#71).
    Silent,
}

impl UploadSession {
    /// Reads the answer to the request that opens a session.
    pub(super) fn opened(draft: &Draft, answer: &Answer, content: (u64, Fingerprint)) -> Result<Self, Error> {
        let json = object(answer.bytes()).unwrap_or_default();
        let text = |name| Some(member(&json, name)?.as_str()?.to_owned());
        let session = text("uploadUrl").map(|upload_url| Self {
            upload_url,
            expiration_date_time: text("expirationDateTime"),
            length: content.0,
            item_url: target::of_session(draft),
            opened: target::date(&answer.headers).map(|time| time.to_string()),
            is_attachment: super::is_attachment(draft),
            fingerprint: Some(content.1),
            last_byte_sent: false,
        });
        let missing = || problem(Method::POST, TransferProblem::Answer("it has no uploadUrl"));
        let session = session.ok_or_else(missing)?;
        session.url(draft.client(), Method::POST).map(|_| session)
    }

    /// Until when the service keeps it, in its own words; every slice that arrives can make that later.
    pub fn expiration(&self) -> Option<&str> {
        self.expiration_date_time.as_deref()
    }

    /// The number of bytes that it was opened for.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether the last byte was sent, so that the content may be stored although the session is over.
    pub fn is_last_byte_sent(&self) -> bool {
        self.last_byte_sent
    }

    pub(super) fn set_last_byte_sent(&mut self, is_sent: bool) {
        self.last_byte_sent = is_sent;
    }

    /// The item that it leads to, which was not changed later than it was opened if it is still the one of before.
    pub(super) fn target(&self) -> Target {
        let since = self.opened.as_ref().and_then(|time| time.parse().ok());
        Target { url: self.item_url.clone(), since, length: self.length }
    }

    pub(super) fn is_attachment(&self) -> bool {
        self.is_attachment
    }

    pub(super) fn fingerprint(&self) -> Option<&Fingerprint> {
        self.fingerprint.as_ref()
    }

    /// Gives the session up; the service forgets what was sent.
    ///
    /// # Errors
    /// If the service does not know it any more, or cannot be reached.
    pub async fn cancel(&self, client: &GraphClient) -> Result<(), Error> {
        self.call(client, Method::DELETE, HeaderMap::new(), Body::empty(), None).await.map(drop)
    }

    /// Asks what is missing.
    pub(super) async fn ask(&self, client: &GraphClient) -> Result<Answer, Error> {
        self.call(client, Method::GET, HeaderMap::new(), Body::empty(), None).await
    }

    /// Sends a slice that begins at a position; once, as only the session can tell whether it may be sent again.
    pub(super) async fn put(
        &self,
        client: &GraphClient,
        at: u64,
        slice: bytes::Bytes,
    ) -> Result<Answer, Error> {
        let mut headers = HeaderMap::new();
        let range = format!("bytes {at}-{}/{}", at + slice.len() as u64 - 1, self.length);
        headers.insert(CONTENT_RANGE, HeaderValue::try_from(range).unwrap_or(HeaderValue::from_static("")));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let once = client.retry_policy().max_tries(1);
        self.call(client, Method::PUT, headers, slice.into(), Some(once)).await
    }

    async fn call(
        &self,
        client: &GraphClient,
        method: Method,
        headers: HeaderMap,
        body: Body,
        retry: Option<RetryPolicy>,
    ) -> Result<Answer, Error> {
        let url = self.url(client, method.clone())?;
        let mut call = Call::new(method, url, headers, body, Some(SESSION)).anonymous();
        call.options.retry = retry;
        client.clone().call(call.buffered()).await
    }

    /// Where it is: a secret, so that nobody on the way may read along.
    fn url(&self, client: &GraphClient, method: Method) -> Result<Url, Error> {
        let url = Url::parse(&self.upload_url).ok().filter(|url| client.shared().is_secure(url));
        url.ok_or_else(|| {
            problem(method, TransferProblem::Answer("its uploadUrl does not begin with https://"))
        })
    }

    /// What an answer says is missing of the bytes up to the session's length.
    pub(super) fn state(&self, answer: &Answer) -> Result<State, Error> {
        let json = object(answer.bytes()).unwrap_or_default();
        let ranges = member(&json, "nextExpectedRanges").and_then(|ranges| ranges.as_array());
        let Some(ranges) = ranges.filter(|ranges| !ranges.is_empty()) else { return Ok(State::Silent) };
        let ranges: Option<Ranges> = ranges.iter().map(|range| self.range(range.as_str()?)).collect();
        let unusable =
            || problem(Method::PUT, TransferProblem::Answer("it expects a range that there is not"));
        ranges.map(State::Expects).ok_or_else(unusable)
    }

    /// `12-34`, `12-` or `12`, which lie within the session's length.
    fn range(&self, text: &str) -> Option<Range<u64>> {
        let (start, end) = text.split_once('-').unwrap_or((text, ""));
        let start: u64 = start.trim().parse().ok()?;
        let end = match end.trim() {
            "" => self.length,
            // Some services name the length itself as the last byte.
            last => last.parse::<u64>().ok()?.checked_add(1)?.min(self.length),
        };
        (start < end).then_some(start..end)
    }
}

impl fmt::Debug for UploadSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UploadSession(for {} bytes", self.length)?;
        match &self.expiration_date_time {
            Some(time) => write!(f, ", until {time})"),
            None => f.write_str(")"),
        }
    }
}

/// The error of a call of a session.
pub(super) fn problem(method: Method, problem: TransferProblem) -> Error {
    Error::transfer(name(method), problem)
}

/// How a call of a session is named.
pub(super) fn name(method: Method) -> CallName {
    CallName::of(method, SESSION, "")
}
