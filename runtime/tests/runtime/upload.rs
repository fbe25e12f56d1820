//! Uploads: what goes into a session, what is sent again after failures, and that the session stays secret.

use std::io::Cursor;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Response;
use msgraph_runtime::error::TransferProblem;
use msgraph_runtime::upload::{ConflictBehavior, SLICE_UNIT, Upload, UploadSession};
use msgraph_runtime::{Body, Error, GraphClient, Phase, Progress, Request, TransportError};

use crate::support::fake::{self, Log, Seen, response};
use crate::support::models::{Message, User};
use crate::support::skip::SkippingClock;

const OPEN: &str = "op:POST /drives/{drive-id}/items/{item-id}/createUploadSession;;";
const OPEN_ATTACHMENT: &str = "op:POST /me/messages/{message-id}/attachments/createUploadSession;;";
const PUT: &str = "op:PUT /drives/{drive-id}/items/{item-id}/content;;";

const URL: &str = "https://up.example/secret-place?tempauth=secret-word";

type Answered = Result<Response<Body>, TransportError>;

/// What a service does with a slice before it takes it as it should.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Nothing goes wrong.
    None,
    /// The connection breaks before anything arrives.
    Lost,
    /// The connection breaks when some bytes have arrived.
    Partly(u64),
    /// All arrives, but the answer does not.
    Unheard,
    /// The service answers an error, having taken nothing.
    Status(u16),
}

/// A service with one upload session.
#[derive(Default)]
struct Session {
    content: Vec<u8>,
    faults: Vec<Fault>,
    capitalized: bool,
    /// Whether a session that is complete is forgotten.
    forgets: bool,
}

impl Session {
    fn answer(&mut self, seen: &Seen) -> Answered {
        if seen.url.starts_with("https://graph") {
            assert_eq!(seen.header("authorization"), Some("Bearer the-token"));
            let body = format!(
                r#"{{"uploadUrl":"{URL}","expirationDateTime":"2026-11-23T00:00:00Z","nextExpectedRanges":["0-"]}}"#
            );
            return response(200, body);
        }
        assert_eq!((seen.url.as_str(), seen.header("authorization")), (URL, None));
        match seen.method.as_str() {
            "PUT" => self.put(seen),
            "GET" if self.forgets && self.content.len() >= 1_000_000 => response(404, ""),
            "GET" => self.state(200),
            "DELETE" => response(204, ""),
            other => panic!("unexpected {other}"),
        }
    }

