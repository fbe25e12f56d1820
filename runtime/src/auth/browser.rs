//! Sign-in with the browser of this computer: a listener on loopback gets the answer
//! ([RFC 8252, section 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, Either, pending, select};
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::authorization_code::{AuthorizationAnswer, AuthorizationCodeFlow, AuthorizationRequest};
use super::error::AuthError;
use super::exchange::{Exchange, Granted};
use super::user::SignIn;
use crate::client::is_loopback;

/// The most of a request that is read: its first line holds the code.
const LIMIT: usize = 16 * 1024;

/// How long a connection may take to send its request. Browsers open some that they never use.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many connections are open at once.
const VISITS: usize = 64;

/// What the browser shows when it is done.
const DONE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Signed in</title><p>You are signed in and can close this page.";
const DECLINED: &str = "<!doctype html><meta charset=\"utf-8\"><title>Not signed in</title><p>You are not signed in. The program says why; you can close this page.";
const FOREIGN: &str = "<!doctype html><meta charset=\"utf-8\"><title>Not expected</title><p>This is not the answer to the sign-in that is waited for.";

type Open = dyn Fn(&Url) -> io::Result<()> + Send + Sync;

/// Signs a user in with the browser of this computer.
#[derive(Clone)]
pub struct BrowserSignIn {
    redirect_uri: String,
    open: Arc<Open>,
    timeout: Duration,
    page: String,
    parameters: Vec<(String, String)>,
}

impl Default for BrowserSignIn {
    fn default() -> Self {
        Self::new()
    }
}

impl BrowserSignIn {
    /// Opens the system's browser, and waits five minutes for the answer at `http://localhost` and a port that is
    /// free: the app registration needs the redirect URI `http://localhost` for mobile and desktop applications.
    pub fn new() -> Self {
        Self {
            redirect_uri: "http://localhost".to_owned(),
            open: Arc::new(|url| open::that_detached(url.as_str())),
            timeout: Duration::from_secs(300),
            page: DONE.to_owned(),
            parameters: Vec::new(),
        }
    }

    /// The redirect URI as it is registered: `http` and a loopback host, with or without a port and path.
    #[must_use]
    pub fn redirect_uri(self, redirect_uri: &str) -> Self {
        Self { redirect_uri: redirect_uri.to_owned(), ..self }
    }

    /// Opens the browser in another way.
    #[must_use]
    pub fn open_with(self, open: impl Fn(&Url) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self { open: Arc::new(open), ..self }
    }

    /// How long the user may take.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The HTML that the browser shows at the end.
    #[must_use]
    pub fn page(self, html: &str) -> Self {
        Self { page: html.to_owned(), ..self }
    }

