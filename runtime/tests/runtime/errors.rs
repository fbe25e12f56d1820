//! Error answers of every kind become one error type with one line that a person can act on.

use std::time::Duration;

use crate::support::fake::{client, response};
use crate::support::models::Message;
use http::Response;
use msgraph_runtime::error::CredentialError;
use msgraph_runtime::{Body, Error, Phase, TransportError};

const GET: &str = "op:GET /users/{user-id};;";

/// The error of a call that is answered with a status, headers and a body.
async fn error(status: u16, headers: &'static [(&'static str, &'static str)], body: &'static str) -> Error {
    let (client, _) = client(move |_| {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(Body::from(body)).expect("a response"))
    });
    client.root("users").key("secret-key").call::<()>(GET).await.expect_err("an error")
}

#[tokio::test]
async fn an_error_of_the_service_is_one_line_with_everything_needed() {
    let body = r#"{"error":{"code":"Request_ResourceNotFound","message":"Resource 'x'\r\n does not exist.",
        "innerError":{"code":"notFound","message":"inner","date":"2026-11-22T10:00:00","request-id":"r-body",
        "client-request-id":"c-1","innererror":{"code":"deepest"}}}}"#;
    let error = error(404, &[("request-id", "r-1"), ("date", "Sun, 22 Nov 2026 10:00:00 GMT")], body).await;
    assert_eq!(
        error.to_string(),
        "GET /users/{user-id}: 404 Not Found, Request_ResourceNotFound: Resource 'x' does not exist. [deepest] \
         (request-id r-1, client-request-id c-1, date Sun, 22 Nov 2026 10:00:00 GMT)"
    );
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404));
    assert_eq!(error.code(), Some("Request_ResourceNotFound"));
    assert!(!error.is_retryable());
    let Error::Graph(error) = error else { panic!("{error:?}") };
    let codes: Vec<_> = error.inner().iter().filter_map(|inner| inner.code.as_deref()).collect();
    assert_eq!(codes, ["notFound", "deepest"]);
    assert_eq!(error.message(), Some("Resource 'x'\r\n does not exist."));
    assert_eq!((error.method().as_str(), error.template()), ("GET", "/users/{user-id}"));
}

#[tokio::test]
async fn bodies_that_are_not_graphs_json_are_still_readable() {
    for (body, expected) in [
        ("", "GET /users/{user-id}: 502 Bad Gateway"),
        ("upstream\n  failed", "GET /users/{user-id}: 502 Bad Gateway: upstream failed"),
        (
            "<!DOCTYPE html><html><head><TITLE>Our services aren't available</TITLE></head><body>x</body>",
            "GET /users/{user-id}: 502 Bad Gateway: Our services aren't available",
        ),
        ("<html><body>x</body></html>", "GET /users/{user-id}: 502 Bad Gateway: an HTML page"),
        (
            r#"{"error":"invalid_grant","error_description":"AADSTS70000: bad"}"#,
            "GET /users/{user-id}: 502 Bad Gateway, invalid_grant: AADSTS70000: bad",
        ),
        (r#"{"error":{"code":"x","message":"cut o"#, "GET /users/{user-id}: 502 Bad Gateway, x"),
        (
            r#"{"error":{"code":"x","message":{"lang":"en-us","value":"wrapped"}}}"#,
            "GET /users/{user-id}: 502 Bad Gateway, x: wrapped",
        ),
        (r#"{"error":{"code":5,"message":null}}"#, "GET /users/{user-id}: 502 Bad Gateway, 5"),
        (r#"{"Message":"plain"}"#, "GET /users/{user-id}: 502 Bad Gateway: plain"),
        ("[1,2]", "GET /users/{user-id}: 502 Bad Gateway: [1,2]"),
        ("\u{feff}{\"error\":{\"code\":\"bom\"}}", "GET /users/{user-id}: 502 Bad Gateway, bom"),
    ] {
        assert_eq!(error(502, &[], body).await.to_string(), expected);
    }
}

#[tokio::test]
async fn a_huge_error_body_is_read_only_in_part() {
    let (client, _) = client(|_| {
        let chunks = futures_util::stream::repeat_with(|| Ok(bytes::Bytes::from(vec![b'x'; 1 << 16])));
        Ok(Response::builder().status(500).body(Body::stream(chunks, None)).expect("a response"))
    });
    let error = client.root("me").call::<()>(GET).await.expect_err("an error").to_string();
    assert!(error.len() < 400, "{}", error.len());
}

#[tokio::test]
async fn an_error_body_that_breaks_off_leaves_the_status() {
    let (client, _) = client(|_| {
        let chunks =
            futures_util::stream::iter([Ok(bytes::Bytes::from("{")), Err(std::io::Error::other("reset"))]);
        Ok(Response::builder().status(503).body(Body::stream(chunks, None)).expect("a response"))
    });
    let error = client.root("me").call::<()>(GET).await.expect_err("an error");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn deep_inner_errors_neither_overflow_nor_grow() {
    let body =
        format!("{{\"error\":{}\"x\"{}}}", "{\"code\":\"c\",\"innerError\":".repeat(100), "}".repeat(100));
    let (client, _) = client(move |_| response(400, body.clone()));
    let error = client.root("me").call::<()>(GET).await.expect_err("an error");
    let Error::Graph(error) = error else { panic!("{error:?}") };
    assert!(error.inner().len() <= 8 && error.code() == Some("c"), "{error:?}");
}

#[tokio::test]
async fn the_time_to_wait_is_read_in_every_notation() {
    for (text, expected) in [
        ("0", Some(0.0)),
        ("120", Some(120.0)),
        ("0.249", Some(0.249)),
        (" 3 ", Some(3.0)),
        ("Sun, 22 Nov 2026 10:01:40 GMT", Some(100.0)),
        ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0.0)),
        ("-5", None),
        ("NaN", None),
        ("soon", None),
        ("1e300", None),
    ] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("retry-after", text)]));
        let error = error(429, headers, "").await;
        assert_eq!(error.retry_after(), expected.map(Duration::from_secs_f64), "{text}");
        assert!(error.is_retryable());
    }
    assert_eq!(error(429, &[], "").await.retry_after(), None);
}

