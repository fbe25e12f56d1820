//! What can be seen of calls from outside: spans, events, and one call in full; never a secret.
//!
//! A program of its own, because `tracing` decides once per place in the code whether anybody listens there: a place that
//! another test reaches first, at the moment when a subscriber comes, can stay silent for all.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{FutureExt, StreamExt};
use http::Response;
use msgraph_runtime::{Body, Error, Page, Phase, TransportError};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;

#[allow(dead_code, reason = "the tests called `runtime` use all of it")]
#[path = "../runtime/support/mod.rs"]
mod support;

use crate::support::fake::{builder, response};
use crate::support::models::{Message, User};
use crate::support::paused::PausedClock;

const GET: &str = "op:GET /users/{user-id};;";
const CREATE: &str = "op:POST /users;;";

/// One subscriber at a time, for the same reason.
static ONE: Mutex<()> = Mutex::new(());

/// What a subscriber writes.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

/// Ends the subscription, then lets the next one begin.
struct Subscribed {
    _subscriber: DefaultGuard,
    _one: MutexGuard<'static, ()>,
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic elsewhere").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    /// Subscribes for this thread, until the guards are dropped.
    fn subscribe(level: Level) -> (Self, Subscribed) {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let output = Self::default();
        let writer = output.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_span_events(FmtSpan::CLOSE)
            .with_writer(move || writer.clone());
        (output, Subscribed { _subscriber: tracing::subscriber::set_default(subscriber.finish()), _one: one })
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic elsewhere").clone()).expect("text")
    }

    /// The line that a span ends with, of those that have a text in it.
    fn closed(&self, span: &str, with: &str) -> String {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains("close"));
        // The name of the innermost span is the last one.
        let mut lines =
            lines.filter(|line| line.contains(with) && line.contains("graph.try{") == (span == "graph.try"));
        lines.next().unwrap_or_else(|| panic!("no {span} with {with} in {text}")).to_owned()
    }
}

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Response<Body> {
    let mut answer = response(status, body).expect("an answer");
    for (name, value) in headers {
        answer.headers_mut().insert(*name, value.parse().expect("a value"));
    }
    answer
}

