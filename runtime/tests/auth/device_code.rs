//! Users who sign in on another device.

use std::sync::{Arc, Mutex};

use msgraph_runtime::auth::{AuthError, DeviceCodePrompt, DeviceCodeSignIn, UserCredential};
use url::Url;

use crate::support::people::Browser;
use crate::support::script::{Reply, Script};
use crate::support::{
    TestClock, application, auth_error, network_at, provider, seen, text, token, transcript,
};

/// A user who does something when told the code.
fn user(base: &str, client_id: &str, act: impl Fn(Url) + Send + Sync + 'static) -> UserCredential {
    let sign_in = DeviceCodeSignIn::new(move |prompt: &DeviceCodePrompt| {
        assert!(
            prompt.message.contains(&prompt.user_code) && prompt.message.contains(&prompt.verification_uri)
        );
        act(prompt.verification_uri_complete.as_deref().expect("a page").parse().expect("a URL"));
    });
    transcript::shown(&sign_in);
    UserCredential::builder(application(base, client_id))
        .scopes(["User.Read"])
        .device_code(sign_in)
        .expect("right")
}

#[tokio::test]
async fn a_code_that_is_entered_signs_the_user_in() {
    let Some(provider) = provider() else { return };
    let clock = TestClock::slow();
    let network = network_at(&clock);
    let credential = user(&provider.base, "native", |page| {
        tokio::spawn(async move {
            Browser::default().enter(&page, true).await.expect_err("it ends on a page of the provider");
        });
    });
    let given = token(&credential, &["User.Read"], &network).await.expect("a token");
    assert!(!text(&given).is_empty());
    assert!(clock.slept().iter().all(|seconds| *seconds == 5), "the interval of RFC 8628 where none is said");
    let pending = provider.log().await.iter().filter(|request| request.status == 400).count();
    assert!(pending >= 1, "it was asked before the user was done");
}

#[tokio::test]
async fn a_user_who_declines_ends_the_waiting() {
    let Some(provider) = provider() else { return };
    let network = network_at(&TestClock::slow());
    let credential = user(&provider.base, "native", |page| {
        tokio::spawn(async move {
            let _ = Browser::default().enter(&page, false).await;
        });
    });
    let error = auth_error(token(&credential, &["User.Read"], &network).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("access_denied"), "{error}");
    assert!(error.to_string().contains("What to do: "), "{error}");
}

#[tokio::test]
async fn a_code_that_has_expired_at_the_provider_ends_the_waiting() {
    let Some(provider) = provider() else { return };
    let network = network_at(&TestClock::new());
    let credential =
        user(&provider.base, "hasty", |_| std::thread::sleep(std::time::Duration::from_millis(2100)));
    let error = auth_error(token(&credential, &["User.Read"], &network).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("expired_token"), "{error}");
    assert!(error.to_string().contains("start again"), "{error}");
}

const CODE: &str = r#"{"device_code":"d3vice-code","user_code":"ABCD","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":7,"message":"Open https://microsoft.com/devicelogin and enter ABCD."}"#;

fn scripted(base: &str) -> (UserCredential, Arc<Mutex<Vec<DeviceCodePrompt>>>) {
    transcript::secret("d3vice-code");
    let prompts: Arc<Mutex<Vec<DeviceCodePrompt>>> = Arc::default();
    let told = prompts.clone();
    let sign_in = DeviceCodeSignIn::new(move |prompt| told.lock().expect("fine").push(prompt.clone()));
    let builder = UserCredential::builder(application(base, "app")).scopes(["User.Read"]);
    (builder.device_code(sign_in).expect("right"), prompts)
}

fn pending(error: &str) -> Reply {
    Reply::json(
        400,
        format!(r#"{{"error":"{error}","error_description":"AADSTS70016: Pending.","error_codes":[70016]}}"#),
    )
}

#[tokio::test]
async fn interval_and_slow_down_are_honoured_and_the_services_message_is_handed_over() {
    let server = Script::start(|request, before| match before {
        _ if request.path.ends_with("/devicecode") => Reply::json(200, CODE),
        1 => pending("authorization_pending"),
        2 => pending("slow_down"),
        3 => pending("authorization_pending"),
        _ => Reply::token("d3vice-access", 3600),
    })
    .await;
    let clock = TestClock::new();
    let (credential, prompts) = scripted(&server.base);
    let given = token(&credential, &["User.Read"], &network_at(&clock)).await.expect("a token");
    assert_eq!(text(&given), "d3vice-access");
    assert_eq!(clock.slept(), [7, 12, 12], "five seconds more after slow_down");
    let prompts = prompts.lock().expect("fine");
    assert_eq!(prompts[0].message, "Open https://microsoft.com/devicelogin and enter ABCD.");
    assert_eq!((prompts[0].user_code.as_str(), prompts[0].expires_in.as_secs()), ("ABCD", 900));
}

#[tokio::test]
async fn nobody_waits_longer_than_the_code_lives() {
    let server = Script::start(|request, _| match request.path.ends_with("/devicecode") {
        true => Reply::json(200, CODE),
        false => pending("authorization_pending"),
    })
    .await;
    let clock = TestClock::new();
    let (credential, _) = scripted(&server.base);
    let error = auth_error(token(&credential, &["User.Read"], &network_at(&clock)).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("expired_token"), "{error}");
    let slept: u64 = clock.slept().iter().sum();
    assert!((900..=907).contains(&slept), "{slept}");
}

#[tokio::test]
async fn a_hostile_answer_neither_hangs_nor_floods() {
    for (code, part) in [
        (
            r#"{"device_code":"d3vice-code","user_code":"A","verification_uri":"https://x.example","expires_in":60,"interval":0}"#,
            "expired_token",
        ),
        (
            r#"{"device_code":"d3vice-code","user_code":"A","verification_uri":"https://x.example","expires_in":18446744073709551615,"interval":18446744073709551615}"#,
            "expired_token",
        ),
        (
            r#"{"device_code":"d3vice-code","user_code":"A","verification_uri":"no URL","expires_in":60}"#,
            "verification_uri",
        ),
        (r#"{"user_code":"A"}"#, "missing field"),
        ("[]", "cannot be used"),
    ] {
        let server = Script::start(move |request, _| match request.path.ends_with("/devicecode") {
            true => Reply::json(200, code),
            false => pending("authorization_pending"),
        })
        .await;
        let (credential, _) = scripted(&server.base);
        let clock = TestClock::new();
        let error = token(&credential, &["User.Read"], &network_at(&clock)).await.expect_err("hostile");
        seen(&error);
        assert!(error.to_string().contains(part), "{code}: {error}");
        assert!(AuthError::of(&error).is_some());
        assert!(server.received().len() < 400 && clock.slept().iter().all(|seconds| *seconds >= 1));
    }
}
