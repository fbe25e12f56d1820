//! What becomes of tokens when something fails: the cache, the token endpoint, the clock.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use msgraph_runtime::auth::{
    CacheResult, ClientSecretCredential, DeviceCodeSignIn, TokenCache, TokenCacheKey, UserCredential,
};
use msgraph_runtime::{GraphClient, Network, RetryPolicy, TokenRequest};
use secrecy::{ExposeSecret, SecretString};

use crate::support::script::{Reply, Script};
use crate::support::{
    DEFAULT, TestClock, application, auth_error, network, network_at, text, token, transcript,
};

/// A cache that fails as long as it is told to.
#[derive(Clone, Default)]
struct Broken(Arc<State>);

#[derive(Default)]
struct State {
    fails: AtomicBool,
    stores: AtomicUsize,
    token: Mutex<Option<String>>,
}

impl Broken {
    fn fails(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }

    fn kept(&self) -> Option<String> {
        self.0.token.lock().expect("fine").clone()
    }

    fn outcome<T: Send + 'static>(&self, done: impl FnOnce() -> T) -> CacheResult<'static, T> {
        let outcome =
            if self.0.fails.load(Ordering::SeqCst) { Err("the disk is full".into()) } else { Ok(done()) };
        Box::pin(async { outcome })
    }
}

impl TokenCache for Broken {
    fn load<'a>(&'a self, _: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        self.outcome(|| self.kept().map(SecretString::from))
    }

    fn store<'a>(&'a self, _: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        self.0.stores.fetch_add(1, Ordering::SeqCst);
        self.outcome(|| *self.0.token.lock().expect("fine") = Some(token.expose_secret().to_owned()))
    }

    fn remove<'a>(&'a self, _: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        self.outcome(|| *self.0.token.lock().expect("fine") = None)
    }
}

