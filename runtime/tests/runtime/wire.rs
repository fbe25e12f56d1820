//! The real transport against a real server on loopback.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::header::LOCATION;
use msgraph_runtime::{
    AccessToken, Body, Content, Error, GraphClient, Page, Phase, RetryPolicy, StaticToken,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::models::Message;
use crate::support::server::{Server, chunks, full};

const LIST: &str = "op:GET /me/messages;top select;";
const CREATE: &str = "op:POST /me/messages;;";
const CONTENT: &str = "op:GET /drive/content;;";
const UPLOAD: &str = "op:PUT /drive/content;;";

#[tokio::test]
async fn requests_and_answers_travel_unchanged() {
    let server = Server::start(|seen| {
        let mut answer = full(201, seen.body.clone());
        answer.headers_mut().insert("etag", "\"1\"".parse().expect("a value"));
        answer
    })
    .await;
    let message = Message { subject: Some("Zoë \"😀\"".into()), ..Default::default() };
    let path = server.client().root("users").key("a b/c").segment("messages");
    let response =
        path.send::<Message>(CREATE, &message).header("X-Test", "1").send().await.expect("a message");
    assert_eq!((response.status().as_u16(), response.etag()), (201, Some("\"1\"")));
    assert_eq!(response.value(), &message);
    let seen = server.last();
    assert_eq!((seen.method.as_str(), seen.url.as_str()), ("POST", "/v1.0/users/a%20b%2Fc/messages"));
    assert_eq!(seen.header("authorization"), Some("Bearer the-token"));
    assert_eq!((seen.header("x-test"), seen.header("content-type")), (Some("1"), Some("application/json")));
    assert_eq!(seen.header("client-request-id").map(str::len), Some(36));
}

#[tokio::test]
async fn every_request_has_an_identifier_of_its_own() {
    let server = Server::start(|_| full(204, "")).await;
    let client = server.client();
    for _ in 0..3 {
        client.root("me").call::<()>(CREATE).await.expect("sent");
    }
    let ids: std::collections::HashSet<_> =
        server.seen().iter().map(|seen| seen.header("client-request-id").map(str::to_owned)).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_post_without_a_body_says_that_its_length_is_zero() {
    let server = Server::start(|_| full(202, "")).await;
    server.client().root("me").segment("send").call::<()>(CREATE).await.expect("accepted");
    assert_eq!(
        (server.last().header("content-length"), server.last().header("content-type")),
        (Some("0"), None)
    );
}

#[tokio::test]
async fn pages_are_followed_over_one_connection() {
    let server = Server::start(|seen| {
        let host = seen.header("host").expect("a host").to_owned();
        let at: usize = seen.url.split_once("skip=").map_or(0, |(_, at)| at.parse().expect("a number"));
        let link = format!(r#","@odata.nextLink":"http://{host}/v1.0/me/messages?skip={}""#, at + 1);
        let link = if at < 20 { link.as_str() } else { "" };
        full(200, format!(r#"{{"value":[{{"subject":"{at}"}}]{link}}}"#))
    })
    .await;
    let list = server.client().root("me").segment("messages").call::<Page<Message>>(LIST).stream();
    let subjects: Vec<_> =
        list.map_ok(|message| message.subject.unwrap_or_default()).try_collect().await.expect("items");
    assert_eq!(subjects, (0..=20).map(|at| at.to_string()).collect::<Vec<_>>());
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer the-token")));
}

#[tokio::test]
async fn a_stream_is_uploaded_with_its_length() {
    let server = Server::start(|_| full(201, "")).await;
    let parts = stream::iter((0..10).map(|part| Ok(Bytes::from(vec![part; 100_000]))));
    let body = Body::stream(parts, Some(1_000_000));
    server.client().root("drive").send_bytes::<()>(UPLOAD, body).await.expect("uploaded");
    let seen = server.last();
    assert_eq!((seen.method.as_str(), seen.header("content-length")), ("PUT", Some("1000000")));
    assert_eq!(seen.body.len(), 1_000_000);
    assert!(
        seen.body
            .chunks(100_000)
            .enumerate()
            .all(|(part, bytes)| bytes.iter().all(|byte| *byte == part as u8))
    );
}

#[tokio::test]
async fn content_is_downloaded_in_chunks() {
    let server = Server::start(|_| {
        let parts = stream::iter((0..50).map(|part| Ok(Bytes::from(vec![part; 10_000]))));
        let mut answer = chunks(parts.boxed());
        answer.headers_mut().insert("content-type", "text/csv".parse().expect("a value"));
        answer
    })
    .await;
    let content = server.client().root("drive").call::<Content>(CONTENT).await.expect("content");
    assert_eq!((content.content_type(), content.length()), (Some("text/csv"), None));
    let bytes = content.bytes().await.expect("bytes");
    assert_eq!(bytes.len(), 500_000);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_followed_without_the_token() {
    let storage = Server::start(|seen| full(200, format!("{:?}", seen.header("authorization")))).await;
    let elsewhere = storage.url().replace("127.0.0.1", "localhost");
    let service = Server::start(move |_| {
        let mut answer = full(302, "");
        answer.headers_mut().insert(LOCATION, elsewhere.parse().expect("a value"));
        answer
    })
    .await;
    let content = service.client().root("drive").call::<Content>(CONTENT).await.expect("content");
    assert_eq!(content.bytes().await.expect("bytes"), "None");
    assert_eq!(service.last().header("authorization"), Some("Bearer the-token"));
    let own = service.client().root("drive").call::<Content>(CONTENT);
    let content = own.header("Authorization", "Bearer mine").header("Cookie", "mine").await.expect("content");
    assert_eq!(content.bytes().await.expect("bytes"), "None");
    assert_eq!(service.last().header("authorization"), Some("Bearer mine"));
    assert_eq!(storage.last().header("cookie"), None);
}

#[tokio::test]
async fn a_redirect_within_the_host_keeps_the_token_and_a_loop_ends() {
    let server = Server::start(|seen| {
        if seen.url.ends_with("/final") {
            return full(200, "there");
        }
        let mut answer = full(307, "");
        let to = if seen.url.ends_with("/loop") { "loop" } else { "final" };
        answer.headers_mut().insert(LOCATION, to.parse().expect("a value"));
        answer
    })
    .await;
    let content = server.client().root("drive").call::<Content>(CONTENT).await.expect("content");
    assert_eq!(content.bytes().await.expect("bytes"), "there");
    assert_eq!(server.last().header("authorization"), Some("Bearer the-token"));
    let before = server.seen().len();
    let error = server.client().root("loop").call::<Content>(CONTENT).await.expect_err("a loop");
    assert_eq!((error.status().map(|status| status.as_u16()), server.seen().len() - before), (Some(307), 11));
}

#[tokio::test]
async fn onedrive_api_docs_1895_what_changes_something_is_sent_again_on_its_own_host_only() {
    let other = Server::start(|_| full(204, "")).await;
    let elsewhere = other.url();
    for (status, location, expected, sent) in [
        (307, Some("final"), None, 2),
        (308, Some("final"), None, 2),
        (308, Some(elsewhere.as_str()), Some(308), 1),
        (308, None, Some(308), 1),
        (303, Some("final"), Some(303), 1),
        (302, Some("final"), Some(302), 1),
    ] {
        let to = location.map(str::to_owned);
        let server = Server::start(move |seen| {
            if seen.url.ends_with("/final") {
                return full(204, "");
            }
            let mut answer = full(status, "");
            if let Some(to) = &to {
                answer.headers_mut().insert(LOCATION, to.parse().expect("a value"));
            }
            answer
        })
        .await;
        let end = server.client().root("me").send::<()>(CREATE, &"body".to_owned()).await;
        let end = end.err().map(|error| error.status().expect("a status").as_u16());
        assert_eq!((end, server.seen().len()), (expected, sent), "{status} {location:?}");
        if sent == 2 {
            let (first, last) = (&server.seen()[0], server.last());
            assert_eq!((&first.method, &first.body), (&last.method, &last.body));
            assert_eq!(last.header("authorization"), Some("Bearer the-token"));
        }
    }
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_whose_location_has_raw_bytes_is_followed() {
    for (raw, encoded) in [
        (&b"/v1.0/caf\xC3\xA9"[..], "/v1.0/caf%C3%A9"),
        (b"/v1.0/caf\xE9", "/v1.0/caf%E9"),
        (b"/v1.0/a b", "/v1.0/a%20b"),
    ] {
        let server = Server::start(move |seen| {
            if seen.url == encoded {
                return full(200, "there");
            }
            let mut answer = full(302, "");
            answer.headers_mut().insert(LOCATION, http::HeaderValue::from_bytes(raw).expect("a value"));
            answer
        })
        .await;
        let content = server.client().root("drive").call::<Content>(CONTENT).await.expect("content");
        assert_eq!(content.bytes().await.expect("bytes"), "there", "{encoded}");
    }
}

/// A server that sends these bytes to every connection and hangs up.
async fn raw_server(answer: &'static str) -> GraphClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1.0", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
            let _ = connection.write_all(answer.as_bytes()).await;
            let _ = connection.shutdown().await;
        }
    });
    client_of_one_try(&url)
}

/// A client that does not try again, so that a failure is seen as it is.
fn client_of_one_try(url: &str) -> GraphClient {
    let builder = GraphClient::builder().base_url(url).credential(StaticToken::new("t"));
    builder.retry(RetryPolicy::never()).build().expect("a client")
}

#[tokio::test]
async fn broken_connections_are_delivery_errors_with_their_phase() {
    for (answer, expected) in [
        ("", Phase::Exchange),
        ("nonsense\r\n\r\n", Phase::Exchange),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"sub", Phase::Body),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"sub\r\n", Phase::Body),
    ] {
        let error = raw_server(answer).await.root("me").call::<Message>(LIST).await.expect_err("broken");
        let text = error.to_string();
        assert!(text.starts_with("GET /me/messages got no answer: "), "{text}");
        assert!(error.is_retryable() && !text.contains("127.0.0.1"), "{text}");
        let Error::Delivery(error) = error else { panic!("{error:?}") };
        assert_eq!(error.phase(), expected, "{answer:?} {error}");
    }
}

#[tokio::test]
async fn an_error_with_a_truncated_body_keeps_its_status() {
    let client = raw_server(
        "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 100\r\n\r\n{\"error\":{\"code\":\"x\"",
    )
    .await;
    let error = client.root("me").call::<Message>(LIST).await.expect_err("throttled");
    assert_eq!(
        (error.status().map(|status| status.as_u16()), error.retry_after()),
        (Some(429), Some(Duration::from_secs(7)))
    );
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_connection_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1.0", listener.local_addr().expect("an address"));
    drop(listener);
    let error = client_of_one_try(&url).root("me").call::<Message>(LIST).await.expect_err("nobody there");
    assert!(matches!(&error, Error::Delivery(error) if error.phase() == Phase::Connect), "{error:?}");
}

#[tokio::test]
async fn a_token_goes_over_http_to_this_machine_only() {
    let server = Server::start(|_| full(204, "")).await;
    server.client().root("me").call::<()>(CREATE).await.expect("sent");
    assert_eq!(server.last().header("authorization"), Some("Bearer the-token"));
    let elsewhere = GraphClient::builder().base_url("http://graph.example/v1.0");
    let error = elsewhere.credential(StaticToken::new("the-token")).build().expect_err("no TLS").to_string();
    assert!(error.contains("tokens go over https:// only"), "{error}");
}

#[tokio::test]
async fn credentials_that_fail_or_give_nonsense_stop_the_request() {
    let server = Server::start(|_| full(204, "")).await;
    let builder = || GraphClient::builder().base_url(&server.url());
    let failing = builder().credential(|_: Vec<String>| async { Err(Error::credential("signed out")) });
    let error = failing.build().expect("a client").root("me").call::<()>(CREATE).await.expect_err("no token");
    assert_eq!(error.to_string(), "no access token: signed out");
    let nonsense = builder().credential(StaticToken::new("a\nb")).build().expect("a client");
    let error = nonsense.root("me").call::<()>(CREATE).await.expect_err("no token").to_string();
    assert_eq!(error, "no access token: the token has characters that no header can have");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn tokens_are_asked_for_with_the_scope_of_the_host() {
    let server = Server::start(|_| full(204, "")).await;
    let scopes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let asked = scopes.clone();
    let credential = move |scopes: Vec<String>| {
        *asked.lock().expect("no panic elsewhere") = scopes;
        async { Ok(AccessToken::new("x")) }
    };
    let client =
        GraphClient::builder().base_url(&server.url()).credential(credential).build().expect("a client");
    client.root("me").call::<()>(CREATE).await.expect("sent");
    let host = server.url().replace("/v1.0", "/.default");
    assert_eq!(*scopes.lock().expect("no panic elsewhere"), [host]);
}
