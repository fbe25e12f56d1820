//! What a response means: the few questions that every path asks of one, answered in one place.
//!
//! In come status, headers and body as they came; out come answers. Typed calls, requests by path, pages, parts of a
//! batch, transfers and pollers all ask here:
//!
//! | question | answered by |
//! |---|---|
//! | is it an error, in spite of its status? | [`is_error`] |
//! | is it the service's at all? | [`is_foreign`] |
//! | has it a body? | [`is_empty`] |
//! | in what clothes does its JSON come? | [`without_mark`], [`undressed`] |
//! | did it break off, or did an error break in? | [`Damage::of`] |
//! | may it be asked for again? | [`Failure`](crate::retry::Failure), by what is found here |
//!
//! Whether it proves what was asked for, the type that is expected decides by reading it.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use crate::edm::Binary;
use crate::json::{self, JsonError, Reader};

/// The header that every response of Graph has, and none of a proxy.
const REQUEST_ID: &str = "request-id";

/// How many bytes at the end of a broken text are searched for an error; real ones have a few hundred.
const LONGEST_ERROR: usize = 64 * 1024;

/// Whether a body is nothing but an error object: `{"error": {…}}`, annotations aside. Graph has sent such with the
/// status 200 (`UnknownError`, and errors of a service behind it).
///
/// An `error` that is null, beside other members, or a text says nothing about the call; and of a type that declares
/// such a property, as jobs and operations do, it is the value.
pub(crate) fn is_error(body: &[u8], is_declared: bool) -> bool {
    let body = without_mark(body);
    !is_declared
        && may_be_error(body)
        && std::str::from_utf8(body).is_ok_and(|text| is_lone_error(text).unwrap_or_default())
}

/// Whether the first member that is no annotation is an error object. Nearly all bodies need no closer look.
fn may_be_error(body: &[u8]) -> bool {
    let mut rest = body.trim_ascii_start().strip_prefix(b"{");
    while let Some(member) = rest {
        let member = member.trim_ascii_start().strip_prefix(b"\"").unwrap_or_default();
        let end = member.iter().position(|&byte| byte == b'"').unwrap_or_default();
        let value = after_colon(&member[end..]);
        match &member[..end] {
            b"error" | b"Error" => return value.starts_with(b"{"),
            [b'@', ..] => {}
            _ => return false,
        }
        let mut parts = value.strip_prefix(b"\"").unwrap_or_default().splitn(2, |&byte| byte == b'"');
        rest = parts.nth(1).and_then(|behind| behind.trim_ascii_start().strip_prefix(b","));
    }
    false
}

/// What follows the quotation mark and the colon behind a name.
fn after_colon(text: &[u8]) -> &[u8] {
    let colon = text.get(1..).unwrap_or_default().trim_ascii_start();
    colon.strip_prefix(b":").unwrap_or_default().trim_ascii_start()
}

/// Stops at the first member that is neither an error nor an annotation.
fn is_lone_error(text: &str) -> Option<bool> {
    let mut reader = Reader::new(text);
    reader.peek();
    reader.enter_object("an error").ok()?;
    let (mut first, mut found) = (true, false);
    while let Some(name) = reader.next_name(&mut first).ok()? {
        match &*name {
            "error" | "Error" if !found && reader.peek() == Some(b'{') => found = true,
            name if name.starts_with('@') => {}
            _ => return Some(false),
        }
        reader.skip().ok()?;
    }
    Some(found && reader.end().is_ok())
}

/// Whether a success is a web page that somebody on the way wrote, such as the sign-in page of a network: HTML without
/// the header that every response of Graph has. It proves nothing.
pub(crate) fn is_foreign(headers: &HeaderMap, body: &[u8]) -> bool {
    let is_html = match headers.get(CONTENT_TYPE) {
        Some(media_type) => matches!(&*essence(media_type), "text/html" | "application/xhtml+xml"),
        None => without_mark(body).trim_ascii_start().starts_with(b"<"),
    };
    is_html && !headers.contains_key(REQUEST_ID)
}

/// Whether a body says nothing: it has at most white space and a byte order mark.
pub(crate) fn is_empty(body: &[u8]) -> bool {
    without_mark(body).trim_ascii().is_empty()
}

/// What stands behind a byte order mark, which some services write.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Whether a media type is JSON.
pub(crate) fn is_json(media_type: &HeaderValue) -> bool {
    let essence = essence(media_type);
    essence == "application/json" || essence.ends_with("+json")
}

fn essence(media_type: &HeaderValue) -> String {
    let text = media_type.to_str().unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The bytes that a JSON string stands for where JSON was announced and no operation gives a bare string: an object or
/// a list written as a text (msgraph-sdk-php-core#103), or Base64 of anything (photos, docs-contrib#4098).
pub(crate) fn undressed(text: &str) -> Option<Vec<u8>> {
    let inner = without_mark(text.trim().as_bytes()).trim_ascii_start();
    if inner.starts_with(b"{") || inner.starts_with(b"[") {
        return Some(inner.to_vec());
    }
    BASE64_STANDARD.decode(text.trim()).ok().filter(|bytes| !bytes.is_empty())
}

/// How a JSON text that was announced as complete came to harm on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// It ends in the middle (msgraph-sdk-dotnet#1048).
    Truncated,
    /// A service that failed half-way wrote its error object into what it had begun, here (msgraph-sdk-dotnet#1701).
    Error(Range<usize>),
}

