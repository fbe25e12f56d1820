//! The transport over hyper: proxies, limits, compression.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use msgraph_runtime::{Body, Error, GraphClient, HyperTransport, Phase, RetryPolicy, StaticToken, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::models::Message;
use crate::support::server::{Server, full};

const GET: &str = "op:GET /me/messages/{message-id};;";

/// `name:secret`, as a proxy expects it.
const AUTHORIZATION: &str = "Basic bmFtZTpzZWNyZXQ=";

/// What tells a test that it runs in a process of its own, and where its service is.
const SERVICE: &str = "MSGRAPH_TEST_SERVICE";

/// What tells it that it wants no proxy.
const WITHOUT: &str = "MSGRAPH_TEST_WITHOUT_PROXY";

/// A proxy that makes tunnels for those who know its password; what it was asked.
struct Proxy {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(tunnel(connection, log.clone()));
            }
        });
        Self { host, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic elsewhere").clone()
    }
}

async fn tunnel(mut client: TcpStream, log: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    let knows = head.to_ascii_lowercase().contains(&AUTHORIZATION.to_ascii_lowercase());
    log.lock().expect("no panic elsewhere").push(head);
    match target {
        Some(target) if knows => {
            let mut service = TcpStream::connect(target).await?;
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            copy_bidirectional(&mut client, &mut service).await.map(drop)
        }
        _ => client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await,
    }
}

fn client(url: &str, transport: HyperTransport) -> GraphClient {
    let builder = GraphClient::builder().base_url(url).credential(StaticToken::new("the-token"));
    builder.transport(transport).retry(RetryPolicy::never()).build().expect("a client")
}

