//! Batches: what is sent together, what becomes of each part, and what is sent again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::Response;
use msgraph_runtime::{
    Body, Content, Count, Error, GraphClient, GraphClientBuilder, Page, Part, Path, TransportError,
};
use serde_json::{Value, json};

use crate::support::fake::{self, Log, Seen, response};
use crate::support::models::{Message, User};
use crate::support::skip::SkippingClock;

const GET: &str = "op:GET /users/{user-id};select;";
const LIST: &str = "op:GET /me/messages;top;";
const CREATE: &str = "op:POST /me/messages;;";
const DELETE: &str = "op:DELETE /me/messages/{message-id};;";
const CONTENT: &str = "op:GET /drive/content;;";
const UPLOAD: &str = "op:PUT /drive/content;;";

/// The requests of a `$batch` call.
fn requests(seen: &Seen) -> Vec<Value> {
    assert_eq!((seen.method.as_str(), seen.path()), ("POST", "/$batch"));
    let mut body: Value = serde_json::from_slice(&seen.body).expect("a batch is JSON");
    match body["requests"].take() {
        Value::Array(requests) => requests,
        other => panic!("no requests: {other}"),
    }
}

fn urls(seen: &Seen) -> Vec<String> {
    requests(seen).iter().map(|request| request["url"].as_str().expect("a URL").to_owned()).collect()
}

type Answered = Result<Response<Body>, TransportError>;

/// A client whose batches are answered part by part.
fn parts(answer: impl Fn(&Value) -> Value + Send + Sync + 'static) -> (GraphClient, Log, SkippingClock) {
    calls(move |seen| {
        let answers = requests(seen).into_iter().rev().map(|request| {
            let mut answered = answer(&request);
            answered["id"] = request["id"].clone();
            answered
        });
        response(200, json!({"responses": answers.collect::<Vec<_>>()}).to_string())
    })
}

fn calls(answer: impl Fn(&Seen) -> Answered + Send + Sync + 'static) -> (GraphClient, Log, SkippingClock) {
    let (builder, log): (GraphClientBuilder, Log) = fake::builder(answer);
    let clock = SkippingClock::new();
    (builder.clock(clock.clone()).build().expect("a client"), log, clock)
}

fn user(client: &GraphClient, key: usize) -> Path {
    client.root("users").key(&key.to_string())
}

#[tokio::test]
async fn thousands_of_requests_of_any_kind_travel_twenty_by_twenty_and_come_back_as_their_own_types() {
    let (client, log, _) = parts(|request| {
        let url = request["url"].as_str().expect("a URL");
        match request["method"].as_str().expect("a method") {
            "GET" => json!({"status": 200, "headers": {"ETag": "e"}, "body": {"aboutMe": url}}),
            "POST" => json!({"status": 201, "body": {"subject": request["body"]["subject"]}}),
            _ => json!({"status": 204, "body": null}),
        }
    });
    let mut batch = client.batch();
    let parts: Vec<(Part<User>, Part<Message>, Part<()>)> = (0..1000)
        .map(|at| {
            let message = Message { subject: Some(at.to_string()), ..Default::default() };
            let messages = client.root("me").segment("messages");
            (
                batch.add(user(&client, at).call::<User>(GET).select(["aboutMe"])),
                batch.add(messages.send::<Message>(CREATE, &message)),
                batch.add(messages.key(&at.to_string()).call::<()>(DELETE)),
            )
        })
        .collect();
    let mut answers = batch.send().await.expect("sent");
    for (at, (user, message, deletion)) in parts.into_iter().enumerate() {
        let user = answers.take_response(user).expect("a user");
        assert_eq!((user.status().as_u16(), user.etag()), (200, Some("e")));
        assert_eq!(user.value().about_me, Some(format!("/users/{at}?$select=aboutMe")));
        assert_eq!(answers.take(message).expect("a message").subject, Some(at.to_string()));
        answers.take(deletion).expect("deleted");
    }
    let calls = log.all();
    assert_eq!(calls.len(), 150);
    assert!(calls.iter().all(|call| requests(call).len() == 20));
    assert_eq!(urls(&calls[0])[..2], ["/users/0?$select=aboutMe", "/me/messages"]);
}

