//! An upload session: the place that the service has made for some content, and what it still expects there
//! ([resumable upload](https://learn.microsoft.com/graph/api/driveitem-createuploadsession)).

use std::fmt;
use std::ops::Range;

use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::body::Body;
use crate::client::GraphClient;
use crate::error::Error;
use crate::operation::Operation;
use crate::pipeline::{Call, CallName};
use crate::response::Answer;
use crate::transfer::TransferProblem;

/// Calls of a session are named by this, as its URL is a secret. Without `op:`, as no permission is needed.
const SESSION: Operation = Operation("PUT {upload-url};;");

/// An upload session. With it, an upload goes on in another process: it can be stored, by serde, and given to
/// [`Upload::resume`](super::Upload::resume).
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
}

/// What an answer of the service says about a session.
pub(super) enum State {
    /// These bytes are missing, in order.
    Expects(Vec<Range<u64>>),
    /// The session says no more what is missing: it may be all there.
    Silent,
}

impl UploadSession {
    /// Reads the answer to the request that opens a session.
    pub(super) fn opened(client: &GraphClient, answer: &Answer, length: u64) -> Result<Self, Error> {
        let json = json(answer);
        let text = |name| Some(member(&json, name)?.as_str()?.to_owned());
        let session = text("uploadUrl").map(|upload_url| Self {
            upload_url,
            expiration_date_time: text("expirationDateTime"),
            length,
        });
        let missing = || problem(Method::POST, TransferProblem::Answer("it has no uploadUrl"));
        let session = session.ok_or_else(missing)?;
        session.url(client, Method::POST).map(|_| session)
    }

    /// Until when the service keeps it, in its own words; every slice that arrives can make that later.
    pub fn expiration(&self) -> Option<&str> {
        self.expiration_date_time.as_deref()
    }

    /// The number of bytes that it was opened for.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Gives the session up; the service forgets what was sent.
    ///
    /// # Errors
    /// If the service does not know it any more, or cannot be reached.
    pub async fn cancel(&self, client: &GraphClient) -> Result<(), Error> {
        self.call(client, Method::DELETE, HeaderMap::new(), Body::empty()).await.map(drop)
    }

    /// Asks what is missing.
    pub(super) async fn ask(&self, client: &GraphClient) -> Result<Answer, Error> {
        self.call(client, Method::GET, HeaderMap::new(), Body::empty()).await
    }

    /// Sends a slice that begins at a position.
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
        self.call(client, Method::PUT, headers, slice.into()).await
    }

    async fn call(
        &self,
        client: &GraphClient,
        method: Method,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Answer, Error> {
        let url = self.url(client, method.clone())?;
        client.clone().call(Call::new(method, url, headers, body, Some(SESSION)).anonymous().buffered()).await
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
        let json = json(answer);
        let Some(ranges) = member(&json, "nextExpectedRanges").and_then(|ranges| ranges.as_array()) else {
            return Ok(State::Silent);
        };
        let read = |range: &serde_json::Value| self.range(range.as_str()?);
        let ranges: Option<Vec<Range<u64>>> = ranges.iter().map(read).collect();
        match ranges {
            Some(ranges) if ranges.is_empty() => Ok(State::Silent),
            Some(mut ranges) => {
                ranges.sort_by_key(|range| range.start);
                Ok(State::Expects(ranges))
            }
            None => {
                Err(problem(Method::PUT, TransferProblem::Answer("it expects a range that there is not")))
            }
        }
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
    Error::transfer(CallName::of(method, SESSION, ""), problem)
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(answer.bytes()).unwrap_or_default()
}

/// A member by its name, which some services capitalize.
fn member<'a>(json: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    json.as_object()?.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
