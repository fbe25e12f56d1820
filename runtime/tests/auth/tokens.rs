//! How many requests for tokens there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use msgraph_runtime::auth::ClientSecretCredential;
use msgraph_runtime::{Network, TokenCredential, TokenRequest};

use crate::support::script::{Reply, Script};
use crate::support::{DEFAULT, TestClock, application, network_at, text, token};

async fn server_of_numbered_tokens(lifetime: u64) -> Script {
    Script::start(move |_, before| Reply::token(&format!("numb3red-{before}"), lifetime)).await
}

fn credential(server: &Script) -> Arc<ClientSecretCredential> {
    let credential =
        ClientSecretCredential::for_application(application(&server.base, "app"), "numb3red-secret");
    Arc::new(credential.expect("right"))
}

/// A thousand calls at once, each a task of its own; the different tokens that they got.
async fn thousand(credential: &Arc<ClientSecretCredential>, network: &Network) -> Vec<String> {
    let calls = (0..1_000).map(|_| {
        let (credential, network) = (credential.clone(), network.clone());
        tokio::spawn(async move { token(&*credential, &[DEFAULT], &network).await.map(|token| text(&token)) })
    });
    let mut tokens: Vec<String> =
        join_all(calls).await.into_iter().map(|call| call.expect("no panic").expect("a token")).collect();
    tokens.sort();
    tokens.dedup();
    tokens
}

#[tokio::test]
async fn a_thousand_concurrent_calls_make_one_token_request_and_one_more_around_an_expiry() {
    let server = server_of_numbered_tokens(3600).await;
    let clock = TestClock::new();
    let network = network_at(&clock);
    let credential = credential(&server);
    assert_eq!(thousand(&credential, &network).await, ["numb3red-0"]);
    assert_eq!(server.received().len(), 1);

    clock.advance(3600 - 300 - 181);
    assert_eq!(
        thousand(&credential, &network).await,
        ["numb3red-0"],
        "nobody renews it so early, whatever the jitter"
    );
    assert_eq!(server.received().len(), 1);

    // Five minutes before the expiry it is renewed by one, while the others use the old one.
    clock.advance(182);
    assert_eq!(thousand(&credential, &network).await, ["numb3red-0", "numb3red-1"]);
    assert_eq!(server.received().len(), 2);
    assert_eq!(thousand(&credential, &network).await, ["numb3red-1"]);

    // Long after the expiry all wait for one request.
    clock.advance(100_000);
    assert_eq!(thousand(&credential, &network).await, ["numb3red-2"]);
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_thousand_who_wait_for_a_refusal_all_get_it_from_one_request() {
    let server = Script::start(|_, _| Reply::json(400, r#"{"error":"invalid_client"}"#)).await;
    let network = network_at(&TestClock::new());
    let credential = credential(&server);
    let calls = (0..1_000).map(|_| credential.get_token(TokenRequest::new(&[DEFAULT], &network)));
    assert!(join_all(calls).await.iter().all(Result::is_err));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn who_gives_up_does_not_take_the_token_from_the_others() {
    let server = server_of_numbered_tokens(3600).await;
    let network = network_at(&TestClock::new());
    let credential = credential(&server);
    let mut first = credential.get_token(TokenRequest::new(&[DEFAULT], &network));
    let mut second = credential.get_token(TokenRequest::new(&[DEFAULT], &network));
    assert!(futures_util::poll!(&mut first).is_pending() && futures_util::poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(text(&second.await.expect("a token")), "numb3red-0");
    // Nobody is left who waits for this one, so the next begins anew.
    let other = ["https://graph.microsoft.us/.default"];
    let mut alone = credential.get_token(TokenRequest::new(&other, &network));
    assert!(futures_util::poll!(&mut alone).is_pending());
    drop(alone);
    assert!(token(&*credential, &other, &network).await.is_ok());
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_used_as_long_as_it_is_good() {
    let down = Arc::new(AtomicUsize::new(0));
    let state = down.clone();
    let server = Script::start(move |_, before| match state.load(Ordering::SeqCst) {
        0 => Reply::token(&format!("numb3red-{before}"), 3600),
        _ => Reply::json(503, ""),
    })
    .await;
    let clock = TestClock::new();
    let network = network_at(&clock);
    let credential = credential(&server);
    token(&*credential, &[DEFAULT], &network).await.expect("a token");
    down.store(1, Ordering::SeqCst);
    clock.advance(3600 - 200);
    for _ in 0..10 {
        assert_eq!(
            text(&token(&*credential, &[DEFAULT], &network).await.expect("the old one")),
            "numb3red-0"
        );
    }
    assert_eq!(server.received().len(), 2, "the service is left alone for a while");
    clock.advance(31);
    token(&*credential, &[DEFAULT], &network).await.expect("the old one");
    assert_eq!(server.received().len(), 3);
    clock.advance(200);
    assert!(token(&*credential, &[DEFAULT], &network).await.is_err(), "it is not good any more");
}

#[tokio::test]
async fn the_service_can_say_when_to_renew() {
    let server = Script::start(|_, before| {
        let body = format!(r#"{{"token_type":"Bearer","access_token":"numb3red-{before}","expires_in":86400,"refresh_in":43200}}"#);
        Reply::json(200, body)
    })
    .await;
    let clock = TestClock::new();
    let network = network_at(&clock);
    let credential = credential(&server);
    for (advance, number) in [(0, 0), (43_200 - 301, 0), (302, 1)] {
        clock.advance(advance);
        assert_eq!(
            text(&token(&*credential, &[DEFAULT], &network).await.expect("a token")),
            format!("numb3red-{number}")
        );
    }
}

#[tokio::test]
async fn programs_that_start_together_do_not_renew_together() {
    let mut moments = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let server = server_of_numbered_tokens(3600).await;
        let clock = TestClock::new();
        let network = network_at(&clock);
        let credential = credential(&server);
        clock.advance(0);
        token(&*credential, &[DEFAULT], &network).await.expect("a token");
        clock.advance(3600 - 300 - 180);
        let mut waited = 0;
        while server.received().len() == 1 {
            clock.advance(10);
            waited += 10;
            token(&*credential, &[DEFAULT], &network).await.expect("a token");
        }
        assert!(waited <= 190, "{waited}");
        moments.insert(waited);
    }
    assert!(moments.len() > 1, "{moments:?}");
}

#[tokio::test]
async fn each_scope_application_and_authority_has_its_own_token() {
    let server = server_of_numbered_tokens(3600).await;
    let network = network_at(&TestClock::new());
    let one = credential(&server);
    let graph = text(&token(&*one, &[DEFAULT], &network).await.expect("a token"));
    let vault = text(&token(&*one, &["https://vault.azure.net/.default"], &network).await.expect("a token"));
    let other =
        ClientSecretCredential::for_application(application(&server.base, "other"), "numb3red-secret");
    let other = text(&token(&other.expect("right"), &[DEFAULT], &network).await.expect("a token"));
    assert_eq!([graph.as_str(), &vault, &other], ["numb3red-0", "numb3red-1", "numb3red-2"]);
    assert_eq!(text(&token(&*one, &[DEFAULT], &network).await.expect("a token")), graph);
}
