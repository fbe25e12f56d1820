//! Sends a call, and sends it again as its policy allows, each try when the governor lets it.
//!
//! An answer that is wanted as a whole is read here, so that one that breaks off counts as a failed try.

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{Call, Next, Policy};
use crate::body::Body;
use crate::client::Shared;
use crate::error::Error;
use crate::retry::{Failure, RetryPolicy};
use crate::telemetry;
use crate::throttling::{Burden, Wish, later};

pub(crate) struct Retry;

impl Policy for Retry {
    fn send<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
        Box::pin(async move {
            let (span, mut sent) = (call.span.clone(), 0);
            let outcome = tries(call, next, &mut sent).await;
            telemetry::note_tries(&span, sent);
            outcome
        })
    }
}

/// Sends until no further try is due; `sent` says how often.
async fn tries(mut call: Call, next: Next<'_>, sent: &mut u32) -> Result<http::Response<Body>, Error> {
    let client = next.client();
    let clock = &*client.clock;
    let policy = call.options.retry.unwrap_or(client.retry);
    let burden = Burden::of(&call, client);
    let mut wish = Wish { not_before: None, latest: latest(&call, &policy, client) };
    loop {
        let ticket = client.governor.enter(&call, &burden, wish, clock);
        let pass = match ticket {
            Some(ticket) => ticket.wait(clock).await?,
            None => Default::default(),
        };
        *sent = call.tries;
        let again = policy.allows_after(call.tries).then(|| call.try_clone()).flatten();
        let outcome = attempt(call, next).await;
        let now = clock.now();
        if let Ok(response) = &outcome {
            client.governor.learn(&burden, pass, (response.status(), response.headers()), now);
        }
        let Some(failure) = Failure::of(&outcome, now) else { return outcome };
        let Some(mut again) = again.filter(|again| policy.covers(&failure, &again.method)) else {
            return outcome;
        };
        let not_before = later(now, policy.delay(again.tries, &failure, client.randomness.next()));
        if not_before > wish.latest {
            return outcome;
        }
        telemetry::again(&outcome, again.tries, not_before);
        wish.not_before = Some(not_before);
        again.tries += 1;
        call = again;
    }
}

/// The last moment at which a try may begin.
fn latest(call: &Call, policy: &RetryPolicy, client: &Shared) -> Timestamp {
    let timeout = call.options.timeout.unwrap_or(client.timeout);
    later(client.clock.now(), policy.longest_total().min(timeout))
}

/// One try. An answer that is an error is left as it is: its status matters, even if its body breaks off.
async fn attempt(call: Call, next: Next<'_>) -> Result<http::Response<Body>, Error> {
    let (span, debug) = (telemetry::try_span(&call), call.options.debug);
    telemetry::record(span, next.clock(), async {
        if !debug {
            return whole(call, next).await;
        }
        let url = call.url.clone();
        telemetry::show_request(&call);
        let outcome = whole(call, next).await;
        telemetry::show_answer(&outcome, &url);
        outcome
    })
    .await
}

async fn whole(call: Call, next: Next<'_>) -> Result<http::Response<Body>, Error> {
    let (name, wanted_whole) = (call.name(), call.buffered);
    let response = next.send(call).await?;
    if !wanted_whole || !response.status().is_success() {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let bytes = body.collect(next.client().response_limit).await;
    let bytes = bytes.map_err(|error| Error::body(name, error))?;
    Ok(http::Response::from_parts(head, Body::from(bytes)))
}
