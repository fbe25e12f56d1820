//! What a token lacks, before a request is sent and after the service has refused it.

use crate::support::fake::{builder, response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use msgraph_runtime::error::GraphError;
use msgraph_runtime::permissions::{Catalog, Cause, Preflight};
use msgraph_runtime::{DelegatedPermission, Error, GraphClient, StaticToken};

const LIST: &str = "op:GET /users;;work=User.ReadBasic.All,User.Read.All application=User.Read.All;;";
const MINE: &str = "op:GET /me;;work=User.Read;;";
const OWN: &str = "op:GET /app;;application=App.Read;;";
const TEAM: &str = "op:GET /team;;application=Team.Read.Group,Team.Read.All;;";
const COUNT: &str = "op:GET /users/$count;;application=User.Read.All provenance=inferred:count:/users;;";
const UNKNOWN: &str = "op:GET /new;;;;";

static CATALOG: Catalog = Catalog::from_static(
    &[DelegatedPermission::new("User.ReadBasic.All", None, Some(false), Some(2), false, true, false)],
    &[],
);

fn token(claims: &str) -> String {
    format!("e30.{}.s1gnature", URL_SAFE_NO_PAD.encode(claims))
}

const USER: &str = r#"{"scp": "User.Read openid"}"#;
const APP: &str = r#"{"idtyp": "app", "roles": ["Mail.Read"]}"#;
const GOOD_APP: &str = r#"{"idtyp": "app", "roles": ["User.Read.All"], "wids": ["1"]}"#;

fn client(claims: &str, preflight: Preflight) -> (GraphClient, crate::support::fake::Log) {
    let body = r#"{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}"#;
    let (builder, log) = builder(move |_| response(403, body));
    let builder = builder.credential(StaticToken::new(token(claims))).preflight(preflight);
    (builder.permission_catalog(&CATALOG).build().expect("it is complete"), log)
}

async fn call(claims: &str, operation: &'static str, preflight: Preflight) -> (Error, usize) {
    let (client, log) = client(claims, preflight);
    let error = client.root("users").call::<()>(operation).await.expect_err("it is forbidden");
    assert!(!error.to_string().contains("s1gnature"), "{error}");
    (error, log.all().len())
}

async fn refused(claims: &str, operation: &'static str) -> GraphError {
    match call(claims, operation, Preflight::Off).await.0 {
        Error::Graph(error) => *error,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_refusal_says_what_is_granted_and_what_is_missing() {
    let error = refused(USER, LIST).await;
    assert_eq!(
        error.to_string(),
        "GET /users: 403 Forbidden, Authorization_RequestDenied: Insufficient privileges; the token lacks the delegated \
         permission User.ReadBasic.All, to which the user can consent"
    );
    let explanation = error.explanation().expect("the token can be read");
    assert_eq!(explanation.cause(), Cause::MissingPermission);
    assert_eq!(explanation.add().map(|add| add.permission()), Some("User.ReadBasic.All"));
    assert_eq!(explanation.requires_admin_consent(), Some(false));
    let details = explanation.details();
    assert!(details.contains("granted: User.Read, openid") && details.contains("User.Read.All"), "{details}");
}

#[tokio::test]
async fn each_cause_is_told_from_the_others() {
    for (claims, operation, cause, words) in [
        (APP, LIST, Cause::MissingPermission, "User.Read.All, which takes an administrator's consent"),
        (APP, MINE, Cause::NeedsUser, "sign a user in"),
        (USER, OWN, Cause::NeedsApplication, "an application as itself"),
        (APP, TEAM, Cause::ResourceSpecific, "permission Team.Read.All"),
        (GOOD_APP, LIST, Cause::NotPermissions, "directory roles, licences, policies"),
        (APP, UNKNOWN, Cause::Unknown, "is unknown"),
    ] {
        let error = refused(claims, operation).await;
        let explanation = error.explanation().expect("the token can be read");
        assert_eq!(explanation.cause(), cause, "{operation}");
        assert!(explanation.to_string().contains(words), "{explanation}");
    }
    let personal = r#"{"scp": "User.Read", "tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}"#;
    let error = refused(personal, LIST).await;
    assert_eq!(error.explanation().map(|it| it.cause()), Some(Cause::NeedsWorkAccount));
}

#[tokio::test]
async fn a_token_that_cannot_be_read_explains_nothing() {
    let (builder, _) = builder(|_| response(403, "{}"));
    let client = builder.build().expect("it is complete");
    let error = client.root("users").call::<()>(LIST).await.expect_err("it is forbidden");
    assert_eq!(error.to_string(), "GET /users: 403 Forbidden: {}");
}

#[tokio::test]
async fn preflight_refuses_only_what_is_certain_to_fail() {
    let (error, sent) = call(APP, LIST, Preflight::Refuse).await;
    assert_eq!(
        error.to_string(),
        "GET /users was not sent: the token lacks the application permission User.Read.All, which takes an \
         administrator's consent"
    );
    assert!(matches!(error, Error::Permission(_)) && sent == 0, "{sent}");
    for (claims, operation) in [(APP, TEAM), (APP, UNKNOWN), (APP, COUNT), (GOOD_APP, LIST), ("{}", LIST)] {
        let (_, sent) = call(claims, operation, Preflight::Refuse).await;
        assert_eq!(sent, 1, "{operation} is sent");
    }
}

#[tokio::test]
async fn a_warning_lets_the_request_pass() {
    let (_, sent) = call(APP, LIST, Preflight::Warn).await;
    assert_eq!(sent, 1);
}
