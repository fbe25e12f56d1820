//! Makes connections: TCP, through a proxy if there is one, and TLS by rustls with ring and the platform's roots.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Phase, TransportError, innermost};

/// How long a connection may be silent before the system asks whether the other side is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A connection to a proxy or to the service itself.
type Wire = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Connects to the host of a URI, as a whole within a limit on time.
#[derive(Clone)]
pub(super) struct Connector {
    connect: HttpsConnector<Dialer>,
    limit: Duration,
}

impl Connector {
    /// `protocols` are offered to the service by ALPN (RFC 7301); a proxy is always spoken to in HTTP/1.1.
    pub(super) fn new(
        tls: rustls::ClientConfig,
        protocols: &[&str],
        proxies: Arc<Matcher>,
        limit: Duration,
    ) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        let with = |protocols: &[&str]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
            Arc::new(tls)
        };
        let to_proxy = HttpsConnector::from((tcp.clone(), with(&["http/1.1"])));
        Self { connect: HttpsConnector::from((Dialer { tcp, to_proxy, proxies }, with(protocols))), limit }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Wire>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connect.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, limit) = (self.connect.call(to), self.limit);
        Box::pin(async move {
            tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| {
                let problem = format!("there was no connection after {limit:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, problem).into())
            })
        })
    }
}

/// Connects without TLS to the service: directly, or by a tunnel through a proxy, which so sees neither requests nor
/// tokens (`CONNECT`, RFC 9110, section 9.3.6).
#[derive(Clone)]
struct Dialer {
    tcp: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Arc<Matcher>,
}

impl Service<Uri> for Dialer {
    type Response = Wire;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Wire, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.intercept(&to) else {
            let connecting = self.tcp.call(to);
            return Box::pin(async { Ok(MaybeHttpsStream::Http(connecting.await?)) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
        if let Some(authorization) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let connecting = tunnel.call(to);
        Box::pin(async move {
            match connecting.await {
                Ok(wire) => Ok(wire),
                Err(error) => Err(format!("the proxy {}: {}", proxy.uri(), innermost(&error)).into()),
            }
        })
    }
}

/// rustls with ring, whatever else the program uses, and without touching the process's default provider.
pub(super) fn platform_tls() -> Result<rustls::ClientConfig, TransportError> {
    let setup = |error| TransportError::new(Phase::Setup, error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
    Ok(builder.with_platform_verifier().map_err(setup)?.with_no_client_auth())
}
