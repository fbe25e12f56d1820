//! A call as a whole: its span, and how long it may take.

use std::pin::pin;
use std::time::Duration;

use super::timeouts::within;
use super::{Call, errors};
use crate::body::Body;
use crate::client::Shared;
use crate::error::{DeliveryError, Error};
use crate::telemetry;

pub(super) async fn send(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let name = call.name();
    let limit = left_of(call.options.timeout.unwrap_or(client.timeout), call, client);
    let late = |source| Error::from(DeliveryError::new(name, source));
    let span = telemetry::call_span(call);
    call.span = span.clone();
    let sending = pin!(errors::send(call, client));
    let limited = pin!(within(&*client.clock, limit, late, sending));
    telemetry::record(span, &*client.clock, limited).await
}

/// What is left of a time limit for a call that may have begun before this try.
fn left_of(limit: Duration, call: &Call, client: &Shared) -> Duration {
    if call.tries == 1 || limit == Duration::MAX {
        return limit;
    }
    let began = call.began.unwrap_or_else(|| client.clock.now());
    limit.saturating_sub(Duration::try_from(client.clock.now().duration_since(began)).unwrap_or_default())
}
