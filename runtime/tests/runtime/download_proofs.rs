//! Downloads prove themselves: the stream ends without an error only if all that was asked for, announced and known of
//! the content has come.

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use msgraph_runtime::edm::Json;
use msgraph_runtime::error::TransferProblem;
use msgraph_runtime::{Body, Content, Download, Error, GraphClient, Request, RetryPolicy, TransportError};
use serde_json::json;

use crate::support::drive::client;
use crate::support::fake::response;

const CONTENT: &str = "op:GET /drives/{drive-id}/items/{item-id}/content;;";
const TEN: &str = "0123456789";

type Headers = &'static [(&'static str, &'static str)];

fn request(client: &GraphClient) -> Request<Content> {
    client.root("drives").key("d").segment("items").key("i").segment("content").call(CONTENT)
}

fn answer(status: u16, headers: Headers, body: &'static str) -> Result<Response<Body>, TransportError> {
    let mut answer = response(status, body)?;
    for (name, value) in headers {
        answer.headers_mut().append(*name, value.parse().expect("a value"));
    }
    Ok(answer)
}

/// A client of a service that always answers so.
fn service(status: u16, headers: Headers, body: &'static str) -> GraphClient {
    client(RetryPolicy::default(), move |_| answer(status, headers, body)).0
}

async fn receive(download: Download) -> Result<String, Error> {
    let mut received = Vec::new();
    let length = download.write_to(&mut received).await?;
    assert_eq!(length, received.len() as u64);
    Ok(String::from_utf8(received).expect("text"))
}

