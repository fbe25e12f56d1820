//! `msgraph login`, `logout`, `whoami` and `test`, against a scripted sign-in service on loopback.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::server::{Answer, Seen};
use crate::support::{Desk, Done, NOBODY, app_token, granted, mode, user_token};

/// The answer to a request for a device code.
pub fn device_code() -> Answer {
    Answer::json(
        200,
        &json!({"device_code": "d3vice-code", "user_code": "ABCD", "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900, "interval": 1, "message": "Open https://microsoft.com/devicelogin and enter ABCD."}),
    )
}

/// A sign-in service that grants users and apps everything, and a service that knows them.
fn everything(seen: &Seen, _: usize) -> Answer {
    if seen.is("devicecode") {
        return device_code();
    }
    if seen.is("token") {
        return match seen.field("grant_type").as_deref() {
            Some("client_credentials") => granted(&app_token(), None),
            _ => granted(&user_token(), Some("r3fresh-token")),
        };
    }
    match seen.target.split('?').next() {
        Some("/v1.0/me") => Answer::json(200, &json!({"id": "1", "displayName": "Adele"})),
        Some("/v1.0/organization") => Answer::json(200, &json!({"value": [{"displayName": "Contoso"}]})),
        _ => Answer::json(404, &json!({"error": {"code": "notFound", "message": "No."}})),
    }
}

const APP: [&str; 4] = ["--tenant", "contoso.com", "--client-id", "app"];

fn login(desk: &Desk, args: &[&str]) -> Done {
    desk.run_with(&[&["login"][..], &APP, args].concat(), &[])
}

/// The folder of the sign-in in a desk, as JSON.
fn remembered(desk: &Desk) -> Value {
    serde_json::from_slice(&desk.read("config/login.json")).expect("JSON")
}

#[test]
fn who_signs_in_by_device_code_is_signed_in_for_all_commands() {
    let desk = Desk::new(everything);
    let done = login(&desk, &["--device-code", "--scope", "User.Read", "--scope", "Mail.Read"]).success();
    assert!(done.err.contains("enter ABCD"), "{}", done.err);
    assert!(done.err.contains("Signed in as adele@contoso.com."), "{}", done.err);
    let tokens = desk.path("config/tokens.json");
    assert!(done.err.contains(&format!("kept in {} (mode 0600)", tokens.display())), "{}", done.err);
    assert_eq!((mode(&tokens), mode(&desk.path("config/login.json"))), (0o600, 0o600));
    assert!(!String::from_utf8_lossy(&desk.read("config/login.json")).contains("r3fresh-token"));
    assert!(desk.server.seen()[0].target.starts_with("/contoso.com/oauth2/v2.0/devicecode"));

    let who = desk.run_with(&["whoami"], &[]).success().json();
    assert_eq!((&who["identity"], &who["userName"]), (&json!("user"), &json!("adele@contoso.com")));
    assert_eq!((&who["source"], &who["cloud"]), (&json!("msgraph login"), &json!("global")));
    assert_eq!(who["permissions"], json!(["User.Read", "Mail.Read"]));
    let refreshed = desk.server.last();
    assert_eq!(refreshed.field("refresh_token").as_deref(), Some("r3fresh-token"));
    let scope = refreshed.field("scope").expect("a scope");
    assert!(scope.contains("User.Read Mail.Read"), "{scope}");

    desk.run_with(&["request", "GET", "/me"], &[]).success();
    let sent = format!("Bearer {}", user_token());
    assert_eq!(desk.server.last().header("authorization"), Some(sent.as_str()));

    let done = desk.run_with(&["logout"], &[]).success();
    assert!(done.err.contains("Signed out"), "{}", done.err);
    assert_eq!(desk.read("config/tokens.json"), b"{}");
    desk.run_with(&["request", "GET", "/me"], &[]).fails_with(4);
    let done = desk.run_with(&["logout"], &[]).success();
    assert!(done.err.contains("Nobody was signed in"), "{}", done.err);
}

/// Opens the page as a browser would that comes back with a code at once.
fn come_back(page: &url::Url, state: Option<&str>) {
    use std::io::Write;
    let query = |name: &str| {
        page.query_pairs().find(|(other, _)| other == name).expect("it is in the URL").1.into_owned()
    };
    let target: url::Url = query("redirect_uri").parse().expect("a URL");
    let own = query("state");
    let request = format!(
        "GET /?code=c0de-of-browser&state={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        state.unwrap_or(&own)
    );
    let port = target.port().expect("a port");
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    stream.read_to_end(&mut Vec::new()).expect("it answers");
}

#[test]
fn who_signs_in_by_browser_proves_to_be_who_asked() {
    let desk = Desk::new(everything);
    let args = [&["login", "--no-browser", "--login-hint", "adele@contoso.com"][..], &APP].concat();
    let mut command = desk.command(&args, &[]);
    let mut process = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines().map(Result::unwrap);
    let page: url::Url = lines.find(|line| line.starts_with("http")).expect("a page").parse().expect("a URL");
    assert!(page.as_str().starts_with(&desk.server.url("/contoso.com/oauth2/v2.0/authorize?")), "{page}");
    come_back(&page, Some("forged"));
    come_back(&page, None);
    let rest: Vec<String> = lines.collect();
    assert!(process.wait().expect("it ends").success(), "{rest:?}");
    assert!(rest.iter().any(|line| line == "Signed in as adele@contoso.com."), "{rest:?}");

    let exchanged = desk.server.last();
    assert_eq!(exchanged.field("code").as_deref(), Some("c0de-of-browser"));
    let verifier = exchanged.field("code_verifier").expect("a verifier");
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let sent =
        |name: &str| page.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    assert_eq!(sent("code_challenge"), Some(challenge));
    assert_eq!(sent("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(sent("login_hint").as_deref(), Some("adele@contoso.com"));
    assert_eq!(remembered(&desk)["by"], json!("user"));
}

#[test]
fn a_sign_in_that_is_refused_says_why_and_keeps_the_earlier_one() {
    let desk = Desk::new(|seen, before| match before {
        0 | 1 => everything(seen, before),
        _ if seen.is("devicecode") => device_code(),
        _ => Answer::json(
            400,
            &json!({"error": "access_denied", "error_description": "AADSTS65004: User declined d3vice-code."}),
        ),
    });
    login(&desk, &["--device-code"]).success();
    let (earlier, tokens) = (remembered(&desk), desk.read("config/tokens.json"));
    let done = login(&desk, &["--device-code"]).fails_with(4);
    assert!(done.err.contains("AADSTS65004") && done.err.contains("What to do"), "{}", done.err);
    assert_eq!((remembered(&desk), desk.read("config/tokens.json")), (earlier, tokens));
}

#[test]
fn a_refresh_token_is_replaced_when_it_is_used_and_one_that_was_revoked_is_forgotten() {
    let desk = Desk::new(|seen, before| match seen.field("refresh_token").as_deref() {
        None => everything(seen, before),
        Some("r3fresh-token") => granted(&user_token(), Some("r3fresh-token-2")),
        Some(_) => {
            let error = "AADSTS700082: The refresh token r3fresh-token-2 has expired.";
            Answer::json(400, &json!({"error": "invalid_grant", "error_description": error}))
        }
    });
    login(&desk, &["--device-code"]).success();
    desk.run_with(&["whoami"], &[]).success();
    let done = desk.run_with(&["request", "GET", "/me"], &[]).fails_with(4);
    assert!(
        done.error().contains("AADSTS700082") && done.error().contains("sign in again"),
        "{}",
        done.error()
    );
    assert_eq!(desk.server.last().field("refresh_token").as_deref(), Some("r3fresh-token-2"));
    let done = desk.run_with(&["whoami"], &[]).fails_with(4);
    assert!(done.error().contains("run `msgraph login`"), "{}", done.error());
}

#[test]
fn the_refresh_token_of_another_app_is_not_left_behind() {
    let desk = Desk::new(everything);
    login(&desk, &["--device-code"]).success();
    desk.run_with(&["login", "--device-code", "--tenant", "contoso.com", "--client-id", "other"], &[])
        .success();
    let keys = || {
        let tokens: Value = serde_json::from_slice(&desk.read("config/tokens.json")).expect("JSON");
        tokens.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert!(keys().len() == 1 && keys()[0].contains("other"), "{:?}", keys());

    // Another cloud with the same sign-in service has the same place.
    let args = ["login", "--device-code", "--tenant", "contoso.com", "--client-id", "other", "--cloud"];
    desk.run_with(&[&args[..], &["us-government"]].concat(), &[]).success();
    desk.run_with(&["whoami"], &[]).success();
}

#[test]
fn an_app_signs_in_with_a_secret_from_a_file_that_is_remembered_without_it() {
    let desk = Desk::new(everything);
    desk.write("secret.txt", b"cl1ent-secret\n");
    let done = login(&desk, &["--client-secret-file", "secret.txt"]).success();
    assert!(done.err.contains("Signed in as app app."), "{}", done.err);
    assert_eq!(desk.server.last().field("client_secret").as_deref(), Some("cl1ent-secret"));
    let expected = json!({
        "tenant": "contoso.com", "client_id": "app", "cloud": "global", "authority": desk.server.url(""),
        "base_url": desk.server.url("/v1.0"), "by": "client-secret-file",
        "path": desk.path("secret.txt").canonicalize().expect("it exists"),
    });
    assert_eq!(remembered(&desk), expected);
    let who = desk.run_with(&["whoami"], &[]).success().json();
    assert_eq!((&who["identity"], &who["permissions"]), (&json!("application"), &json!(["User.Read.All"])));
    let works = desk.run_with(&["test"], &[]).success().json();
    assert_eq!((&works["works"], &works["displayName"]), (&json!(true), &json!("Contoso")));
}

#[test]
fn an_app_signs_in_by_what_variables_say() {
    let desk = Desk::new(everything);
    desk.write("assertion", b"an-assertion");
    let app = [("AZURE_TENANT_ID", "contoso.com"), ("AZURE_CLIENT_ID", "app")];
    for (name, value, field) in [
        ("AZURE_CLIENT_SECRET", "cl1ent-secret", "client_secret"),
        ("AZURE_FEDERATED_TOKEN_FILE", "assertion", "client_assertion"),
    ] {
        let variables = [&app[..], &[(name, value)]].concat();
        let who = desk.run_with(&["whoami"], &variables).success().json();
        assert_eq!(who["source"], json!(name));
        assert!(desk.server.last().field(field).is_some());
    }
    let done = desk.run_with(&["whoami"], &[("AZURE_CLIENT_SECRET", "cl1ent-secret")]).fails_with(2);
    assert!(done.error().contains("give --tenant and --client-id"), "{}", done.error());
}

#[test]
fn an_app_signs_in_with_a_certificate() {
    let desk = Desk::new(everything);
    let line = "req -x509 -newkey rsa:2048 -nodes -keyout app.pem -out app.pem -days 2 -subj /CN=app";
    let mut openssl = std::process::Command::new("openssl");
    let made = openssl.args(line.split(' ')).current_dir(desk.path("")).stderr(Stdio::null()).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED, as openssl, which makes the certificate, does not run");
        return;
    }
    login(&desk, &["--certificate", "app.pem"]).success();
    let assertion = desk.server.last().field("client_assertion").expect("an assertion");
    assert_eq!(assertion.split('.').count(), 3, "a JWT: {assertion}");
    let who = desk.run_with(&["whoami"], &[]).success().json();
    assert_eq!((&who["identity"], &who["source"]), (&json!("application"), &json!("msgraph login")));
    let variables = [("AZURE_CLIENT_CERTIFICATE_PATH", "app.pem")];
    let who = desk.run_with(&["whoami"], &variables).success().json();
    assert_eq!(who["source"], json!("AZURE_CLIENT_CERTIFICATE_PATH"));
}

#[test]
fn a_sign_in_service_that_cannot_be_reached_is_a_matter_of_the_network() {
    let desk = Desk::new(everything);
    desk.write("secret.txt", b"cl1ent-secret");
    let done = login(&desk, &["--client-secret-file", "secret.txt", "--authority", NOBODY]).fails_with(6);
    assert!(done.error().contains("gave no answer: could not connect"), "{}", done.error());
}

#[test]
fn a_proof_that_cannot_be_read_is_named() {
    let desk = Desk::new(everything);
    for option in ["--client-secret-file", "--certificate"] {
        let done = login(&desk, &[option, "missing.pem"]).fails_with(4);
        assert!(done.error().contains("missing.pem"), "{}", done.error());
    }
    desk.write("no.pem", b"-----BEGIN NOTHING-----");
    let done = login(&desk, &["--certificate", "no.pem"]).fails_with(4);
    assert!(done.error().contains("PEM"), "{}", done.error());
}

#[test]
fn a_variable_that_comes_before_the_sign_in_is_named() {
    let desk = Desk::new(everything);
    let args = [&["login", "--device-code"][..], &APP].concat();
    let done = desk.run_with(&args, &[("GRAPH_TOKEN", "the-t0ken")]).success();
    assert!(done.err.contains("GRAPH_TOKEN is set, and comes before this sign-in"), "{}", done.err);
    let who = desk.run_with(&["whoami"], &[("GRAPH_TOKEN", &user_token())]).success().json();
    assert_eq!(who["source"], json!("GRAPH_TOKEN"));
    let done = desk.run_with(&["logout"], &[("GRAPH_TOKEN", "the-t0ken")]).success();
    assert!(done.err.contains("GRAPH_TOKEN is set, so that other commands still sign in"), "{}", done.err);
}

#[test]
fn another_tenant_than_that_of_the_sign_in_has_nobody() {
    let desk = Desk::new(everything);
    login(&desk, &["--device-code"]).success();
    let done = desk.run_with(&["whoami", "--tenant", "fabrikam.com"], &[]).fails_with(4);
    assert!(
        done.error().contains("nobody is signed in to app app in tenant fabrikam.com"),
        "{}",
        done.error()
    );
}

#[test]
fn a_test_says_what_works_and_what_does_not() {
    let refusing = Desk::new(|seen, before| match seen.target.contains("/me") {
        true => {
            Answer::json(403, &json!({"error": {"code": "Authorization_RequestDenied", "message": "No."}}))
        }
        false => everything(seen, before),
    });
    let token = user_token();
    let found = refusing.run_with(&["test"], &[("GRAPH_TOKEN", &token)]).fails_with(5).json();
    assert_eq!((&found["works"], &found["failedStep"]), (&json!(false), &json!("call")));
    assert_eq!(found["permissions"], json!(["User.Read", "Mail.Read"]));
    assert!(found["problem"].as_str().is_some_and(|problem| problem.contains("Authorization_RequestDenied")));

    let closed = Desk::new(|_, _| {
        let error = "AADSTS7000215: Invalid client secret cl1ent-secret.";
        Answer::json(401, &json!({"error": "invalid_client", "error_description": error}))
    });
    closed.write("secret.txt", b"cl1ent-secret");
    let found = closed.run_with(&[&["test", "--client-secret-file", "secret.txt"][..], &APP].concat(), &[]);
    let found = found.fails_with(4).json();
    assert_eq!(found["failedStep"], json!("token"));
    assert!(
        found["problem"]
            .as_str()
            .is_some_and(|problem| problem.contains("use the value of the client secret"))
    );

    let opaque = Desk::new(everything).run(&["test"]).success().json();
    assert_eq!((&opaque["works"], &opaque["displayName"]), (&json!(true), &json!("Adele")));
    assert_eq!(opaque["identity"], Value::Null);
}

#[test]
fn what_is_remembered_and_unreadable_is_named() {
    let desk = Desk::new(everything);
    std::fs::create_dir(desk.path("config")).expect("a folder");
    desk.write("config/login.json", b"{");
    let done = desk.run_with(&["whoami"], &[]).fails_with(1);
    assert!(done.error().contains("login.json is not what msgraph login writes"), "{}", done.error());
}

/// Without a session bus there is no key store on Linux.
#[cfg(target_os = "linux")]
#[test]
fn without_a_key_store_a_file_is_used_and_said() {
    let desk = Desk::new(everything);
    let nowhere = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus"), ("GRAPH_TOKEN_STORE", "auto")];
    let args = [&["login", "--device-code"][..], &APP].concat();
    let done = desk.run_with(&args, &nowhere).success();
    assert!(done.err.contains("There is no key store that can be used ("), "{}", done.err);
    assert!(done.err.contains("tokens.json (mode 0600)"), "{}", done.err);
    desk.run_with(&["whoami"], &[]).success();

    let done = desk.run_with(&[&args[..], &["--store", "keyring"]].concat(), &nowhere).fails_with(4);
    assert!(done.err.contains("the system's key store"), "{}", done.err);
}
