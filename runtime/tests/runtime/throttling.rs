//! Many calls slow down together, and it can be seen who waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use http::Response;
use msgraph_runtime::{Body, Governor, GraphClient, RetryPolicy, TransportError, WaitReason};

use crate::support::fake::{Log, Seen, builder, response};
use crate::support::paused::PausedClock;

const MAIL: &str = "op:GET /me/messages/{message-id};;";
const SEND: &str = "op:POST /me/sendMail;;";
const USER: &str = "op:GET /users/{user-id};;";

type Answer = Result<Response<Body>, TransportError>;

/// A client on a paused clock whose answers are a function of the time since the start.
fn client(
    governor: &Governor,
    clock: PausedClock,
    answer: impl Fn(Duration, &Seen) -> Answer + Send + Sync + 'static,
) -> (GraphClient, Log) {
    let (builder, log) = builder(move |seen| answer(clock.passed(), seen));
    let patient = RetryPolicy::default().total(Duration::from_secs(3600));
    (builder.clock(clock).governor(governor.clone()).retry(patient).build().expect("a client"), log)
}

fn with(status: u16, headers: &[(&'static str, &str)]) -> Answer {
    let mut answer = response(status, "")?;
    for (name, value) in headers {
        answer.headers_mut().insert(*name, value.parse().expect("a value"));
    }
    Ok(answer)
}

fn throttled_until(seconds: u64) -> impl Fn(Duration, &Seen) -> Answer {
    move |passed, _| match seconds.saturating_sub(passed.as_secs()) {
        0 => response(204, ""),
        left => with(429, &[("retry-after", &left.to_string())]),
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tasks_do_not_each_find_out_alone() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, log) = client(&governor, clock, throttled_until(1800));
    let me = client.root("me");
    me.call::<()>(MAIL).into_future().now_or_never();
    let times = Arc::new(Mutex::new(Vec::new()));
    let tasks = (0..1000).map(|_| {
        let (request, times) = (me.call::<()>(MAIL), times.clone());
        async move {
            request.await.expect("an answer");
            times.lock().expect("no panic elsewhere").push(clock.passed());
        }
    });
    join_all(tasks).await;
    let times = times.lock().expect("no panic elsewhere");
    assert_eq!(log.all().len(), 1001, "nobody else was refused");
    assert!(times.iter().all(|time| *time >= Duration::from_secs(1800)), "{:?}", times.first());
    let within = |seconds| times.iter().filter(|time| **time < Duration::from_secs(seconds)).count();
    assert!((1..=21).contains(&within(1801)), "{} in the first second", within(1801));
    assert_eq!(within(1900), 1000);
    assert!(governor.waiting().is_empty());
}

#[tokio::test(start_paused = true)]
async fn tasks_that_were_refused_together_are_refused_once_only() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    // The service takes ten calls per second and refuses the others for two seconds.
    let window = Mutex::new((0, 0));
    let (client, log) = client(&governor, clock, move |passed, _| {
        let mut window = window.lock().expect("no panic elsewhere");
        if window.0 != passed.as_secs() {
            *window = (passed.as_secs(), 0);
        }
        window.1 += 1;
        if window.1 > 10 { with(429, &[("retry-after", "2")]) } else { response(204, "") }
    });
    let me = client.root("me");
    let outcomes = join_all((0..300).map(|_| me.call::<()>(MAIL).into_future())).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    assert!(log.all().len() < 700, "{} requests for 300 answers", log.all().len());
}

#[tokio::test(start_paused = true)]
async fn other_workloads_and_other_governors_do_not_wait() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, _) = client(&governor, clock, |passed, seen| match seen.url.contains("sendMail") {
        true => throttled_until(600)(passed, seen),
        false => response(204, ""),
    });
    client.root("me").segment("sendMail").call::<()>(SEND).into_future().now_or_never();
    client.root("users").call::<()>(USER).await.expect("the directory");
    assert_eq!(clock.passed(), Duration::ZERO);
    let (stranger, _) = self::client(&Governor::new(), clock, |_, _| response(204, ""));
    stranger.root("me").call::<()>(MAIL).await.expect("another app");
    assert_eq!(clock.passed(), Duration::ZERO);
    let (sibling, _) = self::client(&governor, clock, |_, _| response(204, ""));
    sibling.root("me").call::<()>(MAIL).await.expect("the same app");
    assert_eq!(clock.passed(), Duration::from_secs(600));
}

