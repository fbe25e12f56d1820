//! A server on loopback, HTTP/1.1 or HTTP/2 as the client begins, that answers by a function.

use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

/// Why a connection is cut instead of an answer being given.
pub type Failure = Box<dyn Error + Send + Sync>;

/// An answer, or the rest of one that is cut.
pub type Answer = Response<UnsyncBoxBody<Bytes, Failure>>;

/// Listens on a free port and serves as long as the tokio runtime runs.
///
/// # Errors
/// If no port is free.
pub async fn start<F, R>(answer: F) -> std::io::Result<SocketAddr>
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<Answer, Failure>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // Without it, small answers wait for acknowledgements.
            let _ = connection.set_nodelay(true);
            let answer = answer.clone();
            tokio::spawn(async move {
                let http = auto::Builder::new(TokioExecutor::new());
                // A connection that a fault has cut ends with an error.
                let _ = http.serve_connection(TokioIo::new(connection), service_fn(answer)).await;
            });
        }
    });
    Ok(address)
}

/// An answer with a body of JSON.
pub fn json(status: u16, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = status.try_into().expect("a status has three digits");
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
