//! The service's error answers: Graph's nested JSON, OAuth's flat one, and whatever a gateway sends instead.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::json::{self, Reader};
use crate::permissions::Explanation;
use crate::pipeline::CallName;
use crate::retry::passes;
use crate::throttling::retry_after;

/// How much of an error body is read; service errors are far smaller.
pub(crate) const LIMIT: usize = 64 * 1024;

/// How many inner errors are followed.
const INNER: usize = 8;

/// An error that the service answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    call: CallName,
    status: StatusCode,
    details: Details,
    inner: Vec<InnerError>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    date: Option<String>,
    retry_after: Option<Duration>,
    location: Option<String>,
    explanation: Option<Box<Explanation>>,
}

/// One of the errors inside an error, from the outermost to the most specific.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InnerError {
    /// The service's code.
    pub code: Option<String>,
    /// What it says for people.
    pub message: Option<String>,
}

/// What the body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Details {
    code: Option<String>,
    message: Option<String>,
}

impl GraphError {
    /// Makes an error of an answer. `body` is at most [`LIMIT`] bytes of whatever was sent.
    pub(crate) fn new(
        call: CallName,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Self {
        let mut parsed = parse(body);
        if parsed.details.code.is_none() && parsed.details.message.is_none() {
            parsed.details.message = plain_text(body);
        }
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            call,
            status,
            details: parsed.details,
            inner: parsed.inner,
            request_id: header("request-id").or(parsed.request_id),
            client_request_id: header("client-request-id").or(parsed.client_request_id),
            date: header("date").or(parsed.date),
            retry_after: retry_after(headers, now),
            location: header("location"),
            explanation: None,
        }
    }

    /// The error with what the token says about it.
    pub(crate) fn explained(self, explanation: Option<Explanation>) -> Self {
        Self { explanation: explanation.map(Box::new), ..self }
    }

    /// Why the service forbids the call (403), as far as the token and the permission table tell: what is granted, what
    /// is needed, and the likely cause. Absent for other statuses, and if the token cannot be read or the operation
    /// is none that the metadata knows.
    pub fn explanation(&self) -> Option<&Explanation> {
        self.explanation.as_deref()
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The HTTP method of the call.
    pub fn method(&self) -> &http::Method {
        self.call.method()
    }

    /// The path template of the call.
    pub fn template(&self) -> &str {
        self.call.template()
    }

    /// The service's error code, such as `Request_ResourceNotFound`.
    pub fn code(&self) -> Option<&str> {
        self.details.code.as_deref()
    }

    /// What the service says for people; if the body was not JSON, its beginning.
    pub fn message(&self) -> Option<&str> {
        self.details.message.as_deref()
    }

    /// The errors inside, each more specific than the one before.
    pub fn inner(&self) -> &[InnerError] {
        &self.inner
    }

    /// The identifier that the service gave the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The identifier that this client gave the request.
    pub fn client_request_id(&self) -> Option<&str> {
        self.client_request_id.as_deref()
    }

    /// When the service answered, in its own words.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// How long the service asked to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Where the service says to go on, as it says it: nothing has been checked (`Location`).
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Whether the status is one that passes: 408, 429, 500, 502, 503, 504, 509.
    pub fn is_retryable(&self) -> bool {
        passes(self.status)
    }
}

/// One line: call, status, code, message, and what the service's support asks for.
impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.status)?;
        if let Some(code) = self.code() {
            write!(f, ", {}", one_line(code, SHOWN))?;
        }
        if let Some(message) = self.message() {
            write!(f, ": {}", one_line(message, SHOWN))?;
        }
        if let Some(InnerError { code: Some(code), .. }) = self.inner.last() {
            write!(f, " [{}]", one_line(code, SHOWN))?;
        }
        if let Some(explanation) = &self.explanation {
            write!(f, "; {explanation}")?;
        }
        let ids = [
            ("request-id", &self.request_id),
            ("client-request-id", &self.client_request_id),
            ("date", &self.date),
        ];
        let known: Vec<String> = ids
            .iter()
            .filter_map(|(name, id)| id.as_ref().map(|id| format!("{name} {}", one_line(id, SHOWN))))
            .collect();
        if known.is_empty() { Ok(()) } else { write!(f, " ({})", known.join(", ")) }
    }
}