#[tokio::test(start_paused = true)]
async fn it_can_be_asked_who_waits_why_and_until_when() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, _) = client(&governor, clock, throttled_until(60));
    let mut send = Box::pin(client.root("me").segment("sendMail").call::<()>(SEND).into_future());
    let mut read = Box::pin(client.root("me").call::<()>(MAIL).into_future());
    assert!((&mut send).now_or_never().is_none() && (&mut read).now_or_never().is_none());
    let shown: Vec<_> = governor.waiting().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "POST /me/sendMail waits until 2026-11-22T10:01:00Z: outlook, throttled",
            "GET /me/messages/{message-id} waits until 2026-11-22T10:01:00.05Z: outlook, throttled"
        ]
    );
    assert_eq!(governor.waiting()[0].reason, WaitReason::Throttled);
    // Who gives up leaves no gap.
    drop(send);
    drop(read);
    assert!(governor.waiting().is_empty());
    client.root("me").call::<()>(MAIL).await.expect("an answer");
    assert!(clock.passed() < Duration::from_millis(60_060), "{:?}", clock.passed());
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_waited_for_and_shown() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, _) = client(&governor, clock, |_, _| with(504, &[("retry-after", "9")]));
    let mut call = Box::pin(client.root("users").call::<()>(USER).into_future());
    assert!((&mut call).now_or_never().is_none());
    let waiting = governor.waiting();
    assert_eq!((waiting.len(), waiting[0].reason), (1, WaitReason::Failed));
    assert_eq!(waiting[0].workload, "directory");
}

#[tokio::test(start_paused = true)]
async fn calls_slow_down_before_the_limit_is_reached() {
    for (headers, seconds) in [
        (&[("x-ms-throttle-limit-percentage", "0.5")][..], 0.0..0.1),
        (&[("x-ms-throttle-limit-percentage", "0.8")], 0.4..1.0),
        (&[("x-ms-throttle-limit-percentage", "1.7")], 9.0..10.0),
        (&[("ratelimit-limit", "100"), ("ratelimit-remaining", "50"), ("ratelimit-reset", "20")], 0.0..0.1),
        (&[("ratelimit-limit", "100"), ("ratelimit-remaining", "20"), ("ratelimit-reset", "10")], 4.0..6.0),
        (&[("ratelimit-limit", "100"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "30")], 30.0..310.0),
        (&[("ratelimit-remaining", "nonsense"), ("ratelimit-reset", "-1")], 0.0..0.1),
    ] {
        let (governor, clock) = (Governor::new(), PausedClock::new());
        let (client, _) = client(&governor, clock, move |_, _| with(204, headers));
        for _ in 0..11 {
            client.root("users").call::<()>(USER).await.expect("an answer");
        }
        let passed = clock.passed().as_secs_f64();
        assert!(seconds.contains(&passed), "{headers:?}: {passed}");
    }
}

#[tokio::test(start_paused = true)]
async fn speed_comes_back_with_success() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, _) = client(&governor, clock, throttled_until(10));
    let me = client.root("me");
    for _ in 0..100 {
        me.call::<()>(MAIL).await.expect("an answer");
    }
    let before = clock.passed();
    assert!(before < Duration::from_secs(12), "{before:?}");
    for _ in 0..100 {
        me.call::<()>(MAIL).await.expect("an answer");
    }
    assert_eq!(clock.passed(), before);
}

