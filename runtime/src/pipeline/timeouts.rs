//! Limits on time, by the client's clock: on a whole call, and on how long an exchange may be without progress.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, select};
use futures_util::{Stream, StreamExt, stream};

use crate::body::{Body, ByteStream};
use crate::clock::Clock;
use crate::transport::{Phase, TransportError};

/// How much of a body is handed to the transport at once, so that progress can be seen.
const PIECE: usize = 64 * 1024;

/// What a future yields, or an error if that takes longer than `limit`; [`Duration::MAX`] is no limit.
///
/// The future is pinned by the caller: handed over, it would take its place twice.
pub(crate) async fn within<T, E>(
    clock: &dyn Clock,
    limit: Duration,
    late: impl FnOnce(TransportError) -> E,
    future: Pin<&mut impl Future<Output = Result<T, E>>>,
) -> Result<T, E> {
    if limit == Duration::MAX {
        return future.await;
    }
    // The timer begins only if there is something to wait for.
    match select(future, pin!(async { clock.limit(limit).await })).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => {
            let problem = format!("the whole call took longer than {limit:?}");
            Err(late(TransportError::new(Phase::Timeout, problem)))
        }
    }
}

/// Sends a request, and fails if for a time of `limit` nothing is sent and no answer comes, or nothing more
/// of the answer's body; [`Duration::MAX`] is no limit.
pub(crate) async fn exchange<'t>(
    clock: &Arc<dyn Clock>,
    limit: Duration,
    request: http::Request<Body>,
    send: impl FnOnce(http::Request<Body>) -> BoxFuture<'t, Result<http::Response<Body>, TransportError>>,
) -> Result<http::Response<Body>, TransportError> {
    if limit == Duration::MAX {
        return send(request).await;
    }
    let (head, body) = request.into_parts();
    let (body, sent) = watched(body);
    let sent = || sent.as_ref().map_or(0, |sent| sent.load(Ordering::Relaxed));
    let mut answer = send(http::Request::from_parts(head, body));
    loop {
        let before = sent();
        match select(&mut answer, pin!(async { clock.limit(limit).await })).await {
            Either::Left((response, _)) => {
                return response.map(|response| response.map(|body| timed(body, clock, limit)));
            }
            Either::Right(_) if sent() != before => {}
            Either::Right(_) => return Err(nothing_for(limit)),
        }
    }
}

fn nothing_for(limit: Duration) -> TransportError {
    TransportError::new(Phase::Timeout, format!("nothing came for {limit:?}"))
}

/// A body, and a count that rises with every piece of it that is taken; a short body has no count.
fn watched(body: Body) -> (Body, Option<Arc<AtomicU64>>) {
    let length = body.length();
    if length.is_some_and(|length| length <= PIECE as u64) {
        return (body, None);
    }
    let count = Arc::new(AtomicU64::new(0));
    let counter = count.clone();
    let pieces: ByteStream = match body.as_bytes().cloned() {
        Some(bytes) => Box::pin(pieces(bytes)),
        None => body.into_stream(),
    };
    let pieces = pieces.inspect(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    (Body::stream(pieces, length), Some(count))
}

fn pieces(mut bytes: Bytes) -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::iter(std::iter::from_fn(move || {
        (!bytes.is_empty()).then(|| Ok(bytes.split_to(bytes.len().min(PIECE))))
    }))
}

/// The body of an answer that fails if nothing comes for too long.
fn timed(body: Body, clock: &Arc<dyn Clock>, limit: Duration) -> Body {
    if body.as_bytes().is_some() {
        return body;
    }
    let length = body.length();
    Body::stream(Timed { chunks: body.into_stream(), clock: clock.clone(), limit, timer: None }, length)
}

struct Timed {
    chunks: ByteStream,
    clock: Arc<dyn Clock>,
    limit: Duration,
    /// Runs while a chunk is waited for.
    timer: Option<BoxFuture<'static, ()>>,
}

impl Stream for Timed {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { chunks, clock, limit, timer } = &mut *self;
        if let Poll::Ready(chunk) = chunks.poll_next_unpin(context) {
            *timer = None;
            return Poll::Ready(chunk);
        }
        let running = timer.get_or_insert_with(|| clock.limit(*limit));
        if running.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        *timer = None;
        // Whoever asks again learns that the body has ended.
        *chunks = Box::pin(stream::empty());
        Poll::Ready(Some(Err(std::io::Error::other(nothing_for(*limit)))))
    }
}
