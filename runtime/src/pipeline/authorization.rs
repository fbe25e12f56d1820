//! Sends the access token, and only where it belongs: to the client's own host, over TLS or to this machine.
//! A refusal that says what a new token must state is answered once with a new token. A token that lacks what the
//! operation needs is noticed, before and after.

use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use secrecy::ExposeSecret;

use super::challenge::claims_challenge;
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
    let token = token(client, None).await?;
    if let (Some(operation), 1) = (call.operation(), call.tries()) {
        client.preflight.check(operation, token.secret().expose_secret(), client.catalog)?;
    }
    let may_again = call.can_be_sent_again();
    let response = transmit(call, Some(header(&token)?), client).await?;
    let Some(claims) = challenged(&response).filter(|_| may_again) else {
        return Ok(with_granted(response, &token));
    };
    let refused = ClaimsChallenge { claims: &claims, refused: &token };
    let token = self::token(client, Some(refused)).await?;
    Ok(with_granted(transmit(call, Some(header(&token)?), client).await?, &token))
}

/// A token for the client's scopes, or one in place of a token that was refused.
pub(crate) async fn token(
    client: &Shared,
    challenge: Option<ClaimsChallenge<'_>>,
) -> Result<AccessToken, Error> {
    let scopes: Vec<&str> = client.scopes.iter().map(String::as_str).collect();
    let network = client.network();
    let request = TokenRequest::new(&scopes, &network).cloud(client.cloud);
    let request = match challenge {
        Some(challenge) => request.challenge(challenge),
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

/// The claims that a refusal asks for.
fn challenged(response: &http::Response<Body>) -> Option<String> {
    (response.status() == StatusCode::UNAUTHORIZED).then(|| claims_challenge(response.headers())).flatten()
}