#[tokio::test(start_paused = true)]
async fn who_waits_already_hears_of_a_longer_wait() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let times = sent.clone();
    // The first call is refused at once, the second one after five seconds and for longer.
    let transport = move |_: http::Request<Body>| {
        let mut times = times.lock().expect("no panic elsewhere");
        times.push(clock.passed().as_secs());
        let number = times.len();
        async move {
            match number {
                1 => {
                    tokio::task::yield_now().await;
                    with(429, &[("retry-after", "10")])
                }
                2 => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    with(429, &[("retry-after", "100")])
                }
                _ => response(204, ""),
            }
        }
    };
    let (builder, _) = builder(|_| response(204, ""));
    let client = builder.clock(clock).governor(governor).transport(transport).build().expect("a client");
    let me = client.root("me");
    let (first, second) = (me.call::<()>(MAIL).into_future(), me.call::<()>(MAIL).into_future());
    let (first, second) = futures_util::future::join(first, second).await;
    assert!(first.is_ok() && second.is_ok());
    let sent = sent.lock().expect("no panic elsewhere");
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(sent[2..].iter().all(|time| *time >= 105), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_is_told_holds_for_the_calls_beside_it() {
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, log) = client(&governor, clock, |passed, seen| {
        if seen.path() != "/$batch" {
            return response(204, "");
        }
        let part = match passed.as_secs() {
            0 => r#"{"id":"1","status":429,"headers":{"Retry-After":"60"}}"#,
            _ => r#"{"id":"1","status":204}"#,
        };
        response(200, format!(r#"{{"responses":[{part}]}}"#))
    });
    let mut batch = client.batch();
    let part = batch.add(client.root("me").call::<()>(MAIL));
    let mut sending = Box::pin(batch.send());
    assert!((&mut sending).now_or_never().is_none(), "the part waits to be sent again");
    client.root("users").call::<()>(USER).await.expect("an answer");
    assert!(clock.passed().is_zero(), "another workload");
    client.root("me").call::<()>(MAIL).await.expect("an answer");
    assert!(clock.passed() >= Duration::from_secs(60), "{:?}", clock.passed());
    sending.await.expect("sent").take(part).expect("an answer");
    assert_eq!(log.all().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn no_answer_closes_a_workload_for_longer_than_an_hour() {
    for (status, headers, closed) in [
        (429, [("retry-after", "31536000"), ("x-a", "")], 3600),
        (503, [("retry-after", "31536000"), ("x-a", "")], 3600),
        (429, [("x-ms-retry-after-ms", "9000000000000000"), ("x-a", "")], 3600),
        (200, [("ratelimit-remaining", "0"), ("ratelimit-reset", "31536000")], 300),
    ] {
        let (governor, clock) = (Governor::new(), PausedClock::new());
        let (client, log) = client(&governor, clock, move |passed, _| {
            if passed.is_zero() { with(status, &headers) } else { response(204, "") }
        });
        let once = RetryPolicy::never();
        let _ = client.root("me").call::<()>(MAIL).retry(once).await;
        let refused = client.root("me").call::<()>(MAIL).retry(once.total(Duration::from_secs(60))).await;
        assert!(matches!(refused, Err(msgraph_runtime::Error::Throttled(_))), "{headers:?}: {refused:?}");
        client.root("me").call::<()>(MAIL).await.expect("an answer");
        assert_eq!((clock.passed().as_secs(), log.all().len()), (closed, 2), "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_is_throttled_does_not_hold_up_the_others() {
    const OF_USER: &str = "op:GET /users/{user-id}/messages;;";
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, _) = client(&governor, clock, |passed, seen| {
        let is_throttled = passed.as_secs() < 60 && seen.url.contains("/users/a/");
        if is_throttled { with(429, &[("retry-after", "60")]) } else { response(204, "") }
    });
    let messages = |user: &str| client.root("users").key(user).segment("messages").call::<()>(OF_USER);
    let _ = messages("a").retry(RetryPolicy::never()).await;
    messages("b").await.expect("an answer");
    client.root("me").segment("messages").call::<()>(MAIL).await.expect("an answer");
    assert_eq!(clock.passed(), Duration::ZERO);
    let waits = async {
        let mut waits = Box::pin(messages("A").into_future());
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!(governor.waiting()[0].workload, "outlook");
        waits.await
    };
    waits.await.expect("an answer");
    assert_eq!(clock.passed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn the_number_of_mailboxes_that_are_held_up_is_bounded() {
    const OF_USER: &str = "op:GET /users/{user-id}/messages;;";
    let (governor, clock) = (Governor::new(), PausedClock::new());
    let (client, _) = client(&governor, clock, |_, _| with(429, &[("retry-after", "60")]));
    let messages =
        |user: usize| client.root("users").key(&user.to_string()).segment("messages").call::<()>(OF_USER);
    for user in 0..1100 {
        let _ = messages(user).retry(RetryPolicy::never()).await;
    }
    let once = RetryPolicy::never().total(Duration::from_secs(1));
    let mut held_up = 0;
    for user in 0..1100 {
        held_up += usize::from(matches!(
            messages(user).retry(once).await,
            Err(msgraph_runtime::Error::Throttled(_))
        ));
    }
    assert!((1000..1100).contains(&held_up), "{held_up}");
}
