//! The transport over hyper: HTTP/1.1 and HTTP/2 with a pool of connections.

use std::fmt;
use std::future::{Future, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::MapOk;
use http::Uri;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::{BoxError, Connector, KEEP_ALIVE, platform_tls};
use super::{Phase, Transport, TransportError, failed_at};
use crate::body::{Body, ByteStream};
use crate::client_builder::CONNECT_TIMEOUT;

/// Sends requests with hyper: over HTTP/1.1 or HTTP/2 as the service chooses, TLS by rustls, and through the proxies
/// that the environment or the system names. The default.
///
/// ```
/// use msgraph_runtime::{GraphClient, HyperTransport, StaticToken};
///
/// let transport = HyperTransport::builder().proxy("http://proxy.contoso.com:8080").build()?;
/// let client = GraphClient::builder().credential(StaticToken::new("token")).transport(transport).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HyperTransport(Client<Connector, Outgoing>);

/// Settings of a [`HyperTransport`].
#[must_use = "it is built by `build`"]
pub struct HyperTransportBuilder {
    tls: Option<rustls::ClientConfig>,
    connect_timeout: Duration,
    proxies: Proxies,
    versions: Versions,
}

enum Proxies {
    System,
    None,
    Always(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Versions {
    Both,
    Http1,
    Http2,
}

/// What a request carries, as hyper takes it.
type Outgoing = Either<Full<Bytes>, StreamBody<MapOk<ByteStream, fn(Bytes) -> Frame<Bytes>>>>;

impl HyperTransport {
    /// A transport with its own pool of connections and the default settings.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// A transport with settings of its own. Everything that comes after a connection is made is limited by the
    /// client.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder {
            tls: None,
            connect_timeout: CONNECT_TIMEOUT,
            proxies: Proxies::System,
            versions: Versions::Both,
        }
    }

    #[cfg(not(feature = "gzip"))]
    fn exchange(
        &self,
        request: http::Request<Outgoing>,
    ) -> impl Future<Output = Result<http::Response<hyper::body::Incoming>, Error>> + use<> {
        self.0.request(request)
    }

    /// Asks for compressed answers, unless the request says how it wants them.
    #[cfg(feature = "gzip")]
    fn exchange(
        &self,
        request: http::Request<Outgoing>,
    ) -> impl Future<
        Output = Result<
            http::Response<impl hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + use<>>,
            Error,
        >,
    > + use<> {
        use tower_http::decompression::Decompression;
        use tower_service::Service;

        // Other crates may have compiled in the other encodings.
        Decompression::new(&self.0).no_br().no_deflate().no_zstd().call(request)
    }
}

impl HyperTransportBuilder {
    /// How long connecting may take, TLS and proxy included; ten seconds if nothing is said.
    pub fn connect_timeout(self, limit: Duration) -> Self {
        Self { connect_timeout: limit, ..self }
    }

    /// TLS by a configuration of your own: other roots than the platform's, or certificates of clients. Its protocols
    /// (ALPN) are replaced.
    pub fn tls(self, config: rustls::ClientConfig) -> Self {
        Self { tls: Some(config), ..self }
    }

    /// All requests go through this proxy, whatever the environment and the system say: `http://host:port` or
    /// `https://host:port`, with `user:password@` before the host if it asks for them.
    pub fn proxy(self, url: impl Into<String>) -> Self {
        Self { proxies: Proxies::Always(url.into()), ..self }
    }

    /// No request goes through a proxy, whatever the environment and the system say.
    pub fn no_proxy(self) -> Self {
        Self { proxies: Proxies::None, ..self }
    }

    /// Only HTTP/1.1.
    pub fn http1_only(self) -> Self {
        Self { versions: Versions::Http1, ..self }
    }

    /// Only HTTP/2, which a service without TLS is taken to understand.
    pub fn http2_only(self) -> Self {
        Self { versions: Versions::Http2, ..self }
    }

    /// The transport.
    ///
    /// # Errors
    /// If TLS cannot be set up, or the proxy is not a URL of `http` or `https`.
    pub fn build(self) -> Result<HyperTransport, TransportError> {
        let tls = self.tls.map_or_else(platform_tls, Ok)?;
        let proxies = match self.proxies {
            Proxies::System => Matcher::from_system(),
            Proxies::None => Matcher::builder().build(),
            Proxies::Always(url) => through(url)?,
        };
        let protocols: &[&str] = match self.versions {
            Versions::Both => &["h2", "http/1.1"],
            Versions::Http1 => &["http/1.1"],
            Versions::Http2 => &["h2"],
        };
        let connector = Connector::new(tls, protocols, Arc::new(proxies), self.connect_timeout);
        let mut client = Client::builder(TokioExecutor::new());
        client.timer(TokioTimer::new()).pool_timer(TokioTimer::new());
        client.http2_only(self.versions == Versions::Http2);
        client.http2_keep_alive_interval(KEEP_ALIVE).http2_keep_alive_timeout(KEEP_ALIVE);
        Ok(HyperTransport(client.build(connector)))
    }
}

/// One proxy for everything. What is wrong with its URL is said without showing it, as it may hold a password.
fn through(url: String) -> Result<Matcher, TransportError> {
    let problem = match url.parse::<Uri>() {
        Ok(_) if url.matches('@').count() > 1 => "an @ in a user name or password is written %40".to_owned(),
        Ok(uri) if is_http(&uri) => return Ok(Matcher::builder().all(url).build()),
        Ok(_) => "it must be http://host:port or https://host:port".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(TransportError::new(Phase::Setup, format!("the proxy's URL is not usable: {problem}")))
}

fn is_http(uri: &Uri) -> bool {
    uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
}

impl Transport for HyperTransport {
    fn send(
        &self,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        if !is_http(request.uri()) {
            let error = TransportError::new(Phase::Setup, "a URL of http or https is needed");
            return Box::pin(ready(Err(error)));
        }
        let sent = self.exchange(request.map(outgoing));
        Box::pin(async move { Ok(sent.await.map_err(failed)?.map(incoming)) })
    }
}

fn outgoing(body: Body) -> Outgoing {
    match body.as_bytes() {
        Some(bytes) => Either::Left(Full::new(bytes.clone())),
        None => Either::Right(StreamBody::new(body.into_stream().map_ok(Frame::data as fn(Bytes) -> _))),
    }
}

fn incoming<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let length = body.size_hint().exact();
    let broken = |error: B::Error| io::Error::other(TransportError::new(Phase::Body, error));
    Body::stream(body.into_data_stream().map_err(broken), length)
}

fn failed(error: Error) -> TransportError {
    TransportError::new(failed_at(&error, error.is_connect()), error)
}

/// Without the proxy, whose URL may hold a password.
impl fmt::Debug for HyperTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HyperTransportBuilder");
        shown.field("connect_timeout", &self.connect_timeout).field("versions", &self.versions);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HyperTransport")
    }
}
