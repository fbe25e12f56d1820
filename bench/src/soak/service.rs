//! The service: it does to each request what its fault says, and counts what it did, in memory that does not grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request};

use super::fault::{self, Fault};
use super::request::{Kind, is_answer, must_succeed};
use crate::server::{Answer, Failure, json};

/// What the service has seen and done.
pub struct Service {
    records: Vec<Record>,
    seen: AtomicU64,
}

/// What it has seen and done of one request.
#[derive(Default)]
struct Record {
    /// How often it came.
    seen: AtomicU8,
    /// How often it was done.
    done: AtomicU8,
    /// How often an answer that says so was given in full.
    answered: AtomicU8,
}

impl Service {
    /// A service that expects requests with numbers below `requests`.
    pub fn new(requests: u32) -> Self {
        Self { records: (0..requests).map(|_| Record::default()).collect(), seen: AtomicU64::new(0) }
    }

    /// How many requests came.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Answers a request as its fault says.
    pub async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answer, Failure> {
        let (head, body) = request.into_parts();
        body.collect().await?;
        let number = number(head.uri.path()).ok_or("the path has no number")?;
        let record = self.records.get(number as usize).ok_or("the number is none that was sent")?;
        self.seen.fetch_add(1, Ordering::Relaxed);
        let before = record.seen.fetch_add(1, Ordering::Relaxed);
        let fault = fault::of(number).filter(|(_, times)| before < *times).map(|(fault, _)| fault);
        if fault.is_none_or(Fault::is_done) {
            record.done.fetch_add(1, Ordering::Relaxed);
        }
        let body = format!(r#"{{"id":"{number}","displayName":"Adele Vance"}}"#);
        match fault {
            Some(Fault::Throttled) => Ok(told_to_wait(429)),
            Some(Fault::Unavailable) => Ok(told_to_wait(503)),
            Some(Fault::Status(status)) => Ok(json(status, r#"{"error":{"code":"generalException"}}"#)),
            Some(Fault::CutBefore | Fault::CutAfter) => Err("the fault cuts the connection".into()),
            // An answer without a body has no half.
            Some(Fault::CutWithin) if head.method == Method::DELETE => {
                Err("the fault cuts the answer".into())
            }
            Some(Fault::CutWithin) => Ok(half(&body)),
            Some(Fault::ErrorInSuccess) => Ok(json(200, r#"{"error":{"code":"generalException"}}"#)),
            Some(Fault::Truncated) if head.method == Method::DELETE => Ok(json(204, "")),
            Some(Fault::Truncated) => Ok(json(200, body[..body.len() / 2].to_owned())),
            Some(Fault::Empty) => Ok(json(200, "")),
            None => {
                record.answered.fetch_add(1, Ordering::Relaxed);
                Ok(if head.method == Method::DELETE { json(204, "") } else { json(200, body) })
            }
        }
    }

    /// What is not as it must be after all requests were answered, the first hundred.
    pub fn problems(&self) -> Vec<String> {
        let numbered = (0_u32..).zip(&self.records);
        numbered.filter_map(|(number, record)| record.problem(number)).take(100).collect()
    }
}

impl Record {
    fn problem(&self, number: u32) -> Option<String> {
        let counts = [&self.seen, &self.done, &self.answered].map(|count| count.load(Ordering::Relaxed));
        let expected = expected(number);
        (counts != expected).then(|| {
            format!(
                "request {number} ({:?}, {:?}): seen, done and answered {counts:?} times instead of {expected:?}",
                Kind::of(number),
                fault::of(number)
            )
        })
    }
}

/// How often a request must be seen, done and answered.
fn expected(number: u32) -> [u8; 3] {
    match fault::of(number) {
        None => [1, 1, 1],
        Some((fault, _)) if is_answer(fault, Kind::of(number)) => [1, 1, 0],
        Some((fault, times)) if must_succeed(number) => {
            [times + 1, 1 + if fault.is_done() { times } else { 0 }, 1]
        }
        Some((fault, _)) => [1, u8::from(fault.is_done()), 0],
    }
}

/// The number in a path such as `/v1.0/users/17/events`.
fn number(path: &str) -> Option<u32> {
    path.split('/').nth(3)?.parse().ok()
}

fn told_to_wait(status: u16) -> Answer {
    let mut answer = json(status, "{}");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// The first half of an answer, after which the connection is cut.
fn half(body: &str) -> Answer {
    let half = Bytes::copy_from_slice(&body.as_bytes()[..body.len() / 2]);
    let frames = stream::iter([Ok(Frame::data(half)), Err("the fault cuts the answer".into())]);
    let mut answer = json(200, "").map(|_| StreamBody::new(frames).boxed_unsync());
    answer.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    answer
}