async fn service() -> Server {
    Server::start(|_| full(200, r#"{"subject":"good"}"#)).await
}

fn delivery(error: Error) -> (Phase, String) {
    let Error::Delivery(error) = error else { panic!("not of the delivery: {error}") };
    (error.phase(), error.to_string())
}

#[tokio::test]
async fn a_proxy_makes_a_tunnel_and_sees_no_token() {
    let (service, proxy) = (service().await, Proxy::start().await);
    let transport = HyperTransport::builder().proxy(format!("http://name:secret@{}", proxy.host));
    assert!(!format!("{transport:?}").contains("secret"), "{transport:?}");
    let client = client(&service.url(), transport.build().expect("a transport"));
    for _ in 0..2 {
        let message = client.root("me").call::<Message>(GET).await.expect("an answer");
        assert_eq!(message.subject.as_deref(), Some("good"));
    }
    let host = service.url().replace("http://", "").replace("/v1.0", "");
    let [asked] = &proxy.asked()[..] else { panic!("the connection is kept: {:?}", proxy.asked()) };
    assert!(asked.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")), "{asked}");
    assert!(!asked.contains("the-token"), "{asked}");
    assert_eq!(service.last().header("authorization"), Some("Bearer the-token"));
    assert_eq!(service.last().header("proxy-authorization"), None);
}

#[tokio::test]
async fn what_a_proxy_refuses_was_not_sent_and_says_which_proxy_it_was() {
    let (service, proxy) = (service().await, Proxy::start().await);
    let transport = HyperTransport::builder().proxy(format!("http://name:wrong@{}", proxy.host));
    let client = client(&service.url(), transport.build().expect("a transport"));
    let error = client.root("me").call::<Message>(GET).await.expect_err("a wrong password");
    let (phase, message) = delivery(error);
    assert_eq!(phase, Phase::Connect);
    assert!(message.contains(&proxy.host) && message.contains("proxy auth"), "{message}");
    assert!(!message.contains("wrong"), "{message}");
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn a_tunnel_of_http_leads_to_the_port_of_http() {
    let proxy = Proxy::start().await;
    let transport = HyperTransport::builder().proxy(format!("http://name:wrong@{}", proxy.host));
    let client = client("http://localhost/v1.0", transport.build().expect("a transport"));
    client.root("me").call::<Message>(GET).await.expect_err("the password is wrong");
    assert!(proxy.asked()[0].starts_with("CONNECT localhost:80 HTTP/1.1\r\n"), "{:?}", proxy.asked());
}

#[tokio::test]
async fn what_is_no_url_of_http_is_not_sent() {
    for url in ["/v1.0/me", "ftp://localhost/v1.0/me"] {
        let request = http::Request::get(url).body(Body::empty()).expect("a request");
        let error = HyperTransport::new().expect("TLS").send(request).await.expect_err("no URL of HTTP");
        assert_eq!(error.phase(), Phase::Setup, "{url}");
    }
}

#[test]
fn what_is_no_proxy_is_said_without_its_password() {
    for url in [
        "socks5://name:secret@proxy:1080",
        "name:secret@proxy:8080",
        "http://name:secret@pro xy",
        "http://name:s@secret@proxy:8080",
    ] {
        let error = HyperTransport::builder().proxy(url).build().expect_err("no proxy");
        assert_eq!(error.phase(), Phase::Setup, "{url}");
        assert!(
            error.to_string().contains("the proxy's URL") && !error.to_string().contains("secret"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_used() {
    let Ok(url) = std::env::var(SERVICE) else { return in_an_environment_with_a_proxy().await };
    let transport = HyperTransport::builder();
    let transport = if std::env::var(WITHOUT).is_ok() { transport.no_proxy() } else { transport };
    let client = client(&url, transport.build().expect("a transport"));
    client.root("me").call::<Message>(GET).await.expect("an answer");
}

/// Runs the test above once more, as the environment of a process cannot be changed safely.
async fn in_an_environment_with_a_proxy() {
    let (service, proxy) = (service().await, Proxy::start().await);
    let run = |name: &'static str, value: String| {
        let mut command = Command::new(std::env::current_exe().expect("the test has a file"));
        command.args(["transport::a_proxy_of_the_environment_is_used", "--exact"]);
        for name in [
            WITHOUT,
            "http_proxy",
            "HTTP_PROXY",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
            "REQUEST_METHOD",
        ] {
            command.env_remove(name);
        }
        command.env(SERVICE, service.url()).env("HTTP_PROXY", format!("http://name:secret@{}", proxy.host));
        command.env(name, value);
        tokio::task::spawn_blocking(move || command.status().expect("it runs"))
    };
    assert!(run("NO_PROXY", "localhost".into()).await.expect("no panic").success());
    assert_eq!((proxy.asked().len(), service.seen().len()), (1, 1));
    assert!(run("NO_PROXY", "127.0.0.1".into()).await.expect("no panic").success());
    assert_eq!((proxy.asked().len(), service.seen().len()), (1, 2));
    assert!(run(WITHOUT, "1".into()).await.expect("no panic").success());
    assert_eq!((proxy.asked().len(), service.seen().len()), (1, 3));
}

#[tokio::test]
async fn a_connection_is_not_waited_for_longer_than_allowed() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}/v1.0", silent.local_addr().expect("an address"));
    let transport = HyperTransport::builder().no_proxy().connect_timeout(Duration::from_millis(50));
    let client = client(&url, transport.build().expect("a transport"));
    let error = client.root("me").call::<Message>(GET).await.expect_err("nobody speaks TLS there");
    let (phase, message) = delivery(error);
    assert_eq!(phase, Phase::Connect);
    assert!(message.contains("no connection after 50ms"), "{message}");
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn compressed_answers_are_asked_for_and_read_but_not_parts_of_them() {
    const COMPRESSED: &[u8] =
        b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xab\x56\x2a\x2e\x4d\xca\x4a\x4d\x2e\x51\xb2\x52\x4a\
        \xcf\xcf\x4f\x51\xaa\x05\0\xf6\x0d\x12\xfe\x12\0\0\0";
    let service = Server::start(|seen| {
        if seen.header("accept-encoding") != Some("gzip") {
            return full(200, r#"{"subject":"plain"}"#);
        }
        let mut answer = full(200, COMPRESSED);
        answer.headers_mut().insert("content-encoding", "gzip".parse().expect("a value"));
        answer
    })
    .await;
    let root = service.client().root("me");
    let message = root.call::<Message>(GET).await.expect("an answer");
    assert_eq!(message.subject.as_deref(), Some("good"));
    let message = root.call::<Message>(GET).header("range", "bytes=0-").await.expect("an answer");
    assert_eq!(message.subject.as_deref(), Some("plain"));
    assert_eq!(service.last().header("accept-encoding"), Some("identity"));
}
