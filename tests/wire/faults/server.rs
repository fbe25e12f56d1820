//! A small service on three hosts of loopback, over TLS, that does to each request what its fault says, and
//! remembers what came and what it did.

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::service::{Given, Service};

/// What is done to a request, once for each that is not the same, or as often as [`Fault::times`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    ResetBeforeBody,
    ResetInBody,
    ResetAfterBody,
    StallBeforeAnswer,
    StallInAnswer,
    ResetInAnswer,
    ResetAfterAnswer,
    LengthTooLong,
    SlowDrip,
    ThrottlingStorm,
    UnavailableForASecond,
    BurstOf(u16),
    RedirectElsewhere,
    /// 200 with nothing but an error object, in place of JSON; nothing is done.
    ErrorInSuccess,
    /// Half of the JSON, with the length of that.
    Truncated,
    /// A success without its JSON.
    Empty,
    /// A slice is answered by `{}`.
    WithoutProof,
}

impl Fault {
    pub const ALL: [Self; 19] = [
        Self::ResetBeforeBody,
        Self::ResetInBody,
        Self::ResetAfterBody,
        Self::StallBeforeAnswer,
        Self::StallInAnswer,
        Self::ResetInAnswer,
        Self::ResetAfterAnswer,
        Self::LengthTooLong,
        Self::SlowDrip,
        Self::ThrottlingStorm,
        Self::UnavailableForASecond,
        Self::BurstOf(500),
        Self::BurstOf(502),
        Self::BurstOf(504),
        Self::RedirectElsewhere,
        Self::ErrorInSuccess,
        Self::Truncated,
        Self::Empty,
        Self::WithoutProof,
    ];

    fn times(self) -> u32 {
        match self {
            Self::ThrottlingStorm => 3,
            Self::BurstOf(_) => 2,
            _ => 1,
        }
    }

    /// How long a try may be without progress: not long where that is the fault.
    pub fn patience(self) -> Duration {
        match self {
            Self::StallBeforeAnswer | Self::StallInAnswer => Duration::from_secs(3),
            _ => Duration::from_secs(20),
        }
    }

    /// Whether it is something about JSON, which content is not.
    pub fn is_of_json(self) -> bool {
        matches!(self, Self::ErrorInSuccess | Self::Truncated | Self::Empty | Self::WithoutProof)
    }

    /// Whether also what must not be sent twice succeeds in the end: the service is slow, or says that it did nothing.
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::SlowDrip | Self::ThrottlingStorm | Self::UnavailableForASecond)
    }
}

/// Which of the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The client's own.
    Graph,
    /// Where content is, and goes to, by links that hold their permission.
    Files,
    /// Where nothing should be led to.
    Elsewhere,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub host: Host,
    pub method: Method,
    pub has_token: bool,
    /// What was done to it.
    pub fault: Option<Fault>,
}

/// The service and what it remembers.
pub struct World {
    pub fault: Fault,
    hosts: [SocketAddr; 3],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    service: Service,
    seen: Vec<Seen>,
    /// How often a fault was done to a request.
    faults: HashMap<String, u32>,
}

type Failure = Box<dyn Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, Failure>>;

impl Seen {
    /// Whether the service said that it did nothing.
    pub fn was_refused(&self) -> bool {
        matches!(self.fault, Some(Fault::ThrottlingStorm | Fault::UnavailableForASecond))
    }
}

impl World {
    pub async fn start(fault: Fault, tls: Arc<ServerConfig>) -> Arc<Self> {
        let mut listeners = Vec::new();
        for _ in 0..3 {
            listeners.push(TcpListener::bind("127.0.0.1:0").await.expect("a port is free"));
        }
        let address = |at: usize| listeners[at].local_addr().expect("the listener is bound");
        let hosts = [address(0), address(1), address(2)];
        let world = Arc::new(Self { fault, hosts, state: Mutex::default() });
        for (listener, host) in listeners.into_iter().zip([Host::Graph, Host::Files, Host::Elsewhere]) {
            tokio::spawn(world.clone().accept(listener, host, TlsAcceptor::from(tls.clone())));
        }
        world
    }

    pub fn url(&self, host: Host) -> String {
        format!("https://localhost:{}", self.hosts[host as usize].port())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// What the service has done, by what was asked for.
    pub fn done(&self) -> HashMap<String, u32> {
        self.state().service.done.clone()
    }

    pub fn uploaded(&self) -> Vec<u8> {
        self.state().service.uploaded.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }

    async fn accept(self: Arc<Self>, listener: TcpListener, host: Host, tls: TlsAcceptor) {
        while let Ok((connection, _)) = listener.accept().await {
            let (world, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                let Ok(connection) = tls.accept(connection).await else { return };
                let service = service_fn(move |request| world.clone().answer(host, request));
                let http = auto::Builder::new(TokioExecutor::new());
                // A connection that a fault has cut ends with an error.
                let _ = http.serve_connection(TokioIo::new(connection), service).await;
            });
        }
    }

