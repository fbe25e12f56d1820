//! Our token requests beside those of Microsoft's own library, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use msgraph_runtime::auth::{
    Application, AuthorizationCodeFlow, ClientAuthentication, ClientCertificate, ClientCertificateCredential,
    ClientSecretCredential, DeviceCodeSignIn, OnBehalfOf, UserCredential,
};
use msgraph_runtime::{AccessToken, ClaimsChallenge, TokenCredential, TokenRequest};
use secrecy::ExposeSecret;

use crate::on_behalf_of::callers_token;
use crate::support::provider::{Logged, Provider, folder};
use crate::support::{
    DEFAULT, TENANT, TestClock, application, network, network_at, provider, token, transcript,
};
use crate::users::come_back;

const REDIRECT: &str = "http://127.0.0.1:1/cb";
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}"#;

/// What is different in every request.
const RANDOM: [&str; 6] =
    ["client_assertion", "assertion", "code", "code_verifier", "refresh_token", "device_code"];

#[tokio::test]
async fn our_requests_have_the_fields_of_msals() {
    let Some(provider) = provider() else { return };
    let python = folder().join(".venv/bin/python");
    if !python.exists() {
        eprintln!("SKIPPED, as MSAL is not installed: run tests/oidc/setup");
        return;
    }
    let provider = &provider.another();
    ask_with_msal(provider, &python).await;
    let before = provider.log().await.len();
    ask_with_ours(provider).await;
    let log = provider.log().await;
    let theirs = by_grant(&log[..before], |request| request.headers.contains_key("x-client-sku"));
    let ours = by_grant(&log[before..], |_| true);
    let grants: Vec<&String> = theirs.keys().collect();
    assert_eq!(
        grants,
        [
            "authorization_code",
            "certificate",
            "claims",
            "client_secret",
            "device_code",
            "devicecode",
            "jwt-bearer",
            "refresh_token"
        ]
    );
    for (grant, theirs) in &theirs {
        let ours = ours.get(grant).unwrap_or_else(|| panic!("{grant} was not asked for"));
        assert_eq!(comparable(grant, ours), comparable(grant, theirs), "{grant}");
        assert_eq!(ours.status, theirs.status, "{grant}");
        assert!(ours.headers.contains_key("client-request-id"), "{grant}");
    }
    assert_eq!(assertion_parts(&ours["certificate"]), assertion_parts(&theirs["certificate"]));
}

/// The requests by what they ask with.
fn by_grant(log: &[Logged], own: impl Fn(&Logged) -> bool) -> BTreeMap<String, Logged> {
    let name = |request: &Logged| {
        let has = |field: &str| request.fields.contains_key(field);
        match request.fields.get("grant_type").map(|grant| grant.rsplit(':').next().unwrap_or_default()) {
            None => "devicecode",
            Some("client_credentials") if has("claims") => "claims",
            Some("client_credentials") if has("client_assertion") => "certificate",
            Some("client_credentials") => "client_secret",
            Some(grant) => grant,
        }
        .to_owned()
    };
    log.iter().filter(|request| own(request)).map(|request| (name(request), request.clone())).collect()
}

/// The fields of a request as they can be compared: the order of scopes and of JSON members does not matter.
fn comparable(grant: &str, request: &Logged) -> BTreeMap<String, String> {
    let mut fields = request.fields.clone();
    for (name, value) in &mut fields {
        *value = match name.as_str() {
            name if RANDOM.contains(&name) => "…".to_owned(),
            "scope" => {
                let scopes: BTreeSet<&str> = value.split(' ').collect();
                scopes.into_iter().collect::<Vec<_>>().join(" ")
            }
            "claims" => serde_json::from_str::<serde_json::Value>(value).expect("JSON").to_string(),
            _ => value.clone(),
        };
    }
    // MSAL asks for account information with every request; it makes no difference where there is no user.
    if matches!(grant, "client_secret" | "certificate" | "claims" | "device_code") {
        fields.remove("client_info");
    }
    // RFC 8628 knows no `code`, in which MSAL repeats the device code.
    if grant == "device_code" {
        fields.remove("code");
    }
    fields
}

