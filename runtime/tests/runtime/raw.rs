//! Requests by method and path: everything that typed requests have, and no token where none belongs.

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use http::{Method, StatusCode};
use msgraph_runtime::{Body, Content, Error, GraphClient, Multipart, Operation, OperationState, Page};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::fake::{Log, builder, client, response};
use crate::support::models::Message;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Team {
    name: String,
}

/// A client whose answers are all the same.
fn answering(body: &'static str) -> (GraphClient, Log) {
    client(move |_| response(200, body))
}

#[tokio::test]
async fn a_path_is_asked_for_below_the_root_with_what_was_set() {
    let (client, log) = answering("{}");
    let request =
        client.request(Method::PATCH, "me/messages/1?$select=a").query("x y", "1+2").header("X-Test", "1");
    assert_eq!(format!("{request:?}"), "Request(PATCH /me/messages/1)");
    request.top(3).json(&json!({"isRead": true})).await.expect("an answer");
    let seen = log.last();
    assert_eq!(seen.url, "https://graph.microsoft.com/v1.0/me/messages/1?$select=a&x%20y=1%2B2&$top=3");
    assert_eq!((seen.method.as_str(), &seen.body[..]), ("PATCH", &br#"{"isRead":true}"#[..]));
    assert_eq!((seen.header("x-test"), seen.header("content-type")), (Some("1"), Some("application/json")));
    assert_eq!(seen.header("authorization"), Some("Bearer the-token"));
    assert!(seen.header("client-request-id").is_some());
}

#[tokio::test]
async fn the_version_can_be_chosen() {
    let (client, log) = answering("{}");
    client.request(Method::GET, "/me").beta().await.expect("an answer");
    assert_eq!(log.last().url, "https://graph.microsoft.com/beta/me");
    let (builder, log) = builder(|_| response(200, "{}"));
    let client = builder.base_url("https://graph.microsoft.com/beta/").build().expect("a client");
    client.request(Method::GET, "/me").await.expect("an answer");
    assert_eq!(log.last().url, "https://graph.microsoft.com/beta/me");
    client.request(Method::GET, "/me").v1().await.expect("an answer");
    assert_eq!(log.last().url, "https://graph.microsoft.com/v1.0/me");
}

/// Why a request was not sent.
async fn refusal(client: &GraphClient, log: &Log, path: &str) -> String {
    let error = client.request(Method::GET, path).await.expect_err(path);
    assert!(matches!(error, Error::Request(_)), "{error}");
    assert!(log.all().is_empty());
    error.to_string()
}

#[tokio::test]
async fn a_path_that_leads_out_of_the_root_is_refused() {
    let (client, log) = answering("{}");
    for path in ["/../beta/me", "..", "/me/../../x", "/me/%2e%2e/%2E./x"] {
        let text = refusal(&client, &log, path).await;
        assert!(text.ends_with("its path leads out of https://graph.microsoft.com/v1.0"), "{path}: {text}");
    }
    assert!(refusal(&client, &log, "/me#a").await.contains("a # that belongs to the path is written %23"));
}

#[tokio::test]
async fn no_path_leads_to_another_host() {
    let (client, log) = answering("{}");
    for path in [
        "//evil.example/x",
        "@evil.example/x",
        ":80@evil.example",
        "mailto:a@evil.example",
        ".evil.example",
        "",
    ] {
        client.request(Method::GET, path).await.expect("an answer");
        assert!(
            log.last().url.starts_with("https://graph.microsoft.com/v1.0/"),
            "{path}: {}",
            log.last().url
        );
    }
}

#[tokio::test]
async fn a_url_on_the_own_host_gets_the_token_whatever_its_version() {
    let (client, log) = answering("{}");
    let request =
        client.request(Method::GET, "HTTPS://graph.microsoft.com/beta/me?$top=1").query("$select", "id");
    request.await.expect("an answer");
    assert_eq!(log.last().url, "https://graph.microsoft.com/beta/me?$top=1&$select=id");
    assert_eq!(log.last().header("authorization"), Some("Bearer the-token"));
}

#[tokio::test]
async fn a_url_on_another_host_must_be_allowed_and_gets_no_token() {
    let (client, log) = answering("{}");
    for url in [
        "https://a.example/x",
        "http://a.example/x",
        "http://graph.microsoft.com/v1.0/me",
        "ftp://graph.microsoft.com/",
    ] {
        let text = refusal(&client, &log, url).await;
        assert!(
            text.contains("is not the client's host: allow it for this request, over https://"),
            "{text}"
        );
    }
    for url in [
        "http://a.example/x",
        "https://a:b@a.example/x",
        "https://a@graph.microsoft.com/v1.0/me",
        "ftp://a.example/",
    ] {
        let error = client.request(Method::GET, url).allow_other_host().await.expect_err(url);
        assert!(matches!(error, Error::Request(_)), "{error}");
    }
    assert!(log.all().is_empty());
    client
        .request(Method::GET, "https://a.example/x")
        .allow_other_host()
        .header("X-Own", "1")
        .await
        .expect("sent");
    assert_eq!((log.last().header("authorization"), log.last().header("x-own")), (None, Some("1")));
    let error =
        client.request(Method::GET, "https://graph.microsoft.com/v1.0/me").beta().await.expect_err("both");
    assert!(error.to_string().contains("beta cannot be chosen for a URL, which has its version"), "{error}");
}

#[tokio::test]
async fn an_answer_is_read_as_json_a_model_text_or_bytes() {
    let (client, _) = client(|_| {
        let mut answer = response(201, "\u{feff}".to_owned() + r#"{"name":"a"}"#)?;
        answer.headers_mut().insert("request-id", "7".parse().expect("a value"));
        Ok(answer)
    });
    let answer = client.request(Method::GET, "/me").await.expect("an answer");
    assert_eq!((answer.status(), answer.header("request-id")), (StatusCode::CREATED, Some("7")));
    assert_eq!(answer.json::<serde_json::Value>().expect("JSON"), json!({"name": "a"}));
    assert_eq!(answer.json::<Team>().expect("a team"), Team { name: "a".into() });
    assert_eq!(answer.value::<Message>().expect("a message").extra.get("name"), Some("\"a\""));
    assert_eq!((&*answer.text(), answer.bytes().len()), (r#"{"name":"a"}"#, 15));
    assert_eq!(answer.headers().len(), 1);
}

#[tokio::test]
async fn an_answer_of_another_shape_says_what_is_wrong_where() {
    for (body, text) in [
        ("{\n  \"name\": 1\n}", "invalid type: integer `1`, expected a string at byte 12 ($), found 1"),
        ("no JSON", "expected ident at byte 1 ($), found o JSON"),
        ("", "EOF while parsing a value at byte 0 ($), the text ends there"),
    ] {
        let (client, _) = answering(body);
        let error =
            client.request(Method::GET, "/me").await.expect("an answer").json::<Team>().expect_err("no team");
        assert!(error.to_string().contains(text), "{error}");
        assert!(error.to_string().starts_with("GET /v1.0/me answered 200 with something else"), "{error}");
        assert_eq!(error.status(), Some(StatusCode::OK));
    }
}

#[tokio::test]
async fn a_request_can_have_the_answer_of_a_typed_one() {
    let (client, log) = client(|seen| {
        let next = r#"{"value":[{"subject":"a"}],"@odata.nextLink":"https://graph.microsoft.com/beta/me/messages?skip=1"}"#;
        response(200, if seen.url.contains("skip") { r#"{"value":[{"subject":"b"}]}"# } else { next })
    });
    let request = client.request(Method::GET, "/me/messages").beta().header("Prefer", "p");
    let messages: Vec<_> = request.typed::<Page<Message>>().stream().try_collect().await.expect("messages");
    assert_eq!(messages.len(), 2);
    assert_eq!(log.last().header("prefer"), Some("p"));
    let content = client.request(Method::GET, "/me/photo/$value").typed::<Content>().await.expect("content");
    let chunks: Vec<Bytes> = content.into_stream().try_collect().await.expect("chunks");
    assert!(!chunks.is_empty());
    let mut operation = client.request(Method::POST, "/x").start().await.expect("an answer");
    assert_eq!(operation.finish().await.expect("success").state(), OperationState::Succeeded);
    assert_eq!(operation.result().await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn errors_are_those_of_typed_requests() {
    let (client, _) = client(|_| response(404, r#"{"error":{"code":"itemNotFound","message":"Gone."}}"#));
    let error = client.request(Method::GET, "/me/x?secret=1").await.expect_err("not found");
    assert_eq!((error.code(), error.status()), (Some("itemNotFound"), Some(StatusCode::NOT_FOUND)));
    assert_eq!(error.to_string(), "GET /v1.0/me/x: 404 Not Found, itemNotFound: Gone.");
}

#[tokio::test]
async fn models_bytes_forms_and_streams_are_sent() {
    let (client, log) = answering("{}");
    let post = |path: &str| client.request(Method::POST, path);
    let message = Message { subject: Some("a".into()), ..Default::default() };
    post("/a").model(&message).await.expect("sent");
    assert_eq!(&log.last().body[..], br#"{"subject":"a"}"#);
    post("/a")
        .json(&Team { name: "a".into() })
        .header("Content-Type", "application/x+json")
        .await
        .expect("sent");
    assert_eq!(log.last().header("content-type"), Some("application/x+json"));
    post("/a").header("Content-Type", "text/html").bytes("<html/>").await.expect("sent");
    assert_eq!(
        (log.last().header("content-type"), &log.last().body[..]),
        (Some("text/html"), &b"<html/>"[..])
    );
    post("/a").form([("a b", "c&d"), ("é", "=")]).await.expect("sent");
    assert_eq!(log.last().header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(&log.last().body[..], b"a+b=c%26d&%C3%A9=%3D");
    post("/a").bytes(Body::stream(stream::iter([Ok(Bytes::from("xy"))]), Some(2))).await.expect("sent");
    assert_eq!(
        (log.last().header("content-type"), log.last().header("content-length")),
        (Some("application/octet-stream"), Some("2"))
    );
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    let error = post("/a").json(&unwritable).await.expect_err("no JSON").to_string();
    assert!(error.contains("its body cannot be written as JSON: key must be a string"), "{error}");
}

const MULTIPART: &str = "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nZoë\r\n\
--B\r\nContent-Disposition: form-data; name=\"page\"\r\nContent-Type: text/html\r\n\r\n<p/>\r\n\
--B\r\nContent-Disposition: form-data; name=\"a%22b\"; filename=\"c%0D%0Ad.png\"\r\nContent-Type: image/png\r\n\r\n\x01\r\n\x02\r\n--B--\r\n";

fn parts(image: impl Into<Body>) -> Multipart {
    let parts = Multipart::new().text("text", "Zoë").content("page", "text/html", "<p/>");
    parts.file("a\"b", "c\r\nd.png", "image/png", image)
}

#[tokio::test]
async fn several_parts_are_sent_as_rfc_7578_has_them() {
    let (client, log) = answering("{}");
    let image = || Bytes::from_static(b"\x01\r\n\x02");
    let streamed =
        |length| Body::stream(stream::iter([Ok(image().slice(..2)), Ok(image().slice(2..))]), length);
    let expected = MULTIPART.replace("--B", "--0123456789abcdef0123456789abcdef");
    let length = expected.len().to_string();
    for (body, length) in
        [(Body::from(image()), None), (streamed(Some(4)), Some(length.as_str())), (streamed(None), None)]
    {
        client.request(Method::POST, "/pages").multipart(parts(body)).await.expect("sent");
        let seen = log.last();
        assert_eq!(
            seen.header("content-type"),
            Some("multipart/form-data; boundary=0123456789abcdef0123456789abcdef")
        );
        assert_eq!(String::from_utf8(seen.body.to_vec()).expect("UTF-8"), expected);
        assert_eq!(seen.header("content-length"), length);
    }
    let hostile = Multipart::new().content("a", "text/html\r\nX: 1", "");
    let error = client.request(Method::POST, "/pages").multipart(hostile).await.expect_err("two lines");
    assert!(error.to_string().contains("is not a media type"), "{error}");
    client.request(Method::POST, "/pages").multipart(Multipart::new()).await.expect("sent");
    assert_eq!(&log.last().body[..], b"--0123456789abcdef0123456789abcdef--\r\n");
}

#[tokio::test]
async fn what_is_known_of_a_path_is_known_of_its_request() {
    const ME: Operation = Operation("op:GET /me;select;work=User.Read");
    let lookup = |method: &Method, path: &str| (method == Method::GET && path == "/me").then_some(ME);
    let (builder, _) = builder(|_| response(404, ""));
    let client = builder.operations(lookup).build().expect("a client");
    for path in ["/me", "me?$top=1", "https://graph.microsoft.com/v1.0/me"] {
        assert_eq!(client.request(Method::GET, path).operation(), ME, "{path}");
    }
    let me = client.request(Method::GET, "/me");
    assert_eq!(me.operation().permissions(), ME.permissions());
    for unknown in [
        client.request(Method::POST, "/me"),
        client.request(Method::GET, "/you"),
        client.request(Method::GET, "/me").beta(),
        client.request(Method::GET, "https://graph.microsoft.com/beta/me"),
    ] {
        assert_eq!(unknown.operation(), Operation::UNKNOWN);
    }
    assert_eq!(client.request(Method::GET, "/me").v1().operation(), ME);
    // What the metadata does not list can be right all the same: this is the way around it.
    assert_eq!(
        client.request(Method::GET, "/me").top(1).await.expect_err("answered").status(),
        Some(StatusCode::NOT_FOUND)
    );
}
