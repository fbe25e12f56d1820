//! Shows one call in full, for somebody who looks for a mistake: without tokens, passwords and other secrets.

use std::fmt::Write;

use http::header::{CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::body::Body;
use crate::edm::Json;
use crate::error::Error;
use crate::json::{ReadError, Reader};
use crate::pipeline::Call;

/// What stands for a secret.
const HIDDEN: &str = "[hidden]";

/// How much of a body is shown.
const SHOWN: usize = 16 * 1024;

/// Names of headers, query options and JSON members with one of these in them have secret values. URLs that
/// need no token are secrets themselves.
const SECRET: [&str; 13] = [
    "assertion",
    "auth",
    "cookie",
    "credential",
    "downloadurl",
    "keyvalue",
    "monitorurl",
    "passcode",
    "passphrase",
    "password",
    "secret",
    "token",
    "uploadurl",
];

/// Shows a request before a try.
pub(crate) fn show_request(call: &Call) {
    tracing::info!(
        target: "msgraph::debug",
        "{} {}\n{}{}",
        call.method,
        shown_url(&call.url),
        shown_headers(&call.headers, &call.url),
        shown_body(&call.headers, &call.body)
    );
}

/// Shows what came of a try.
pub(crate) fn show_answer(outcome: &Result<http::Response<Body>, Error>, url: &Url) {
    match outcome {
        Ok(response) => tracing::info!(
            target: "msgraph::debug",
            "{}\n{}{}",
            response.status(),
            shown_headers(response.headers(), url),
            shown_body(response.headers(), response.body())
        ),
        Err(error) => tracing::info!(target: "msgraph::debug", "{error}"),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|secret| name.contains(secret))
}

fn shown_url(url: &Url) -> String {
    let mut shown = format!("{}{}", url.origin().ascii_serialization(), url.path());
    for (index, pair) in
        url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).enumerate()
    {
        let name = pair.split('=').next().unwrap_or_default();
        shown.push(if index == 0 { '?' } else { '&' });
        // The signature of a URL that needs no token is called `sig`.
        if is_secret(name) || name == "sig" {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{name}={HIDDEN}");
        } else {
            shown.push_str(pair);
        }
    }
    shown
}

fn shown_headers(headers: &HeaderMap, url: &Url) -> String {
    let mut shown = String::new();
    for (name, value) in headers {
        let _ = writeln!(shown, "{name}: {}", shown_header(name, value, url));
    }
    shown
}

fn shown_header(name: &HeaderName, value: &HeaderValue, url: &Url) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    let link = [LOCATION, CONTENT_LOCATION].contains(name) || name == "operation-location";
    if value.is_sensitive() || [COOKIE, SET_COOKIE].contains(name) || is_secret(name.as_str()) {
        return HIDDEN.to_owned();
    }
    match url.join(&text) {
        // A link to another host needs no token, so it is one.
        Ok(link_url) if link && link_url.origin() == url.origin() => shown_url(&link_url),
        Ok(link_url) if link => format!("{}/{HIDDEN}", link_url.origin().ascii_serialization()),
        _ => text.into_owned(),
    }
}

/// A body of JSON; of any other only the length, as it cannot be told what in it is secret.
fn shown_body(headers: &HeaderMap, body: &Body) -> String {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = media_type.is_none_or(|media_type| media_type.contains("json"));
    let text = body.as_bytes().filter(|_| is_json).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let Some(mut shown) = text.and_then(shown_json) else { return format!("{body:?}") };
    if let Some((end, _)) = shown.char_indices().find(|(at, _)| *at >= SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// JSON, a value to a line, secrets hidden; nothing if it is none.
fn shown_json(text: &str) -> Option<String> {
    let (mut reader, mut shown) = (Reader::new(text), String::new());
    show_value(&mut reader, 1, &mut shown).and_then(|()| reader.end()).ok()?;
    Some(shown)
}

fn show_value(reader: &mut Reader<'_>, depth: usize, shown: &mut String) -> Result<(), ReadError> {
    let mut first = true;
    match reader.peek() {
        _ if is_enough(shown) => reader.skip()?,
        Some(b'{') => {
            reader.enter_object("an object")?;
            shown.push('{');
            while let Some(name) = reader.next_name(&mut first)? {
                begin_line(depth, shown);
                let _ = write!(shown, "{}: ", Json::encode(&name.to_string()).as_str());
                // What is on or off, or not there, tells nothing.
                if is_secret(&name) && !matches!(reader.peek(), Some(b'n' | b't' | b'f')) {
                    reader.skip()?;
                    let _ = write!(shown, "\"{HIDDEN}\"");
                } else {
                    show_value(reader, depth + 1, shown)?;
                }
                shown.push(',');
            }
            end_lines(depth, '}', shown);
        }
        Some(b'[') => {
            reader.enter_array("an array")?;
            shown.push('[');
            while reader.next_element(std::mem::replace(&mut first, false))? {
                begin_line(depth, shown);
                show_value(reader, depth + 1, shown)?;
                shown.push(',');
            }
            end_lines(depth, ']', shown);
        }
        _ => shown.push_str(reader.raw()?),
    }
    Ok(())
}

/// Whether nobody would see more, however long it is or deep it nests: a character has at most four bytes.
fn is_enough(shown: &str) -> bool {
    shown.len() > 4 * SHOWN
}

fn begin_line(depth: usize, shown: &mut String) {
    if is_enough(shown) {
        return;
    }
    let _ = write!(shown, "\n{:width$}", "", width = 2 * depth);
}

/// Ends an object or an array, on the line of its beginning if nothing is in it.
fn end_lines(depth: usize, end: char, shown: &mut String) {
    if shown.ends_with(',') {
        shown.pop();
        begin_line(depth - 1, shown);
    }
    shown.push(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stands_line_by_line_without_its_secrets() {
        let json = r#"{"a":[1,{}],"password":"x","pass\u0077ord":7,"token":{"a":1},"hasToken":true,"secret":null,"b":[]}"#;
        let shown = r#"{
  "a": [
    1,
    {}
  ],
  "password": "[hidden]",
  "password": "[hidden]",
  "token": "[hidden]",
  "hasToken": true,
  "secret": null,
  "b": []
}"#;
        assert_eq!(shown_json(json).as_deref(), Some(shown));
        assert_eq!(shown_json("{\"password\":\"x\""), None);
    }

    #[test]
    fn long_and_deep_json_is_not_blown_up() {
        let json = format!("{}{}1{}", "[".repeat(100), "1,".repeat(SHOWN), "]".repeat(100));
        assert!(shown_json(&json).expect("it is JSON").len() < 20 * SHOWN);
    }
}