    fn put(&mut self, seen: &Seen) -> Answered {
        let (range, total) = range(seen);
        assert_eq!(range.end - range.start, seen.body.len() as u64);
        let reset = || Err(TransportError::new(Phase::Exchange, "reset"));
        let fault = if self.faults.is_empty() { Fault::None } else { self.faults.remove(0) };
        let taken = match fault {
            Fault::Lost => return reset(),
            Fault::Status(status) => return response(status, ""),
            Fault::Partly(bytes) => bytes as usize,
            Fault::None | Fault::Unheard => seen.body.len(),
        };
        if range.start != self.content.len() as u64 {
            return response(416, r#"{"error":{"code":"invalidRange"}}"#);
        }
        self.content.extend_from_slice(&seen.body[..taken]);
        match fault {
            Fault::None if self.content.len() as u64 == total => {
                response(201, r#"{"id":"i","subject":"done"}"#)
            }
            Fault::None => self.state(202),
            _ => reset(),
        }
    }

    fn state(&self, status: u16) -> Answered {
        let at = self.content.len();
        if self.capitalized {
            return response(200, format!(r#"{{"NextExpectedRanges":["{at}"]}}"#));
        }
        response(status, format!(r#"{{"nextExpectedRanges":["{at}-"]}}"#))
    }
}

/// The range of a slice, and the length of the whole.
fn range(seen: &Seen) -> (Range<u64>, u64) {
    let text = seen.header("content-range").expect("a range").strip_prefix("bytes ").expect("bytes");
    let (range, total) = text.split_once('/').expect("a length");
    let (start, last) = range.split_once('-').expect("a range");
    let number = |text: &str| text.parse::<u64>().expect("a number");
    (number(start)..number(last) + 1, number(total))
}

fn content(length: usize) -> Bytes {
    (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect::<Vec<_>>().into()
}

/// A client of a session; the session and what was sent.
fn service(session: Session) -> (GraphClient, Arc<Mutex<Session>>, Log) {
    let session = Arc::new(Mutex::new(session));
    let service = session.clone();
    let (client, log) = client(move |seen| service.lock().expect("no panic elsewhere").answer(seen));
    (client, session, log)
}

fn client(answer: impl Fn(&Seen) -> Answered + Send + Sync + 'static) -> (GraphClient, Log) {
    let (builder, log) = fake::builder(answer);
    (builder.clock(SkippingClock::new()).build().expect("a client"), log)
}

fn open(client: &GraphClient) -> Request<User> {
    client.root("drives").key("d").segment("items").key("i").call(OPEN)
}

fn slices(log: &Log) -> Vec<Range<u64>> {
    log.all().iter().filter(|seen| seen.method == "PUT").map(|seen| range(seen).0).collect()
}

#[tokio::test]
async fn content_is_sent_in_slices_of_the_unit_and_the_last_answer_is_typed() {
    let content = content(1_000_001);
    let (client, session, log) = service(Session::default());
    let reports: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let seen = reports.clone();
    let mut upload = Upload::from_bytes(open(&client), content.clone())
        .slice_size(400_000)
        .progress(move |progress| seen.lock().expect("no panic elsewhere").push(progress));
    let answer = upload.send::<Message>().await.expect("uploaded");
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.value().and_then(|item| item.subject.as_deref()), Some("done"));
    assert!(session.lock().expect("no panic elsewhere").content == content);
    assert_eq!(
        slices(&log),
        [
            0..SLICE_UNIT,
            SLICE_UNIT..2 * SLICE_UNIT,
            2 * SLICE_UNIT..3 * SLICE_UNIT,
            3 * SLICE_UNIT..1_000_001
        ]
    );
    let reports: Vec<u64> =
        reports.lock().expect("no panic elsewhere").iter().map(|report| report.transferred).collect();
    assert_eq!(reports, [SLICE_UNIT, 2 * SLICE_UNIT, 3 * SLICE_UNIT, 1_000_001]);
}

#[tokio::test]
async fn after_every_failure_the_upload_goes_on_with_what_the_service_expects() {
    let failures = [
        vec![Fault::Lost],
        vec![Fault::None, Fault::Partly(1)],
        vec![Fault::Unheard, Fault::Unheard],
        vec![Fault::Partly(5000), Fault::Partly(0), Fault::Partly(7), Fault::Lost, Fault::Status(503)],
        vec![Fault::Status(500), Fault::None, Fault::Status(504), Fault::Status(416), Fault::Status(429)],
        vec![
            Fault::Lost,
            Fault::Lost,
            Fault::Status(502),
            Fault::None,
            Fault::Lost,
            Fault::Lost,
            Fault::Lost,
        ],
    ];
    for faults in failures {
        for capitalized in [false, true] {
            let content = content(1_000_001);
            let (client, session, log) =
                service(Session { faults: faults.clone(), capitalized, ..Session::default() });
            let mut upload = Upload::from_bytes(open(&client), content.clone()).slice_size(SLICE_UNIT);
            upload.send::<Message>().await.unwrap_or_else(|error| panic!("{faults:?}: {error}"));
            assert!(session.lock().expect("no panic elsewhere").content == content, "{faults:?}");
            assert_eq!(log.all().iter().filter(|seen| seen.method == "POST").count(), 1);
        }
    }
}

#[tokio::test]
async fn another_process_goes_on_with_a_stored_session() {
    let content = content(1_000_001);
    let faults = vec![Fault::None, Fault::Status(400)];
    let (client, session, log) = service(Session { faults, ..Session::default() });
    let mut upload = Upload::from_bytes(open(&client), content.clone()).slice_size(SLICE_UNIT);
    let stored = serde_json::to_string(&upload.open().await.expect("opened")).expect("JSON");
    assert_eq!(
        upload.send::<()>().await.expect_err("refused").status().map(|status| status.as_u16()),
        Some(400)
    );
    drop(upload);

    let stored: UploadSession = serde_json::from_str(&stored).expect("a session");
    assert_eq!((stored.length(), stored.expiration()), (1_000_001, Some("2026-11-23T00:00:00Z")));
    let mut other = Upload::resume(&client, stored.clone(), Cursor::new(content.slice(1..)));
    let error = other.send::<()>().await.expect_err("another length").to_string();
    assert!(error.contains("the session was opened for 1000001 bytes, not for 1000000"), "{error}");

    let sent = slices(&log).len();
    let mut upload = Upload::resume(&client, stored, Cursor::new(content.clone()));
    upload.send::<Message>().await.expect("uploaded");
    assert!(session.lock().expect("no panic elsewhere").content == content);
    assert_eq!((slices(&log).len(), slices(&log).pop()), (sent + 1, Some(SLICE_UNIT..1_000_001)));
    assert_eq!(log.all().iter().filter(|seen| seen.method == "POST").count(), 1);
}

#[tokio::test]
async fn an_upload_that_failed_can_be_sent_again_and_goes_on() {
    let content = content(1_000_000);
    let faults = [vec![Fault::None], vec![Fault::Lost; 8]].concat();
    let (client, session, _) = service(Session { faults, ..Session::default() });
    let mut upload = Upload::from_bytes(open(&client), content.clone()).slice_size(SLICE_UNIT);
    assert!(matches!(upload.send::<()>().await, Err(Error::Delivery(_))));
    upload.send::<()>().await.expect("uploaded");
    assert!(session.lock().expect("no panic elsewhere").content == content);
}

#[tokio::test]
async fn a_session_that_is_over_is_said_to_be() {
    for status in [404, 410] {
        let (client, _, _) = service(Session { faults: vec![Fault::Status(status)], ..Session::default() });
        let error = Upload::from_bytes(open(&client), content(10)).send::<()>().await.expect_err("gone");
        assert!(
            matches!(&error, Error::Transfer(error) if matches!(error.problem(), TransferProblem::SessionGone)),
            "{error}"
        );
        assert_eq!(
            error.to_string(),
            "PUT {upload-url}: the upload session has expired or was cancelled: begin a new one"
        );
    }
    let (client, _, _) =
        service(Session { faults: vec![Fault::Unheard], forgets: true, ..Session::default() });
    let error =
        Upload::from_bytes(open(&client), content(1_000_000)).send::<()>().await.expect_err("unknown");
    assert!(
        matches!(&error, Error::Transfer(error) if matches!(error.problem(), TransferProblem::OutcomeUnknown)),
        "{error}"
    );
}

#[tokio::test]
async fn a_service_that_does_not_keep_what_it_takes_is_given_up() {
    let (client, log) = client(|seen| match seen.method.as_str() {
        "POST" => response(200, format!(r#"{{"uploadUrl":"{URL}"}}"#)),
        _ => response(202, r#"{"nextExpectedRanges":["0-"]}"#),
    });
    let error = Upload::from_bytes(open(&client), content(10)).send::<()>().await.expect_err("no progress");
    assert!(
        matches!(&error, Error::Transfer(error) if matches!(error.problem(), TransferProblem::NoProgress)),
        "{error}"
    );
    assert_eq!(log.all().len(), 1 + 8);
}

#[tokio::test]
async fn what_a_service_says_of_a_session_is_checked() {
    for (opened, expected) in [
        (r#"{}"#, "it has no uploadUrl"),
        ("", "it has no uploadUrl"),
        (r#"{"uploadUrl":7}"#, "it has no uploadUrl"),
        (r#"{"uploadUrl":"http://up.example/x"}"#, "its uploadUrl does not begin with https://"),
        (r#"{"uploadUrl":"/x"}"#, "its uploadUrl does not begin with https://"),
    ] {
        let (client, log) = client(move |_| response(200, opened));
        let error = Upload::from_bytes(open(&client), content(10)).send::<()>().await.expect_err("unusable");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(log.all().len(), 1);
    }
    for ranges in [r#"["5-3"]"#, r#"["10-"]"#, r#"["x"]"#, "[7]", r#"["-1"]"#, r#"["99999999999999999999"]"#]
    {
        let (client, _) = client(move |seen| match seen.method.as_str() {
            "POST" => response(200, format!(r#"{{"uploadUrl":"{URL}"}}"#)),
            _ => response(202, format!(r#"{{"nextExpectedRanges":{ranges}}}"#)),
        });
        let error = Upload::from_bytes(open(&client), content(10)).send::<()>().await.expect_err("unusable");
        assert!(error.to_string().contains("it expects a range that there is not"), "{ranges}: {error}");
    }
}

#[tokio::test]
async fn only_the_ranges_that_are_missing_are_sent() {
    let (client, log) = client(|seen| match (seen.method.as_str(), seen.header("content-range")) {
        ("POST", _) => response(200, format!(r#"{{"uploadUrl":"{URL}"}}"#)),
        (_, Some("bytes 0-99/100")) => response(202, r#"{"nextExpectedRanges":["70-79","20-29"]}"#),
        (_, Some("bytes 20-29/100")) => response(202, r#"{"nextExpectedRanges":["70-100"]}"#),
        (_, Some("bytes 70-99/100")) => response(200, r#"{"id":"i","subject":"done"}"#),
        other => panic!("unexpected {other:?}"),
    });
    let answer = Upload::from_bytes(open(&client), content(100)).send::<Message>().await.expect("uploaded");
    assert_eq!(answer.value().and_then(|item| item.subject.as_deref()), Some("done"));
    assert_eq!(slices(&log), [0..100, 20..30, 70..100]);
}

#[tokio::test]
async fn the_place_of_a_session_is_shown_nowhere() {
    let faults = vec![Fault::Lost; 20];
    let (client, _, _) = service(Session { faults, ..Session::default() });
    let mut upload = Upload::from_bytes(open(&client), content(10));
    let session = upload.open().await.expect("opened");
    let error = upload.send::<()>().await.expect_err("lost");
    for shown in [format!("{session:?}"), format!("{upload:?}"), format!("{error:?}"), error.to_string()] {
        assert!(!shown.contains("secret"), "{shown}");
    }
    assert_eq!(format!("{session:?}"), "UploadSession(for 10 bytes, until 2026-11-23T00:00:00Z)");
}

#[tokio::test]
async fn no_token_goes_to_a_session_even_on_the_services_own_host() {
    let (client, log) = client(|seen| match seen.method.as_str() {
        "POST" => response(200, r#"{"uploadUrl":"https://graph.microsoft.com/v1.0/up"}"#),
        _ => response(201, ""),
    });
    let mut upload = Upload::from_bytes(open(&client), content(10));
    let session = upload.open().await.expect("opened");
    upload.send::<()>().await.expect("uploaded");
    session.cancel(&client).await.expect("cancelled");
    let tokens: Vec<bool> = log.all().iter().map(|seen| seen.header("authorization").is_some()).collect();
    assert_eq!(tokens, [true, false, false]);
    assert_eq!(log.last().method, "DELETE");
}

#[tokio::test]
async fn small_content_goes_by_one_request() {
    for (length, operation, methods) in [
        (0, OPEN, vec!["PUT"]),
        (4_000_000, OPEN, vec!["PUT"]),
        (4_000_001, OPEN, vec!["POST", "PUT"]),
        (3_000_000, OPEN_ATTACHMENT, vec!["PUT"]),
        (3_000_001, OPEN_ATTACHMENT, vec!["POST", "PUT"]),
    ] {
        let (client, log) = client(|seen| match seen.method.as_str() {
            "POST" => response(200, format!(r#"{{"uploadUrl":"{URL}"}}"#)),
            _ => response(201, ""),
        });
        let items = client.root("drives").key("d");
        let put = |bytes| {
            items.send_bytes::<Option<Message>>(PUT, bytes).conflict_behavior(ConflictBehavior::Replace)
        };
        let mut upload = Upload::from_bytes(items.call::<User>(operation), content(length));
        upload.send_or_put::<Message>(put).await.expect("uploaded");
        assert_eq!(
            log.all().iter().map(|seen| seen.method.to_string()).collect::<Vec<_>>(),
            methods,
            "{length}"
        );
        assert_eq!(log.last().body.len(), length);
        if methods.len() == 1 {
            assert!(log.last().url.ends_with("/drives/d?@microsoft.graph.conflictBehavior=replace"));
        }
    }
}

#[tokio::test]
async fn empty_content_opens_no_session() {
    let (client, _, log) = service(Session::default());
    let error =
        Upload::from_bytes(open(&client), Bytes::new()).send::<()>().await.expect_err("empty").to_string();
    assert!(error.contains("an upload session takes no empty content"), "{error}");
    assert!(log.all().is_empty());
}
