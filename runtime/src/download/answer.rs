//! What an answer to a request for content says of what it holds.

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;

use crate::body::Body;
use crate::classify;
use crate::error::{Error, GraphError};
use crate::response::Answer;
use crate::transfer::hash::{Claim, Kind};
use crate::transfer::receipt::Receipt;

/// How long an error is at most that comes in the place of content.
const LONGEST_ERROR: u64 = 16 * 1024;

/// Which bytes of the whole an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where it begins.
    pub(super) start: u64,
    /// How many bytes it has, if it says so.
    pub(super) length: Option<u64>,
    /// The length of the whole, if it says so.
    pub(super) total: Option<u64>,
    /// Whether it goes to the end of the whole, however long that is.
    pub(super) is_whole: bool,
}

impl Extent {
    /// Reads an answer; says what is wrong with it if it is no content.
    pub(super) fn of(answer: &Answer) -> Result<Self, &'static str> {
        let length = text(&answer.headers, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let length = length.or(answer.body.length());
        match answer.status {
            StatusCode::OK => Ok(Self { start: 0, length, total: length, is_whole: true }),
            StatusCode::PARTIAL_CONTENT => Self::of_part(answer, length),
            StatusCode::ACCEPTED => Err("the content is not there yet: ask again later"),
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT => Err("it has no content"),
            _ => Err("its status is not that of content"),
        }
    }

    fn of_part(answer: &Answer, length: Option<u64>) -> Result<Self, &'static str> {
        if media_type(&answer.headers).eq_ignore_ascii_case("multipart/byteranges") {
            return Err("it has several parts, though one was asked for");
        }
        let range = text(&answer.headers, &CONTENT_RANGE).and_then(content_range);
        let (start, end, total) = range.ok_or("it does not say which bytes it has")?;
        if length.is_some_and(|length| length != end - start) {
            return Err("it has another length than the range that it names");
        }
        Ok(Self { start, length: Some(end - start), total, is_whole: false })
    }
}

/// `bytes 0-99/100`, the length being `*` if it is not known: the first byte, the one behind the last, and the length.
fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (start, end) = (first.trim().parse().ok()?, last.trim().parse::<u64>().ok()?.checked_add(1)?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    (start < end && total.is_none_or(|total| end <= total)).then_some((start, end, total))
}

/// The hash of the whole that an answer gives: `Repr-Digest: sha-256=:…:`
/// ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)), or in the older `Digest: SHA-256=…`
/// ([RFC 3230](https://www.rfc-editor.org/rfc/rfc3230)). `Content-MD5` is not read: see [`hash`](crate::transfer::hash).
pub(super) fn digest(headers: &HeaderMap) -> Option<Claim> {
    let lines = ["repr-digest", "digest"].into_iter().flat_map(|name| headers.get_all(name));
    lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).find_map(|member| {
        let (name, value) = member.trim().split_once('=')?;
        let value = value.split(';').next()?.trim().trim_matches(':');
        name.eq_ignore_ascii_case("sha-256").then(|| Claim::read(Kind::Sha256, value))?
    })
}

/// Looks whether an answer holds an error of the service, or a page of HTML such as that of a sign-in, in the place of
/// the content. That is certain only of a short JSON object that is nothing but an error, and has not the size that
/// is expected; and of HTML where the item is known to be something else.
pub(super) async fn checked(answer: Answer, expected: &Receipt, now: Timestamp) -> Result<Answer, Checked> {
    let media_type = media_type(&answer.headers).to_ascii_lowercase();
    let is_other = |own: &String| !own.to_ascii_lowercase().starts_with("text/html");
    if media_type == "text/html" && expected.media_type.as_ref().is_some_and(is_other) {
        return Err(Checked::Answer("it is a page of HTML, which the item is not"));
    }
    let length = answer.body.length();
    let may_be_error = media_type == "application/json"
        && answer.status == StatusCode::OK
        && length.is_none_or(|length| length <= LONGEST_ERROR && expected.size != Some(length));
    if !may_be_error {
        return Ok(answer);
    }
    let Answer { status, headers, body, call, strict, limit, sent } = answer;
    let (body, bytes) = peek(body).await;
    if classify::is_error(&bytes, false) {
        return Err(Checked::Error(GraphError::new(call, status, &headers, &bytes, now).into()));
    }
    Ok(Answer { status, headers, body, call, strict, limit, sent })
}

/// Why an answer is not the content.
pub(super) enum Checked {
    Answer(&'static str),
    Error(Error),
}

/// The body as it was, and its bytes if it is short and complete.
async fn peek(body: Body) -> (Body, Vec<u8>) {
    use futures_util::{StreamExt, stream};
    let length = body.length();
    let mut chunks = body.into_stream();
    let (mut seen, mut bytes) = (Vec::new(), Vec::new());
    while bytes.len() as u64 <= LONGEST_ERROR {
        match chunks.next().await {
            Some(Ok(chunk)) => {
                bytes.extend_from_slice(&chunk);
                seen.push(Ok(chunk));
            }
            Some(Err(error)) => {
                seen.push(Err(error));
                bytes.clear();
                break;
            }
            None => return (Body::stream(stream::iter(seen), length), bytes),
        }
    }
    (Body::stream(stream::iter(seen).chain(chunks), length), Vec::new())
}

fn media_type(headers: &HeaderMap) -> &str {
    text(headers, &CONTENT_TYPE).and_then(|text| text.split(';').next()).unwrap_or_default().trim()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What tells one version of the content from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    tag: Option<String>,
    /// When it was changed last; only if there is no tag, as it is less exact.
    date: Option<String>,
}

impl Version {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let tag = text(headers, &ETAG).map(str::to_owned);
        let date = if tag.is_none() { text(headers, &LAST_MODIFIED).map(str::to_owned) } else { None };
        Self { tag, date }
    }

    pub(super) fn is_known(&self) -> bool {
        *self != Self::default()
    }

    /// The tag, if it stands for the same bytes and not only for the same meaning.
    pub(super) fn strong_tag(&self) -> Option<&str> {
        self.tag.as_deref().filter(|tag| !tag.starts_with("W/"))
    }
}
