//! Claims challenges: a token that the service refuses before it expires.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use msgraph_runtime::auth::{Application, ClientSecretCredential};
use msgraph_runtime::{Answer, Body, GraphClient, Upload};

use crate::support::script::{Received, Reply, Script};
use crate::support::{TENANT, TestClock, seen, transcript};

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

/// The header as Graph writes it (msgraph-sdk-dotnet#1416), with the address unquoted.
fn challenge_of_graph() -> Reply {
    let claims = BASE64_STANDARD.encode(CLAIMS);
    Reply::json(401, "{}").header("www-authenticate", format!(
        r#"Bearer realm="", authorization_uri=https://login.example/authorize, client_id="1", error="insufficient_claims", claims="{claims}""#
    ))
}

#[tokio::test]
async fn a_challenge_is_answered_before_a_redirect_which_gets_the_new_token() {
    let server = Script::start(|request, _| {
        token_or(request, |bearer| match (bearer, request.path.as_str()) {
            ("ch4llenged-old", _) => challenge_of_graph(),
            (_, "/v1.0/organization" | "/v1.0/me") => {
                Reply::json(302, "").header("location", "/v1.0/elsewhere")
            }
            _ => Reply::json(200, "{}"),
        })
    })
    .await;
    let report = client(&server).test_connection().await;
    assert!(report.is_success(), "{report}");
    let paths = |server: &Script| -> Vec<String> {
        let received = server.received();
        received
            .iter()
            .filter(|own| own.bearer().is_some())
            .map(|own| format!("{} {}", own.path, own.bearer().expect("one")))
            .collect()
    };
    assert_eq!(
        paths(&server),
        ["/v1.0/me ch4llenged-old", "/v1.0/me ch4llenged-new", "/v1.0/elsewhere ch4llenged-new"]
    );
}

#[tokio::test]
async fn a_batch_is_answered_as_a_whole_and_a_body_that_cannot_be_sent_again_leaves_the_next_call_its_token()
{
    let server = Script::start(|request, _| {
        token_or(request, |bearer| match (bearer, request.path.as_str()) {
            ("ch4llenged-old", _) => challenge_of_graph(),
            (_, "/v1.0/$batch") => Reply::json(200, r#"{"responses":[{"id":"1","status":200,"body":{}}]}"#),
            _ => Reply::json(200, "{}"),
        })
    })
    .await;
    let batching = client(&server);
    let mut batch = batching.batch();
    let part = batch.add(batching.request(Method::GET, "/me"));
    let mut answers = batch.send().await.expect("answered");
    answers.take(part).expect("a part");
    let streaming = client(&server);
    let body = || Body::stream(futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"once"))]), Some(4));
    let put = || streaming.request(Method::PUT, "/me/photo/$value").bytes(body());
    assert_eq!(put().send().await.expect_err("refused").status().map(|status| status.as_u16()), Some(401));
    put().send().await.expect("the next call has the new token");
    let bearers: Vec<_> =
        server.received().iter().filter_map(|own| Some(format!("{} {}", own.path, own.bearer()?))).collect();
    assert_eq!(
        bearers,
        [
            "/v1.0/$batch ch4llenged-old",
            "/v1.0/$batch ch4llenged-new",
            "/v1.0/me/photo/$value ch4llenged-old",
            "/v1.0/me/photo/$value ch4llenged-new",
        ]
    );
}

#[tokio::test]
async fn a_challenge_at_an_upload_session_gets_no_token() {
    let base = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let own = base.clone();
    let server = Script::start(move |request, _| match request.path.as_str() {
        "/session" => challenge_of_graph(),
        path if path.ends_with("/token") => Reply::token("ch4llenged-old", 3600),
        _ => {
            let url = format!("{}/session", own.get().expect("it runs"));
            Reply::json(200, format!(r#"{{"uploadUrl":"{url}","nextExpectedRanges":["0-"]}}"#))
        }
    })
    .await;
    base.set(server.base.clone()).expect("once");
    let client = client(&server);
    let request =
        client.request(Method::POST, "/me/drive/root:/a:/createUploadSession").json(&serde_json::json!({}));
    let outcome = Upload::from_bytes(request, b"content".as_slice()).send::<Answer>().await;
    assert!(outcome.is_err());
    let received = server.received();
    let session: Vec<_> = received.iter().filter(|own| own.path == "/session").collect();
    assert!(!session.is_empty() && session.iter().all(|own| own.bearer().is_none()));
    assert_eq!(received.iter().filter(|own| own.path.ends_with("/token")).count(), 1);
}

fn invalid() -> Reply {
    Reply::json(401, "{}")
        .header("www-authenticate", r#"Bearer error="invalid_token", error_description="expired""#)
}

/// A client whose tokens are numbered, and the clock that it lives by.
fn numbered(server: &Script) -> (GraphClient, TestClock) {
    let credential = ClientSecretCredential::for_application(
        Application::builder(TENANT, "app").authority(&server.base).build().expect("right"),
        "ch4llenged-secret",
    );
    let clock = TestClock::new();
    let builder = GraphClient::builder().credential(credential.expect("right")).clock(clock.clone());
    let builder =
        builder.base_url(&format!("{}/v1.0", server.base)).scopes(["https://graph.microsoft.com/.default"]);
    (builder.build().expect("right"), clock)
}

#[tokio::test]
async fn an_invalid_token_is_dropped_and_asked_for_once_more() {
    let server = Script::start(|request, before| match request.bearer() {
        None => Reply::token(&format!("inv4lid-{before}"), 3600),
        Some("inv4lid-0") if before > 1 => invalid(),
        Some(_) => Reply::json(200, "{}"),
    })
    .await;
    let (client, clock) = numbered(&server);
    assert!(client.test_connection().await.is_success());
    clock.advance(60);
    assert!(client.test_connection().await.is_success());
    let bearers: Vec<_> =
        server.received().iter().filter_map(|own| own.bearer().map(str::to_owned)).collect();
    assert_eq!(bearers, ["inv4lid-0", "inv4lid-0", "inv4lid-3"]);
}

#[tokio::test]
async fn a_service_that_calls_every_token_invalid_gets_no_token_request_of_every_call() {
    let server = Script::start(|request, before| match request.bearer() {
        None => Reply::token(&format!("inv4lid-{before}"), 3600),
        Some(_) => invalid(),
    })
    .await;
    let (client, _) = numbered(&server);
    for _ in 0..10 {
        assert!(!client.test_connection().await.is_success());
    }
    let received = server.received();
    assert_eq!(received.iter().filter(|own| own.bearer().is_none()).count(), 1);
    assert_eq!(received.len(), 11, "what is brand new is not sent again");
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
