//! The service's error answers: Graph's nested JSON, OAuth's flat one, and whatever a gateway sends instead.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::classify;
use crate::error::Outcome;
use crate::json::redact::Link;
use crate::json::{self, Reader};
use crate::permissions::Explanation;
use crate::pipeline::CallName;
use crate::retry::passes;
use crate::throttling::retry_after;

/// How much of an error body is read; service errors are far smaller.
pub(crate) const LIMIT: usize = 64 * 1024;

/// How many inner errors are followed.
const INNER: usize = 8;

/// How many details are kept.
const DETAILS: usize = 32;

/// An error that the service answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    call: CallName,
    status: StatusCode,
    text: Text,
    inner: Vec<InnerError>,
    details: Vec<ErrorDetail>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    date: Option<String>,
    retry_after: Option<Duration>,
    location: Option<Link>,
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

/// One of the things that are wrong, where a service names several
/// ([OData errors](https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ErrorResponse)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetail {
    /// The service's code, such as `ObjectConflict`.
    pub code: Option<String>,
    /// What it says for people.
    pub message: Option<String>,
    /// What it is about, such as the name of a property.
    pub target: Option<String>,
}

/// What the body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Text {
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
        if parsed.text.code.is_none() && parsed.text.message.is_none() {
            parsed.text.message = plain_text(body);
        }
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            call,
            status,
            text: parsed.text,
            inner: parsed.inner,
            details: parsed.details,
            request_id: header("request-id").or(parsed.request_id),
            client_request_id: header("client-request-id").or(parsed.client_request_id),
            date: header("date").or(parsed.date),
            retry_after: retry_after(headers, now),
            location: header("location").map(Link),
            explanation: None,
        }
    }

    /// The error with what the token says about it.
    pub(crate) fn explained(self, explanation: Option<Explanation>) -> Self {
        Self { explanation: explanation.map(Box::new), ..self }
    }

    /// The error with what the client has to say about it.
    pub(crate) fn noted(mut self, note: &str) -> Self {
        let message = self.text.message.take().map(|message| format!("{message} ({note})"));
        self.text.message = Some(message.unwrap_or_else(|| note.to_owned()));
        self
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
        self.text.code.as_deref()
    }

    /// What the service says for people; if the body was not JSON, its beginning.
    pub fn message(&self) -> Option<&str> {
        self.text.message.as_deref()
    }

    /// The errors inside, each more specific than the one before.
    pub fn inner(&self) -> &[InnerError] {
        &self.inner
    }

    /// What is wrong one by one, where the service names several things.
    pub fn details(&self) -> &[ErrorDetail] {
        &self.details
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
        self.location.as_ref().map(|link| link.0.as_str())
    }

    /// Whether the error is one that passes: 408, 429, 500, 502, 503, 504, 509, and of those that come with a success as
    /// their status such as say so by their code.
    pub fn is_retryable(&self) -> bool {
        if self.status.is_success() { self.code().is_some_and(passes_by_code) } else { passes(self.status) }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self.status.as_u16() {
            429 | 501 => Outcome::NotDone,
            503 if self.retry_after.is_some() => Outcome::NotDone,
            ..300 | 408 | 500.. => Outcome::Unknown,
            _ => Outcome::NotDone,
        }
    }
}

/// One line: call, status, code, message, and what the service's support asks for; then a line for each detail.
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
        if !known.is_empty() {
            write!(f, " ({})", known.join(", "))?;
        }
        self.details.iter().try_for_each(|detail| write!(f, "\n- {detail}"))
    }
}

impl StdError for GraphError {}

/// One line: code, target, message.
impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &Option<String>| text.as_deref().map(|text| one_line(text, SHOWN));
        let target = shown(&self.target).map(|target| format!("({target})"));
        let words: Vec<String> = [shown(&self.code), target].into_iter().flatten().collect();
        match (words.join(" "), shown(&self.message)) {
            (head, None) => f.write_str(&head),
            (head, Some(message)) if head.is_empty() => f.write_str(&message),
            (head, Some(message)) => write!(f, "{head}: {message}"),
        }
    }
}

/// Codes of errors that pass and were seen with a success as their status, or are what statuses that pass have for
/// their code; in lower case.
const PASSING: [&str; 15] = [
    "activitylimitreached",
    "applicationthrottled",
    "errorinternalservertransienterror",
    "errorserverbusy",
    "errortimeoutexpired",
    "gatewaytimeout",
    "generalexception",
    "internalservererror",
    "requesttimeout",
    "serviceunavailable",
    "servicenotavailable",
    "service_internalservererror",
    "timeout",
    "toomanyrequests",
    "unknownerror",
];

fn passes_by_code(code: &str) -> bool {
    PASSING.contains(&code.to_ascii_lowercase().as_str())
}

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
    text: Text,
    inner: Vec<InnerError>,
    details: Vec<ErrorDetail>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    date: Option<String>,
}

fn parse(body: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let body = classify::without_mark(body);
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
                parsed.text.code = text_of(reader).or(parsed.text.code.take())
            }
            "error_description" | "message" | "Message" => parsed.text.message = text_of(reader),
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
        "details" if reader.peek() == Some(b'[') => details(reader, &mut parsed.details),
        _ => skip(reader),
    });
    if depth == 0 {
        parsed.text = Text { code: own.code, message: own.message };
    } else if own != InnerError::default() {
        parsed.inner.insert(at, own);
    }
}

/// A list of what is wrong.
fn details(reader: &mut Reader<'_>, found: &mut Vec<ErrorDetail>) {
    if reader.enter_array("a list").is_err() {
        return;
    }
    let mut first = true;
    while let Ok(true) = reader.next_element(std::mem::take(&mut first)) {
        if reader.peek() != Some(b'{') || found.len() == DETAILS {
            if reader.skip().is_err() {
                return;
            }
            continue;
        }
        let mut detail = ErrorDetail::default();
        let before = reader.offset();
        members(reader, &mut |name, reader| match name {
            "code" => detail.code = text_of(reader),
            "message" => detail.message = message_of(reader),
            "target" => detail.target = text_of(reader),
            _ => skip(reader),
        });
        if reader.offset() == before {
            return;
        }
        if detail != ErrorDetail::default() {
            found.push(detail);
        }
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
