//! Limits on time: for a call, for a try, for a body. No test waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use http::{Request, Response};
use msgraph_runtime::{
    Body, Content, Error, GraphClient, GraphClientBuilder, Phase, RetryPolicy, StaticToken, TransportError,
};

use crate::support::fake::Counter;
use crate::support::models::Message;
use crate::support::paused::PausedClock;

const GET: &str = "op:GET /me/messages/{message-id};;";
const UPLOAD: &str = "op:PUT /me/drive/content;;";

/// A client whose transport does nothing for a time and then answers; and how often it was asked.
fn builder(
    clock: PausedClock,
    pause: impl Fn(usize) -> Duration + Send + Sync + 'static,
) -> (GraphClientBuilder, Arc<Mutex<usize>>) {
    let tries = Arc::new(Mutex::new(0));
    let counted = tries.clone();
    let transport = move |_: Request<Body>| {
        let mut tries = counted.lock().expect("no panic elsewhere");
        *tries += 1;
        let pause = pause(*tries);
        async move {
            tokio::time::sleep(pause).await;
            Ok(Response::new(Body::from("{}")))
        }
    };
    let builder = GraphClient::builder().credential(StaticToken::new("token")).clock(clock);
    (builder.transport(transport).randomness(Counter), tries)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn phase(error: &Error) -> Option<Phase> {
    match error {
        Error::Delivery(error) => Some(error.phase()),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_without_progress_ends_and_the_next_may_succeed() {
    let clock = PausedClock::new();
    let (builder, tries) = builder(clock, |number| if number == 1 { seconds(1000) } else { seconds(1) });
    builder.build().expect("a client").root("me").call::<Message>(GET).await.expect("the second try");
    assert_eq!((clock.passed().as_secs(), *tries.lock().expect("no panic elsewhere")), (101, 2));
}

#[tokio::test(start_paused = true)]
async fn limits_are_those_of_the_request_then_of_the_client() {
    // Limits of the client on a try and a call, those of the request, and when the call ends.
    let none = Duration::MAX;
    for (client, request, expected) in [
        ((seconds(100), none), (None, None), 100),
        ((seconds(7), none), (None, None), 7),
        ((seconds(100), seconds(30)), (None, None), 30),
        ((seconds(100), seconds(30)), (Some(seconds(5)), None), 5),
        ((seconds(100), seconds(30)), (None, Some(seconds(20))), 20),
        ((none, seconds(30)), (Some(none), Some(none)), 100_000),
    ] {
        let clock = PausedClock::new();
        let (builder, _) = builder(clock, |_| seconds(100_000));
        let builder = builder.try_timeout(client.0).timeout(client.1).retry(RetryPolicy::never());
        let mut call = builder.build().expect("a client").root("me").call::<Message>(GET);
        if let Some(limit) = request.0 {
            call = call.try_timeout(limit);
        }
        if let Some(limit) = request.1 {
            call = call.timeout(limit);
        }
        let outcome = call.await;
        assert_eq!(clock.passed().as_secs(), expected, "{client:?} {request:?}");
        assert!(outcome.is_err_and(|error| phase(&error) == Some(Phase::Timeout)) || expected == 100_000);
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_on_a_call_includes_its_tries_and_waits() {
    let clock = PausedClock::new();
    let (builder, tries) = builder(clock, |_| seconds(1000));
    let client = builder.try_timeout(seconds(10)).timeout(seconds(35)).build().expect("a client");
    let policy = RetryPolicy::default().fixed(seconds(5));
    let error = client.root("me").call::<Message>(GET).retry(policy).await.expect_err("too late");
    assert_eq!(
        error.to_string(),
        "GET /me/messages/{message-id} got no answer: timed out: the whole call took longer than 35s"
    );
    assert_eq!((clock.passed().as_secs(), *tries.lock().expect("no panic elsewhere")), (35, 3));
}

/// A client that is answered by chunks, each after its time.
fn dripping(clock: PausedClock, pauses: &'static [u64]) -> GraphClient {
    let transport = move |_: Request<Body>| async move {
        let chunks = stream::iter(pauses).then(|pause| async move {
            tokio::time::sleep(seconds(*pause)).await;
            Ok(Bytes::from_static(b" "))
        });
        let chunks = chunks.chain(stream::iter([Ok(Bytes::from_static(b"{}"))]));
        Ok::<_, TransportError>(Response::new(Body::stream(chunks, None)))
    };
    let builder = GraphClient::builder().credential(StaticToken::new("token")).clock(clock);
    builder.transport(transport).retry(RetryPolicy::never()).build().expect("a client")
}

#[tokio::test(start_paused = true)]
async fn a_body_may_drip_but_not_stall() {
    let clock = PausedClock::new();
    dripping(clock, &[90, 90, 90]).root("me").call::<Message>(GET).await.expect("slow");
    assert_eq!(clock.passed().as_secs(), 270);
    let stalled = dripping(clock, &[10, 101]);
    let error = stalled.root("me").call::<Message>(GET).await.expect_err("stalled");
    assert_eq!(phase(&error), Some(Phase::Timeout), "{error}");
    assert!(error.to_string().ends_with("timed out: nothing came for 100s"), "{error}");
    let content = stalled.root("me").call::<Content>(GET).await.expect("its beginning");
    let chunks: Vec<_> = content.into_stream().collect().await;
    assert!(chunks.len() == 2 && chunks[0].is_ok() && chunks[1].is_err());
    let endless = dripping(clock, &[50; 1000]).root("me").call::<Message>(GET).timeout(seconds(600));
    assert_eq!(phase(&endless.await.expect_err("too slow")), Some(Phase::Timeout));
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_slowly_is_not_timed_out() {
    let clock = PausedClock::new();
    let content = dripping(clock, &[1, 1, 1]).root("me").call::<Content>(GET).await.expect("content");
    let mut chunks = content.into_stream();
    let mut read = 0;
    while let Some(chunk) = chunks.try_next().await.expect("a chunk") {
        read += chunk.len();
        tokio::time::sleep(seconds(1000)).await;
    }
    assert_eq!(read, 5);
}

#[tokio::test(start_paused = true)]
async fn a_long_upload_that_goes_on_is_not_cut_off() {
    for stalls in [false, true] {
        let clock = PausedClock::new();
        // Takes 64 KiB per minute, or stops after the first of them.
        let transport = move |request: Request<Body>| async move {
            let length = request.body().length();
            let mut chunks = request.into_body().into_stream();
            let mut taken = 0;
            while let Some(chunk) =
                chunks.try_next().await.map_err(|error| TransportError::new(Phase::Body, error))?
            {
                taken += chunk.len() as u64;
                tokio::time::sleep(seconds(if stalls { 1000 } else { 60 })).await;
            }
            assert_eq!(Some(taken), length);
            Ok::<_, TransportError>(Response::new(Body::empty()))
        };
        let builder = GraphClient::builder().credential(StaticToken::new("token")).clock(clock);
        let client = builder.transport(transport).retry(RetryPolicy::never()).build().expect("a client");
        let outcome = client.root("me").send_bytes::<()>(UPLOAD, vec![7; 10 << 16]).await;
        assert_eq!(outcome.is_err(), stalls, "{outcome:?}");
        assert_eq!(clock.passed().as_secs(), if stalls { 200 } else { 600 });
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_ends_what_it_does() {
    let clock = PausedClock::new();
    let held = Arc::new(());
    let inside = held.clone();
    let transport = move |_: Request<Body>| {
        let inside = inside.clone();
        async move {
            std::future::pending::<()>().await;
            drop(inside);
            Ok::<_, TransportError>(Response::new(Body::empty()))
        }
    };
    let builder = GraphClient::builder().credential(StaticToken::new("token")).clock(clock);
    let client = builder.transport(transport).build().expect("a client");
    let mut call = client.root("me").call::<()>(GET).into_future();
    assert!((&mut call).now_or_never().is_none());
    assert_eq!(Arc::strong_count(&held), 3, "one in the transport, one in the exchange");
    drop(call);
    assert_eq!(Arc::strong_count(&held), 2);
}

#[test]
fn the_connect_timeout_is_a_setting_of_the_own_transport() {
    let transport = |_: Request<Body>| async { Ok::<_, TransportError>(Response::new(Body::empty())) };
    let builder = GraphClient::builder().credential(StaticToken::new("token")).transport(transport);
    let error = builder.connect_timeout(seconds(3)).build().expect_err("two transports").to_string();
    assert!(error.contains("the connect timeout belongs to the transport"), "{error}");
}