#[tokio::test(start_paused = true)]
async fn a_call_and_its_tries_are_spans_with_the_names_of_opentelemetry() {
    let (output, _guard) = Output::subscribe(Level::DEBUG);
    let tries = Mutex::new(0);
    let (builder, _) = builder(move |_| {
        let mut tries = tries.lock().expect("no panic elsewhere");
        *tries += 1;
        Ok(match *tries {
            1 => answer(429, &[("retry-after", "7"), ("request-id", "r-1")], ""),
            2 => return Err(TransportError::new(Phase::Exchange, "reset")),
            _ => answer(200, &[("request-id", "r-3")], "{}"),
        })
    });
    let client = builder.clock(PausedClock::new()).build().expect("a client");
    client
        .root("users")
        .key("secret-key")
        .call::<User>(GET)
        .query("x", "secret-option")
        .await
        .expect("a user");

    let call = output.closed("graph.call", "");
    for field in [
        "INFO",
        r#"otel.name=GET /users/{user-id}"#,
        r#"otel.kind="internal""#,
        r#"http.request.method="GET""#,
        "http.request.resend_count=2",
        r#"url.template="/users/{user-id}""#,
        r#"server.address="graph.microsoft.com""#,
        "server.port=443",
        "http.response.status_code=200",
        "http.client.request.duration=7",
        r#"msgraph.client_request_id="01234567-89ab-4def-8123-456789abcdef""#,
        r#"msgraph.request_id="r-3""#,
    ] {
        assert!(call.contains(field), "{field} is not in {call}");
    }
    assert!(!call.contains("error.type"), "{call}");
    let first = output.closed("graph.try", "r-1");
    for field in
        [r#"otel.kind="client""#, "status_code=429", r#"error.type="429""#, r#"otel.status_code="ERROR""#]
    {
        assert!(first.contains(field), "{field} is not in {first}");
    }
    assert!(output.closed("graph.try", r#"error.type="exchange""#).contains("http.request.resend_count=1"));
    let text = output.text();
    assert!(
        text.contains("will be sent again") && text.contains("waits call=GET /users/{user-id}"),
        "{text}"
    );
    for secret in ["secret-key", "secret-option", "the-token"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_says_how_it_failed() {
    for (outcome, expected) in [(404, r#"error.type="404""#), (0, r#"error.type="setup""#)] {
        let (output, _guard) = Output::subscribe(Level::INFO);
        let (builder, _) = builder(move |_| match outcome {
            0 => Err(TransportError::new(Phase::Setup, "no TLS")),
            status => response(status, r#"{"error":{"innerError":{"request-id":"r-body"}}}"#),
        });
        let client = builder.build().expect("a client");
        client.root("users").call::<User>(GET).await.expect_err("an error");
        let call = output.closed("graph.call", expected);
        assert_eq!(call.contains("r-body"), outcome == 404, "{call}");
        assert!(!output.text().contains("graph.try"), "tries are for DEBUG");
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_closes_its_span() {
    let (output, _guard) = Output::subscribe(Level::INFO);
    let (builder, _) = builder(|_| response(204, ""));
    let client = builder.transport(|_| std::future::pending()).build().expect("a client");
    client.root("users").call::<()>(GET).into_future().now_or_never();
    assert!(output.closed("graph.call", "").contains("otel.name=GET /users/{user-id}"));
}

#[tokio::test]
async fn one_call_can_be_shown_in_full_but_for_its_secrets() {
    let (output, _guard) = Output::subscribe(Level::INFO);
    let (builder, _) = builder(|_| {
        Ok(answer(
            201,
            &[
                ("content-type", "application/json; charset=utf-8"),
                ("set-cookie", "a=s3cret-cookie"),
                ("location", "https://storage.example/s3cret-path?tempauth=s3cret-auth"),
                ("x-visible", "yes"),
            ],
            r#"{"displayName":"Adele","passwordCredentials":[{"secretText":"s3cret-text"}],
                "@microsoft.graph.downloadUrl":"https://storage.example/s3cret-link"}"#,
        ))
    });
    let client = builder.build().expect("a client");
    let users = client.root("users");
    let user = User { password: Some("s3cret-password".into()), ..Default::default() };
    let request = users.send::<User>(CREATE, &user).debug();
    request.query("$select", "id").query("sig", "s3cret-sig").header("x-mine", "mine").await.expect("a user");
    let text = output.text();
    for part in [
        "POST https://graph.microsoft.com/v1.0/users?$select=id&sig=[hidden]",
        "x-mine: mine",
        "client-request-id: 01234567",
        r#""password": "[hidden]""#,
        "201 Created",
        "x-visible: yes",
        "set-cookie: [hidden]",
        "location: https://storage.example/[hidden]",
        r#""displayName": "Adele""#,
        r#""passwordCredentials": "[hidden]""#,
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("s3cret") && !text.contains("the-token"), "{text}");
}

#[tokio::test]
async fn what_is_not_json_and_what_fails_is_shown_by_its_length_and_in_one_line() {
    let (output, _guard) = Output::subscribe(Level::INFO);
    let (broken, _) = builder(|_| Err(TransportError::new(Phase::Setup, "no TLS")));
    let broken = broken.build().expect("a client");
    broken.root("users").call::<Message>(GET).debug().await.expect_err("an error");
    let (text, _) = builder(|_| Ok(answer(200, &[("content-type", "text/plain")], "s3cret")));
    let text = text.build().expect("a client");
    let outcome: Result<(), Error> = text.root("users").call::<()>(GET).debug().await;
    outcome.expect("an answer");
    let text = output.text();
    assert!(
        text.contains("the transport could not be set up: no TLS") && text.contains("Body(6 bytes)"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
    assert!(!format!("{:?}", broken.root("users").call::<()>(GET)).contains("the-token"));
}

#[tokio::test]
async fn every_page_of_a_stream_has_a_span_with_its_number_around_its_call() {
    const LIST: &str = "op:GET /users;;";
    let (output, _guard) = Output::subscribe(Level::INFO);
    let (builder, _) = builder(|seen| {
        let next = r#"{"value":["a"],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?secret=1"}"#;
        response(200, if seen.url.contains('?') { r#"{"value":["b"]}"# } else { next })
    });
    let client = builder.build().expect("a client");
    let items: Vec<_> = client.root("users").call::<Page<String>>(LIST).stream().collect().await;
    assert_eq!(items.len(), 2);
    let text = output.text();
    for page in 1..=2 {
        let span = format!(
            r#"graph.page{{otel.kind="internal" url.template="/users" msgraph.page={page}}}:graph.call{{"#
        );
        assert_eq!(text.matches(&span).count(), 1, "{span} in {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}
