//! What happens to calls, as `tracing` spans with the names of OpenTelemetry
//! ([HTTP client spans](https://opentelemetry.io/docs/specs/semconv/http/http-spans/)): one span for each call,
//! and inside it one for each try. Neither has keys, queries, headers or bodies; without a subscriber they cost
//! a comparison.

mod debug;

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use jiff::Timestamp;
use tracing::field::Empty;
use tracing::{Instrument, Span};

pub(crate) use debug::{show_answer, show_request};

use crate::body::Body;
use crate::clock::Clock;
use crate::error::Error;
use crate::pipeline::Call;
use crate::request::Draft;
use crate::response::{Answer, Expected};
use crate::throttling::Waiting;

/// The answer to a call or a try, or why there is none.
type Outcome = Result<http::Response<Body>, Error>;

/// A span with everything that is known before sending; the rest is recorded by [`record`].
macro_rules! http_span {
    ($level:ident, $name:literal, $call:ident, $($field:literal = $value:expr),*) => {
        tracing::span!(
            target: "msgraph",
            tracing::Level::$level,
            $name,
            "otel.name" = %$call.span_name(),
            "otel.status_code" = Empty,
            "http.request.resend_count" = Empty,
            "http.request.method" = $call.method.as_str(),
            "url.template" = $call.operation().map(|operation| operation.template()),
            "server.address" = $call.url.host_str(),
            "server.port" = $call.url.port_or_known_default(),
            "http.response.status_code" = Empty,
            "http.client.request.duration" = Empty,
            "error.type" = Empty,
            "msgraph.client_request_id" = text(&$call.headers, "client-request-id"),
            "msgraph.request_id" = Empty,
            $($field = $value),*
        )
    };
}

/// The span of a whole call.
pub(crate) fn call_span(call: &Call) -> Span {
    http_span!(INFO, "graph.call", call, "otel.kind" = "internal")
}

/// Sends the request for a page of a collection inside a span that says which one of the stream it is, from 1.
pub(crate) fn in_page_span(draft: Draft, page: u64) -> BoxFuture<'static, Result<Answer, Error>> {
    let span = tracing::info_span!(
        target: "msgraph",
        "graph.page",
        "otel.kind" = "internal",
        "url.template" = draft.operation().map(|operation| operation.template()),
        "msgraph.page" = page,
    );
    let answer = draft.send(Expected::JSON);
    if span.is_disabled() { answer } else { Box::pin(answer.instrument(span)) }
}

/// The span of one try.
pub(crate) fn try_span(call: &Call) -> Span {
    let span = http_span!(DEBUG, "graph.try", call, "otel.kind" = "client");
    note_tries(&span, call.tries());
    span
}

/// Records how often something was sent again, if it was.
pub(crate) fn note_tries(span: &Span, tries: u32) {
    if tries > 1 {
        span.record("http.request.resend_count", tries - 1);
    }
}

/// Runs a call or a try inside its span, and records there what came of it. The caller pins it: handed over, it would take
/// its place twice.
pub(crate) async fn record(
    span: Span,
    clock: &dyn Clock,
    sending: Pin<&mut impl Future<Output = Outcome>>,
) -> Outcome {
    if span.is_disabled() {
        return sending.await;
    }
    let began = clock.now();
    let outcome = sending.instrument(span.clone()).await;
    let duration = Duration::try_from(clock.now().duration_since(began)).unwrap_or_default();
    span.record("http.client.request.duration", duration.as_secs_f64());
    match &outcome {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            if let Some(id) = text(response.headers(), "request-id") {
                span.record("msgraph.request_id", id);
            }
            if !status.is_success() && !status.is_redirection() {
                span.record("otel.status_code", "ERROR");
                span.record("error.type", status.as_str());
            }
        }
        Err(error) => {
            span.record("otel.status_code", "ERROR");
            match error.status() {
                Some(status) => {
                    span.record("http.response.status_code", status.as_u16());
                    span.record("error.type", status.as_str());
                }
                None => {
                    span.record("error.type", error.kind());
                }
            }
            if let Some(id) = error.request_id() {
                span.record("msgraph.request_id", id);
            }
        }
    }
    outcome
}

/// Says that a call will be sent again, and why.
pub(crate) fn again(outcome: &Outcome, tries: u32, not_before: Timestamp) {
    match outcome {
        Ok(response) => {
            let status = response.status().as_u16();
            tracing::debug!(target: "msgraph", tries, %not_before, status, "will be sent again");
        }
        Err(error) => {
            tracing::debug!(target: "msgraph", tries, %not_before, %error, "will be sent again");
        }
    }
}

/// Says that a call waits.
pub(crate) fn waits(waiting: &Waiting) {
    let Waiting { call, workload, reason, until } = waiting;
    tracing::debug!(target: "msgraph", %call, workload, %reason, %until, "waits");
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
