//! Users who sign in with a browser, in the two steps of a web application.

use msgraph_runtime::auth::{
    Application, AuthError, AuthorizationCodeFlow, AuthorizationRequest, ClientAuthentication, Identity,
    TokenClaims, UserCredential,
};
use secrecy::ExposeSecret;
use url::Url;

use crate::support::people::Browser;
use crate::support::{TENANT, application, auth_error, network, provider, text, token, transcript};

const REDIRECT: &str = "http://127.0.0.1:1/cb";

fn flow(base: &str, client_id: &str) -> AuthorizationCodeFlow {
    AuthorizationCodeFlow::new(application(base, client_id), REDIRECT).expect("right").scopes(["User.Read"])
}

/// Sends a browser to a request's page and gives the URL that it comes back to.
pub async fn come_back(request: &AuthorizationRequest) -> Url {
    transcript::secret(request.verifier().expose_secret());
    transcript::shown(request);
    Browser::default().open(request.url()).await.expect("it comes back")
}

#[tokio::test]
async fn a_public_client_signs_a_user_in_with_code_and_verifier() {
    let Some(provider) = provider() else { return };
    let network = network();
    // Entra ID asks for consent where there is none; this provider only with the parameter.
    let flow = flow(&provider.base, "native").parameter("prompt", "consent");
    let request = flow.begin(&network).await.expect("a request");
    let answer = come_back(&request).await;
    let credential = flow.finish(&request, answer.as_str(), &network).await.expect("signed in");
    let first = token(&credential, &["User.Read"], &network).await.expect("a token");
    let claims = TokenClaims::read(&first).expect("a JWT");
    assert_eq!((claims.identity, claims.user_name.as_deref()), (Identity::User, Some("adele@contoso.com")));
    assert!(claims.permissions.contains(&"User.Read".to_owned()), "{claims:?}");
    transcript::shown(&credential);

    let error = flow.finish(&request, answer.as_str(), &network).await.expect_err("the code was used");
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_grant"));
}

#[tokio::test]
async fn a_web_application_proves_which_one_it_is_and_a_wrong_verifier_is_refused() {
    let Some(provider) = provider() else { return };
    let network = network();
    transcript::secret("w3b~secret=value");
    let flow = flow(&provider.base, "web")
        .authentication(ClientAuthentication::secret("w3b~secret=value"))
        .parameter("prompt", "consent");
    let request = flow.begin(&network).await.expect("a request");
    let answer = come_back(&request).await;
    let wrong = AuthorizationRequest::resume(request.url().clone(), request.state().clone(), "x".repeat(43));
    let error = flow.finish(&wrong, answer.as_str(), &network).await.expect_err("a wrong verifier");
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_grant"), "{error}");

    let request = flow.begin(&network).await.expect("a request");
    let answer = come_back(&request).await;
    let resumed = AuthorizationRequest::resume(
        request.url().clone(),
        request.state().clone(),
        request.verifier().clone(),
    );
    let query = answer.query().expect("a query");
    flow.finish(&resumed, query, &network).await.expect("signed in, by another process and the query alone");
}

#[tokio::test]
async fn answers_that_are_not_to_the_request_are_not_exchanged() {
    let Some(provider) = provider() else { return };
    let network = network();
    let flow = flow(&provider.base, "native").parameter("prompt", "consent");
    let request = flow.begin(&network).await.expect("a request");
    let other = flow.begin(&network).await.expect("a request");
    assert_ne!(request.state().expose_secret(), other.state().expose_secret());
    let answer = come_back(&request).await;
    let foreign = answer.as_str().replace("iss=http", "iss=https%3A%2F%2Flogin.example&x=http");
    for (request, answer, part) in [
        (&other, answer.as_str(), "state differs"),
        (&request, "http://127.0.0.1:1/cb?code=x", "has no state"),
        (&request, foreign.as_str(), "another authority"),
        (&request, &format!("state={}", request.state().expose_secret()), "neither code nor error"),
    ] {
        let error = flow.finish(request, answer, &network).await.expect_err("not exchanged");
        assert!(
            matches!(error, AuthError::Interaction(_)) && error.to_string().contains(part),
            "{part}: {error}"
        );
    }
}

#[tokio::test]
async fn a_user_who_declines_is_an_error_that_says_so() {
    let Some(provider) = provider() else { return };
    let network = network();
    let flow = flow(&provider.base, "native").parameter("login_hint", "declines@contoso.com");
    let request = flow.begin(&network).await.expect("a request");
    let answer = come_back(&request).await;
    let error = flow.finish(&request, answer.as_str(), &network).await.expect_err("declined");
    let refusal = error.refusal().expect("a refusal");
    assert_eq!((refusal.error(), refusal.code()), ("access_denied", Some(65004)));
    assert!(error.to_string().contains("What to do: the user declined to consent"), "{error}");
}

