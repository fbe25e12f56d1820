//! Claims challenges: a token that the service refuses before it expires.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use msgraph_runtime::GraphClient;
use msgraph_runtime::auth::{Application, ClientSecretCredential};

use crate::support::script::{Received, Reply, Script};
use crate::support::{TENANT, seen, transcript};

const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}"#;

fn challenge() -> Reply {
    let claims = BASE64_STANDARD.encode(CLAIMS);
    let header = format!(
        r#"Bearer realm="", authorization_uri="https://login.example/authorize", error="insufficient_claims", claims="{claims}""#
    );
    Reply::json(401, r#"{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation resulted in challenge"}}"#)
        .header("www-authenticate", header)
}

fn token_or(request: &Received, call: impl Fn(&str) -> Reply) -> Reply {
    if !request.path.ends_with("/token") {
        return call(request.bearer().expect("a token"));
    }
    let claims = request.field("claims").unwrap_or_default();
    Reply::token(if claims.contains("nbf") { "ch4llenged-new" } else { "ch4llenged-old" }, 3600)
}

fn client(server: &Script) -> GraphClient {
    let application = Application::builder(TENANT, "app").authority(&server.base).capabilities(["cp1"]);
    let application = application.build().expect("right");
    let credential =
        ClientSecretCredential::for_application(application, "ch4llenged-secret").expect("right");
    let builder = GraphClient::builder().credential(credential).base_url(&format!("{}/v1.0", server.base));
    transcript::start();
    builder.scopes(["https://graph.microsoft.com/.default"]).build().expect("right")
}

#[tokio::test]
async fn a_challenge_is_answered_once_with_a_token_that_has_the_claims() {
    let server = Script::start(|request, _| {
        token_or(request, |bearer| match bearer {
            "ch4llenged-new" => Reply::json(200, r#"{"displayName":"Contoso"}"#),
            _ => challenge(),
        })
    })
    .await;
    let client = client(&server);
    for _ in 0..2 {
        let report = client.test_connection().await;
        assert!(report.is_success(), "{report}");
    }
    let received = server.received();
    let tokens: Vec<_> = received.iter().filter(|request| request.path.ends_with("/token")).collect();
    assert_eq!(tokens.len(), 2, "one at first, one for the challenge; the second call has the new token");
    assert_eq!(
        tokens[0].field("claims").as_deref(),
        Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
    );
    let claims: serde_json::Value =
        serde_json::from_str(&tokens[1].field("claims").expect("claims")).expect("JSON");
    assert_eq!(claims["access_token"]["nbf"]["value"], "1700000000");
    assert_eq!(claims["access_token"]["xms_cc"]["values"][0], "cp1");
    let bearers: Vec<_> = received.iter().filter_map(Received::bearer).collect();
    assert_eq!(bearers, ["ch4llenged-old", "ch4llenged-new", "ch4llenged-new"]);
}

#[tokio::test]
async fn a_service_that_is_never_content_is_asked_twice_only() {
    let server = Script::start(|request, _| token_or(request, |_| challenge())).await;
    let report = client(&server).test_connection().await;
    let (_, error) = report.failure.expect("refused");
    seen(&error);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert_eq!(server.received().iter().filter(|request| request.bearer().is_some()).count(), 2);
}

#[tokio::test]
async fn a_refusal_without_claims_is_not_answered() {
    let server = Script::start(|request, _| token_or(request, |_| Reply::json(401, "{}"))).await;
    let report = client(&server).test_connection().await;
    assert!(!report.is_success());
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn many_calls_with_one_refused_token_make_one_new_token() {
    let server = Script::start(|request, _| {
        token_or(request, |bearer| match bearer {
            "ch4llenged-new" => Reply::json(200, "{}"),
            _ => challenge(),
        })
    })
    .await;
    let client = client(&server);
    let reports = futures_util::future::join_all((0..100).map(|_| client.test_connection())).await;
    assert!(reports.iter().all(|report| report.is_success()));
    assert_eq!(server.received().iter().filter(|request| request.path.ends_with("/token")).count(), 2);
}
