//! Sends the access token, and only where it belongs: to the client's own host, over TLS or to this machine.
//! A refusal that says what a new token must state is answered once with a new token. A token that lacks what the
//! operation needs is noticed, before and after.

use http::StatusCode;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;

use super::challenge::claims_challenge;
use super::{Call, Next};
use crate::body::Body;
use crate::client::Shared;
use crate::credential::{AccessToken, ClaimsChallenge, TokenRequest};
use crate::error::Error;
use crate::permissions::Granted;

/// Sends a call with a token, if it goes where that belongs; `again` is the same call for a second time.
pub(super) async fn send(
    mut call: Call,
    again: &mut Option<Call>,
    next: Next<'_>,
) -> Result<http::Response<Body>, Error> {
    let client = next.client();
    if call.anonymous || !client.is_own(&call.url) || call.headers.contains_key(AUTHORIZATION) {
        return next.send(call).await;
    }
    let token = token(client, None).await?;
    if let (Some(operation), 1) = (call.operation(), call.tries()) {
        client.preflight.check(operation, token.secret().expose_secret(), client.catalog)?;
    }
    authorize(&mut call, &token)?;
    let response = next.send(call).await?;
    let Some(claims) = challenged(&response) else { return Ok(with_granted(response, &token)) };
    let Some(mut again) = again.as_ref().and_then(Call::try_clone) else { return Ok(response) };
    let refused = ClaimsChallenge { claims: &claims, refused: &token };
    let token = self::token(client, Some(refused)).await?;
    authorize(&mut again, &token)?;
    Ok(with_granted(next.send(again).await?, &token))
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

fn authorize(call: &mut Call, token: &AccessToken) -> Result<(), Error> {
    let header = token.header();
    let header =
        header.ok_or_else(|| Error::credential("the token has characters that no header can have"))?;
    call.headers.insert(AUTHORIZATION, header);
    Ok(())
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
