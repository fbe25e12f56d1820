//! A web API that calls the service for its callers.

use msgraph_runtime::auth::{ClientAuthentication, OnBehalfOf, TokenClaims, UserCredential};

use crate::support::{application, auth_error, network, provider, text, token, transcript};
use crate::users::signed_in;

const SECRET: &str = "m1ddle~secret&value";

/// The token that a user would call the API with.
pub async fn callers_token(base: &str) -> String {
    let refresh = signed_in(base, "native").await;
    let caller = UserCredential::builder(application(base, "native")).refresh_token(refresh).expect("right");
    text(&token(&caller, &["User.Read"], &network()).await.expect("a token"))
}

#[tokio::test]
async fn a_callers_token_is_exchanged_once_for_each_caller() {
    let Some(provider) = provider() else { return };
    let network = network();
    transcript::secret(SECRET);
    let api =
        OnBehalfOf::new(application(&provider.base, "middle-tier"), ClientAuthentication::secret(SECRET));
    let api = api.expect("right");
    transcript::shown(&api);
    let (one, other) = (callers_token(&provider.base).await, callers_token(&provider.base).await);
    let first = token(&api.user(one.as_str()), &["User.Read"], &network).await.expect("a token");
    assert_eq!(
        TokenClaims::read(&first).and_then(|claims| claims.user_name).as_deref(),
        Some("adele@contoso.com")
    );
    let again = token(&api.user(one.as_str()), &["User.Read"], &network).await.expect("a token");
    assert_eq!(text(&first), text(&again), "from memory");
    let second = token(&api.user(other.as_str()), &["User.Read"], &network).await.expect("a token");
    assert_ne!(text(&first), text(&second), "another caller has another token");
    transcript::shown(&api.user(other.as_str()));
}

#[tokio::test]
async fn a_token_that_was_not_issued_is_refused() {
    let Some(provider) = provider() else { return };
    let api =
        OnBehalfOf::new(application(&provider.base, "middle-tier"), ClientAuthentication::secret(SECRET));
    let forged = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGVsZSJ9.Zm9yZ2Vk";
    transcript::secret(forged);
    let error = auth_error(token(&api.expect("right").user(forged), &["User.Read"], &network()).await);
    let refusal = error.refusal().expect("a refusal");
    assert_eq!(refusal.error(), "invalid_grant");
}