/// The header of a client assertion, and the names of its claims. Entra ID documents `nbf`, which MSAL leaves
/// out; MSAL breaks the lines of certificates, and pads the thumbprint, which RFC 7515 forbids.
fn assertion_parts(request: &Logged) -> (serde_json::Value, BTreeSet<String>) {
    use base64::Engine;

    let assertion = &request.fields["client_assertion"];
    let parts: Vec<serde_json::Value> = assertion
        .split('.')
        .take(2)
        .map(|part| base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).expect("Base64"))
        .map(|part| serde_json::from_slice(&part).expect("JSON"))
        .collect();
    let claims =
        parts[1].as_object().expect("claims").keys().filter(|name| *name != "nbf").cloned().collect();
    let mut header = parts[0].clone();
    header["x5c"][0] = header["x5c"][0].as_str().expect("a certificate").replace('\n', "").into();
    header["x5t#S256"] = header["x5t#S256"].as_str().expect("a thumbprint").trim_end_matches('=').into();
    (header, claims)
}

async fn user_request(
    provider: &Provider,
) -> (AuthorizationCodeFlow, msgraph_runtime::auth::AuthorizationRequest, url::Url) {
    let flow = AuthorizationCodeFlow::new(application(&provider.base, "native"), REDIRECT).expect("right");
    let flow = flow.scopes(["User.Read"]).parameter("prompt", "consent");
    let request = flow.begin(&network()).await.expect("a request");
    let answer = come_back(&request).await;
    (flow, request, answer)
}

async fn ask_with_msal(provider: &Provider, python: &std::path::Path) {
    let (_, request, answer) = user_request(provider).await;
    let code = answer.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let caller = callers_token(&provider.base).await;
    let (script, keys) = (folder().join("msal_requests.py"), provider.keys.clone());
    let verifier = request.verifier().expose_secret().to_owned();
    let (python, base) = (python.to_owned(), provider.base.clone());
    let run = move || {
        let mut command = Command::new(python);
        command.arg(script).arg(base).args([keys.join("key.pem"), keys.join("certificate.pem")]);
        command.args([code.as_str(), &verifier, REDIRECT, &caller, CLAIMS]).output().expect("Python runs")
    };
    let output = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn ask_with_ours(provider: &Provider) {
    let network = network();
    let base = &provider.base;
    let secret = |application: Application| {
        ClientSecretCredential::for_application(application, "d4emon~secret+value").expect("right")
    };
    token(&secret(application(base, "daemon-secret")), &[DEFAULT], &network).await.expect("a token");

    let capable = Application::builder(TENANT, "daemon-secret").authority(base).capabilities(["cp1"]);
    let capable = secret(capable.build().expect("right"));
    let refused = AccessToken::new("r3fused");
    let request = TokenRequest::new(&[DEFAULT], &network);
    let request = request.challenge(ClaimsChallenge { claims: CLAIMS, refused: &refused });
    capable.get_token(request).await.expect("a token");

    let certificate =
        ClientCertificate::from_pem(&provider.pem(&["key.pem", "certificate.pem"])).expect("right");
    let certificate = certificate.send_certificate_chain(true);
    let signing =
        ClientCertificateCredential::for_application(application(base, "daemon-certificate"), certificate);
    token(&signing.expect("right"), &[DEFAULT], &network).await.expect("a token");

    let (flow, request, answer) = user_request(provider).await;
    let cache = std::sync::Arc::new(crate::caches::SharedCache::default());
    let builder = UserCredential::builder(application(base, "native")).cache(cache.clone());
    flow.finish_with(builder, &request, answer.as_str(), &network).await.expect("signed in");
    let later = UserCredential::builder(application(base, "native")).scopes(["User.Read"]).cache(cache);
    token(&later.from_cache().expect("right"), &["User.Read"], &network).await.expect("a token");

    let caller = callers_token(base).await;
    let api = OnBehalfOf::new(
        application(base, "middle-tier"),
        ClientAuthentication::secret("m1ddle~secret&value"),
    );
    token(&api.expect("right").user(caller.as_str()), &["User.Read"], &network).await.expect("a token");

    // Nobody enters this code: the first answer is that it is pending, and then the clock has run out.
    let clock = TestClock::new();
    let late = clock.clone();
    let sign_in = DeviceCodeSignIn::new(move |_| late.advance(596));
    let waiting =
        UserCredential::builder(application(base, "native")).scopes(["User.Read"]).device_code(sign_in);
    let waiting = waiting.expect("right");
    transcript::shown(&waiting);
    token(&waiting, &["User.Read"], &network_at(&clock)).await.expect_err("nobody enters the code");
}
