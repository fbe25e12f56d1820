//! A call as a whole: its span, and how long it may take.

use std::pin::pin;

use super::timeouts::within;
use super::{Call, errors};
use crate::body::Body;
use crate::client::Shared;
use crate::error::{DeliveryError, Error};
use crate::telemetry;

pub(super) async fn send(mut call: Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let name = call.name();
    let limit = call.options.timeout.unwrap_or(client.timeout);
    let late = |source| Error::from(DeliveryError::new(name, source));
    let span = telemetry::call_span(&call);
    call.span = span.clone();
    let sending = pin!(errors::send(call, client));
    let limited = pin!(within(&*client.clock, limit, late, sending));
    telemetry::record(span, &*client.clock, limited).await
}
