//! What is sent again and what is not, and after how long. No test waits: time jumps when nothing is to be done.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Response};
use msgraph_runtime::{
    AccessToken, Body, Content, Error, GraphClient, GraphClientBuilder, Multipart, Path, Phase, RetryPolicy,
    TransportError,
};

use crate::support::fake::{self, Log, Seen, response};
use crate::support::models::Message;
use crate::support::paused::PausedClock;

const GET: &str = "op:GET /me/messages/{message-id};;";
const CREATE: &str = "op:POST /me/messages;;";
const UPDATE: &str = "op:PATCH /me/messages/{message-id};;";
const DELETE: &str = "op:DELETE /me/messages/{message-id};;";
const UPLOAD: &str = "op:PUT /me/drive/content;;";

type Answer = Result<Response<Body>, TransportError>;

/// A client whose tries are answered one after the other by a function of their number, from 0.
fn builder(answer: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> (GraphClientBuilder, Log) {
    let number = Mutex::new(0);
    let (builder, log) = fake::builder(move |seen| {
        let mut number = number.lock().expect("no panic elsewhere");
        *number += 1;
        answer(*number - 1, seen)
    });
    (builder.clock(PausedClock::new()), log)
}

fn path(answer: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> (Path, Log) {
    let (builder, log) = builder(answer);
    (builder.build().expect("a client").root("me"), log)
}

/// An answer with a header.
fn with(status: u16, name: &str, value: &str) -> Answer {
    let mut answer = response(status, "")?;
    answer
        .headers_mut()
        .insert(http::HeaderName::try_from(name).expect("a name"), value.parse().expect("a value"));
    Ok(answer)
}

fn failed(phase: Phase) -> Answer {
    Err(TransportError::new(phase, "broken"))
}

/// How a first try fails.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Status(u16),
    Told(u16),
    Phase(Phase),
    BodyBreaksOff,
}

impl Fault {
    fn answer(self) -> Answer {
        match self {
            Self::Status(200) => response(200, "{}"),
            Self::Status(status) => response(status, r#"{"error":{"code":"x"}}"#),
            Self::Told(status) => with(status, "retry-after", "3"),
            Self::Phase(phase) => failed(phase),
            Self::BodyBreaksOff => {
                let chunks = [Ok(Bytes::from_static(b"{\"sub")), Err(std::io::Error::other("reset"))];
                Ok(Response::new(Body::stream(stream::iter(chunks), Some(100))))
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_follows_from_the_method_the_failure_and_the_policy() {
    use Fault::{BodyBreaksOff, Phase as At, Status, Told};
    let (plain, idempotent, all) =
        (RetryPolicy::default(), RetryPolicy::default().idempotent(), RetryPolicy::default().all_errors());
    // Tries of GET; of POST, PATCH and DELETE; of these if they are idempotent; of these after every error.
    for (fault, tries) in [
        (Status(200), [1, 1, 1, 1]),
        (Status(400), [1, 1, 1, 2]),
        (Status(404), [1, 1, 1, 2]),
        (Status(408), [2, 1, 2, 2]),
        (Status(412), [1, 1, 1, 2]),
        (Status(429), [2, 2, 2, 2]),
        (Status(500), [2, 1, 2, 2]),
        (Status(501), [1, 1, 1, 2]),
        (Status(502), [2, 1, 2, 2]),
        (Status(503), [2, 1, 2, 2]),
        (Status(504), [2, 1, 2, 2]),
        (Told(429), [2, 2, 2, 2]),
        (Told(503), [2, 2, 2, 2]),
        (Told(504), [2, 1, 2, 2]),
        (At(Phase::Setup), [1, 1, 1, 1]),
        (At(Phase::Connect), [2, 2, 2, 2]),
        (At(Phase::Exchange), [2, 1, 2, 2]),
        (At(Phase::Timeout), [2, 1, 2, 2]),
        (BodyBreaksOff, [2, 1, 2, 2]),
    ] {
        for (operations, policy, expected) in [
            (&[GET][..], plain, tries[0]),
            (&[CREATE, UPDATE, DELETE], plain, tries[1]),
            (&[CREATE, UPDATE, DELETE], idempotent, tries[2]),
            (&[CREATE, UPDATE, DELETE], all, tries[3]),
        ] {
            for operation in operations {
                let (me, log) = path(move |number, _| match number {
                    0 => fault.answer(),
                    _ => response(200, "{}"),
                });
                let outcome = me.send::<Message>(operation, &Message::default()).retry(policy).await;
                assert_eq!(log.all().len(), expected, "{fault:?} {operation} {policy:?}");
                let first = matches!(fault, Status(200));
                assert_eq!(outcome.is_ok(), expected == 2 || first, "{fault:?} {operation} {policy:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_try_has_the_same_identifier_and_body_and_a_token_of_its_own() {
    let (builder, log) = builder(|number, _| response(if number < 2 { 429 } else { 200 }, "{}"));
    let tokens = Mutex::new(0);
    let builder = builder.credential(move |_: Vec<String>| {
        let mut tokens = tokens.lock().expect("no panic elsewhere");
        *tokens += 1;
        std::future::ready(Ok(AccessToken::new(format!("token-{tokens}"))))
    });
    let me = builder.build().expect("a client").root("me");
    let message = Message { subject: Some("once".into()), ..Default::default() };
    me.send::<Message>(CREATE, &message).await.expect("the third try");
    let seen = log.all();
    let ids: Vec<_> =
        seen.iter().map(|seen| seen.header("client-request-id").expect("an identifier")).collect();
    assert_eq!(ids, [ids[0]; 3]);
    assert!(seen.iter().all(|seen| seen.body == r#"{"subject":"once"}"#));
    let tokens: Vec<_> = seen.iter().map(|seen| seen.header("authorization").expect("a token")).collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
}

#[tokio::test(start_paused = true)]
async fn the_next_try_is_never_earlier_than_told() {
    for (name, text, seconds) in [
        ("retry-after", "120", 120.0),
        ("retry-after", "0.249", 0.249),
        ("retry-after", "Sun, 22 Nov 2026 10:01:40 GMT", 100.0),
        ("retry-after", "Sunday, 22-Nov-26 10:01:40 GMT", 100.0),
        ("retry-after", "Sun Nov 22 10:01:40 2026", 100.0),
        ("x-ms-retry-after-ms", "1500", 1.5),
        ("retry-after-ms", "2500", 2.5),
    ] {
        let clock = PausedClock::new();
        let (builder, log) = builder(move |number, _| match number {
            0 => with(429, name, text),
            _ => response(204, ""),
        });
        let me = builder.clock(clock).build().expect("a client").root("me");
        me.call::<()>(DELETE).await.expect("the second try");
        let passed = clock.passed().as_secs_f64();
        assert!((seconds..seconds + 0.01).contains(&passed), "{text}: {passed}");
        assert_eq!(log.all().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_is_read_by_the_clock_of_the_service() {
    let clock = PausedClock::new();
    let (builder, _) = builder(move |number, _| match number {
        0 => {
            let mut answer = with(429, "retry-after", "Sun, 22 Nov 2026 09:30:10 GMT")?;
            let date = "Sun, 22 Nov 2026 09:30:00 GMT".parse().expect("a value");
            answer.headers_mut().insert("date", date);
            Ok(answer)
        }
        _ => response(204, ""),
    });
    builder.clock(clock).build().expect("a client").root("me").call::<()>(GET).await.expect("the second try");
    assert_eq!(clock.passed().as_secs(), 10, "half an hour behind ours");
}

#[tokio::test(start_paused = true)]
async fn without_being_told_the_bound_of_the_wait_doubles() {
    for (random, policy, expected) in [
        (u64::MAX, RetryPolicy::default(), vec![500, 1000, 2000, 4000, 8000, 16_000, 30_000]),
        (u64::MAX / 2, RetryPolicy::default().max_tries(4), vec![250, 500, 1000]),
        (0, RetryPolicy::default().max_tries(3), vec![0, 0]),
        (1, RetryPolicy::default().max_tries(4).fixed(Duration::from_secs(7)), vec![7000; 3]),
        (
            u64::MAX,
            RetryPolicy::default().max_tries(4).exponential(Duration::from_secs(10), Duration::from_secs(15)),
            vec![10_000, 15_000, 15_000],
        ),
        (u64::MAX, RetryPolicy::never(), vec![]),
    ] {
        let clock = PausedClock::new();
        let times = std::sync::Arc::new(Mutex::new(Vec::new()));
        let noted = times.clone();
        let (builder, _) = builder(move |_, _| {
            noted.lock().expect("no panic elsewhere").push(clock.passed().as_millis());
            response(502, "")
        });
        let client = builder.clock(clock).randomness(Always(random)).retry(policy).build().expect("a client");
        let error = client.root("me").call::<()>(GET).await.expect_err("an error");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(502));
        let times = times.lock().expect("no panic elsewhere");
        let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let near = waits.iter().zip(&expected).all(|(wait, expected)| wait.abs_diff(*expected) <= 2);
        assert!(near && waits.len() == expected.len(), "{waits:?} {expected:?}");
    }
}

#[derive(Debug)]
struct Always(u64);

impl msgraph_runtime::Randomness for Always {
    fn next(&self) -> u64 {
        self.0
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_limit_is_an_error_at_once() {
    let clock = PausedClock::new();
    let (builder, log) = builder(|_, _| with(429, "retry-after", "1800"));
    let client = builder.clock(clock).build().expect("a client");
    let error = client.root("me").call::<()>(GET).await.expect_err("too long");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1800)));
    assert_eq!((clock.passed(), log.all().len()), (Duration::ZERO, 1));

    let error = client.root("me").segment("messages").call::<()>(GET).await.expect_err("still too long");
    assert_eq!(
        error.to_string(),
        "GET /me/messages/{message-id} was not sent: calls to outlook are throttled for another 1800 s: wait, \
         or allow more time"
    );
    assert!(matches!(error, Error::Throttled(_)) && error.is_retryable() && log.all().len() == 1);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1800)));
}

#[tokio::test(start_paused = true)]
async fn who_allows_it_waits_half_an_hour_in_an_instant() {
    let began = std::time::Instant::now();
    let clock = PausedClock::new();
    let (builder, log) = builder(|number, _| match number {
        0 => with(429, "retry-after", "1800"),
        _ => response(204, ""),
    });
    let patient = RetryPolicy::default().total(Duration::from_secs(3600));
    let client = builder.clock(clock).retry(patient).build().expect("a client");
    client.root("me").call::<()>(CREATE).await.expect("the second try");
    assert_eq!((clock.passed().as_secs(), log.all().len()), (1800, 2));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_can_be_read_only_once_is_sent_once() {
    let (me, log) = path(|_, _| response(429, ""));
    let body = Body::stream(stream::iter([Ok(Bytes::from_static(b"content"))]), Some(7));
    let error = me.send_bytes::<()>(UPLOAD, body).await.expect_err("throttled");
    assert_eq!((error.status().map(|status| status.as_u16()), log.all().len()), (Some(429), 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_can_be_read_again_is_sent_again_from_its_beginning() {
    let source = || {
        let open = || ["con", "tent"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
        Body::source(move || Box::pin(stream::iter(open())), Some(7))
    };
    let throttled = || path(|before, _| if before == 0 { response(429, "") } else { response(204, "") });
    let (me, log) = throttled();
    me.send_bytes::<()>(UPLOAD, source()).await.expect("the second try");
    assert_eq!(log.all().iter().map(|seen| &seen.body[..]).collect::<Vec<_>>(), [b"content"; 2]);

    let (me, log) = throttled();
    let parts = Multipart::new().text("name", "a").file("file", "a.bin", "image/png", source());
    me.client().request(Method::POST, "/parts").multipart(parts).await.expect("the second try");
    let [first, second] = &log.all()[..] else { panic!("{:?}", log.all()) };
    assert!(first.body.windows(7).any(|part| part == b"content"), "{:?}", first.body);
    assert_eq!(first.body, second.body);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_is_for_its_reader_to_handle() {
    let (me, log) = path(|_, _| Fault::BodyBreaksOff.answer());
    let content = me.call::<Content>(GET).await.expect("its beginning");
    let error = content.bytes().await.expect_err("it breaks off");
    assert!(matches!(&error, Error::Delivery(error) if error.phase() == Phase::Body), "{error}");
    assert_eq!(log.all().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_long_is_not_fetched_again() {
    let (builder, log) = builder(|_, _| response(200, vec![b' '; 2000]));
    let client = builder.response_limit(1000).build().expect("a client");
    let error = client.root("me").call::<Message>(GET).await.expect_err("too long");
    assert!(!error.is_retryable() && error.to_string().contains("longer than 1000 bytes"), "{error}");
    assert_eq!(log.all().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_says_that_its_failure_passes_is_asked_again() {
    for (passing, expected) in [(true, 2), (false, 1)] {
        let (builder, log) = builder(|_, _| response(204, ""));
        let asked = std::sync::Arc::new(Mutex::new(0));
        let count = asked.clone();
        let credential = move |_: Vec<String>| {
            let mut count = count.lock().expect("no panic elsewhere");
            *count += 1;
            let failure = msgraph_runtime::error::CredentialError::new("unreachable".to_owned(), None);
            let failure = if passing { failure.passing(Some(Duration::from_secs(2))) } else { failure };
            std::future::ready(if *count == 1 {
                Err(Error::from(failure))
            } else {
                Ok(AccessToken::new("x"))
            })
        };
        let client: GraphClient = builder.credential(credential).build().expect("a client");
        let outcome = client.root("me").call::<()>(CREATE).await;
        assert_eq!((*asked.lock().expect("no panic elsewhere"), log.all().len()), (expected, expected - 1));
        assert_eq!(outcome.is_ok(), passing);
        assert!(outcome.is_ok_and(|()| true) || !passing);
    }
}

#[tokio::test]
async fn java_2575_a_read_that_finds_nothing_is_tried_again_only_if_asked_for() {
    for (limit, expected) in [(None, 1), (Some(std::time::Duration::from_secs(30)), 3)] {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = asked.clone();
        let (client, _) = crate::support::fake::client(move |seen| {
            let is_there = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2;
            crate::support::fake::response(if is_there && seen.method == "GET" { 204 } else { 404 }, "")
        });
        let read = client.root("me").call::<()>("op:GET /me;;");
        let read = match limit {
            Some(limit) => read.retry_not_found(limit),
            None => read,
        };
        assert_eq!(read.await.is_ok(), limit.is_some());
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), expected);
        let change = client.root("me").call::<()>("op:DELETE /me;;");
        change.retry_not_found(std::time::Duration::from_secs(30)).await.expect_err("not tried again");
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), expected + 1);
    }
}