#[tokio::test]
async fn the_refresh_token_is_replaced_at_every_use_and_an_old_one_is_refused() {
    let Some(provider) = provider() else { return };
    let network = network();
    let first = signed_in(&provider.base, "native").await;
    let builder = || UserCredential::builder(application(&provider.base, "native")).scopes(["User.Read"]);
    let cache = std::sync::Arc::new(crate::caches::SharedCache::default());
    let credential = builder().cache(cache.clone()).refresh_token(first.clone()).expect("right");
    let one = token(&credential, &["User.Read"], &network).await.expect("a token");
    let second = cache.only();
    assert_ne!(second, first, "rotated");
    let later = builder().cache(cache.clone()).from_cache().expect("right");
    let two = token(&later, &["User.Read"], &network).await.expect("a token");
    assert_ne!(text(&one), text(&two));
    assert_ne!(cache.only(), second, "rotated again");

    let stolen = builder().refresh_token(first).expect("right");
    let error = auth_error(token(&stolen, &["User.Read"], &network).await);
    let refusal = error.refusal().expect("a refusal");
    assert_eq!(refusal.error(), "invalid_grant");
    assert!(error.to_string().contains("sign in again"), "{error}");
    // The provider takes reuse for theft and ends the whole sign-in.
    let ended = builder().cache(cache.clone()).from_cache().expect("right");
    auth_error(token(&ended, &["User.Read"], &network).await);
    assert!(cache.is_empty(), "a refresh token that does not work any more is not kept");
    let error = auth_error(token(&ended, &["User.Read"], &network).await);
    assert!(error.to_string().contains("nobody is signed in"), "{error}");
}

/// A refresh token of a user who has signed in.
pub async fn signed_in(base: &str, client_id: &str) -> String {
    let network = network();
    let flow = flow(base, client_id).parameter("prompt", "consent");
    let request = flow.begin(&network).await.expect("a request");
    let answer = come_back(&request).await;
    let cache = std::sync::Arc::new(crate::caches::SharedCache::default());
    let builder = UserCredential::builder(application(base, client_id)).cache(cache.clone());
    flow.finish_with(builder, &request, answer.as_str(), &network).await.expect("signed in");
    cache.only()
}

#[tokio::test]
async fn endpoints_can_be_given_and_each_kind_of_tenant_has_its_path() {
    let network = network();
    for tenant in ["common", "organizations", "consumers", TENANT] {
        let application = Application::new(tenant, "app").expect("right");
        let flow = AuthorizationCodeFlow::new(application, REDIRECT).expect("right").scopes(["User.Read"]);
        let request = flow.begin(&network).await.expect("a request");
        let path = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize?");
        assert!(request.url().as_str().starts_with(&path), "{}", request.url());
        let field = |name: &str| {
            let mut fields = request.url().query_pairs();
            fields.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
        };
        assert_eq!(field("response_type").as_deref(), Some("code"));
        assert_eq!(field("response_mode").as_deref(), Some("query"));
        assert_eq!(field("client_id").as_deref(), Some("app"));
        assert_eq!(field("redirect_uri").as_deref(), Some(REDIRECT));
        assert_eq!(field("scope").as_deref(), Some("User.Read openid profile offline_access"));
        assert_eq!(field("code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(field("code_challenge").map(|challenge| challenge.len()), Some(43));
        assert!(field("state").is_some_and(|state| state.len() >= 20));
    }
    let own = Application::builder(TENANT, "app")
        .authorize_url("https://login.example/authorize?p=policy")
        .build()
        .expect("right");
    let flow = AuthorizationCodeFlow::new(own, REDIRECT).expect("right").scopes(["User.Read"]);
    let request = flow.begin(&network).await.expect("a request");
    assert!(
        request.url().as_str().starts_with("https://login.example/authorize?p=policy&"),
        "{}",
        request.url()
    );
}

#[tokio::test]
async fn a_sign_in_without_offline_access_warns() {
    let application = Application::new(TENANT, "app").expect("right");
    let flow =
        AuthorizationCodeFlow::new(application.clone(), REDIRECT).expect("right").scopes(["User.Read"]);
    assert!(flow.warnings().expect("right scopes").is_empty());
    let warnings = flow.without_reserved_scopes().warnings().expect("right scopes");
    assert!(warnings.len() == 1 && warnings[0].contains("offline_access"), "{warnings:?}");
    let builder = UserCredential::builder(application);
    assert!(builder.warnings().expect("right scopes").is_empty());
    assert_eq!(builder.without_reserved_scopes().warnings().expect("the client's scopes").len(), 1);
}