    /// Adds a parameter to the authorization URL, such as `prompt`, `login_hint` or `domain_hint`.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    async fn run(&self, exchange: &Exchange<'_>, scopes: &[String]) -> Result<Granted, AuthError> {
        let (listeners, redirect_uri) = self.listen().await?;
        // A registered URI without path is not equal to one with the path "/".
        let own_path = self.redirect_uri.matches('/').count() > 2;
        let text = if own_path { redirect_uri.as_str() } else { redirect_uri.as_str().trim_end_matches('/') };
        let mut flow = AuthorizationCodeFlow::new(exchange.application.clone(), text)?;
        for (name, value) in &self.parameters {
            flow = flow.parameter(name, value);
        }
        let claims = exchange.extra().find(|(name, _)| *name == "claims").map(|(_, claims)| claims);
        let request = flow.request(exchange.endpoints.authorize.clone(), scopes, claims)?;
        if let Err(error) = (self.open)(request.url()) {
            return Err(AuthError::source(
                "the browser cannot be opened: sign in with a device code, or open the URL in another way",
                error,
            ));
        }
        let answer = self.wait(&listeners, &redirect_uri, &request, exchange).await?;
        flow.exchange(exchange, &request, answer, scopes).await
    }

    /// Listens at the redirect URI, and says which port it is.
    async fn listen(&self) -> Result<(Vec<TcpListener>, Url), AuthError> {
        let wrong = || {
            let redirect_uri = &self.redirect_uri;
            AuthError::configuration(format!(
                "the redirect URI {redirect_uri:?} must be http:// and a loopback host, such as http://localhost"
            ))
        };
        let mut url = Url::parse(&self.redirect_uri).map_err(|_| wrong())?;
        if url.scheme() != "http" || !is_loopback(&url) || url.query().is_some() {
            return Err(wrong());
        }
        let failed = |error| AuthError::source("no port of this computer can be listened at", error);
        let port = url.port().unwrap_or(0);
        let mut listeners = Vec::new();
        // A browser takes "localhost" for either address.
        if url.host_str() != Some("[::1]") {
            listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?);
        }
        let port =
            listeners.first().and_then(|listener| listener.local_addr().ok()).map_or(port, |own| own.port());
        if url.host_str() != Some("127.0.0.1") {
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(listener) => listeners.push(listener),
                Err(error) if listeners.is_empty() => return Err(failed(error)),
                Err(_) => {}
            }
        }
        let port = listeners[0].local_addr().map_err(failed)?.port();
        url.set_port(Some(port)).map_err(|()| wrong())?;
        Ok((listeners, url))
    }

    /// Waits for the answer that belongs to the request. What else knocks is turned away, so that no web page
    /// can end the sign-in.
    async fn wait(
        &self,
        listeners: &[TcpListener],
        redirect_uri: &Url,
        request: &AuthorizationRequest,
        exchange: &Exchange<'_>,
    ) -> Result<AuthorizationAnswer, AuthError> {
        let clock = exchange.network.clock();
        let mut foreign = 0_u32;
        let answer = Box::pin(async {
            // Side by side, as browsers open connections that they never use.
            let mut visits = FuturesUnordered::new();
            loop {
                let is_full = visits.len() >= VISITS;
                let knock = async { if is_full { pending().await } else { accept(listeners).await } };
                let leave = async {
                    match visits.next().await {
                        Some(visit) => visit,
                        None => pending().await,
                    }
                };
                let step = match select(pin!(knock), pin!(leave)).await {
                    Either::Left((stream, _)) => Either::Left(stream),
                    Either::Right((visit, _)) => Either::Right(visit),
                };
                match step {
                    Either::Left(None) | Either::Right(Visit::Other) => {}
                    Either::Right(Visit::Foreign) => foreign += 1,
                    Either::Right(Visit::Answer(answer)) => return *answer,
                    Either::Left(Some(stream)) => visits.push(async move {
                        let visit = pin!(self.visit(stream, redirect_uri, request));
                        match select(visit, clock.sleep(PATIENCE)).await {
                            Either::Left((visit, _)) => visit,
                            Either::Right(_) => Visit::Other,
                        }
                    }),
                }
            }
        });
        match select(answer, clock.sleep(self.timeout)).await {
            Either::Left((answer, _)) => return Ok(answer),
            Either::Right(((), answer)) => drop(answer),
        }
        let turned_away = if foreign == 0 {
            String::new()
        } else {
            format!(" ({foreign} answers to other sign-ins were turned away)")
        };
        Err(AuthError::Interaction(format!(
            "nobody signed in within {} seconds{turned_away}: try again",
            self.timeout.as_secs()
        )))
    }

    /// Reads one request and answers it.
    async fn visit(
        &self,
        mut stream: TcpStream,
        redirect_uri: &Url,
        request: &AuthorizationRequest,
    ) -> Visit {
        let target = match read_target(&mut stream).await {
            Ok(Some(target)) => target,
            Ok(None) => {
                respond(&mut stream, "400 Bad Request", FOREIGN).await;
                return Visit::Other;
            }
            Err(_) => return Visit::Other,
        };
        let url = redirect_uri.join(&target).ok().filter(|url| url.path() == redirect_uri.path());
        let Some(url) = url.filter(|url| url.origin() == redirect_uri.origin()) else {
            respond(&mut stream, "404 Not Found", FOREIGN).await;
            return Visit::Other;
        };
        match AuthorizationAnswer::parse(url.as_str()) {
            Ok(answer) if answer.check_state(request.state()).is_ok() => {
                respond(&mut stream, "200 OK", if answer.is_refusal() { DECLINED } else { &self.page }).await;
                Visit::Answer(Box::new(answer))
            }
            _ => {
                respond(&mut stream, "400 Bad Request", FOREIGN).await;
                Visit::Foreign
            }
        }
    }
}

/// What a connection turned out to be.
enum Visit {
    Answer(Box<AuthorizationAnswer>),
    /// An answer with another state.
    Foreign,
    /// A favicon, a scanner, half a request.
    Other,
}

async fn accept(listeners: &[TcpListener]) -> Option<TcpStream> {
    let connections = listeners.iter().map(|listener| Box::pin(listener.accept()));
    let (connection, ..) = futures_util::future::select_all(connections).await;
    connection.ok().map(|(stream, _)| stream)
}

/// The target of a `GET` request; `None` if it is something else. All of the head is read, as closing a
/// connection with unread bytes would cut off the answer.
async fn read_target(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::with_capacity(2048);
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&head) {
            Ok(httparse::Status::Complete(_)) => {
                let target =
                    request.path.filter(|path| path.starts_with('/') && request.method == Some("GET"));
                return Ok(target.map(str::to_owned));
            }
            Ok(httparse::Status::Partial) if head.len() < LIMIT => {}
            _ => return Ok(None),
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
}

/// Answers and closes. A browser that has gone away does not matter.
async fn respond(stream: &mut TcpStream, status: &str, page: &str) {
    let length = page.len();
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n{page}"
    );
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}

impl SignIn for BrowserSignIn {
    fn sign_in<'a>(
        &'a self,
        exchange: &'a Exchange<'a>,
        scopes: &'a [String],
    ) -> BoxFuture<'a, Result<Granted, AuthError>> {
        Box::pin(self.run(exchange, scopes))
    }
}

impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrowserSignIn({})", self.redirect_uri)
    }
}
