//! What the tests of signing in share.

pub mod clock;
pub mod people;
pub mod provider;
pub mod script;
pub mod transcript;

use std::sync::Arc;

use msgraph_runtime::auth::{Application, AuthError};
use msgraph_runtime::{
    AccessToken, Body, Clock, Error, HyperTransport, Network, SystemRandomness, TokenCredential,
    TokenRequest, Transport,
};
use secrecy::ExposeSecret;

pub use clock::TestClock;
pub use provider::provider;
pub use transcript::seen;

pub const TENANT: &str = "contoso.onmicrosoft.com";
pub const DEFAULT: &str = "https://graph.microsoft.com/.default";

/// The real network and clock.
pub fn network() -> Network {
    transcript::start();
    Network::system().expect("TLS can be set up")
}

/// The real network with a clock that only the test moves.
pub fn network_at(clock: &TestClock) -> Network {
    transcript::start();
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let transport = Arc::new(HyperTransport::builder().no_proxy().build().expect("TLS can be set up"));
    Network::new(transport, clock, Arc::new(SystemRandomness::default()))
}

/// An application whose authority is a server on loopback.
pub fn application(base: &str, client_id: &str) -> Application {
    Application::builder(TENANT, client_id).authority(base).build().expect("a right application")
}

/// Asks a credential for a token.
pub async fn token(
    credential: &dyn TokenCredential,
    scopes: &[&str],
    network: &Network,
) -> Result<AccessToken, Error> {
    let outcome = credential.get_token(TokenRequest::new(scopes, network)).await;
    if let Err(error) = &outcome {
        seen(error);
    }
    outcome
}

/// The token's text.
pub fn text(token: &AccessToken) -> String {
    token.secret().expose_secret().to_owned()
}

/// The sign-in error of a call that must fail.
pub fn auth_error<T: std::fmt::Debug>(outcome: Result<T, Error>) -> AuthError {
    let error = outcome.expect_err("it must fail");
    seen(&error);
    AuthError::of(&error).unwrap_or_else(|| panic!("not a sign-in error: {error}")).clone()
}

/// The real network, on which requests to one URL go to another.
pub fn redirecting(from: &str, to: &str) -> Network {
    transcript::start();
    let (from, to) = (from.to_owned(), to.parse::<http::Uri>().expect("a URL"));
    let inner = Arc::new(HyperTransport::builder().no_proxy().build().expect("TLS can be set up"));
    let transport = move |mut request: http::Request<Body>| {
        let inner = inner.clone();
        assert_eq!(request.uri().to_string(), from);
        *request.uri_mut() = to.clone();
        async move { inner.send(request).await }
    };
    Network::new(Arc::new(transport), Arc::new(TestClock::new()), Arc::new(SystemRandomness::default()))
}

/// What a server answered to a plain request.
pub struct Page {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: String,
}

/// Fetches a page, or posts a form.
pub async fn fetch(url: &url::Url, form: Option<String>, headers: &[(http::HeaderName, String)]) -> Page {
    let mut request = http::Request::builder().uri(url.as_str());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if form.is_some() {
        request = request.method("POST").header("content-type", "application/x-www-form-urlencoded");
    }
    let request = request.body(Body::from(form.unwrap_or_default())).expect("a request");
    let transport = HyperTransport::builder().no_proxy().build().expect("TLS can be set up");
    let (head, body) = transport.send(request).await.expect("an answer").into_parts();
    let body = body.collect(1 << 24).await.expect("a body");
    Page {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}
