//! The transport over a [`reqwest::Client`] of the program.

use std::io;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;

use super::{Phase, Transport, TransportError, failed_at};
use crate::body::Body;

/// Sends requests with a [`reqwest::Client`] that the program has already, with the settings that it has.
///
/// [`HyperTransport`](crate::HyperTransport), the default, does less for each request.
#[derive(Clone, Debug)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// A transport over a client, whose own limits, proxies and encodings apply. It must not follow redirects itself
    /// (`redirect(Policy::none())`), as the pipeline decides which of them get a token; nor need it retry
    /// (`retry(reqwest::retry::never())`), as the pipeline does.
    pub fn from_client(client: reqwest::Client) -> Self {
        Self(client)
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let sent = reqwest::Request::try_from(request.map(outgoing)).map(|request| self.0.execute(request));
        Box::pin(async move {
            let sent = sent.map_err(|error| TransportError::new(Phase::Setup, error.without_url()))?;
            Ok(incoming(sent.await.map_err(failed)?))
        })
    }
}

fn outgoing(body: Body) -> reqwest::Body {
    match body.as_bytes() {
        Some(bytes) => bytes.clone().into(),
        None => reqwest::Body::wrap_stream(body.into_stream()),
    }
}

fn incoming(mut response: reqwest::Response) -> http::Response<Body> {
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let length = response.content_length();
    let chunks = response.bytes_stream().map_err(|error| io::Error::other(failed(error)));
    let mut response = http::Response::new(Body::stream(chunks, length));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn failed(error: reqwest::Error) -> TransportError {
    let phase = if error.is_body() || error.is_decode() {
        Phase::Body
    } else {
        failed_at(&error, error.is_connect())
    };
    // The URL can hold keys and tokens, and the error is shown with the operation anyway.
    TransportError::new(phase, error.without_url())
}
