//! Testing a connection.

use msgraph_runtime::auth::{ClientSecretCredential, ConnectionStep, Identity};
use msgraph_runtime::{GraphClient, ReqwestTransport, StaticToken, TokenCredential};

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, application, network, provider, seen, text, token, transcript};

fn client(server: &Script, credential: impl TokenCredential + 'static) -> GraphClient {
    transcript::start();
    let builder = GraphClient::builder().credential(credential).base_url(&format!("{}/v1.0", server.base));
    builder.scopes([DEFAULT]).build().expect("right")
}

#[tokio::test]
async fn an_application_learns_its_tenant_permissions_and_expiry() {
    let Some(provider) = provider() else { return };
    let graph = Script::start(|request, _| {
        assert_eq!(
            (request.path.as_str(), request.query.as_str()),
            ("/v1.0/organization", "$select=id,displayName")
        );
        Reply::json(200, r#"{"value":[{"id":"1","displayName":"Contoso"}]}"#)
    })
    .await;
    let application = application(&provider.base, "daemon-secret");
    let credential =
        ClientSecretCredential::for_application(application, "d4emon~secret+value").expect("right");
    let expected = text(&token(&credential, &[DEFAULT], &network()).await.expect("a token"));
    let report = client(&graph, credential).test_connection().await;
    assert!(report.is_success(), "{report}");
    let claims = report.claims.as_ref().expect("a JWT");
    assert_eq!((claims.identity, claims.app_id.as_deref()), (Identity::Application, Some("daemon-secret")));
    assert_eq!(graph.received()[0].bearer(), Some(expected.as_str()));
    let shown = report.to_string();
    for part in [
        "tenant: contoso.onmicrosoft.com",
        "app: unknown (daemon-secret)",
        "signed in: the application itself",
        "permissions granted: User.Read.All",
        "token valid until: 20",
        "answered as: Contoso",
        "the connection works",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    transcript::shown(&report);
}

#[tokio::test]
async fn a_user_is_asked_for_at_me_also_where_the_token_cannot_be_read() {
    let graph = Script::start(|request, _| {
        assert_eq!(request.path, "/v1.0/me");
        Reply::json(200, r#"{"displayName":"Adele"}"#)
    })
    .await;
    transcript::secret("0paque-token");
    let report = client(&graph, StaticToken::new("0paque-token")).test_connection().await;
    assert!(report.is_success() && report.claims.is_none());
    assert_eq!(report.display_name.as_deref(), Some("Adele"));
    assert!(report.to_string().contains("the token cannot be read"), "{report}");
}

#[tokio::test]
async fn what_failed_is_named() {
    let graph = Script::start(|_, _| {
        Reply::json(
            403,
            r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}"#,
        )
    })
    .await;
    let report = client(&graph, StaticToken::new("0paque-token")).test_connection().await;
    let (step, error) = report.failure.as_ref().expect("refused");
    seen(error);
    assert_eq!((*step, error.code()), (ConnectionStep::Call, Some("Authorization_RequestDenied")));
    assert!(report.to_string().contains("failed to call the service: "), "{report}");
    let nobody =
        ClientSecretCredential::for_application(application("http://127.0.0.1:1", "app"), "0paque-secret");
    let report = client(&graph, nobody.expect("right")).test_connection().await;
    assert_eq!(report.failure.as_ref().map(|(step, _)| *step), Some(ConnectionStep::Token));
    assert!(report.to_string().contains("failed to get a token: "), "{report}");
}

#[tokio::test]
async fn one_proxy_serves_tokens_and_calls() {
    let proxy = Script::start(|request, _| match request.path.ends_with("/token") {
        true => Reply::token("pr0xy-token", 3600),
        false => Reply::json(200, r#"{"displayName":"Adele"}"#),
    })
    .await;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let roots = rustls::RootCertStore::empty();
    let tls = tls.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let own = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .proxy(reqwest::Proxy::all(&proxy.base).expect("a proxy"))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    // Nobody listens at these ports: whatever is answered came through the proxy.
    let credential =
        ClientSecretCredential::for_application(application("http://127.0.0.1:1", "app"), "pr0xy-secret");
    let builder =
        GraphClient::builder().credential(credential.expect("right")).base_url("http://127.0.0.1:2/v1.0");
    let client =
        builder.scopes([DEFAULT]).transport(ReqwestTransport::from_client(own)).build().expect("right");
    let report = client.test_connection().await;
    assert!(report.is_success(), "{report}");
    let hosts: Vec<_> = proxy.received().iter().map(|request| request.headers["host"].clone()).collect();
    assert_eq!(hosts, ["127.0.0.1:1", "127.0.0.1:2"]);
}
