//! Sends the access token, and only where it belongs: to the client's own host, over TLS or to this machine.
//! A refusal that asks for another token is answered once with one. A token that lacks what the
//! operation needs is noticed, before and after.

use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use secrecy::ExposeSecret;

use super::challenge::{Wanted, wanted};
use super::{Call, transmit};
use crate::body::Body;
use crate::client::Shared;
use crate::credential::{AccessToken, ClaimsChallenge, TokenRequest};
use crate::error::Error;
use crate::permissions::Granted;

/// Sends a call with a token, if it goes where that belongs.
pub(super) async fn send(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    if call.anonymous || !client.is_own(&call.url) || call.headers.contains_key(AUTHORIZATION) {
        return transmit(call, None, client).await;
    }
    let token = self::token(client, None).await?;
    if let (Some(operation), 1) = (call.operation(), call.tries()) {
        client.preflight.check(operation, token.secret().expose_secret(), client.catalog)?;
    }
    let may_again = call.can_be_sent_again();
    let response = transmit(call, Some(header(&token)?), client).await?;
    let Some(wanted) = wanted_by(&response) else { return Ok(with_granted(response, &token)) };
    let another = self::token(client, Some((&token, &wanted))).await;
    if !may_again {
        // The next call finds the new token, or learns why there is none.
        return Ok(response);
    }
    let another = another?;
    if another.is(&token) {
        return Ok(response);
    }
    Ok(with_granted(transmit(call, Some(header(&another)?), client).await?, &another))
}

/// A token for the client's scopes, or one in place of a token that was refused.
pub(crate) async fn token(
    client: &Shared,
    refusal: Option<(&AccessToken, &Wanted)>,
) -> Result<AccessToken, Error> {
    let scopes: Vec<&str> = client.scopes.iter().map(String::as_str).collect();
    let network = client.network();
    let request = TokenRequest::new(&scopes, &network).cloud(client.cloud);
    let request = match refusal {
        Some((refused, Wanted::Claims(claims))) => request.challenge(ClaimsChallenge { claims, refused }),
        Some((refused, Wanted::Another)) => request.instead_of(refused),
        None => request,
    };
    client.credential.get_token(request).await
}

fn header(token: &AccessToken) -> Result<HeaderValue, Error> {
    token.header().ok_or_else(|| Error::credential("the token has characters that no header can have"))
}

/// Notes beside a refusal what the token grants, to explain it by.
fn with_granted(mut response: http::Response<Body>, token: &AccessToken) -> http::Response<Body> {
    if response.status() == StatusCode::FORBIDDEN
        && let Some(granted) = Granted::from_token(token.secret().expose_secret())
    {
        response.extensions_mut().insert(granted);
    }
    response
}

/// Which token a refusal asks for.
fn wanted_by(response: &http::Response<Body>) -> Option<Wanted> {
    (response.status() == StatusCode::UNAUTHORIZED).then(|| wanted(response.headers())).flatten()
}
