//! A server on loopback, on a thread of its own: it records every request and answers it by a function of the test.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Path and query, such as `/v1.0/me?$select=id`.
    pub target: String,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Seen {
    /// Method, path and query.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A field of its form.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = url::form_urlencoded::parse(&self.body);
        fields.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }

    /// A link to a path of this server, as the service gives them.
    pub fn link(&self, path: &str) -> String {
        format!("http://{}/v1.0{path}", self.header("host").expect("clients name the host"))
    }

    /// The end of the path of a sign-in service.
    pub fn is(&self, endpoint: &str) -> bool {
        self.target.ends_with(&format!("/oauth2/v2.0/{endpoint}"))
    }
}

/// Lets something go on that waits for the test.
pub type Gate = Arc<Semaphore>;

/// A gate that is closed; each permit that is added lets one thing pass.
pub fn gate() -> Gate {
    Arc::new(Semaphore::new(0))
}

/// What is answered.
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: BoxStream<'static, std::io::Result<Bytes>>,
    length: Option<usize>,
    /// What must open before there is any answer.
    gate: Option<Gate>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let length = Some(body.len());
        Self { status, headers: Vec::new(), body: stream::iter([Ok(body)]).boxed(), length, gate: None }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header("content-type", "application/json;odata.metadata=minimal")
    }

    /// A body in two parts, the second of which waits for a gate.
    pub fn halves(first: Vec<u8>, gate: Gate, second: Vec<u8>) -> Self {
        let length = Some(first.len() + second.len());
        let second = stream::once(async move {
            gate.acquire().await.expect("it is not closed").forget();
            Ok(Bytes::from(second))
        });
        let body = stream::iter([Ok(Bytes::from(first))]).chain(second).boxed();
        Self { status: 200, headers: Vec::new(), body, length, gate: None }
    }

    /// A body that breaks off.
    pub fn broken(first: &'static [u8], length: usize) -> Self {
        let broken = stream::once(async {
            // What was written before is sent meanwhile.
            tokio::task::yield_now().await;
            Err(std::io::Error::other("broken"))
        });
        Self {
            status: 200,
            headers: Vec::new(),
            body: stream::iter([Ok(Bytes::from_static(first))]).chain(broken).boxed(),
            length: Some(length),
            gate: None,
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer comes, and the rest of the request is read, when a gate opens.
    pub fn after(self, gate: Gate) -> Self {
        Self { gate: Some(gate), ..self }
    }

    fn into_response(self) -> http::Response<UnsyncBoxBody<Bytes, std::io::Error>> {
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        if let Some(length) = self.length.filter(|_| self.status != 204) {
            response = response.header("content-length", length);
        }
        let empty = Full::default().map_err(|never: Infallible| match never {}).boxed_unsync();
        let body = if self.length == Some(0) {
            empty
        } else {
            BodyExt::boxed_unsync(StreamBody::new(self.body.map(|chunk| chunk.map(Frame::data))))
        };
        response.body(body).expect("a response")
    }
}

type Function = dyn Fn(&Seen, usize) -> Answer + Send + Sync;

/// A server that runs as long as the process.
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers each request with what the function says; it also gets the number of requests before.
    pub fn start(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a setting of sockets");
        let address = listener.local_addr().expect("an address");
        let log: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (requests, answer): (_, Arc<Function>) = (log.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(serve(listener, requests, answer));
        });
        Self { address, log }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().expect("no panic while it is held").clone()
    }

    /// The first lines of all requests so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    /// The latest request.
    #[track_caller]
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("there was a request")
    }
}

async fn serve(listener: std::net::TcpListener, log: Arc<Mutex<Vec<Seen>>>, answer: Arc<Function>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    while let Ok((connection, _)) = listener.accept().await {
        let (log, answer) = (log.clone(), answer.clone());
        let service = service_fn(move |request| respond(request, log.clone(), answer.clone()));
        let http = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http.serve_connection(TokioIo::new(connection), service));
    }
}

async fn respond(
    request: http::Request<Incoming>,
    log: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Function>,
) -> Result<http::Response<UnsyncBoxBody<Bytes, std::io::Error>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut seen = Seen {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body: Bytes::new(),
    };
    // A large body is left where it is until the answer is known, which may be to wait.
    let is_large =
        seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0) > 1 << 20;
    let mut body = Some(body);
    if !is_large {
        seen.body = read(body.take()).await;
    }
    let before = {
        let mut log = log.lock().expect("no panic while it is held");
        log.push(seen.clone());
        log.len() - 1
    };
    let answer = answer(&seen, before);
    if let Some(gate) = &answer.gate {
        gate.acquire().await.expect("it is not closed").forget();
    }
    if is_large {
        let body = read(body.take()).await;
        log.lock().expect("no panic while it is held")[before].body = body;
    }
    Ok(answer.into_response())
}

async fn read(body: Option<Incoming>) -> Bytes {
    match body {
        Some(body) => body.collect().await.map(|body| body.to_bytes()).unwrap_or_default(),
        None => Bytes::new(),
    }
}