#[tokio::test]
async fn a_transport_that_fails_is_named_with_its_innermost_cause() {
    let (client, _) = client(|_| {
        let cause = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        Err(TransportError::new(Phase::Connect, cause))
    });
    let error = client.root("me").call::<()>(GET).await.expect_err("an error");
    assert_eq!(
        error.to_string(),
        "GET /users/{user-id} got no answer: could not connect: connection refused"
    );
    assert!(error.is_retryable() && error.status().is_none());
    assert!(matches!(error, Error::Delivery(error) if error.phase() == Phase::Connect));
}

#[tokio::test]
async fn an_error_never_shows_keys_queries_or_tokens() {
    let error = error(400, &[("x", "y")], r#"{"error":{"code":"x"}}"#).await;
    for shown in [format!("{error}"), format!("{error:?}")] {
        assert!(!shown.contains("secret-key") && !shown.contains("the-token"), "{shown}");
    }
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_will_not() {
    for (status, passes) in [
        (304, false),
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (408, true),
        (409, false),
        (410, false),
        (412, false),
        (423, false),
        (429, true),
        (500, true),
        (501, false),
        (502, true),
        (503, true),
        (504, true),
        (507, false),
        (509, true),
    ] {
        assert_eq!(error(status, &[], "").await.is_retryable(), passes, "{status}");
    }
    assert!(!Error::credential("signed out").is_retryable());
    let unreachable =
        CredentialError::new("unreachable".to_owned(), None).passing(Some(Duration::from_secs(3)));
    let unreachable = Error::from(unreachable);
    assert!(unreachable.is_retryable() && unreachable.retry_after() == Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn the_identifiers_that_support_asks_for_are_in_every_error_that_has_an_answer() {
    let refused = error(400, &[("request-id", "r-1"), ("client-request-id", "c-1")], "").await;
    assert_eq!((refused.request_id(), refused.client_request_id()), (Some("r-1"), Some("c-1")));
    let (client, _) = client(|_| {
        let mut answer = response(200, "<html>")?;
        answer.headers_mut().insert("request-id", "r-2".parse().expect("a value"));
        Ok(answer)
    });
    let unreadable = client.root("me").call::<Message>(GET).await.expect_err("no JSON");
    assert_eq!((unreadable.request_id(), unreadable.is_retryable()), (Some("r-2"), false));
}
