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

/// How long a connection may be silent before the other side is asked whether it is still there, and how long its answer
/// may take.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it is asked before the connection is given up.
const KEEP_ALIVE_RETRIES: u32 = 3;

/// How long what was sent may stay unacknowledged, where the system lets programs say so.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

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
        let tcp = tcp(limit);
        let with = |protocols: &[&str]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
            Arc::new(tls)
        };
        let to_proxy = HttpsConnector::from((tcp.clone(), with(&["http/1.1"])));
        Self { connect: HttpsConnector::from((Dialer { tcp, to_proxy, proxies }, with(protocols))), limit }
    }
}

fn tcp(limit: Duration) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // It is divided among the addresses of a host, so that one that does not answer leaves time for the others.
    tcp.set_connect_timeout(Some(limit));
    tcp.set_keepalive(Some(KEEP_ALIVE));
    tcp.set_keepalive_interval(Some(KEEP_ALIVE));
    tcp.set_keepalive_retries(Some(KEEP_ALIVE_RETRIES));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    tcp
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
        let connecting = tunnel.call(with_port(to));
        Box::pin(async move {
            match connecting.await {
                Ok(wire) => Ok(wire),
                Err(error) => Err(format!("the proxy {}: {}", host(proxy.uri()), innermost(&error)).into()),
            }
        })
    }
}

/// The target of a tunnel, which without a port would lead to that of HTTPS.
fn with_port(to: Uri) -> Uri {
    let (Some(host), None, Some("http")) = (to.host(), to.port(), to.scheme_str()) else { return to };
    let stated = Uri::builder().scheme("http").authority(format!("{host}:80")).path_and_query("/");
    stated.build().unwrap_or(to)
}

/// A proxy as it may be shown: what stands before the host may be a part of a password.
fn host(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// rustls with ring, whatever else the program uses, and without touching the process's default provider.
pub(super) fn platform_tls() -> Result<rustls::ClientConfig, TransportError> {
    let setup = |error| TransportError::new(Phase::Setup, error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
    Ok(builder.with_platform_verifier().map_err(setup)?.with_no_client_auth())
}
