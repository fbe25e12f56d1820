//! The transport over reqwest: HTTP/1.1 and HTTP/2, TLS by rustls with ring and the platform's roots.

use std::error::Error;
use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use crate::body::Body;
use crate::client_builder::CONNECT_TIMEOUT;
use crate::transport::{Phase, Transport, TransportError};

/// Sends requests with a [`reqwest::Client`].
#[derive(Clone, Debug)]
pub struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// A transport with its own connection pool and ten seconds to connect.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        Self::with_connect_timeout(CONNECT_TIMEOUT)
    }

    /// A transport with its own connection pool and so long to connect. Everything that comes after is limited by
    /// the client.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn with_connect_timeout(limit: Duration) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(limit);
        client.build().map(Self).map_err(|error| TransportError::new(Phase::Setup, error))
    }

    /// A transport over a client of your own, for proxies, certificates and timeouts. It must not follow
    /// redirects itself (`redirect(Policy::none())`), as the pipeline decides which of them get a token.
    pub fn from_client(client: reqwest::Client) -> Self {
        Self(client)
    }
}

/// rustls with ring, whatever else the program uses, and without touching the process's default provider.
fn tls() -> Result<rustls::ClientConfig, TransportError> {
    let setup = |error| TransportError::new(Phase::Setup, error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
    let mut config = builder.with_platform_verifier().map_err(setup)?.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        match Url::parse(&request.uri().to_string()) {
            Ok(url) => self.send_to(url, request),
            Err(error) => Box::pin(ready(Err(TransportError::new(Phase::Setup, error)))),
        }
    }

    fn send_to(
        &self,
        url: Url,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        let sent = self.0.execute(outgoing(url, request));
        Box::pin(async move { Ok(incoming(sent.await.map_err(failed)?)) })
    }
}

fn outgoing(url: Url, request: http::Request<Body>) -> reqwest::Request {
    let (head, body) = request.into_parts();
    let mut request = reqwest::Request::new(head.method, url);
    *request.headers_mut() = head.headers;
    *request.version_mut() = head.version;
    *request.body_mut() = Some(match body.as_bytes() {
        Some(bytes) => bytes.clone().into(),
        None => reqwest::Body::wrap_stream(body.into_stream()),
    });
    request
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

/// Whether the service says that it has not begun: a stream of HTTP/2 that it refused, or one that it did not take
/// any more because it closes the connection ([RFC 9113, section 8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7)).
fn is_refused(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|error| {
        let reason = error.reason();
        error.is_remote()
            && (error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
                || error.is_go_away() && reason == Some(h2::Reason::NO_ERROR))
    })
}

fn failed(error: reqwest::Error) -> TransportError {
    let phase = if error.is_connect() || is_refused(&error) {
        Phase::Connect
    } else if error.is_timeout() {
        Phase::Timeout
    } else if error.is_body() || error.is_decode() {
        Phase::Body
    } else {
        Phase::Exchange
    };
    // The URL can hold keys and tokens, and the error is shown with the operation anyway.
    TransportError::new(phase, error.without_url())
}