#[tokio::test]
async fn bodies_and_headers_travel_with_their_part() {
    let (client, log, _) = parts(|_| json!({"status": 204}));
    let mut batch = client.batch();
    let message = Message { subject: Some("Zoë".into()), ..Default::default() };
    let me = client.root("me");
    let _json = batch.add(me.send::<()>(CREATE, &message).header("Prefer", "return=minimal"));
    let _bytes = batch.add(me.send_bytes::<()>(UPLOAD, vec![0xFB, 0xFF]).header("Content-Type", "image/png"));
    let _content = batch.add(me.call::<Content>(CONTENT));
    let _count = batch.add(me.call::<Count>("op:GET /me/messages/$count;;"));
    batch.send().await.expect("sent");
    assert_eq!(
        requests(&log.last()),
        [
            json!({"id": "1", "method": "POST", "url": "/me", "body": {"subject": "Zoë"},
                "headers": {"content-type": "application/json", "prefer": "return=minimal"}}),
            json!({"id": "2", "method": "PUT", "url": "/me", "body": "+/8=",
                "headers": {"content-type": "image/png"}}),
            json!({"id": "3", "method": "GET", "url": "/me", "headers": {"accept": "*/*"}}),
            json!({"id": "4", "method": "GET", "url": "/me",
                "headers": {"accept": "text/plain", "consistencylevel": "eventual"}}),
        ]
    );
    let call = log.last();
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("authorization"), Some("Bearer the-token"));
    assert!(!String::from_utf8_lossy(&call.body).contains("the-token"));
}

#[tokio::test]
async fn parts_that_depend_on_each_other_share_a_call_of_their_own() {
    let (client, log, _) = parts(|_| json!({"status": 200, "body": {}}));
    let mut batch = client.batch();
    let parts: Vec<Part<User>> = (0..46).map(|at| batch.add(user(&client, at).call(GET))).collect();
    for (later, earlier) in [(30, 5), (45, 30), (31, 5), (40, 2)] {
        batch.depends_on(&parts[later], &parts[earlier]);
    }
    batch.concurrency(1).send().await.expect("sent");
    let calls = log.all();
    let sizes: Vec<usize> = calls.iter().map(|call| requests(call).len()).collect();
    assert_eq!(sizes, [20, 2, 4, 20]);
    let chain: Vec<(Value, Value)> = requests(&calls[2])
        .iter()
        .map(|request| (request["id"].clone(), request["dependsOn"].clone()))
        .collect();
    assert_eq!(
        chain,
        [
            (json!("6"), Value::Null),
            (json!("31"), json!(["6"])),
            (json!("32"), json!(["6"])),
            (json!("46"), json!(["31"]))
        ]
    );
    let in_order =
        |call: &Seen| requests(call).is_sorted_by_key(|request| request["id"].as_str().map(str::len));
    assert!(calls.iter().all(in_order));
}