    async fn answer(self: Arc<Self>, host: Host, request: Request<Incoming>) -> Result<Answer, Failure> {
        let (head, mut body) = request.into_parts();
        let fault = self.admit(host, &head);
        let reset = || Err(Failure::from("the fault resets the connection"));
        match fault {
            Some(Fault::ResetBeforeBody) => return reset(),
            Some(Fault::ThrottlingStorm) => return Ok(told_to_wait(429)),
            Some(Fault::UnavailableForASecond) => return Ok(told_to_wait(503)),
            Some(Fault::ErrorInSuccess) => {
                return Ok(plain(200, Bytes::from_static(br#"{"error":{"code":"generalException"}}"#)));
            }
            Some(Fault::BurstOf(status)) => return Ok(plain(status, Bytes::new())),
            Some(Fault::RedirectElsewhere) => {
                let mut answer = plain(302, Bytes::new());
                let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
                let location = self.url(Host::Elsewhere) + path;
                answer.headers_mut().insert(LOCATION, location.parse().expect("a URL is a value"));
                return Ok(answer);
            }
            Some(Fault::ResetInBody) => {
                if let Some(Ok(frame)) = body.frame().await
                    && let Ok(data) = frame.into_data()
                {
                    self.state().service.take_beginning(&head, &data);
                }
                return reset();
            }
            _ => {}
        }
        let body = body.into_data_stream().try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        });
        let body = body.await?;
        let given = self.state().service.give(&head, &body, &self.url(Host::Graph), &self.url(Host::Files));
        match fault {
            Some(Fault::ResetAfterBody) => reset(),
            Some(Fault::StallBeforeAnswer) => std::future::pending().await,
            fault => Ok(spoiled(given, fault)),
        }
    }

    /// Remembers a request, and says what is to be done to it.
    fn admit(&self, host: Host, head: &http::request::Parts) -> Option<Fault> {
        let mut state = self.state();
        let range = head.headers.get(CONTENT_RANGE);
        let key = format!("{host:?} {} {} {range:?}", head.method, head.uri);
        let path = head.uri.path();
        let is_spared = path.ends_with("createUploadSession")
            || (self.fault.is_of_json() && (path.ends_with("/content") || path == "/file"))
            || (self.fault == Fault::WithoutProof && head.method != Method::PUT);
        let times = state.faults.entry(key).or_default();
        let fault =
            Some(self.fault).filter(|fault| *times < fault.times() && host != Host::Elsewhere && !is_spared);
        *times += 1;
        state.seen.push(Seen {
            host,
            method: head.method.clone(),
            has_token: head.headers.contains_key(AUTHORIZATION),
            fault,
        });
        fault
    }
}

fn told_to_wait(status: u16) -> Answer {
    let mut answer = plain(status, Bytes::new());
    answer.headers_mut().insert(RETRY_AFTER, "0.02".parse().expect("a number is a value"));
    answer
}

fn plain(status: u16, body: Bytes) -> Answer {
    spoiled(Given { status, headers: Vec::new(), body }, None)
}

/// The answer, as far as the fault lets it through.
fn spoiled(given: Given, fault: Option<Fault>) -> Answer {
    let Given { status, headers, mut body } = given;
    match fault {
        Some(Fault::Truncated) => body.truncate(body.len() / 2),
        Some(Fault::Empty) => body.clear(),
        Some(Fault::WithoutProof) => body = Bytes::from_static(b"{}"),
        _ => {}
    }
    let half = body.slice(..body.len() / 2);
    let cut = || stream::iter([Err("the fault cuts the answer".into())]);
    let once = |bytes: Bytes| stream::iter([Ok(bytes)]);
    let mut length = body.len();
    let chunks: BoxStream<'static, Result<Bytes, Failure>> = match fault {
        Some(Fault::ResetInAnswer) => once(half).chain(cut()).boxed(),
        Some(Fault::ResetAfterAnswer) => once(body).chain(cut()).boxed(),
        Some(Fault::StallInAnswer) => once(half).chain(stream::pending()).boxed(),
        Some(Fault::LengthTooLong) => {
            length += 10;
            once(body).boxed()
        }
        Some(Fault::SlowDrip) => drip(body).boxed(),
        _ => once(body).boxed(),
    };
    let frames = StreamBody::new(chunks.map_ok(Frame::data));
    let mut answer =
        Response::builder().status(status).body(BodyExt::boxed_unsync(frames)).expect("it is valid");
    for (name, value) in headers {
        answer.headers_mut().insert(name, value.parse().expect("a value"));
    }
    if status != 204 {
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    answer
}

/// Twenty pieces, with pauses.
fn drip(body: Bytes) -> impl futures_util::Stream<Item = Result<Bytes, Failure>> {
    let size = (body.len() / 20).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    stream::iter(pieces).then(|piece| async move {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok(piece)
    })
}
