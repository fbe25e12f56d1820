//! TLS through a tunnel that a proxy makes, and TLS to the proxy itself.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use msgraph::GraphClient;
use msgraph::runtime::{self, HyperTransport, StaticToken};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::faults::Tls;

#[tokio::test]
async fn http_2_goes_over_tls_through_a_proxy_and_through_one_with_tls() {
    let tls = Tls::new("h2");
    let service = service(tls.server.clone()).await;
    // The proxy speaks HTTP/1.1, whatever the service does.
    let of_proxy = Tls::new("http/1.1");
    let mut trust = rustls::RootCertStore::empty();
    trust.add(tls.certificate.clone()).expect("a root");
    trust.add(of_proxy.certificate.clone()).expect("a root");
    for (scheme, acceptor) in [("http", None), ("https", Some(TlsAcceptor::from(of_proxy.server.clone())))] {
        let proxy = proxy(acceptor).await;
        let transport = HyperTransport::builder().tls(Tls::trusting(trust.clone()));
        let transport =
            transport.proxy(format!("{scheme}://localhost:{proxy}")).build().expect("a transport");
        let client = runtime::GraphClient::builder().base_url(&format!("https://localhost:{service}/v1.0"));
        let client = client.credential(StaticToken::new("the-token")).transport(transport).build();
        let client = GraphClient::from(client.expect("the settings are complete"));
        let user = client.me().get().await.expect("an answer");
        assert_eq!(user.display_name.as_deref(), Some("over HTTP/2"), "{scheme}");
    }
}

/// A service that says which version of HTTP it is asked in; its port.
async fn service(tls: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let answer = |request: Request<Incoming>| async move {
        let version = if request.version() == Version::HTTP_2 { "HTTP/2" } else { "another" };
        let body = format!(r#"{{"displayName":"over {version}"}}"#);
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body))))
    };
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(tls.clone());
            tokio::spawn(async move {
                let Ok(connection) = acceptor.accept(connection).await else { return };
                let http = auto::Builder::new(TokioExecutor::new());
                let _ = http.serve_connection(TokioIo::new(connection), service_fn(answer)).await;
            });
        }
    });
    port
}

/// A proxy that makes tunnels, over TLS or not; its port.
async fn proxy(tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                match tls {
                    Some(tls) => tunnel(tls.accept(connection).await?).await,
                    None => tunnel(connection).await,
                }
            });
        }
    });
    port
}

async fn tunnel(mut client: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let mut service = TcpStream::connect(target.expect("a tunnel is asked for")).await?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut service).await.map(drop)
}
