//! Users who sign in with the browser of this computer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use msgraph_runtime::auth::{AuthError, BrowserSignIn, TokenClaims, UserCredential};
use msgraph_runtime::{Clock, HyperTransport, Network, SystemRandomness};
use url::Url;

use crate::support::people::Browser;
use crate::support::{application, auth_error, fetch, network, provider, token, transcript};

fn credential(base: &str, sign_in: BrowserSignIn) -> UserCredential {
    transcript::shown(&sign_in);
    UserCredential::builder(application(base, "native"))
        .scopes(["User.Read"])
        .browser(sign_in)
        .expect("right")
}

/// A browser that does as the user would, and then what the test wants with the answer's URL.
fn opening<F>(act: impl Fn(Url) -> F + Clone + Send + Sync + 'static) -> BrowserSignIn
where
    F: Future<Output = ()> + Send + 'static,
{
    // A test whose browser fails does not wait for ever.
    let sign_in = BrowserSignIn::new().timeout(Duration::from_secs(20)).parameter("prompt", "consent");
    sign_in.open_with(move |url| {
        let (url, act) = (url.clone(), act.clone());
        tokio::spawn(async move { act(Browser::default().open(&url).await.expect("it comes back")).await });
        Ok(())
    })
}

/// The network with a clock on which no wait ever ends.
fn never_late() -> Network {
    #[derive(Debug)]
    struct Still;
    impl Clock for Still {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::now()
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }
    transcript::start();
    let transport = HyperTransport::builder().no_proxy().build().expect("TLS can be set up");
    Network::new(Arc::new(transport), Arc::new(Still), Arc::new(SystemRandomness::default()))
}

/// Calls a URL as a browser does.
async fn call(url: Url) -> (u16, String) {
    let page = fetch(&url, None, &[]).await;
    (page.status, page.body)
}

#[tokio::test]
async fn the_listener_gets_the_answer_and_shows_the_page() {
    let Some(provider) = provider() else { return };
    for redirect_uri in ["http://localhost", "http://127.0.0.1/cb"] {
        let (shown, page) = tokio::sync::oneshot::channel();
        let shown = std::sync::Arc::new(std::sync::Mutex::new(Some(shown)));
        let sign_in = opening(move |answer| {
            let shown = shown.lock().expect("fine").take().expect("once");
            async move { shown.send(call(answer).await).expect("the test waits") }
        });
        let sign_in = sign_in.redirect_uri(redirect_uri).page("<p>All done");
        let given = token(&credential(&provider.base, sign_in), &["User.Read"], &network()).await;
        let claims = TokenClaims::read(&given.expect("a token")).expect("a JWT");
        assert_eq!(claims.user_name.as_deref(), Some("adele@contoso.com"));
        assert_eq!(page.await.expect("a page"), (200, "<p>All done".to_owned()));
    }
}

#[tokio::test]
async fn answers_with_another_state_and_other_visitors_do_not_end_the_sign_in() {
    let Some(provider) = provider() else { return };
    let sign_in = opening(|answer: Url| async move {
        let mut favicon = answer.clone();
        favicon.set_path("/favicon.ico");
        assert_eq!(call(favicon).await.0, 404);
        let mut forged = answer.clone();
        forged.set_query(Some("code=stolen&state=forged"));
        assert_eq!(call(forged).await.0, 400);
        let address = format!("127.0.0.1:{}", answer.port().expect("a port"));
        for request in ["nonsense\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", ""] {
            use tokio::io::AsyncWriteExt;
            let mut stream = tokio::net::TcpStream::connect(&address).await.expect("it listens");
            stream.write_all(request.as_bytes()).await.expect("it reads");
        }
        assert_eq!(call(answer).await.0, 200);
    });
    let given = token(&credential(&provider.base, sign_in), &["User.Read"], &network()).await;
    assert!(given.is_ok(), "{given:?}");
}

#[tokio::test]
async fn connections_that_a_browser_opens_and_does_not_use_do_not_hold_up_the_answer() {
    let Some(provider) = provider() else { return };
    let sign_in = opening(|answer: Url| async move {
        let address = format!("127.0.0.1:{}", answer.port().expect("a port"));
        let idle = [
            tokio::net::TcpStream::connect(&address).await.expect("it listens"),
            tokio::net::TcpStream::connect(&address).await.expect("it listens"),
        ];
        assert_eq!(call(answer).await.0, 200);
        drop(idle);
    });
    // Time stands still: nobody's patience with the idle ones ends.
    let network = never_late();
    let given = token(&credential(&provider.base, sign_in), &["User.Read"], &network).await;
    assert!(given.is_ok(), "{given:?}");
}

#[tokio::test]
async fn a_user_who_declines_or_does_nothing_is_an_error() {
    let Some(provider) = provider() else { return };
    let sign_in = opening(|answer| async move {
        let (status, page) = call(answer).await;
        assert!(status == 200 && page.contains("not signed in"), "{page}");
    });
    let declining = sign_in.parameter("login_hint", "declines@contoso.com");
    let error = auth_error(token(&credential(&provider.base, declining), &["User.Read"], &network()).await);
    assert_eq!(error.refusal().map(|refusal| refusal.error()), Some("access_denied"));

    let forging = opening(|mut answer: Url| async move {
        answer.set_query(Some("code=stolen&state=forged"));
        call(answer).await;
    });
    let forging = forging.timeout(Duration::from_secs(6));
    let error = auth_error(token(&credential(&provider.base, forging), &["User.Read"], &network()).await);
    assert!(
        matches!(&error, AuthError::Interaction(problem) if problem.contains("1 answers to other sign-ins")),
        "{error}"
    );
}

#[tokio::test]
async fn a_browser_that_does_not_open_and_a_redirect_uri_that_is_not_loopback_are_errors() {
    let network = network();
    let broken = BrowserSignIn::new().open_with(|_| Err(std::io::Error::other("no display")));
    let error = auth_error(token(&credential("http://127.0.0.1:1", broken), &["User.Read"], &network).await);
    assert!(
        error.to_string().contains("sign in with a device code") && error.to_string().contains("no display"),
        "{error}"
    );
    for redirect_uri in ["https://localhost", "http://app.example", "nonsense", "http://localhost?x"] {
        let wrong = BrowserSignIn::new().redirect_uri(redirect_uri).open_with(|_| Ok(()));
        let error =
            auth_error(token(&credential("http://127.0.0.1:1", wrong), &["User.Read"], &network).await);
        assert!(error.to_string().contains("loopback host"), "{redirect_uri}: {error}");
    }
}
