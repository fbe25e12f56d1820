//! Chains of credentials, static tokens and closures.

use msgraph_runtime::auth::{AuthError, ClientSecretCredential, CredentialChain};
use msgraph_runtime::{AccessToken, Error, StaticToken};

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, application, auth_error, network, text, token, transcript};

#[tokio::test]
async fn the_first_that_works_is_used_and_remembered() {
    let server = Script::start(|_, _| Reply::json(400, r#"{"error":"invalid_client"}"#)).await;
    let failing = ClientSecretCredential::for_application(application(&server.base, "app"), "ch4in-secret");
    transcript::secret("ch4in-token");
    let chain = CredentialChain::new()
        .with("secret", failing.expect("right"))
        .with("static", StaticToken::new("ch4in-token"))
        .with("never", |_| async { unreachable!("one before it works") });
    transcript::shown(&chain);
    for _ in 0..3 {
        assert_eq!(text(&token(&chain, &[DEFAULT], &network()).await.expect("a token")), "ch4in-token");
    }
    assert_eq!(server.received().len(), 1, "what failed is not asked again while another works");
}

#[tokio::test]
async fn the_error_of_a_chain_names_every_failure() {
    let server = Script::start(|_, _| Reply::json(400, r#"{"error":"invalid_client"}"#)).await;
    let failing = ClientSecretCredential::for_application(application(&server.base, "app"), "ch4in-secret");
    let chain = CredentialChain::new()
        .with("environment", |_| async { Err::<AccessToken, _>(Error::credential("no variables")) })
        .with("secret", failing.expect("right"));
    let error = auth_error(token(&chain, &[DEFAULT], &network()).await);
    let AuthError::Chain(failures) = &error else { panic!("not a chain's error: {error}") };
    assert_eq!(failures.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["environment", "secret"]);
    let shown = error.to_string();
    assert!(shown.contains("- environment: no access token: no variables"), "{shown}");
    assert!(shown.contains("- secret: ") && shown.contains("invalid_client"), "{shown}");
    let error = auth_error(token(&CredentialChain::new(), &[DEFAULT], &network()).await);
    assert!(error.to_string().contains("has no credentials"), "{error}");
}

#[tokio::test]
async fn an_async_closure_gets_the_scopes() {
    let closure = |scopes: Vec<String>| async move { Ok::<_, Error>(AccessToken::new(scopes.join("+"))) };
    assert_eq!(text(&token(&closure, &["a", "b"], &network()).await.expect("a token")), "a+b");
}
