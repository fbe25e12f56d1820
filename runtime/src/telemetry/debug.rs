//! Shows one call in full, for somebody who looks for a mistake: without tokens, passwords and other secrets.

use std::fmt::Write;

use http::header::{CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use crate::body::Body;
use crate::error::Error;
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
    let json = body.as_bytes().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let (Some(mut json), true) = (json, media_type.is_none_or(|media_type| media_type.contains("json")))
    else {
        return format!("{body:?}");
    };
    hide(&mut json);
    let mut shown = format!("{json:#}");
    if let Some((end, _)) = shown.char_indices().find(|(at, _)| *at >= SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| match value {
            Value::Null | Value::Bool(_) => {}
            _ if is_secret(name) => *value = HIDDEN.into(),
            _ => hide(value),
        }),
        _ => {}
    }
}