impl StdError for GraphError {}

/// How many characters of a text of the service are shown.
pub(crate) const SHOWN: usize = 500;

/// White space and control characters made into single spaces, at most so many characters.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let mut line = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(limit) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// The beginning of a body that is not the JSON of an error; markup is left out, as it says nothing.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    let visible = if trimmed.starts_with('<') { title(trimmed).unwrap_or("an HTML page") } else { trimmed };
    let line = one_line(visible, 200);
    (!line.is_empty()).then_some(line)
}

fn title(html: &str) -> Option<&str> {
    let start = html.to_ascii_lowercase().find("<title>")? + "<title>".len();
    let end = html[start..].find('<')?;
    Some(html[start..start + end].trim()).filter(|title| !title.is_empty())
}

// ---- the body

/// What is found in a body, as far as it is readable: a truncated one gives what came before the break.
#[derive(Default)]
struct Parsed {
    details: Details,
    inner: Vec<InnerError>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    date: Option<String>,
}

fn parse(body: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let end = match std::str::from_utf8(body) {
        Ok(_) => body.len(),
        // A limit may have cut a character in two.
        Err(error) => error.valid_up_to(),
    };
    if let Ok(text) = json::decode_utf8(&body[..end]) {
        members(&mut Reader::new(text), &mut |name, reader| match name {
            "error" | "Error" if reader.peek() == Some(b'{') => error_object(reader, &mut parsed, 0),
            // OAuth: {"error": "invalid_grant", "error_description": "…"}
            "error" | "Error" | "code" | "Code" => {
                parsed.details.code = text_of(reader).or(parsed.details.code.take())
            }
            "error_description" | "message" | "Message" => parsed.details.message = text_of(reader),
            _ => skip(reader),
        });
    }
    parsed
}

/// An `error` or `innerError` object: code, message, identifiers and the next inner error.
fn error_object(reader: &mut Reader<'_>, parsed: &mut Parsed, depth: usize) {
    let mut own = InnerError::default();
    let at = parsed.inner.len();
    members(reader, &mut |name, reader| match name {
        "code" => own.code = text_of(reader),
        "message" => own.message = message_of(reader),
        "request-id" | "requestId" => parsed.request_id = text_of(reader),
        "client-request-id" | "clientRequestId" => parsed.client_request_id = text_of(reader),
        "date" => parsed.date = text_of(reader),
        "innerError" | "innererror" | "internalexception" if depth < INNER && reader.peek() == Some(b'{') => {
            error_object(reader, parsed, depth + 1);
        }
        _ => skip(reader),
    });
    if depth == 0 {
        parsed.details = Details { code: own.code, message: own.message };
    } else if own != InnerError::default() {
        parsed.inner.insert(at, own);
    }
}

/// A message, which older services wrap as `{"lang": "en-us", "value": "…"}`.
fn message_of(reader: &mut Reader<'_>) -> Option<String> {
    if reader.peek() != Some(b'{') {
        return text_of(reader);
    }
    let mut message = None;
    members(reader, &mut |name, reader| match name {
        "value" => message = text_of(reader),
        _ => skip(reader),
    });
    message
}

/// Calls a function at the value of every member of an object, until the object or what is readable ends.
fn members(reader: &mut Reader<'_>, each: &mut dyn FnMut(&str, &mut Reader<'_>)) {
    reader.peek();
    if reader.enter_object("an error").is_err() {
        return;
    }
    let mut first = true;
    while let Ok(Some(name)) = reader.next_name(&mut first) {
        let before = reader.offset();
        each(&name, reader);
        if reader.offset() == before {
            return;
        }
    }
}

/// A string, or the text of a number; anything else is skipped.
fn text_of(reader: &mut Reader<'_>) -> Option<String> {
    match reader.peek() {
        Some(b'"') => reader.string().ok().map(|text| text.into_owned()),
        Some(b'-' | b'0'..=b'9') => reader.number("a number").ok().map(str::to_owned),
        _ => {
            skip(reader);
            None
        }
    }
    .filter(|text| !text.is_empty())
}

fn skip(reader: &mut Reader<'_>) {
    // An error leaves the reader where it is, and the caller stops there.
    let _ = reader.skip();
}