#[tokio::test]
async fn whatever_cannot_be_right_is_named_before_anything_is_sent() {
    let (client, log, _) = parts(|_| json!({"status": 204}));
    let (other, _, _) = parts(|_| json!({"status": 204}));
    let mut batch = client.batch();
    let chain: Vec<Part<User>> = (0..21).map(|at| batch.add(user(&client, at).call(GET))).collect();
    for pair in chain.windows(2) {
        batch.depends_on(&pair[1], &pair[0]);
    }
    batch.depends_on(&chain[0], &chain[3]);
    let _foreign = batch.add(user(&other, 1).call::<User>(GET));
    let _option = batch.add(user(&client, 1).call::<User>(GET).top(1));
    let stream = Body::stream(futures_util::stream::empty(), None);
    let _stream = batch.add(client.root("drive").send_bytes::<()>(UPLOAD, stream));
    let _wrong =
        batch.add(client.root("me").send_bytes::<()>(UPLOAD, "{").header("Content-Type", "application/json"));
    let error = batch.send().await.expect_err("not sent");
    let Error::Request(problems) = &error else { panic!("{error}") };
    assert_eq!(problems.problems().len(), 6, "{error}");
    for part in [
        "part 1 (GET /users/{user-id}): it cannot wait for part 4, which was added later",
        "21 parts depend on each other, but one call takes 20: part 1 (GET /users/{user-id}), part 2 ",
        "part 22 (GET /users/{user-id}): it is of another client than the batch",
        "part 23 (GET /users/{user-id}): $top is not supported",
        "part 24 (PUT /drive/content): its body is a stream: give it as bytes",
        "part 25 (PUT /drive/content): its body is not the JSON that it claims to be",
    ] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn a_failed_part_fails_only_itself_with_the_error_of_a_single_call() {
    let (client, _, _) = parts(|request| match request["id"].as_str() {
        Some("2") => json!({
            "status": 404,
            "headers": {"request-id": "r"},
            "body": {"error": {"code": "Request_ResourceNotFound", "message": "It is gone."}}
        }),
        Some("3") => json!({"status": 200, "body": {"value": 1}}),
        _ => json!({"status": 200, "body": {"value": ["a"]}}),
    });
    let mut batch = client.batch();
    let parts: Vec<Part<Page<String>>> = (0..4).map(|_| batch.add(client.root("me").call(LIST))).collect();
    let mut answers = batch.send().await.expect("sent");
    let mut results = parts.into_iter().map(|part| answers.take(part)).collect::<Vec<_>>();
    assert!(results.remove(3).is_ok());
    let error = results.remove(2).expect_err("no page").to_string();
    assert!(error.contains("expected a list at byte 9 ($.value)"), "{error}");
    let error = results.remove(1).expect_err("not found");
    assert_eq!(
        (error.status().map(|status| status.as_u16()), error.code()),
        (Some(404), Some("Request_ResourceNotFound"))
    );
    assert_eq!(
        error.to_string(),
        "GET /me/messages: 404 Not Found, Request_ResourceNotFound: It is gone. (request-id r)"
    );
    assert!(results.remove(0).is_ok());
}

#[tokio::test]
async fn throttled_parts_are_sent_again_without_the_others_each_after_its_own_wait() {
    let tries: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let (client, log, clock) = parts(move |request| {
        let id = request["id"].as_str().expect("an id").to_owned();
        let mut tries = tries.lock().expect("no panic elsewhere");
        let tries = tries.entry(id.clone()).or_default();
        *tries += 1;
        match (id.as_str(), *tries) {
            ("2", 1) => json!({"status": 429, "headers": {"Retry-After": "60"}}),
            ("3", 1 | 2) => json!({"status": 503, "headers": {"Retry-After": "10.5"}}),
            ("4", 1) => json!({"status": 429, "headers": {"Retry-After": "10"}}),
            _ => json!({"status": 204}),
        }
    });
    let mut batch = client.batch();
    let parts: Vec<Part<()>> = (0..5).map(|_| batch.add(client.root("me").call(CREATE))).collect();
    let mut answers = batch.send().await.expect("sent");
    for part in parts {
        answers.take(part).expect("each part succeeded in the end");
    }
    let ids: Vec<Vec<Value>> =
        log.all().iter().map(|call| requests(call).iter().map(|part| part["id"].clone()).collect()).collect();
    assert_eq!(ids, [vec!["1", "2", "3", "4", "5"], vec!["4"], vec!["3"], vec!["3"], vec!["2"]]);
    assert_eq!(clock.waited(), Duration::from_secs(60));
}

#[tokio::test]
async fn a_throttled_part_is_sent_again_with_those_that_depend_on_it() {
    let first = AtomicUsize::new(0);
    let (client, log, clock) = calls(move |seen| {
        let answers = if first.fetch_add(1, Ordering::Relaxed) == 0 {
            json!([
                {"id": "1", "status": 200, "body": {}},
                {"id": "2", "status": 429, "headers": {"Retry-After": 7}},
                {"id": "3", "status": 424},
                {"id": "4", "status": 424},
                {"id": "5", "status": 400},
                {"id": "6", "status": 424}
            ])
        } else {
            assert_eq!(
                requests(seen).iter().map(|part| part["dependsOn"].clone()).collect::<Vec<_>>(),
                [Value::Null, json!(["2"]), json!(["3"])]
            );
            json!([{"id": "2", "status": 204}, {"id": "3", "status": 204}, {"id": "4", "status": 204}])
        };
        response(200, json!({"responses": answers}).to_string())
    });
    let mut batch = client.batch();
    let parts: Vec<Part<()>> = (0..6).map(|_| batch.add(client.root("me").call(CREATE))).collect();
    for (later, earlier) in [(1, 0), (2, 1), (3, 2), (4, 0), (5, 4)] {
        batch.depends_on(&parts[later], &parts[earlier]);
    }
    let mut answers = batch.send().await.expect("sent");
    let statuses: Vec<Option<u16>> = parts
        .into_iter()
        .map(|part| answers.take(part).err().and_then(|error| Some(error.status()?.as_u16())))
        .collect();
    assert_eq!(statuses, [None, None, None, None, Some(400), Some(424)]);
    assert_eq!((log.all().len(), clock.waited()), (2, Duration::from_secs(7)));
}

#[tokio::test]
async fn a_part_is_not_sent_for_ever_and_not_twice_if_it_may_have_been_done() {
    for (operation, status, calls) in
        [(CREATE, 429, 8), (CREATE, 503, 1), (CREATE, 504, 1), (GET, 504, 8), (GET, 400, 1)]
    {
        let (client, log, _) = parts(move |_| json!({"status": status}));
        let mut batch = client.batch();
        let part = batch.add(client.root("me").call::<()>(operation));
        let error = batch.send().await.expect("sent").take(part).expect_err("failed");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{error}");
        assert_eq!(log.all().len(), calls, "{operation} {status}");
    }
}

#[tokio::test]
async fn missing_double_and_unreadable_answers_are_errors_of_their_parts() {
    let (client, _, _) = calls(|_| {
        let answers = json!({"responses": [
            {"id": "1", "status": 204}, {"id": "3", "status": 204}, {"id": "3", "status": 500},
            {"id": "4"}, {"id": "5", "status": 70000}, {"id": "77", "status": 204}, {"status": 204}, 7, null
        ]});
        response(200, answers.to_string())
    });
    let mut batch = client.batch();
    let parts: Vec<Part<()>> = (0..5).map(|_| batch.add(client.root("me").call(CREATE))).collect();
    let mut answers = batch.send().await.expect("sent");
    let texts: Vec<String> = parts
        .into_iter()
        .map(|part| answers.take(part).map_or_else(|error| error.to_string(), |()| "ok".to_owned()))
        .collect();
    let name = "POST /me/messages in a batch: the service gave";
    assert_eq!(
        texts,
        [
            "ok".to_owned(),
            format!("{name} no answer to this part"),
            format!("{name} more than one answer to this part"),
            format!("{name} an answer to this part that cannot be read"),
            format!("{name} an answer to this part that cannot be read"),
        ]
    );
}

#[tokio::test]
async fn a_call_that_fails_as_a_whole_fails_its_parts_and_no_others() {
    let (client, _, _) = calls(|seen| {
        if requests(seen)[0]["id"] == "21" {
            return response(400, r#"{"error":{"code":"BadRequest","message":"No."}}"#);
        }
        let answers: Vec<Value> =
            requests(seen).iter().map(|part| json!({"id": part["id"], "status": 204})).collect();
        response(200, json!({"responses": answers}).to_string())
    });
    let mut batch = client.batch();
    let parts: Vec<Part<()>> = (0..50).map(|_| batch.add(client.root("me").call(CREATE))).collect();
    let mut answers = batch.send().await.expect("sent");
    for (at, part) in parts.into_iter().enumerate() {
        let result = answers.take(part);
        assert_eq!(result.is_err(), (20..40).contains(&at), "{at}");
        if let Err(error) = result {
            assert!(matches!(&error, Error::Batch(error) if error.cause().is_some()), "{error:?}");
            assert_eq!(
                (error.code(), error.status().map(|status| status.as_u16())),
                (Some("BadRequest"), Some(400))
            );
            assert!(
                error.to_string().starts_with("POST /me/messages in a batch: POST /$batch: 400"),
                "{error}"
            );
        }
    }
    for body in ["", "[]", "<html>", r#"{"responses":7}"#, "{}"] {
        let (client, _, _) = calls(move |_| response(200, body));
        let mut batch = client.batch();
        let part = batch.add(client.root("me").call::<()>(CREATE));
        assert!(batch.send().await.expect("sent").take(part).is_err(), "{body}");
    }
}

#[tokio::test]
async fn answers_that_are_not_json_are_decoded() {
    let (client, log, _) = calls(|seen| {
        if seen.method == "GET" {
            assert_eq!((seen.url.as_str(), seen.header("authorization")), ("https://files.example/1", None));
            return response(200, "from elsewhere");
        }
        let answers = json!({"responses": [
            {"id": "1", "status": 200, "headers": {"Content-Type": "image/jpeg"}, "body": "AP+A"},
            {"id": "2", "status": 302, "headers": {"Location": "https://files.example/1"}},
            {"id": "3", "status": 302, "headers": {"Location": "http://files.example/1"}},
            {"id": "4", "status": 200, "headers": {"Content-Type": "text/plain"}, "body": 17},
            {"id": "5", "status": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>Hello, world"}
        ]});
        response(200, answers.to_string())
    });
    let mut batch = client.batch();
    let me = client.root("me");
    let photo = batch.add(me.call::<Content>(CONTENT));
    let file = batch.add(me.call::<Content>(CONTENT));
    let insecure = batch.add(me.call::<Content>(CONTENT));
    let count = batch.add(me.call::<Count>(GET));
    let html = batch.add(me.call::<Content>(CONTENT));
    let mut answers = batch.send().await.expect("sent");
    let photo = answers.take(photo).expect("a photo");
    assert_eq!(photo.content_type(), Some("image/jpeg"));
    assert_eq!(photo.bytes().await.expect("bytes"), Bytes::from_static(&[0, 0xFF, 0x80]));
    assert_eq!(answers.take(file).expect("a file").bytes().await.expect("bytes"), "from elsewhere");
    assert_eq!(
        answers.take(insecure).expect_err("not followed").status().map(|status| status.as_u16()),
        Some(302)
    );
    assert_eq!(answers.take(count).expect("a count"), 17);
    assert_eq!(answers.take(html).expect("text").bytes().await.expect("bytes"), "<p>Hello, world");
    assert_eq!(log.all().len(), 2);
}

#[tokio::test]
async fn the_pages_after_a_parts_first_page_follow_with_its_headers() {
    let (client, log, _) = calls(|seen| match seen.path() {
        "/$batch" => response(
            200,
            r#"{"responses":[{"id":"1","status":200,"body":{"value":["a"],"@odata.nextLink":"https://graph.microsoft.com/v1.0/me/messages?page=2"}}]}"#,
        ),
        "/me/messages?page=2" => response(200, r#"{"value":["b","c"]}"#),
        other => panic!("unexpected {other}"),
    });
    let mut batch = client.batch();
    let list = client.root("me").segment("messages").call::<Page<String>>(LIST);
    let list = batch.add(list.header("Prefer", "odata.maxpagesize=1"));
    let items: Vec<String> =
        batch.send().await.expect("sent").stream(list).expect("a page").try_collect().await.expect("items");
    assert_eq!(items, ["a", "b", "c"]);
    assert_eq!(log.all()[0].header("prefer"), None);
    assert_eq!(log.all()[1].header("prefer"), Some("odata.maxpagesize=1"));
}

#[tokio::test]
async fn a_part_of_another_batch_has_no_answer_here() {
    let (client, _, _) = parts(|_| json!({"status": 204}));
    let (mut one, mut other) = (client.batch(), client.batch());
    let _own = one.add(client.root("me").call::<()>(CREATE));
    let foreign = other.add(client.root("me").call::<()>(CREATE));
    let error = one.send().await.expect("sent").take(foreign).expect_err("another batch").to_string();
    assert!(error.contains("the part is of another batch"), "{error}");
    assert!(client.batch().send().await.is_ok(), "an empty batch sends nothing");
}

#[tokio::test]
async fn no_more_calls_than_allowed_are_under_way_at_a_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (current, highest) = (now, most.clone());
    let transport = move |_: http::Request<Body>| {
        let (current, highest) = (current.clone(), highest.clone());
        async move {
            highest.fetch_max(current.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            current.fetch_sub(1, Ordering::SeqCst);
            response(200, r#"{"responses":[]}"#)
        }
    };
    let (builder, _) = fake::builder(|_| response(204, ""));
    let client = builder.transport(transport).build().expect("a client");
    let mut batch = client.batch();
    let _parts: Vec<Part<()>> = (0..400).map(|_| batch.add(client.root("me").call(CREATE))).collect();
    batch.concurrency(3).send().await.expect("sent");
    assert_eq!(most.load(Ordering::SeqCst), 3);
}
