//! What carries a request over the network: a parameter of the client, so that tests and special networks
//! bring their own.

#[cfg(feature = "hyper")]
mod connector;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::error::Error as StdError;
use std::fmt;

use futures_util::future::BoxFuture;

#[cfg(feature = "hyper")]
pub use hyper::{HyperTransport, HyperTransportBuilder};
#[cfg(feature = "reqwest")]
pub use reqwest::ReqwestTransport;

use crate::body::Body;

/// Sends one HTTP request and receives its response. It neither retries nor follows redirects.
pub trait Transport: Send + Sync {
    /// Sends a request. Any status is a success here.
    ///
    /// # Errors
    /// If no response arrived.
    fn send(
        &self,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>>;
}

impl<F, R> Transport for F
where
    F: Fn(http::Request<Body>) -> R + Send + Sync,
    R: Future<Output = Result<http::Response<Body>, TransportError>> + Send + 'static,
{
    fn send(
        &self,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, TransportError>> {
        Box::pin(self(request))
    }
}

/// Why no response arrived.
#[derive(Debug)]
pub struct TransportError {
    phase: Phase,
    source: Box<dyn StdError + Send + Sync>,
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The transport itself could not be set up.
    Setup,
    /// No connection was made, or the service did not take the request, so it has done nothing.
    Connect,
    /// The connection was there, but something failed before the response's head was complete.
    Exchange,
    /// The time that was allowed ran out.
    Timeout,
    /// The response's body broke off.
    Body,
    /// The response's body is longer than the client reads into memory.
    TooLong,
}

impl TransportError {
    /// A failure in a phase, with its cause.
    pub fn new(phase: Phase, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { phase, source: source.into() }
    }

    /// How far the request came.
    pub fn phase(&self) -> Phase {
        self.phase
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.phase {
            Phase::Setup => "the transport could not be set up",
            Phase::Connect => "could not connect",
            Phase::Exchange => "the connection failed before the response was complete",
            Phase::Timeout => "timed out",
            Phase::Body => "the response broke off",
            Phase::TooLong => "the response is too long",
        })?;
        write!(f, ": {}", innermost(&*self.source))
    }
}

/// The innermost cause of an error, which is the one that says something.
fn innermost<'e>(error: &'e (dyn StdError + 'static)) -> &'e (dyn StdError + 'static) {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// How far a request came that failed before its answer began.
#[cfg(feature = "hyper")]
fn failed_at(error: &(dyn StdError + 'static), is_connect: bool) -> Phase {
    let causes = || std::iter::successors(Some(error), |cause| (*cause).source());
    let is_timeout = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    if is_connect || causes().filter_map(|cause| cause.downcast_ref()).any(is_refused) {
        Phase::Connect
    } else if causes().filter_map(|cause| cause.downcast_ref()).any(is_timeout) {
        Phase::Timeout
    } else {
        Phase::Exchange
    }
}

/// Whether the service says that it has not begun: a stream of HTTP/2 that it refused, or one that it did not take
/// any more because it closes the connection ([RFC 9113, section 8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7)).
#[cfg(feature = "hyper")]
fn is_refused(error: &h2::Error) -> bool {
    let reason = error.reason();
    error.is_remote()
        && (error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
            || error.is_go_away() && reason == Some(h2::Reason::NO_ERROR))
}
