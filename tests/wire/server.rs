//! A server on loopback that records every request and answers it by a function of the test.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use msgraph::GraphClient;
use msgraph::runtime::{self, StaticToken};
use serde_json::Value;
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method, path and query, such as `GET /v1.0/me?$select=id`.
    pub line: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are text"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// A link to a path of this server, as the service gives them.
    pub fn link(&self, path: &str) -> String {
        format!("http://{}/v1.0{path}", self.header("host").expect("clients name the host"))
    }
}

/// A server that runs as long as the runtime of its test.
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Seen) -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let server = Self { address, log: Arc::default() };
        let (log, answer) = (server.log.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (log, answer) = (log.clone(), answer.clone());
                let service = service_fn(move |request| {
                    let (log, answer) = (log.clone(), answer.clone());
                    async move {
                        let seen = seen(request).await;
                        log.lock().expect("no panic while it is held").push(seen.clone());
                        Ok::<_, Infallible>(answer(&seen))
                    }
                });
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(connection), service));
            }
        });
        server
    }

    /// A client of this server, over the real transport.
    pub fn client(&self) -> GraphClient {
        let builder = runtime::GraphClient::builder().base_url(&format!("http://{}/v1.0", self.address));
        builder.credential(StaticToken::new("the-token")).build().expect("the settings are complete").into()
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().expect("no panic while it is held").clone()
    }

    /// The first lines of all requests so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// The latest request.
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("there was a request")
    }
}

async fn seen(request: Request<Incoming>) -> Seen {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Seen { line: format!("{} {}", head.method, head.uri), headers: head.headers, body }
}

/// An answer with a JSON body.
pub fn json(status: u16, body: Value) -> Response<Full<Bytes>> {
    bytes(status, "application/json", body.to_string())
}

/// An answer with a body.
pub fn bytes(status: u16, media_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = empty(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    *response.body_mut() = Full::new(body.into());
    response
}

/// An answer without a body.
pub fn empty(status: u16) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::default()).expect("the status is valid")
}
