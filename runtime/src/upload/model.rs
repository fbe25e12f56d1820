//! Uploads to a model of a service that loses, repeats, delays and truncates, with slices of a few bytes: whatever
//! happens, `Ok` means that the item has exactly the content, and nothing that was done is said not to be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Upload, UploadSession};
use crate::error::TransferProblem;
use crate::{Body, Clock, Error, GraphClient, Phase, Reference, StaticToken, TransportError};

const OPEN: &str = "op:POST /drives/{drive-id}/items/{item-id}/createUploadSession;;";
const URL: &str = "https://up.example/session";

/// Numbers that are the same in each run (splitmix64).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The request does not arrive.
    Lost,
    /// A part of it arrives: this many bytes.
    Partly(usize),
    /// The answer does not arrive.
    Unheard,
    /// An error, though everything was done.
    DoneBut(u16),
    /// An error, and nothing was done.
    Status(u16),
    /// This, in place of the answer, though everything was done.
    Says(u16, &'static str),
    /// The answer to the request before, though everything was done.
    Repeats,
    /// The answer as it would have been before.
    Stale,
    /// The first bytes of the answer.
    Truncated(usize),
}

impl Fault {
    fn draw(dice: &mut Dice, length: usize) -> Self {
        const SAID: [(u16, &str); 8] = [
            (200, "{}"),
            (202, r#"{"expirationDateTime":"2026-11-23T00:00:00Z"}"#),
            (200, r#"{"nextExpectedRanges":[]}"#),
            (200, r#"{"id":"early"}"#),
            (200, r#"{"name":"without id"}"#),
            (200, "<html>"),
            (204, ""),
            (201, r#"{"nextExpectedRanges":["0-"]}"#),
        ];
        const STATUSES: [u16; 5] = [500, 503, 504, 429, 416];
        match dice.below(18) {
            0 => Self::Lost,
            1 => Self::Partly(dice.below(length + 1)),
            2 => Self::Unheard,
            3 => Self::DoneBut([500, 503, 504, 404][dice.below(4)]),
            4 => Self::Status(STATUSES[dice.below(5)]),
            5 | 6 => {
                let (status, body) = SAID[dice.below(SAID.len())];
                Self::Says(status, body)
            }
            7 => Self::Repeats,
            8 => Self::Stale,
            9 => Self::Truncated(dice.below(30)),
            _ => Self::None,
        }
    }
}

/// The service.
struct Service {
    dice: Dice,
    /// How many more faults there are.
    faults: usize,
    /// What is wrong with the first slices, before it is left to chance.
    planned: Vec<Fault>,
    length: usize,
    committed: Vec<u8>,
    /// What the item was before, and what it is.
    old: Option<Vec<u8>>,
    item: Option<Vec<u8>>,
    created: usize,
    slices: usize,
    is_over: bool,
    /// How often the item is still seen as it was before.
    delay: usize,
    last: (u16, String),
}

type Answered = Result<(u16, String), TransportError>;

fn reset() -> Answered {
    Err(TransportError::new(Phase::Exchange, "reset"))
}

impl Service {
    fn answer(&mut self, method: &Method, url: &str, range: Option<&str>, body: &Bytes) -> Answered {
        if *method == Method::POST {
            return Ok((200, json!({ "uploadUrl": URL }).to_string()));
        }
        let is_slice = *method == Method::PUT;
        let fault = self.fault(is_slice, body.len());
        let before = if url == URL { self.state() } else { self.see() };
        match fault {
            Fault::Lost => return reset(),
            Fault::Status(status) => return Ok((status, String::new())),
            Fault::Partly(taken) if is_slice => {
                self.take(range, &body[..taken.min(body.len())]);
                return reset();
            }
            _ => {}
        }
        let answer = match (is_slice, url == URL) {
            (true, _) => self.take(range, body),
            (false, true) => self.state(),
            (false, false) => before.clone(),
        };
        let last = std::mem::replace(&mut self.last, answer.clone());
        Ok(match fault {
            Fault::Unheard | Fault::Partly(_) => return reset(),
            Fault::DoneBut(status) => (status, String::new()),
            // Of what it refused the service says so.
            Fault::Says(status, body) if answer.0 < 400 => (status, body.to_owned()),
            Fault::Repeats => last,
            Fault::Stale => before,
            Fault::Truncated(length) => (answer.0, answer.1.chars().take(length).collect()),
            _ => answer,
        })
    }

    fn fault(&mut self, is_slice: bool, length: usize) -> Fault {
        self.slices += usize::from(is_slice);
        if is_slice && !self.planned.is_empty() {
            return self.planned.remove(0);
        }
        if self.faults == 0 {
            return Fault::None;
        }
        self.faults -= 1;
        match Fault::draw(&mut self.dice, length) {
            // That a session exists which does not, and the reverse, the service says only of one that was used.
            Fault::DoneBut(404) if !is_slice || self.slices == 1 => Fault::None,
            fault => fault,
        }
    }

    fn take(&mut self, range: Option<&str>, body: &[u8]) -> (u16, String) {
        if self.is_over {
            return (404, String::new());
        }
        let start: usize =
            range.and_then(|r| r.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()).expect("a range");
        if start != self.committed.len() {
            return (416, String::new());
        }
        self.committed.extend_from_slice(body);
        assert!(self.committed.len() <= self.length, "more than there is");
        if self.committed.len() < self.length {
            return (202, self.state().1);
        }
        (self.is_over, self.item) = (true, Some(self.committed.clone()));
        self.created += 1;
        match self.dice.below(4) {
            0 => (201, String::new()),
            1 => (200, r#"{"name":"no id"}"#.to_owned()),
            _ => (201, self.describe(&self.committed).to_string()),
        }
    }

    fn state(&self) -> (u16, String) {
        if self.is_over {
            return (404, String::new());
        }
        (200, json!({ "nextExpectedRanges": [format!("{}-", self.committed.len())] }).to_string())
    }

    /// The item, as it is or still as it was.
    fn see(&mut self) -> (u16, String) {
        let is_late = self.item.is_some() && self.delay > 0;
        self.delay -= usize::from(is_late);
        let seen = if is_late { self.old.as_ref() } else { self.item.as_ref().or(self.old.as_ref()) };
        seen.map_or((404, String::new()), |seen| (200, self.describe(seen).to_string()))
    }

    fn describe(&self, content: &[u8]) -> Value {
        let mut hash = [0_u8; 20];
        for (at, byte) in content.iter().enumerate() {
            for bit in 0..8 {
                let place = (at * 11 + bit) % 160;
                hash[place / 8] ^= (byte >> bit & 1) << (place % 8);
            }
        }
        hash[12..]
            .iter_mut()
            .zip((content.len() as u64).to_le_bytes())
            .for_each(|(mine, byte)| *mine ^= byte);
        json!({"id": "i", "size": content.len(), "file": {"hashes": {"quickXorHash": STANDARD.encode(hash)}}})
    }
}

/// Waits are over at once.
#[derive(Clone, Debug, Default)]
struct Skipping(Arc<Mutex<Duration>>);

impl Clock for Skipping {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + *self.0.lock().expect("no panic elsewhere")
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        *self.0.lock().expect("no panic elsewhere") += length;
        std::future::ready(()).boxed()
    }

    fn limit(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }
}

fn client(service: &Arc<Mutex<Service>>) -> GraphClient {
    let service = service.clone();
    let transport = move |request: Request<Body>| {
        let service = service.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect(1 << 20).await.expect("a short body");
            let range =
                head.headers.get("content-range").map(|range| range.to_str().expect("text").to_owned());
            let mut service = service.lock().expect("no panic elsewhere");
            let answered = service.answer(&head.method, &head.uri.to_string(), range.as_deref(), &body);
            answered.map(|(status, body)| {
                Response::builder().status(status).body(Body::from(body)).expect("an answer")
            })
        }
    };
    let builder = GraphClient::builder().credential(StaticToken::new("t")).transport(transport);
    builder.clock(Skipping::default()).build().expect("a client")
}

/// Uploads, again after each error, and in another process at times; whether it was a success at last.
fn run(service: Service, slice: u64, seed: u64) -> bool {
    let content: Bytes = (0..service.length).map(|at| (at * 37 + 11) as u8).collect();
    let mut dice = Dice(seed);
    let service = Arc::new(Mutex::new(service));
    let client = client(&service);
    let path = client.root("drives").key("d").segment("items").key("i").segment("createUploadSession");
    let mut upload = Upload::from_bytes(path.call::<Reference>(OPEN), content.clone());
    for _ in 0..4 {
        upload.limits.slice = slice;
        let sent = upload.send::<()>().now_or_never().expect("nothing to wait for");
        let service = service.lock().expect("no panic elsewhere");
        assert!(service.created <= 1, "doubled");
        match sent {
            Ok(_) => {
                assert!(
                    service.item.as_ref().is_some_and(|item| *item == content),
                    "success with other content"
                );
                return true;
            }
            Err(Error::Transfer(error)) if matches!(error.problem(), TransferProblem::SessionGone) => {
                assert!(service.item.is_none(), "what was done was said not to be");
                return false;
            }
            Err(_) => {}
        }
        if let Some(session) = upload.session().filter(|_| dice.below(3) == 0) {
            let stored = serde_json::to_string(session).expect("JSON");
            let session: UploadSession = serde_json::from_str(&stored).expect("a session");
            upload = Upload::resume(&client, session, std::io::Cursor::new(content.clone()));
        }
    }
    false
}

fn service(seed: u64, length: usize) -> Service {
    let mut dice = Dice(seed);
    let old = match dice.below(3) {
        0 => Some(vec![7; length]),
        1 => Some(vec![7; 3]),
        _ => None,
    };
    Service {
        faults: dice.below(12),
        delay: dice.below(4),
        dice,
        planned: Vec::new(),
        length,
        committed: Vec::new(),
        old,
        item: None,
        created: 0,
        slices: 0,
        is_over: false,
        last: (200, "{}".to_owned()),
    }
}

#[test]
fn whatever_a_service_loses_repeats_delays_or_truncates_success_means_that_all_is_there() {
    let mut successes = 0;
    const CASES: u64 = 4000;
    for seed in 0..CASES {
        let (length, slice) = (1 + Dice(seed).below(40), 1 + Dice(!seed).below(16) as u64);
        let run = || run(service(seed, length), slice, seed);
        let succeeded = std::panic::catch_unwind(run);
        successes +=
            u64::from(succeeded.unwrap_or_else(|_| panic!("seed {seed}: {length} bytes by {slice}")));
    }
    assert!(successes > CASES / 2, "{successes} of {CASES}");
}

#[test]
fn a_slice_that_breaks_at_any_byte_is_neither_lost_nor_doubled() {
    const LENGTH: usize = 24;
    const SLICE: usize = 8;
    for slice in 0..LENGTH / SLICE {
        for taken in 0..=SLICE {
            for again in 0..=SLICE {
                let mut service = service(1, LENGTH);
                (service.faults, service.delay) = (0, 0);
                service.planned = vec![Fault::None; slice];
                service.planned.extend([Fault::Partly(taken), Fault::Partly(again)]);
                assert!(run(service, SLICE as u64, 1), "slice {slice}, {taken} bytes of it, then {again}");
            }
        }
    }
}
