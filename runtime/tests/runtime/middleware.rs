//! Policies of the user: where they stand, what they see, and what they can do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use http::{HeaderValue, Response};
use msgraph_runtime::error::DeliveryError;
use msgraph_runtime::pipeline::{Call, Next, Policy};
use msgraph_runtime::{Body, Content, Error, Phase, TransportError};

use crate::support::fake::{builder, response};
use crate::support::models::Message;
use crate::support::paused::PausedClock;

const GET: &str = "op:GET /me/messages/{message-id};;";
const CREATE: &str = "op:POST /me/messages;;";

type Sent<'a> = BoxFuture<'a, Result<Response<Body>, Error>>;

/// Notes what passes.
#[derive(Clone)]
struct Noting {
    place: &'static str,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Noting {
    fn note(&self, text: String) {
        self.notes.lock().expect("no panic elsewhere").push(format!("{}: {text}", self.place));
    }
}

impl Policy for Noting {
    fn send<'a>(&'a self, mut call: Call, next: Next<'a>) -> Sent<'a> {
        Box::pin(async move {
            let identified = call.headers.contains_key("client-request-id");
            self.note(format!("{} try {}, identified: {identified}", call.name(), call.tries()));
            call.headers.append("x-seen-by", HeaderValue::from_static(self.place));
            let response = next.send(call).await?;
            self.note(format!("{}, complete: {}", response.status(), response.body().as_bytes().is_some()));
            Ok(response)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_stands_before_or_after_retry() {
    let tries = AtomicU32::new(0);
    let (builder, log) = builder(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => response(503, ""),
        _ => {
            let chunks = futures_util::stream::iter([Ok(Bytes::from_static(b"{}"))]);
            Ok(Response::new(Body::stream(chunks, None)))
        }
    });
    let notes = Arc::new(Mutex::new(Vec::new()));
    let noting = |place| Noting { place, notes: notes.clone() };
    let builder = builder.policy_per_call(noting("call")).policy_per_try(noting("try"));
    let client = builder.clock(PausedClock::new()).build().expect("a client");
    client.root("me").call::<Message>(GET).await.expect("the second try");
    assert_eq!(
        *notes.lock().expect("no panic elsewhere"),
        [
            "call: GET /me/messages/{message-id} try 1, identified: true",
            "try: GET /me/messages/{message-id} try 1, identified: true",
            "try: 503 Service Unavailable, complete: true",
            "try: GET /me/messages/{message-id} try 2, identified: true",
            "try: 200 OK, complete: false",
            "call: 200 OK, complete: true",
        ]
    );
    let seen = log.last();
    let by: Vec<_> = seen.headers.get_all("x-seen-by").iter().collect();
    assert_eq!(by, ["call", "try"]);
}

/// Keeps the answers of GET by their URL.
#[derive(Default)]
struct Cache(Mutex<HashMap<String, Bytes>>);

impl Policy for Cache {
    fn send<'a>(&'a self, call: Call, next: Next<'a>) -> Sent<'a> {
        Box::pin(async move {
            if call.method != http::Method::GET {
                return next.send(call).await;
            }
            let url = call.url.to_string();
            let kept = self.0.lock().expect("no panic elsewhere").get(&url).cloned();
            if let Some(bytes) = kept {
                return Ok(Response::new(Body::from(bytes)));
            }
            let response = next.send(call).await?;
            if let (true, Some(bytes)) = (response.status().is_success(), response.body().as_bytes()) {
                self.0.lock().expect("no panic elsewhere").insert(url, bytes.clone());
            }
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_cache_answers_without_the_network() {
    let (builder, log) = builder(|_| response(200, r#"{"subject":"kept"}"#));
    let client = builder.policy_per_call(Cache::default()).build().expect("a client");
    let me = client.root("me");
    for _ in 0..3 {
        let message = me.call::<Message>(GET).await.expect("a message");
        assert_eq!(message.subject.as_deref(), Some("kept"));
    }
    assert_eq!(log.all().len(), 1);
    me.call::<Message>(CREATE).await.expect("a message");
    assert_eq!(log.all().len(), 2);
    // What is kept can also be read as a stream.
    let content = me.call::<Content>(GET).await.expect("content");
    assert_eq!(content.bytes().await.expect("bytes"), r#"{"subject":"kept"}"#);
    assert_eq!(log.all().len(), 2);
}

/// Lets every third try fail.
#[derive(Default)]
struct Faults(AtomicU32);

impl Policy for Faults {
    fn send<'a>(&'a self, call: Call, next: Next<'a>) -> Sent<'a> {
        Box::pin(async move {
            if self.0.fetch_add(1, Ordering::Relaxed) % 3 == 2 {
                let reset = TransportError::new(Phase::Exchange, "connection reset");
                return Err(DeliveryError::new(call.name(), reset).into());
            }
            next.send(call).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn injected_faults_are_survived_by_what_is_safe_and_reported_for_what_is_not() {
    let (builder, log) = builder(|_| response(200, "{}"));
    let client =
        builder.clock(PausedClock::new()).policy_per_try(Faults::default()).build().expect("a client");
    let me = client.root("me");
    let read = join_all((0..100).map(|_| me.call::<Message>(GET).into_future())).await;
    assert!(read.iter().all(Result::is_ok));
    assert_eq!(log.all().len(), 100);
    let written = join_all((0..99).map(|_| me.call::<Message>(CREATE).into_future())).await;
    assert_eq!(written.iter().filter(|outcome| outcome.is_err()).count(), 33);
}
