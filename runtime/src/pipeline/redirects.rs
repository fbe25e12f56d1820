//! Follows redirects, such as those to a file's content on another host. Each call on the way is authorized for
//! itself, so a token goes along only if the redirect stays on the client's own host.

use std::fmt::Write;

use http::header::{AUTHORIZATION, COOKIE, LOCATION};
use http::{HeaderMap, StatusCode};
use url::Url;

use super::{Call, authorization};
use crate::body::Body;
use crate::client::Shared;
use crate::error::Error;

/// How many redirects are followed in a row.
const LIMIT: usize = 10;

pub(super) async fn send(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let mut left = LIMIT;
    let mut followed: Option<Call> = None;
    loop {
        let call = followed.as_mut().unwrap_or(&mut *call);
        let may_follow = left > 0 && call.can_be_sent_again();
        let response = authorization::send(call, client).await?;
        let url = redirected(call, &response).filter(|url| {
            may_follow && (call.method.is_safe() || keeps_method(call, response.status(), url, client))
        });
        let Some(url) = url else { return Ok(response) };
        let next = follow(call, url);
        followed = Some(next);
        left -= 1;
    }
}

/// Whether an answer says that what was asked for is to be seen elsewhere, rather than that it lives there.
pub(crate) fn is_see_other(status: StatusCode) -> bool {
    matches!(status, StatusCode::FOUND | StatusCode::SEE_OTHER)
}

/// Whether a call that changes something is sent again to where a redirect leads: 307 and 308 keep method and body
/// (RFC 9110, section 15.4; onedrive-api-docs#1895), but no other host is given what was meant for the service.
fn keeps_method(call: &Call, status: StatusCode, url: &Url, client: &Shared) -> bool {
    matches!(status.as_u16(), 307 | 308) && client.is_own(&call.url) && client.is_own(url)
}

/// Where a redirect leads to; `None` if the response is none, or leads where it should not.
fn redirected(call: &Call, response: &http::Response<Body>) -> Option<Url> {
    let status = response.status();
    if !is_see_other(status) && !matches!(status.as_u16(), 301 | 307 | 308) {
        return None;
    }
    // That the result is elsewhere is said by 303; 302 only moves the question (RFC 9110, section 15.4).
    if call.keeps_see_other && status == StatusCode::SEE_OTHER {
        return None;
    }
    let url = call.url.join(&location(response.headers())?).ok()?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && call.url.scheme() == "http");
    secure.then_some(url)
}

/// The `Location` of an answer as URLs are written. Storage hosts put names of files into it as they are, in UTF-8 or
/// Latin-1; their bytes are percent-encoded, as clients that follow them do.
pub(crate) fn location(headers: &HeaderMap) -> Option<String> {
    let bytes = headers.get(LOCATION)?.as_bytes().trim_ascii();
    if bytes.is_empty() {
        return None;
    }
    let mut link = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            0x21..=0x7E => link.push(char::from(byte)),
            _ => write!(link, "%{byte:02X}").ok()?,
        }
    }
    Some(link)
}

/// The same call to where a redirect leads.
fn follow(call: &mut Call, url: Url) -> Call {
    let mut next = call.again();
    if url.origin() != next.url.origin() {
        next.headers.remove(AUTHORIZATION);
        next.headers.remove(COOKIE);
    }
    next.url = url;
    next
}