fn problem(result: Result<String, Error>) -> String {
    match result.expect_err("no success") {
        Error::Transfer(error) => match error.problem() {
            TransferProblem::Answer(_) | TransferProblem::Differs(_) | TransferProblem::Changed => {
                error.to_string()
            }
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_range_that_begins_where_the_content_ends_or_behind_is_an_error_also_if_the_service_gives_all() {
    for start in [10, 11, 100] {
        let error = problem(receive(Download::new(request(&service(200, &[], TEN))).range(start..)).await);
        assert!(error.contains("the content ends before the bytes that were asked for"), "{error}");
        let unsized_answer = |_: &_| {
            let chunks = stream::iter([Ok(Bytes::from_static(TEN.as_bytes()))]);
            Ok(Response::new(Body::stream(chunks, None)))
        };
        let (client, ..) = client(RetryPolicy::default(), unsized_answer);
        if start > 10 {
            problem(receive(Download::new(request(&client)).range(start..)).await);
        }
    }
    let part = receive(Download::new(request(&service(200, &[], TEN))).range(7..)).await;
    assert_eq!(part.expect("a part"), "789");
}

#[tokio::test]
async fn what_is_not_the_part_that_was_asked_for_is_an_error() {
    const MULTIPART: Headers =
        &[("content-type", "multipart/byteranges; boundary=x"), ("content-range", "bytes 5-9/10")];
    for (status, headers, body, expected) in [
        (206, &[][..], "56789", "it does not say which bytes it has"),
        (206, &[("content-range", "bytes 6-9/10")], "6789", "it begins behind the bytes that were asked for"),
        (206, &[("content-range", "bytes 0-4/10")], "01234", "the content ends before the bytes"),
        (
            206,
            &[("content-range", "bytes 5-9/10")],
            "5678",
            "it has another length than the range that it names",
        ),
        (206, &[("content-range", "bytes 5-9/8")], "56789", "it does not say which bytes it has"),
        (206, &[("content-range", "bytes 9-5/10")], "56789", "it does not say which bytes it has"),
        (206, &[("content-range", "bytes 5-9/ten")], "56789", "it does not say which bytes it has"),
        (206, &[("content-range", "items 5-9/10")], "56789", "it does not say which bytes it has"),
        (206, MULTIPART, "56789", "it has several parts"),
        (202, &[], "", "the content is not there yet"),
        (203, &[], TEN, "its status is not that of content"),
        (204, &[], "", "it has no content"),
    ] {
        let client = service(status, headers, body);
        let error = problem(receive(Download::new(request(&client)).range(5..)).await);
        assert!(error.contains(expected), "{status} {headers:?}: {error}");
    }
    for status in [202, 204, 205] {
        problem(receive(Download::new(request(&service(status, &[], "")))).await);
    }
    let error =
        receive(Download::new(request(&service(416, &[], ""))).range(5..)).await.expect_err("refused");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(416));
    let client = service(206, &[("content-range", "bytes 3-9/10")], "3456789");
    assert_eq!(
        receive(Download::new(request(&client)).range(5..8)).await.expect("more than asked for"),
        "567"
    );
}

#[tokio::test]
async fn a_part_that_is_shorter_than_was_asked_for_is_followed_by_the_rest() {
    let (client, log, _) = client(RetryPolicy::default(), |seen| match seen.header("range") {
        Some("bytes=2-7") => answer(206, &[("content-range", "bytes 2-4/*"), ("etag", "\"1\"")], "234"),
        Some("bytes=5-7") => answer(206, &[("content-range", "bytes 5-7/10"), ("etag", "\"1\"")], "567"),
        other => panic!("{other:?}"),
    });
    assert_eq!(receive(Download::new(request(&client)).range(2..8)).await.expect("all of it"), "234567");
    assert_eq!(log.all().len(), 2);
}

#[tokio::test]
async fn more_or_fewer_bytes_than_announced_are_an_error() {
    for (announced, is_longer) in [(9, true), (11, false)] {
        let (client, ..) = client(RetryPolicy::default(), move |_| {
            let chunks = stream::iter([Ok(Bytes::from_static(TEN.as_bytes()))]);
            Ok(Response::new(Body::stream(chunks, Some(announced))))
        });
        let error = receive(Download::new(request(&client))).await.expect_err("not as long").to_string();
        let expected = if is_longer { "it has more bytes than it says" } else { "got no answer" };
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_content_of_an_item_has_its_size_and_its_hash() {
    // Of the ten digits, by `printf 0123456789 | sha1sum` and `sha256sum`, and by the algorithm's description.
    const SHA1: &str = "87ACEC17CD9DCD20A716CC2CF67417B71C8A7016";
    const SHA256: &str = "84D89877F0D4041EFB6BF91A16F0248F2FD573E6AF05C19F96BEDB9F882F7882";
    const QUICK: &str = "MIiBDGZAgxrY4AY4wgEAAAAAAAA=";
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let hashed = |name: &str, hash: &str| json!({"size": 10, "file": {"hashes": {name: hash}}});
    for (item, expected) in [
        (json!({"id": "i"}), None),
        (json!({"size": 10}), None),
        (json!({"size": 9}), Some("the content has 10 bytes, but the item says 9")),
        (hashed("quickXorHash", QUICK), None),
        (hashed("quickXorHash", other), Some("the content does not have the quickXorHash that was said")),
        (hashed("sha1Hash", SHA1), None),
        (hashed("sha256Hash", SHA256), None),
        (hashed("sha1Hash", other), cfg!(feature = "auth").then_some("the sha1Hash that was said")),
    ] {
        let download = || Download::new(request(&service(200, &[], TEN))).expect(&Json::from(item.clone()));
        match expected {
            None => assert_eq!(receive(download()).await.expect("the content"), TEN),
            Some(expected) => {
                let error = problem(receive(download()).await);
                assert!(error.contains(expected), "{item}: {error}");
            }
        }
        let part = receive(download().range(5..8)).await;
        assert_eq!(part.is_err(), item["size"] == 9, "a hash says nothing of a part: {part:?}");
    }
    let download = Download::new(request(&service(200, &[], ""))).expect(&Json::from(json!({"size": 10})));
    problem(receive(download).await);
}

#[cfg(feature = "auth")]
#[tokio::test]
async fn a_digest_that_the_service_gives_is_that_of_the_content() {
    const RIGHT: &str = "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:";
    for (name, value, is_right) in [
        ("repr-digest", RIGHT, true),
        ("digest", "SHA=x, SHA-256=hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=", true),
        ("repr-digest", "sha-512=:AAAA:", true),
        ("repr-digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:", false),
        ("digest", "sha-256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false),
    ] {
        let headers: Headers = Box::leak(Box::new([(name, value)]));
        let received = receive(Download::new(request(&service(200, headers, TEN)))).await;
        assert_eq!(received.is_ok(), is_right, "{value}");
    }
}

/// After a break the digest is that of the whole, not of the rest.
#[cfg(feature = "auth")]
#[tokio::test]
async fn a_digest_is_checked_across_a_break() {
    const WHOLE: (&str, &str) = ("repr-digest", "sha-256=:hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=:");
    for rest in ["6789", "678x"] {
        let (client, ..) = client(RetryPolicy::default(), move |seen| match seen.header("range") {
            None => {
                let chunks = stream::iter([Ok(Bytes::from_static(b"012345"))]);
                let answer = Response::builder().header(WHOLE.0, WHOLE.1).header("etag", "\"1\"");
                Ok(answer.body(Body::stream(chunks, Some(10))).expect("an answer"))
            }
            Some("bytes=6-") => answer(206, &[("content-range", "bytes 6-9/10"), ("etag", "\"1\"")], rest),
            other => panic!("{other:?}"),
        });
        let received = receive(Download::new(request(&client))).await;
        assert_eq!(received.is_ok(), rest == "6789", "{received:?}");
    }
}

#[tokio::test]
async fn an_error_or_a_page_in_the_place_of_the_content_is_no_content() {
    const JSON: Headers = &[("content-type", "application/json; charset=utf-8")];
    const HTML: Headers = &[("content-type", "text/html")];
    const ERROR: &str = r#"{"error":{"code":"UnknownError","message":"m"}}"#;
    let error = receive(Download::new(request(&service(200, JSON, ERROR)))).await.expect_err("an error");
    assert_eq!(
        (error.code(), error.status().map(|status| status.as_u16())),
        (Some("UnknownError"), Some(200))
    );
    // A file can be anything.
    for (headers, body) in [
        (JSON, r#"{"error":{"code":"UnknownError"},"other":1}"#),
        (JSON, r#"{"error":null}"#),
        (JSON, "[1"),
        (&[], ERROR),
        (HTML, "<html>"),
    ] {
        assert_eq!(
            receive(Download::new(request(&service(200, headers, body)))).await.expect("a file"),
            body
        );
    }
    let item =
        |media_type: &str, size: usize| Json::from(json!({"size": size, "file": {"mimeType": media_type}}));
    let page = |item: &Json| receive(Download::new(request(&service(200, HTML, "<html>"))).expect(item));
    page(&item("text/html", 6)).await.expect("a page");
    assert!(problem(page(&item("image/png", 6)).await).contains("a page of HTML"));
    let file =
        Download::new(request(&service(200, JSON, ERROR))).expect(&item("application/json", ERROR.len()));
    assert_eq!(receive(file).await.expect("a file that is an error"), ERROR);
}

#[tokio::test]
async fn a_service_that_wants_to_be_left_alone_for_too_long_ends_a_download_at_once() {
    let policy = RetryPolicy::default().total(std::time::Duration::from_secs(2));
    let (client, log, clock) = client(policy, |_| answer(503, &[("retry-after", "31536000")], ""));
    let error = receive(Download::new(request(&client))).await.expect_err("not that long");
    assert_eq!(error.retry_after().map(|time| time.as_secs()), Some(31_536_000));
    assert_eq!((log.all().len(), clock.waited().as_secs()), (1, 0));
}
