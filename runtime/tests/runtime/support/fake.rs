//! A client without a network: every request is recorded and answered by a function.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response};
use jiff::Timestamp;
use msgraph_runtime::{
    Body, Clock, GraphClient, GraphClientBuilder, Randomness, StaticToken, TransportError,
};

/// A request as the transport saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// Path and query behind the version.
    pub fn path(&self) -> &str {
        self.url.split_once("/v1.0").expect("a versioned URL").1
    }
}

/// The requests of a fake client, in their order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    pub fn all(&self) -> Vec<Seen> {
        self.0.lock().expect("no panic elsewhere").clone()
    }

    pub fn last(&self) -> Seen {
        self.all().pop().expect("a request")
    }
}

/// A builder of a client whose requests are answered by `answer`, and the record of them.
pub fn builder(
    answer: impl Fn(&Seen) -> Result<Response<Body>, TransportError> + Send + Sync + 'static,
) -> (GraphClientBuilder, Log) {
    let log = Log::default();
    let requests = log.clone();
    let answer = Arc::new(answer);
    let transport = move |request: Request<Body>| {
        let (requests, answer) = (requests.clone(), answer.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect(16 << 20).await.expect("a short body");
            let seen = Seen { method: head.method, url: head.uri.to_string(), headers: head.headers, body };
            requests.0.lock().expect("no panic elsewhere").push(seen.clone());
            answer(&seen)
        }
    };
    let builder = GraphClient::builder()
        .credential(StaticToken::new("the-token"))
        .transport(transport)
        .clock(FixedClock)
        .randomness(Counter);
    (builder, log)
}

/// A client whose requests are answered by `answer`, and the record of them.
pub fn client(
    answer: impl Fn(&Seen) -> Result<Response<Body>, TransportError> + Send + Sync + 'static,
) -> (GraphClient, Log) {
    let (builder, log) = builder(answer);
    (builder.build().expect("a complete client"), log)
}

/// A response with a body.
pub fn response(status: u16, body: impl Into<Bytes>) -> Result<Response<Body>, TransportError> {
    Ok(Response::builder().status(status).body(Body::from(body.into())).expect("a response"))
}

/// A clock that stands at a Sunday in 2026 and does not wait.
#[derive(Debug)]
pub struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        "2026-11-22T10:00:00Z".parse().expect("a time")
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }

    fn limit(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

/// Randomness that is none.
#[derive(Debug)]
pub struct Counter;

impl Randomness for Counter {
    fn next(&self) -> u64 {
        0x0123_4567_89AB_CDEF
    }
}
