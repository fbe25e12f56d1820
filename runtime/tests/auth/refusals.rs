//! What the sign-in service may answer besides a token.

use msgraph_runtime::Network;
use msgraph_runtime::auth::{AuthError, ClientSecretCredential};

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, application, auth_error, network, text, token, transcript};

const SECRET: &str = "r3fused-secret/value";

async fn asked(server: &Script, network: &Network) -> AuthError {
    transcript::secret(SECRET);
    let credential = ClientSecretCredential::for_application(application(&server.base, "app"), SECRET);
    auth_error(token(&credential.expect("right"), &[DEFAULT], network).await)
}

#[tokio::test]
async fn every_field_of_an_error_of_entra_is_kept_and_the_common_ones_say_what_to_do() {
    for (code, error, part) in [
        (7000215, "invalid_client", "use the value of the client secret, not its ID"),
        (700016, "unauthorized_client", "check the client ID"),
        (65001, "invalid_grant", "admin consent URL"),
        (50076, "interaction_required", "multi-factor"),
        (90002, "invalid_request", "check the tenant"),
        (1002012, "invalid_scope", ".default only"),
        (650053, "invalid_client", "check its spelling"),
        (500011, "invalid_resource", "check the resource"),
    ] {
        let body = serde_json::json!({
            "error": error,
            "error_description": format!("AADSTS{code}: It did not work. Trace ID: 1c4e Correlation ID: 2d5f Timestamp: 2026-01-09 02:02:12Z"),
            "error_codes": [code], "timestamp": "2026-01-09 02:02:12Z", "trace_id": "1c4e", "correlation_id": "2d5f",
            "suberror": "some_detail",
        });
        let server = Script::start(move |_, _| Reply::json(400, body.to_string())).await;
        let failure = asked(&server, &network()).await;
        let refusal = failure.refusal().expect("a refusal");
        assert_eq!(
            (refusal.error(), refusal.codes(), refusal.suberror()),
            (error, &[code][..], Some("some_detail"))
        );
        assert_eq!((refusal.trace_id(), refusal.correlation_id()), (Some("1c4e"), Some("2d5f")));
        assert_eq!(refusal.timestamp(), Some("2026-01-09 02:02:12Z"));
        let line = failure.to_string();
        assert!(
            line.contains(part) && line.contains(&format!("AADSTS{code}")) && !line.contains('\n'),
            "{line}"
        );
        assert_eq!(line.matches("2d5f").count(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_service_that_repeats_secrets_does_not_get_them_into_errors() {
    let server = Script::start(|request, _| {
        let secret = request.field("client_secret").expect("a secret");
        let body = serde_json::json!({"error": format!("bad {secret}"), "error_description": format!("{secret} is wrong, {secret}!"), "claims": secret});
        Reply::json(400, body.to_string())
    })
    .await;
    let failure = asked(&server, &network()).await;
    assert!(failure.to_string().contains("[redacted] is wrong, [redacted]!"), "{failure}");
    assert!(!format!("{failure:?}").contains(SECRET));
}

#[tokio::test]
async fn answers_that_are_no_answer_of_oauth_are_errors_that_say_where_and_what() {
    for (reply, part) in [
        (Reply::json(200, "{}"), "missing field `access_token`"),
        (Reply::json(200, "[]"), "not what OAuth 2.0 says it is"),
        (Reply::json(200, "{\"access_token\": \"l3aked-token"), "it is not JSON"),
        (Reply::json(200, ""), "empty"),
        (
            Reply::json(
                200,
                r#"{"access_token":"l3aked-token","token_type":"Bearer","expires_in":"l3aked-token"}"#,
            ),
            "\"expires_in\" is not what OAuth 2.0 says",
        ),
        (Reply::json(200, r#"{"access_token":"l3aked-token","token_type":"MAC"}"#), "type is not Bearer"),
        (Reply::json(200, r#"{"access_token":"","token_type":"Bearer"}"#), "the access token is empty"),
        (
            Reply {
                status: 200,
                headers: vec![("content-type", "text/html".to_owned())],
                body: "<html>".to_owned(),
            },
            "Content-Type",
        ),
        (Reply::json(502, "<html>"), "HTTP 502"),
        (Reply::json(400, ""), "HTTP 400"),
        (Reply::json(302, "").header("location", "https://login.example/"), "redirects are not followed"),
        (Reply::json(307, "").header("location", "/elsewhere"), "redirects are not followed"),
        (Reply::json(200, "x".repeat(2 << 20)), "longer than"),
    ] {
        transcript::secret("l3aked-token");
        let reply = std::sync::Mutex::new(Some(reply));
        let server =
            Script::start(move |_, _| reply.lock().expect("fine").take().expect("one request only")).await;
        let failure = asked(&server, &network()).await;
        let line = failure.to_string();
        assert!(line.contains(part), "{part}: {line}");
        assert!(!line.contains("l3aked"), "{line}");
        assert_eq!(server.received().len(), 1, "{part}");
    }
}

#[tokio::test]
async fn an_overloaded_service_is_told_from_one_that_refuses() {
    let server = Script::start(|_, _| Reply::json(503, "").header("retry-after", "17")).await;
    let failure = asked(&server, &network()).await;
    assert!(failure.is_retryable());
    assert_eq!(
        failure.refusal().and_then(|refusal| refusal.retry_after()).map(|wait| wait.as_secs()),
        Some(17)
    );
    let server = Script::start(|_, _| Reply::json(400, r#"{"error":"invalid_client"}"#)).await;
    assert!(!asked(&server, &network()).await.is_retryable());
    let credential =
        ClientSecretCredential::for_application(application("http://127.0.0.1:1", "app"), SECRET);
    let failure = auth_error(token(&credential.expect("right"), &[DEFAULT], &network()).await);
    assert!(failure.is_retryable() && failure.to_string().contains("http://127.0.0.1:1/"), "{failure}");
}

#[tokio::test]
async fn a_token_that_lives_for_ever_or_not_at_all_is_still_a_token() {
    for seconds in [0, 1, u64::MAX] {
        let server = Script::start(move |_, _| Reply::token("0dd-token", seconds)).await;
        let credential = ClientSecretCredential::for_application(application(&server.base, "app"), SECRET);
        let given = token(&credential.expect("right"), &[DEFAULT], &network()).await.expect("a token");
        assert_eq!(text(&given), "0dd-token");
    }
}