impl Damage {
    /// What is wrong with a text that cannot be read as JSON; `None` if it is nothing that passes.
    pub(crate) fn of(text: &[u8], error: &JsonError) -> Option<Self> {
        match embedded_error(text, error.offset()) {
            Some(start) if error.is_syntax() => Some(Self::Error(start..text.len())),
            _ => error.is_truncated().then_some(Self::Truncated),
        }
    }
}

/// Where an error object begins that the text ends with.
fn embedded_error(text: &[u8], offset: usize) -> Option<usize> {
    // The reader stops behind its beginning if that is inside of a string, and at the end if it is a value.
    let from = offset.min(text.len().saturating_sub(LONGEST_ERROR));
    let begins =
        |at: &usize| text[*at] == b'{' && may_be_error(&text[*at..]) && is_error(&text[*at..], false);
    (from..text.len()).find(begins)
}

/// The body of a part of a batch as it would have come by itself. `text` is the raw JSON of the part's `body`.
pub(crate) fn part_body<'j>(text: &'j str, headers: &HeaderMap) -> Cow<'j, [u8]> {
    let raw = || Cow::Borrowed(text.as_bytes());
    if !text.starts_with('"') {
        return raw();
    }
    let Ok(string) = json::from_slice::<String>(text.as_bytes()) else { return raw() };
    let undressed = if headers.get(CONTENT_TYPE).is_none_or(is_json) {
        undressed(&string)
    } else {
        // Of any other media type a string is Base64 of either alphabet, or plain text.
        let binary = json::from_slice::<Binary>(text.as_bytes()).ok();
        Some(binary.and_then(|binary| binary.decode().ok()).unwrap_or_else(|| string.into_bytes()))
    };
    undressed.map_or_else(raw, Cow::Owned)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_lone_error_object_is_an_error_whatever_the_status() {
        for (body, expected) in [
            (r#"{"error":{"code":"UnknownError","message":""}}"#, true),
            ("\u{feff}\r\n { \"error\" : { } } ", true),
            (r#"{"Error":{"Code":"x"}}"#, true),
            (r#"{"@odata.context":"https://x/$metadata#users(id,mail)","error":{"code":"x"}}"#, true),
            (r#"{"error":{"code":"x"},"@odata.context":"https://x"}"#, true),
            (r#"{"error":null}"#, false),
            (r#"{"error":"invalid_grant"}"#, false),
            (r#"{"id":"u1","error":{"code":"x"}}"#, false),
            (r#"{"error":{"code":"x"},"id":"u1"}"#, false),
            (r#"{"error":{"code":"x"},"error":{"code":"y"}}"#, false),
            (r#"{"error":{"code":"x"}"#, false),
            (r#"{"error":{"code":"x"}}]"#, false),
            (r#"{"errors":{"code":"x"}}"#, false),
            (r#"{"value":[]}"#, false),
            ("{}", false),
            ("{", false),
            ("{\"@", false),
            ("{\"error\"", false),
            ("", false),
        ] {
            assert_eq!(is_error(body.as_bytes(), false), expected, "{body}");
            assert!(!is_error(body.as_bytes(), true), "a type that declares it: {body}");
        }
    }

    #[test]
    fn a_page_without_the_services_header_is_of_somebody_on_the_way() {
        let mut headers = HeaderMap::new();
        assert!(is_foreign(&headers, b" <!DOCTYPE html><html>"));
        assert!(!is_foreign(&headers, b"{}"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("Text/HTML; charset=utf-8"));
        assert!(is_foreign(&headers, b"{}"));
        headers.insert("request-id", HeaderValue::from_static("1"));
        assert!(!is_foreign(&headers, b"<html>"), "such as the content of a note");
    }

    #[test]
    fn what_breaks_off_or_breaks_in_is_told_from_what_is_wrong() {
        let damage = |text: &str| {
            let error = json::from_slice::<crate::edm::Json>(text.as_bytes()).expect_err(text);
            Damage::of(text.as_bytes(), &error)
        };
        let whole = r#"{"value":[{"id":"1","n":1.5,"b":true},{"id":"\u00e9"}],"x":null}"#;
        for end in 1..whole.len() {
            assert_eq!(damage(&whole[..end]), Some(Damage::Truncated), "{}", &whole[..end]);
            let broken_in = format!("{}{{\"error\":{{\"code\":\"ApplicationThrottled\"}}}}", &whole[..end]);
            if json::from_slice::<crate::edm::Json>(broken_in.as_bytes()).is_err() {
                let Some(Damage::Error(range)) = damage(&broken_in) else { panic!("{broken_in}") };
                assert!(range.end - range.start >= 41, "{broken_in}");
            }
        }
        assert_eq!(damage(r#"{"id":1,}"#), None);
        assert_eq!(damage("<html>"), None);
    }
}
