//! A real HTTP/1.1 server on loopback that records every request and answers it by a function.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use msgraph_runtime::{GraphClient, StaticToken};
use tokio::net::TcpListener;

use super::fake::Seen;

/// The body of an answer; a stream that fails cuts the connection.
pub type AnswerBody = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

/// A server that runs as long as the test's runtime.
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts a server.
    pub async fn start(answer: impl Fn(&Seen) -> http::Response<AnswerBody> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (requests, answer) = (log.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (requests, answer) = (requests.clone(), answer.clone());
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let (requests, answer) = (requests.clone(), answer.clone());
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                        let seen = Seen {
                            method: head.method,
                            url: head.uri.to_string(),
                            headers: head.headers,
                            body,
                        };
                        requests.lock().expect("no panic elsewhere").push(seen.clone());
                        Ok::<_, Infallible>(answer(&seen))
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service);
                tokio::spawn(connection);
            }
        });
        Self { address, log }
    }

    /// The root URL of the service.
    pub fn url(&self) -> String {
        format!("http://{}/v1.0", self.address)
    }

    /// A client of the server, over the real transport.
    pub fn client(&self) -> GraphClient {
        let builder = GraphClient::builder().base_url(&self.url()).credential(StaticToken::new("the-token"));
        builder.build().expect("a client")
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().expect("no panic elsewhere").clone()
    }

    /// The latest request.
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("a request")
    }
}

/// An answer with a body.
pub fn full(status: u16, body: impl Into<Bytes>) -> http::Response<AnswerBody> {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    http::Response::builder().status(status).body(body).expect("a response")
}

/// An answer whose body comes in chunks.
pub fn chunks(chunks: BoxStream<'static, Result<Bytes, std::io::Error>>) -> http::Response<AnswerBody> {
    use futures_util::StreamExt;
    http::Response::new(BodyExt::boxed_unsync(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data)))))
}