/// An endpoint that takes the newest refresh token only, and gives another for it.
async fn rotating() -> Script {
    Script::start(|request, before| {
        let newest = if before == 0 { "r0tated".to_owned() } else { format!("r0tated-{}", before - 1) };
        if request.field("refresh_token") != Some(newest) {
            return Reply::json(400, r#"{"error":"invalid_grant"}"#);
        }
        let next = format!("r0tated-{before}");
        transcript::secret(&next);
        Reply::json(200, format!(r#"{{"token_type":"Bearer","access_token":"acc3ss-{before}","expires_in":3600,"refresh_token":"{next}"}}"#))
    })
    .await
}

fn user(server: &Script, cache: &Broken) -> UserCredential {
    let builder = UserCredential::builder(application(&server.base, "app")).scopes(["User.Read"]);
    builder.cache(cache.clone()).refresh_token("r0tated").expect("right")
}

async fn given(credential: &dyn msgraph_runtime::TokenCredential, network: &Network) -> String {
    text(&token(credential, &["User.Read"], network).await.expect("a token"))
}

#[tokio::test]
async fn a_refresh_token_that_cannot_be_stored_is_used_from_memory_until_it_is_stored() {
    let (server, cache, clock) = (rotating().await, Broken::default(), TestClock::new());
    let (credential, network) = (user(&server, &cache), network_at(&clock));
    cache.fails(true);
    assert_eq!(given(&credential, &network).await, "acc3ss-0");
    clock.advance(3_600);
    assert_eq!(given(&credential, &network).await, "acc3ss-1", "by the newest one, which no cache has");
    let stores = cache.0.stores.load(Ordering::SeqCst);
    assert_eq!(given(&credential, &network).await, "acc3ss-1");
    assert_eq!(cache.0.stores.load(Ordering::SeqCst), stores, "the cache is left alone for a while");
    cache.fails(false);
    clock.advance(30);
    assert_eq!(given(&credential, &network).await, "acc3ss-1");
    assert_eq!(cache.kept().as_deref(), Some("r0tated-1"), "stored without another token request");
    assert_eq!(server.received().len(), 2);
    clock.advance(3_600);
    assert_eq!(given(&credential, &network).await, "acc3ss-2");
    assert_eq!(cache.kept().as_deref(), Some("r0tated-2"));
}

#[tokio::test]
async fn a_cache_that_cannot_be_read_matters_only_where_no_refresh_token_is_known() {
    let (server, cache, network) = (rotating().await, Broken::default(), network());
    cache.fails(true);
    let builder = UserCredential::builder(application(&server.base, "app")).scopes(["User.Read"]);
    let nobody = builder.cache(cache.clone()).from_cache().expect("right");
    let error = auth_error(token(&nobody, &["User.Read"], &network).await).to_string();
    assert!(error.contains("the disk is full"), "{error}");
    assert_eq!(given(&user(&server, &cache), &network).await, "acc3ss-0");
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_is_refused_with_the_services_reason_though_the_cache_fails() {
    let server = Script::start(|_, _| Reply::json(400, r#"{"error":"invalid_grant"}"#)).await;
    let (cache, network) = (Broken::default(), network());
    cache.fails(true);
    let error = auth_error(token(&user(&server, &cache), &["User.Read"], &network).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_grant"), "{error}");
}

fn secret(server: &Script) -> ClientSecretCredential {
    ClientSecretCredential::for_application(application(&server.base, "app"), "f4ults-secret").expect("right")
}

/// What a token endpoint answers, and how long the token then lives.
async fn lifetime_of(body: &'static str) -> i64 {
    let server = Script::start(move |_, _| Reply::json(200, body)).await;
    let clock = TestClock::new();
    let network = network_at(&clock);
    let now = msgraph_runtime::Clock::now(&clock);
    let token =
        token(&secret(&server), &[DEFAULT], &network).await.unwrap_or_else(|error| panic!("{body}: {error}"));
    token.expiry().expect("it is known").duration_since(now).as_secs()
}

#[tokio::test]
async fn lifetimes_are_read_in_every_spelling() {
    for (body, seconds) in [
        (r#"{"token_type":"Bearer","access_token":"sp3lled","expires_in":"3599"}"#, 3599),
        (r#"{"token_type":"Bearer","access_token":"sp3lled","expires_in":3599.0}"#, 3599),
        (r#"{"token_type":"Bearer","access_token":"sp3lled","expires_in":" 3599.5 "}"#, 3599),
        (r#"{"token_type":"bearer","access_token":"sp3lled","expires_in":3599,"refresh_in":"1800"}"#, 3599),
        (r#"{"token_type":"BEARER","access_token":"sp3lled","expires_in":3599,"refresh_in":1800.0}"#, 3599),
        (r#"{"token_type":"Bearer","access_token":"sp3lled","expires_in":null}"#, 3600),
        (r#"{"token_type":"Bearer","access_token":"sp3lled","expires_in":""}"#, 3600),
        (r#"{"token_type":"Bearer","access_token":"sp3lled"}"#, 3600),
        ("\u{feff}{\"token_type\":\"Bearer\",\"access_token\":\"sp3lled\",\"expires_in\":3599}", 3599),
    ] {
        assert_eq!(lifetime_of(body).await, seconds, "{body}");
    }
}

#[tokio::test]
async fn a_time_of_expiry_stands_for_a_lifetime_that_is_missing() {
    let server = Script::start(|_, _| {
        let on = jiff::Timestamp::now().as_second() + 1_000;
        Reply::json(200, format!(r#"{{"token_type":"Bearer","access_token":"sp3lled","expires_on":"{on}"}}"#))
    })
    .await;
    let given = token(&secret(&server), &[DEFAULT], &network()).await.expect("a token");
    let left = given.expiry().expect("known").duration_since(jiff::Timestamp::now()).as_secs();
    assert!((900..=1_001).contains(&left), "{left}");
}

#[tokio::test]
async fn an_error_that_claims_to_be_a_success_is_never_a_token() {
    for body in [
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: no"}"#,
        r#"{"error":"invalid_client","access_token":"tr4p","token_type":"Bearer"}"#,
    ] {
        let server = Script::start(move |_, _| Reply::json(200, body)).await;
        let error = auth_error(token(&secret(&server), &[DEFAULT], &network()).await);
        assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_client"), "{error}");
    }
}

#[tokio::test]
async fn a_renewal_that_fails_in_any_way_leaves_the_good_token_in_use() {
    for (status, body) in [
        (503, ""),
        (429, ""),
        (400, r#"{"error":"invalid_request"}"#),
        (400, r#"{"error":"invalid_client"}"#),
        (200, "<html>"),
        (200, "{}"),
        (200, r#"{"error":"invalid_client"}"#),
    ] {
        let server = Script::start(move |_, before| match before {
            0 => Reply::json(
                200,
                r#"{"token_type":"Bearer","access_token":"g00d-0","expires_in":3600,"refresh_in":1800}"#,
            ),
            2.. => Reply::token("g00d-1", 3600),
            _ => Reply::json(status, body),
        })
        .await;
        let clock = TestClock::new();
        let (credential, network) = (secret(&server), network_at(&clock));
        for (advance, expected, requests) in
            [(0, "g00d-0", 1), (1_801, "g00d-0", 2), (20, "g00d-0", 2), (11, "g00d-1", 3)]
        {
            clock.advance(advance);
            let given = text(&token(&credential, &[DEFAULT], &network).await.expect("a token"));
            assert_eq!((given.as_str(), server.received().len()), (expected, requests), "{status} {body}");
        }
    }
}

#[tokio::test]
async fn a_renewal_whose_connection_breaks_leaves_the_good_token_in_use() {
    let credential =
        ClientSecretCredential::for_application(application("https://auth.example", "app"), "f4ults-secret");
    let (credential, clock) = (credential.expect("right"), TestClock::new());
    let count = AtomicUsize::new(0);
    let transport = move |_: http::Request<msgraph_runtime::Body>| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number > 0 {
                return Err(msgraph_runtime::TransportError::new(msgraph_runtime::Phase::Exchange, "reset"));
            }
            let body = r#"{"token_type":"Bearer","access_token":"g00d-0","expires_in":3600}"#;
            let mut response = http::Response::new(msgraph_runtime::Body::from(body));
            response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
            Ok(response)
        }
    };
    let network = Network::new(
        Arc::new(transport),
        Arc::new(clock.clone()),
        Arc::new(msgraph_runtime::SystemRandomness::default()),
    );
    for advance in [0, 3_400] {
        clock.advance(advance);
        assert_eq!(text(&token(&credential, &[DEFAULT], &network).await.expect("a token")), "g00d-0");
    }
}

#[tokio::test]
async fn a_thousand_calls_that_try_again_make_a_handful_of_token_requests() {
    let server = Script::start(|_, _| Reply::json(500, "")).await;
    let (credential, clock) = (Arc::new(secret(&server)), TestClock::new());
    let network = network_at(&clock);
    let calls = (0..1_000).map(|_| {
        let (credential, network) = (credential.clone(), network.clone());
        tokio::spawn(async move {
            for _ in 0..4 {
                assert!(token(&*credential, &[DEFAULT], &network).await.is_err());
            }
        })
    });
    join_all(calls).await.into_iter().for_each(|call| call.expect("no panic"));
    assert!(server.received().len() <= 5, "{}", server.received().len());
    let slept = clock.slept();
    assert!(
        slept.len() >= 3 && slept[..2] == [1, 2] && slept.iter().all(|seconds| *seconds <= 5),
        "{slept:?}"
    );
}

#[tokio::test]
async fn a_refusal_for_good_is_remembered_for_seconds() {
    let server = Script::start(|_, before| match before {
        0 => Reply::json(401, r#"{"error":"invalid_client"}"#),
        _ => Reply::token("m3nded", 3600),
    })
    .await;
    let (credential, clock) = (secret(&server), TestClock::new());
    let network = network_at(&clock);
    for _ in 0..100 {
        let error = auth_error(token(&credential, &[DEFAULT], &network).await);
        assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("invalid_client"));
    }
    assert_eq!(server.received().len(), 1);
    clock.advance(5);
    assert_eq!(text(&token(&credential, &[DEFAULT], &network).await.expect("a token")), "m3nded");
}

#[tokio::test]
async fn a_service_that_asks_for_a_year_gets_an_hour_and_is_left_alone_meanwhile() {
    let server = Script::start(|_, _| Reply::json(429, "").header("retry-after", "31536000")).await;
    let (credential, clock) = (secret(&server), TestClock::new());
    let network = network_at(&clock);
    for _ in 0..3 {
        let error = auth_error(token(&credential, &[DEFAULT], &network).await);
        let wait = error.refusal().and_then(|refusal| refusal.retry_after()).expect("a time");
        assert_eq!(wait.as_secs(), 3_600);
    }
    assert_eq!((server.received().len(), clock.slept()), (1, Vec::new()));
}

#[tokio::test]
async fn a_call_ends_in_its_time_whatever_the_token_endpoint_asks_for() {
    let server = Script::start(|_, _| Reply::json(503, "").header("retry-after", "31536000")).await;
    let builder =
        GraphClient::builder().credential(secret(&server)).base_url(&format!("{}/v1.0", server.base));
    let builder =
        builder.scopes([DEFAULT]).retry(RetryPolicy::default().total(std::time::Duration::from_secs(2)));
    let report = builder.build().expect("right").test_connection().await;
    assert!(report.failure.is_some());
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_token_of_a_clock_that_was_set_back_is_renewed() {
    let server = Script::start(|_, before| Reply::token(&format!("cl0ck-{before}"), 3600)).await;
    let (credential, clock) = (secret(&server), TestClock::new());
    let network = network_at(&clock);
    clock.advance(7_200);
    assert_eq!(text(&token(&credential, &[DEFAULT], &network).await.expect("a token")), "cl0ck-0");
    clock.advance(-7_200);
    assert_eq!(text(&token(&credential, &[DEFAULT], &network).await.expect("a token")), "cl0ck-1");
    assert_eq!(text(&token(&credential, &[DEFAULT], &network).await.expect("a token")), "cl0ck-1");
}

#[tokio::test]
async fn who_is_dropped_while_all_wait_after_a_failure_leaves_the_others_their_token() {
    let server = Script::start(|_, before| match before {
        0 => Reply::json(503, ""),
        _ => Reply::token("shar3d", 3600),
    })
    .await;
    let (credential, network) = (secret(&server), network_at(&TestClock::slow()));
    assert!(token(&credential, &[DEFAULT], &network).await.is_err());
    let ask =
        || msgraph_runtime::TokenCredential::get_token(&credential, TokenRequest::new(&[DEFAULT], &network));
    let (mut first, mut second) = (ask(), ask());
    assert!(futures_util::poll!(&mut first).is_pending() && futures_util::poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(text(&second.await.expect("a token")), "shar3d");
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn times_of_a_device_code_are_read_as_text_and_kept_within_reason() {
    for (interval, slept) in [(r#""3""#, 3), ("0", 1), ("31536000", 300), ("2.0", 2)] {
        let server = Script::start(move |request, before| match before {
            0 => Reply::json(200, format!(
                r#"{{"device_code":"d3vice-code","user_code":"A","verification_uri":"https://login.example/d","expires_in":"900","interval":{interval},"message":"Enter A."}}"#
            )),
            1 => {
                assert_eq!(request.field("device_code").as_deref(), Some("d3vice-code"));
                Reply::json(400, r#"{"error":"authorization_pending"}"#)
            }
            _ => Reply::token("d3vice-token", 3600),
        })
        .await;
        let clock = TestClock::new();
        let builder = UserCredential::builder(application(&server.base, "app")).scopes(["User.Read"]);
        let credential = builder.device_code(DeviceCodeSignIn::new(|_| {})).expect("right");
        assert_eq!(given(&credential, &network_at(&clock)).await, "d3vice-token");
        assert!(clock.slept().iter().all(|seconds| *seconds == slept), "{interval}: {:?}", clock.slept());
    }
}
