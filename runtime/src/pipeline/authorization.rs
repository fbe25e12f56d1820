//! Sends the access token, and only where it belongs: to the client's own host, over TLS or to this machine.
//! A refusal that says what a new token must state is answered once with a new token.

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use secrecy::ExposeSecret;

use super::challenge::claims_challenge;
use super::{Call, Next, Policy};
use crate::body::Body;
use crate::client::Shared;
use crate::cloud::Cloud;
use crate::credential::{AccessToken, ClaimsChallenge, TokenRequest};
use crate::error::Error;

pub(crate) struct Authorization;

impl Policy for Authorization {
    fn send<'a>(
        &'a self,
        mut call: Call,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
        Box::pin(async move {
            let client = next.client();
            if call.anonymous || !client.is_own(&call.url) || call.headers.contains_key(AUTHORIZATION) {
                return next.send(call).await;
            }
            let token = token(client, None).await?;
            authorize(&mut call, &token)?;
            let again = call.try_clone();
            let response = next.send(call).await?;
            let (Some(mut again), Some(claims)) = (again, challenged(&response)) else {
                return Ok(response);
            };
            let refused = ClaimsChallenge { claims: &claims, refused: &token };
            let token = self::token(client, Some(refused)).await?;
            authorize(&mut again, &token)?;
            next.send(again).await
        })
    }
}

/// A token for the client's scopes, or one in place of a token that was refused.
pub(crate) async fn token(
    client: &Shared,
    challenge: Option<ClaimsChallenge<'_>>,
) -> Result<AccessToken, Error> {
    let scopes: Vec<&str> = client.scopes.iter().map(String::as_str).collect();
    let network = client.network();
    let request = TokenRequest::new(&scopes, &network).cloud(Cloud::of_service(&client.base_url));
    let request = match challenge {
        Some(challenge) => request.challenge(challenge),
        None => request,
    };
    client.credential.get_token(request).await
}

fn authorize(call: &mut Call, token: &AccessToken) -> Result<(), Error> {
    let value = format!("Bearer {}", token.secret().expose_secret());
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Error::credential("the token has characters that no header can have"))?;
    value.set_sensitive(true);
    call.headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// The claims that a refusal asks for.
fn challenged(response: &http::Response<Body>) -> Option<String> {
    (response.status() == StatusCode::UNAUTHORIZED).then(|| claims_challenge(response.headers())).flatten()
}
