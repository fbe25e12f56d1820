//! A call as a whole: its span, and how long it may take.

use futures_util::future::BoxFuture;

use super::timeouts::within;
use super::{Call, Next, Policy};
use crate::body::Body;
use crate::error::{DeliveryError, Error};
use crate::telemetry;

pub(crate) struct Whole;

impl Policy for Whole {
    fn send<'a>(
        &'a self,
        mut call: Call,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
        Box::pin(async move {
            let client = next.client();
            let name = call.name();
            let limit = call.options.timeout.unwrap_or(client.timeout);
            let late = |source| Error::from(DeliveryError::new(name, source));
            let span = telemetry::call_span(&call);
            call.span = span.clone();
            telemetry::record(span, &*client.clock, within(&*client.clock, limit, late, next.send(call)))
                .await
        })
    }
}
