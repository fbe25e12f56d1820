//! Shows one call in full, for somebody who looks for a mistake: without tokens, passwords and other secrets.

use std::fmt::Write;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::body::Body;
use crate::error::Error;
use crate::json::redact::{self, HIDDEN};
use crate::pipeline::Call;

/// How much of a body is shown.
const SHOWN: usize = 16 * 1024;

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

fn shown_url(url: &Url) -> String {
    let mut shown = url.origin().ascii_serialization() + url.path();
    if let Some(query) = url.query().filter(|query| !query.is_empty()) {
        let _ = write!(shown, "?{query}");
    }
    redact::link(&shown, HIDDEN).into_owned()
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
    if value.is_sensitive() || redact::is_secret_header(name) {
        return HIDDEN.to_owned();
    }
    match url.join(&text) {
        // A link to another host needs no token, so it is one.
        Ok(link_url) if redact::is_link(name) && link_url.origin() == url.origin() => shown_url(&link_url),
        Ok(link_url) if redact::is_link(name) => {
            format!("{}/{HIDDEN}", link_url.origin().ascii_serialization())
        }
        _ => redact::link(&text, HIDDEN).into_owned(),
    }
}

/// A body of JSON; of any other only the length, as it cannot be told what in it is secret.
fn shown_body(headers: &HeaderMap, body: &Body) -> String {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = media_type.is_none_or(|media_type| media_type.contains("json"));
    let text = body.as_bytes().filter(|_| is_json).and_then(|bytes| std::str::from_utf8(bytes).ok());
    // A character has at most four bytes.
    let Some(mut shown) = text.and_then(|text| redact::lines(text, 4 * SHOWN)) else {
        return format!("{body:?}");
    };
    if let Some((end, _)) = shown.char_indices().find(|(at, _)| *at >= SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}
