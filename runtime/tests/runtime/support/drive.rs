//! A drive as a model: it has one upload session and one item, whose content is compared with what was sent. It is
//! scaled down, as the service under test lets a slice be as small as it is asked to be.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use http::Response;
use msgraph_runtime::{Body, GraphClient, Phase, Request, RetryPolicy, TransportError};

use super::fake::{self, Log, Seen, response};
use super::skip::SkippingClock;

const OPEN: &str = "op:POST /drives/{drive-id}/items/{item-id}/createUploadSession;;";

pub const URL: &str = "https://up.example/secret-place?tempauth=secret-word";

pub type Answered = Result<Response<Body>, TransportError>;

/// What was asked, in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Open,
    Slice(Range<u64>),
    Session,
    Item,
}

impl Asked {
    pub fn of(seen: &Seen) -> Self {
        match (seen.method.as_str(), seen.url == URL) {
            ("POST", false) => Self::Open,
            ("PUT", true) => Self::Slice(range(seen)),
            ("GET", true) => Self::Session,
            ("GET", false) => Self::Item,
            other => panic!("unexpected {other:?}"),
        }
    }
}

pub fn range(seen: &Seen) -> Range<u64> {
    let text = seen.header("content-range").expect("a range").strip_prefix("bytes ").expect("bytes");
    let (start, last) = text.split_once('/').expect("a length").0.split_once('-').expect("a range");
    start.parse().expect("a number")..last.parse::<u64>().expect("a number") + 1
}

/// A client whose requests are answered by a function, with a policy.
pub fn client(
    policy: RetryPolicy,
    answer: impl Fn(&Seen) -> Answered + Send + Sync + 'static,
) -> (GraphClient, Log, SkippingClock) {
    let (builder, log) = fake::builder(answer);
    let clock = SkippingClock::new();
    (builder.clock(clock.clone()).retry(policy).build().expect("a client"), log, clock)
}

/// A client whose session gives these answers, one after the other; the session is opened and asked as well.
pub fn script(answers: &'static [(&'static str, u16, &'static str)]) -> (GraphClient, Log) {
    let left = Arc::new(Mutex::new(answers));
    let (client, log, _) = client(RetryPolicy::default(), move |seen| {
        if Asked::of(seen) == Asked::Open {
            return opened();
        }
        let mut left = left.lock().expect("no panic elsewhere");
        let ((method, status, body), rest) = left.split_first().expect("no further request");
        *left = rest;
        let is_item = *method == "ITEM";
        assert_eq!((is_item, seen.method.as_str()), (seen.url != URL, if is_item { "GET" } else { *method }));
        if *status == 0 { reset() } else { response(*status, *body) }
    });
    (client, log)
}

pub fn opened() -> Answered {
    response(200, format!(r#"{{"uploadUrl":"{URL}","expirationDateTime":"2026-11-23T00:00:00Z"}}"#))
}

pub fn reset() -> Answered {
    Err(TransportError::new(Phase::Exchange, "reset"))
}

/// A request that opens a session for an item by its name.
pub fn open<T>(client: &GraphClient) -> Request<T> {
    let items = client.root("drives").key("d").segment("items").key("parent");
    items.item_path("name.bin").segment("createUploadSession").call(OPEN)
}
