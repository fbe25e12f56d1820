//! Sends a call, and sends it again as its policy allows, each try when the governor lets it.
//!
//! An answer that is wanted as a whole is read here, so that one that breaks off counts as a failed try.

use std::pin::pin;

use jiff::Timestamp;

use super::{Call, Next};
use crate::body::Body;
use crate::classify;
use crate::client::Shared;
use crate::error::{Error, GraphError};
use crate::retry::{Failure, RetryPolicy};
use crate::telemetry;
use crate::throttling::{Wish, later};

pub(super) async fn send(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let outcome = tries(call, client).await;
    telemetry::note_tries(&call.span, call.tries);
    outcome
}

/// Sends until no further try is due; the call says how often.
async fn tries(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let clock = &*client.clock;
    let (policy, began) = (call.options.policy(client.retry), call.began.unwrap_or_else(|| clock.now()));
    let mut wish = Wish { not_before: call.not_before, latest: latest(call, &policy, client) };
    let mut tries = call.tries;
    loop {
        let ticket = client.governor.enter((call, client), wish, clock);
        let pass = match ticket {
            Some(ticket) => ticket.wait(clock).await?,
            None => Default::default(),
        };
        call.tries = tries;
        let may_again = policy.allows_after(tries) && call.can_be_sent_again();
        let outcome = attempt(call, client).await;
        let now = clock.now();
        if let Ok(response) = &outcome {
            client.governor.learn((call, client), pass, (response.status(), response.headers()), now);
        }
        let Some(failure) = Failure::of(&outcome, now) else { return outcome };
        let elapsed = now.duration_since(began).try_into().unwrap_or_default();
        if !may_again || !policy.covers_after(&failure, &call.method, elapsed) {
            return outcome;
        }
        let not_before = later(now, policy.delay(tries, &failure, client.randomness.next()));
        if not_before > wish.latest {
            return outcome;
        }
        telemetry::again(&outcome, tries, not_before);
        wish.not_before = Some(not_before);
        tries += 1;
    }
}

/// The last moment at which a try may begin.
fn latest(call: &Call, policy: &RetryPolicy, client: &Shared) -> Timestamp {
    let timeout = call.options.timeout.unwrap_or(client.timeout);
    later(call.began.unwrap_or_else(|| client.clock.now()), policy.longest_total().min(timeout))
}

/// The call for a further try after an answer that turned out to be broken, if its policy allows one.
pub(crate) fn after_broken(mut call: Call, client: &Shared) -> Option<Call> {
    let policy = call.options.policy(client.retry);
    let (failure, now) = (Failure::passing(None), client.clock.now());
    let may_again =
        policy.allows_after(call.tries) && policy.covers(&failure, &call.method) && call.can_be_sent_again();
    let not_before = later(now, policy.delay(call.tries, &failure, client.randomness.next()));
    if !may_again || not_before > latest(&call, &policy, client) {
        return None;
    }
    call.not_before = Some(not_before);
    call.tries += 1;
    Some(call)
}

/// One try. An answer that is an error is left as it is: its status matters, even if its body breaks off.
async fn attempt(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let (span, debug) = (telemetry::try_span(call), call.options.debug);
    let sending = pin!(async {
        if !debug {
            return whole(call, client).await;
        }
        telemetry::show_request(call);
        let outcome = whole(call, client).await;
        telemetry::show_answer(&outcome, &call.url);
        outcome
    });
    telemetry::record(span, &*client.clock, sending).await
}

async fn whole(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let response = Next::per_try(call, client).await?;
    if !call.buffered || !response.status().is_success() {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let bytes = body.collect(client.response_limit).await;
    let bytes = bytes.map_err(|error| Error::body(call.name(), error))?;
    if classify::is_error(&bytes, call.declares_error) {
        let (now, name) = (client.clock.now(), call.name());
        return Err(GraphError::new(name, head.status, &head.headers, &bytes, now).into());
    }
    Ok(http::Response::from_parts(head, Body::from(bytes)))
}
