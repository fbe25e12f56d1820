//! Retry over real connections: what breaks on the wire is seen as what it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::Response;
use msgraph_runtime::{Error, GraphClient, HyperTransport, Phase, RetryPolicy, StaticToken, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::models::Message;

const GET: &str = "op:GET /me/messages/{message-id};;";
const CREATE: &str = "op:POST /me/messages;;";

fn client(url: &str, transport: impl Transport + 'static) -> GraphClient {
    let builder = GraphClient::builder().base_url(url).credential(StaticToken::new("t")).transport(transport);
    builder
        .retry(RetryPolicy::default().fixed(std::time::Duration::from_millis(1)))
        .build()
        .expect("a client")
}

/// A server whose first connections get these bytes and are closed, and the next a good answer; how many there were.
async fn server(faults: &'static [&'static str]) -> (GraphClient, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1.0", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let good =
                "HTTP/1.1 200 OK\r\ncontent-length: 18\r\nconnection: close\r\n\r\n{\"subject\":\"good\"}";
            let _ = connection.read(&mut [0; 4096]).await;
            let _ = connection.write_all(faults.get(number).unwrap_or(&good).as_bytes()).await;
            let _ = connection.shutdown().await;
        }
    });
    (client(&url, HyperTransport::builder().no_proxy().build().expect("TLS")), count)
}

#[tokio::test]
async fn what_breaks_off_is_read_again_but_not_done_again() {
    const FAULTS: &[&str] = &[
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"subject\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"sub\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 100\r\n\r\n<html>",
    ];
    let (client, connections) = server(FAULTS).await;
    let message = client.root("me").call::<Message>(GET).await.expect("the sixth try");
    assert_eq!(message.subject.as_deref(), Some("good"));
    assert_eq!(connections.load(Ordering::SeqCst), FAULTS.len() + 1);
    for number in 0..FAULTS.len() {
        let (client, connections) = server(&FAULTS[number..]).await;
        let error = client.root("me").call::<Message>(CREATE).await.expect_err("broken");
        assert!(error.is_retryable(), "{error}");
        assert_eq!(connections.load(Ordering::SeqCst), 1, "{error}");
    }
}

/// A server of HTTP/2 that resets the first streams for a reason and answers the next.
async fn http2_server(refused: usize, reason: h2::Reason) -> (GraphClient, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1.0", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(connection).await.expect("HTTP/2");
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let number = counted.fetch_add(1, Ordering::SeqCst);
                    if number >= refused {
                        let mut body = respond.send_response(Response::new(()), false).expect("a head");
                        body.send_data(Bytes::from_static(b"{}"), true).expect("a body");
                    } else {
                        respond.send_reset(reason);
                    }
                }
            });
        }
    });
    (client(&url, HyperTransport::builder().no_proxy().http2_only().build().expect("TLS")), count)
}

#[tokio::test]
async fn a_stream_that_was_refused_has_done_nothing() {
    let (client, streams) = http2_server(2, h2::Reason::REFUSED_STREAM).await;
    client.root("me").call::<Message>(CREATE).await.expect("the third try");
    assert_eq!(streams.load(Ordering::SeqCst), 3);
    let (client, streams) = http2_server(1, h2::Reason::INTERNAL_ERROR).await;
    let error = client.root("me").call::<Message>(CREATE).await.expect_err("it may have done something");
    assert!(matches!(&error, Error::Delivery(error) if error.phase() == Phase::Exchange), "{error}");
    assert_eq!(streams.load(Ordering::SeqCst), 1);
}
