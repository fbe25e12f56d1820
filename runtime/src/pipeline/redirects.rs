//! Follows redirects, such as those to a file's content on another host. Each call on the way is authorized for
//! itself, so a token goes along only if the redirect stays on the client's own host.

use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::{AUTHORIZATION, COOKIE, LOCATION};

use super::{Call, Next, Policy, authorization};
use crate::body::Body;
use crate::error::Error;

/// How many redirects are followed in a row.
const LIMIT: usize = 10;

pub(crate) struct Redirects;

impl Policy for Redirects {
    fn send<'a>(
        &'a self,
        mut call: Call,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
        Box::pin(async move {
            let mut left = LIMIT;
            loop {
                let mut again = call.try_clone();
                let response = authorization::send(call, &mut again, next).await?;
                let again = again.filter(|again| left > 0 && again.method.is_safe());
                match again.and_then(|again| redirected(again, &response)) {
                    Some(redirected) => call = redirected,
                    None => return Ok(response),
                }
                left -= 1;
            }
        })
    }
}

/// Whether an answer says that what was asked for is to be seen elsewhere, rather than that it lives there.
pub(crate) fn is_see_other(status: StatusCode) -> bool {
    matches!(status, StatusCode::FOUND | StatusCode::SEE_OTHER)
}

/// The call that a redirect leads to; `None` if the response is none, or leads where it should not.
fn redirected(mut call: Call, response: &http::Response<Body>) -> Option<Call> {
    let status = response.status();
    if !is_see_other(status) && !matches!(status.as_u16(), 301 | 307 | 308) {
        return None;
    }
    if call.keeps_see_other && is_see_other(status) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = call.url.join(location).ok()?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && call.url.scheme() == "http");
    if !secure {
        return None;
    }
    if url.origin() != call.url.origin() {
        call.headers.remove(AUTHORIZATION);
        call.headers.remove(COOKIE);
    }
    call.url = url;
    Some(call)
}
