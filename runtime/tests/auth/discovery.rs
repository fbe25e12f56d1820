//! OpenID discovery.

use msgraph_runtime::auth::{Application, ClientSecretCredential};

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, TENANT, TestClock, auth_error, network, network_at, provider, token};

fn application(base: &str) -> Application {
    Application::builder(TENANT, "daemon-secret").authority(base).discover().build().expect("right")
}

#[tokio::test]
async fn a_providers_own_document_leads_to_a_token() {
    let Some(provider) = provider() else { return };
    let network = network();
    let application = application(&provider.base);
    let endpoints = application.endpoints(&network, None).await.expect("a document");
    assert_eq!(endpoints.token.as_str(), format!("{}/{TENANT}/oauth2/v2.0/token", provider.base));
    let credential =
        ClientSecretCredential::for_application(application, "d4emon~secret+value").expect("right");
    token(&credential, &[DEFAULT], &network).await.expect("a token");
}

fn document(token_host: &str, own: &str) -> String {
    format!(
        r#"{{"issuer":"{own}/v2.0","authorization_endpoint":"{own}/a","token_endpoint":"{token_host}/t"}}"#
    )
}

#[tokio::test]
async fn the_document_is_fetched_once_and_again_after_a_day() {
    let server = Script::start(|request, _| {
        let own = format!("http://{}", request.headers["host"].to_str().expect("a host"));
        Reply::json(200, document(&own, &own))
    })
    .await;
    let clock = TestClock::new();
    let network = network_at(&clock);
    let application = application(&server.base);
    let many = (0..50).map(|_| application.endpoints(&network, None));
    for endpoints in futures_util::future::join_all(many).await {
        assert_eq!(endpoints.expect("a document").token.as_str(), format!("{}/t", server.base));
    }
    assert_eq!(server.received().len(), 1);
    assert_eq!(server.received()[0].path, format!("/{TENANT}/v2.0/.well-known/openid-configuration"));
    clock.advance(24 * 3600 + 1);
    application.endpoints(&network, None).await.expect("a document");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn no_secret_goes_where_a_hostile_document_leads() {
    let thief = Script::start(|_, _| unreachable!("nothing comes here")).await;
    let target = thief.base.clone();
    let server = Script::start(move |request, _| {
        let own = format!("http://{}", request.headers["host"].to_str().expect("a host"));
        Reply::json(200, document(&target, &own))
    })
    .await;
    let credential = ClientSecretCredential::for_application(application(&server.base), "d1scovery-secret");
    let error = auth_error(token(&credential.expect("right"), &[DEFAULT], &network()).await);
    assert!(
        error.to_string().contains("the token endpoint")
            && error.to_string().contains("is not at the authority"),
        "{error}"
    );
    assert!(thief.received().is_empty());
    for (status, body) in [(404, "{}"), (200, "<html>"), (200, "{}"), (302, "")] {
        let server =
            Script::start(move |_, _| Reply::json(status, body).header("location", "http://127.0.0.1:1/"))
                .await;
        assert!(application(&server.base).endpoints(&network(), None).await.is_err(), "{status} {body}");
    }
}
