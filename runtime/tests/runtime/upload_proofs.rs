//! Uploads prove themselves: what a service says that proves nothing is found out, and never taken for success. The
//! tests are named after the reports that they stand for.

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use bytes::Bytes;
use msgraph_runtime::error::{TransferError, TransferProblem};
use msgraph_runtime::upload::{ConflictBehavior, SLICE_UNIT, Upload, UploadSession};
use msgraph_runtime::{Body, Error, GraphClient, Model, Reference, RetryPolicy, StaticToken};

use crate::support::drive::{self, Asked, client, open, opened, reset, script};
use crate::support::fake::{Log, response};
use crate::support::models::{Message, User};
use crate::support::skip::SkippingClock;

const UNIT: u64 = SLICE_UNIT;

const PUT: &str = "op:PUT /drives/{drive-id}/items/{item-id}/content;;";

/// Three slices.
const LENGTH: usize = 3 * SLICE_UNIT as usize - 10;

/// Of a thousand bytes of the content.
const SHA1: &str = "5BDADDC87412E11DA1B944B879688ABEC7FF5B2E";

const DONE: &str = r#"{"id":"i","subject":"done"}"#;
const ITEM: &str = r#"{"id":"i","subject":"done","size":983030}"#;
const FROM_2: &str = r#"{"nextExpectedRanges":["327680-983029"]}"#;
const FROM_3: &str = r#"{"nextExpectedRanges":["655360-983029"]}"#;
const NOTHING: &str = r#"{"nextExpectedRanges":[]}"#;

fn content(length: usize) -> Bytes {
    (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect::<Vec<_>>().into()
}

type Script = &'static [(&'static str, u16, &'static str)];

/// Sends three slices to a session that answers so.
async fn send(answers: Script) -> (Result<Option<String>, Error>, Upload, Log) {
    let (client, log) = script(answers);
    let mut upload = Upload::from_bytes(open::<User>(&client), content(LENGTH)).slice_size(UNIT);
    let sent = upload.send::<Message>().await;
    (sent.map(|sent| sent.into_value().and_then(|item| item.subject)), upload, log)
}

fn asked(log: &Log) -> Vec<Asked> {
    log.all().iter().map(Asked::of).filter(|asked| *asked != Asked::Open).collect()
}

fn transfer(error: &Error) -> &TransferError {
    match error {
        Error::Transfer(error) => error,
        other => panic!("{other}"),
    }
}

fn assert_unknown(error: &Error, offset: Option<u64>) {
    let error = transfer(error);
    assert!(matches!(error.problem(), TransferProblem::OutcomeUnknown), "{error}");
    assert_eq!(error.offset(), offset, "{error}");
    assert_eq!(error.session().map(UploadSession::length), Some(LENGTH as u64));
}

fn assert_gone(error: &Error) {
    assert!(matches!(transfer(error).problem(), TransferProblem::SessionGone), "{error}");
}

/// onedrive-api-docs#14, #41, inbox-zero#3256, and what else says nothing of what is missing.
#[tokio::test]
async fn an_answer_in_the_middle_that_proves_nothing_leads_to_the_question_what_is_missing() {
    const ANSWERS: [(u16, &str); 9] = [
        (200, "{}"),
        (202, r#"{"expirationDateTime":"2026-11-23T00:00:00Z"}"#),
        (200, DONE),
        (201, DONE),
        (200, NOTHING),
        (200, "<html>"),
        (200, r#"{"error":{"code":"UnknownError"}}"#),
        (204, ""),
        (202, FROM_3),
    ];
    for (status, body) in ANSWERS {
        let answers: Script = Box::leak(Box::new([
            ("PUT", status, body),
            ("GET", 200, FROM_2),
            ("PUT", 202, FROM_3),
            ("PUT", 201, ITEM),
        ]));
        let (sent, _, log) = send(answers).await;
        assert_eq!(sent.expect("uploaded").as_deref(), Some("done"), "{status} {body}");
        let slice = |at: u64| Asked::Slice(at..(at + UNIT).min(LENGTH as u64));
        assert_eq!(asked(&log), [slice(0), Asked::Session, slice(UNIT), slice(2 * UNIT)], "{status} {body}");
    }
}

/// onedrive-api-docs#71.
#[tokio::test]
async fn a_session_that_misses_nothing_while_bytes_were_never_sent_is_no_success_and_goes_on_later() {
    const NEVER: [(&str, u16, &str); 8] = [("GET", 200, NOTHING); 8];
    let answers: Script = Box::leak(
        [
            &[("PUT", 202, FROM_2), ("PUT", 200, "{}")][..],
            &NEVER,
            &[("GET", 200, FROM_2), ("PUT", 202, FROM_3), ("PUT", 201, ITEM)],
        ]
        .concat()
        .into_boxed_slice(),
    );
    let (sent, mut upload, log) = send(answers).await;
    assert_unknown(&sent.expect_err("not finished"), Some(UNIT));
    assert_eq!(log.all().len(), 3 + NEVER.len());
    upload.send::<()>().await.expect("uploaded");
}

/// core#146605 (home-assistant).
#[tokio::test]
async fn a_last_answer_without_an_item_is_proven_by_the_item_or_by_nothing() {
    const LAST: [(u16, &str, u16); 5] =
        [(200, "{}", 404), (202, "", 404), (200, r#"{"name":"x"}"#, 404), (200, "", 200), (201, FROM_3, 404)];
    let items =
        [(ITEM, true), (r#"{"id":"i","size":5}"#, false), (r#"{"size":983030}"#, false), (DONE, false)];
    for ((item, is_proven), (status, body, session)) in
        items.iter().flat_map(|item| LAST.map(|last| (*item, last)))
    {
        let (client, log, _) = client(RetryPolicy::default(), move |seen| match Asked::of(seen) {
            Asked::Open => opened(),
            Asked::Slice(range) if range.end == LENGTH as u64 => response(status, body),
            Asked::Slice(range) => response(202, format!(r#"{{"nextExpectedRanges":["{}-"]}}"#, range.end)),
            Asked::Session => response(session, NOTHING),
            Asked::Item => response(200, item),
        });
        let mut upload = Upload::from_bytes(open::<User>(&client), content(LENGTH)).slice_size(UNIT);
        match upload.send::<Message>().await {
            Ok(sent) => {
                assert!(is_proven, "{item}");
                assert_eq!(sent.value().and_then(|item| item.subject.as_deref()), Some("done"));
            }
            Err(error) => {
                assert_unknown(&error, Some(2 * UNIT));
                assert!(!is_proven, "{item}");
            }
        }
        let looked =
            log.all().into_iter().find(|seen| Asked::of(seen) == Asked::Item).expect("it was looked at");
        assert!(looked.url.ends_with("/v1.0/drives/d/items/parent:/name.bin:"), "{}", looked.url);
        assert_eq!(looked.header("authorization"), Some("Bearer the-token"));
    }
}

#[tokio::test]
async fn what_is_created_without_a_body_is_a_success_whose_place_is_kept() {
    let (client, _, _) = client(RetryPolicy::default(), |seen| match Asked::of(seen) {
        Asked::Open => opened(),
        _ => {
            let mut answer = response(201, "")?;
            answer
                .headers_mut()
                .insert("location", "https://outlook.example/attachment".parse().expect("a value"));
            Ok(answer)
        }
    });
    let uploaded =
        Upload::from_bytes(open::<User>(&client), content(10)).send::<Message>().await.expect("done");
    assert_eq!(
        (uploaded.location(), uploaded.status().as_u16()),
        (Some("https://outlook.example/attachment"), 201)
    );
    assert!(uploaded.value().is_none() && !uploaded.is_hash_verified() && uploaded.length() == 10);
}

#[tokio::test]
async fn a_last_answer_that_is_lost_is_not_said_to_be_undone() {
    const LOST: [(&str, u16, &str); 4] =
        [("PUT", 202, FROM_2), ("PUT", 202, FROM_3), ("PUT", 0, ""), ("GET", 404, "")];
    // 504 though it was committed, and the session is not to be asked for long.
    const DENIED: [(&str, u16, &str); 3] = [("PUT", 202, FROM_2), ("PUT", 202, FROM_3), ("PUT", 504, "")];
    let (sent, ..) = send(Box::leak([&LOST[..], &[("ITEM", 200, ITEM)]].concat().into_boxed_slice())).await;
    assert_eq!(sent.expect("proven").as_deref(), Some("done"));
    let late = [("ITEM", 404, ""), ("ITEM", 404, ""), ("ITEM", 200, ITEM)];
    let (sent, ..) = send(Box::leak([&LOST[..], &late].concat().into_boxed_slice())).await;
    assert_eq!(sent.expect("proven, though not seen at once").as_deref(), Some("done"));

    let absent = [[("ITEM", 404, ""); 3].as_slice(), &[("GET", 404, ""), ("ITEM", 200, ITEM)]].concat();
    let (sent, mut upload, _) = send(Box::leak([&LOST[..], &absent].concat().into_boxed_slice())).await;
    assert_unknown(&sent.expect_err("not known"), Some(2 * UNIT));
    assert!(upload.session().expect("kept").is_last_byte_sent());
    upload.send::<()>().await.expect("proven by now");

    let busy = [[("GET", 503, ""); 8].as_slice(), &[("GET", 404, "")], &[("ITEM", 403, "")]].concat();
    let (sent, mut upload, _) = send(Box::leak([&DENIED[..], &busy].concat().into_boxed_slice())).await;
    assert_eq!(sent.expect_err("busy").status().map(|status| status.as_u16()), Some(503));
    assert_unknown(&upload.send::<()>().await.expect_err("not known"), Some(2 * UNIT));
}

#[tokio::test]
async fn that_the_last_byte_was_sent_is_kept_in_a_stored_session() {
    let answers: Script = &[("PUT", 202, FROM_2), ("PUT", 202, FROM_3), ("PUT", 0, ""), ("GET", 401, "")];
    let (_, upload, _) = send(answers).await;
    let stored = serde_json::to_string(upload.session().expect("kept")).expect("JSON");
    for (item, is_proven) in [((200, ITEM), true), ((404, ""), false)] {
        let answers = [&[("GET", 404, "")][..], &[("ITEM", item.0, item.1); 3]].concat();
        let (client, _) = script(Box::leak(answers.into_boxed_slice()));
        let session: UploadSession = serde_json::from_str(&stored).expect("a session");
        let mut upload = Upload::resume(&client, session, Cursor::new(content(LENGTH)));
        match upload.send::<()>().await {
            Ok(_) => assert!(is_proven),
            Err(error) => {
                assert_unknown(&error, None);
                assert!(!is_proven);
            }
        }
    }
}

#[tokio::test]
async fn a_session_of_another_process_that_is_over_may_have_been_finished_by_it() {
    let (client, _) = script(&[]);
    let session = Upload::from_bytes(open::<User>(&client), content(LENGTH)).open().await.expect("opened");
    let resume = |answers: Script| {
        let (client, _) = script(answers);
        let mut upload = Upload::resume(&client, session.clone(), Cursor::new(content(LENGTH)));
        async move { upload.send::<Message>().await }
    };
    resume(&[("GET", 404, ""), ("ITEM", 200, ITEM)]).await.expect("it was finished");
    for item in [("ITEM", 404, ""), ("ITEM", 200, r#"{"id":"i","size":5}"#)] {
        let answers = Box::leak(Box::new([("GET", 404, ""), item]));
        assert_gone(&resume(answers).await.expect_err("it was not"));
    }
    assert_unknown(&resume(&[("GET", 404, ""), ("ITEM", 403, "")]).await.expect_err("not known"), None);
}

/// abraunegg/onedrive#3859, rclone#9767.
#[tokio::test]
async fn after_a_session_that_is_gone_another_send_begins_a_new_one() {
    for status in [404, 410] {
        let slices = AtomicUsize::new(0);
        let (client, log, _) = client(RetryPolicy::default(), move |seen| match Asked::of(seen) {
            Asked::Open => opened(),
            _ if slices.fetch_add(1, Ordering::Relaxed) == 0 => response(status, ""),
            _ => response(201, DONE),
        });
        let mut upload = Upload::from_bytes(open::<User>(&client), content(10));
        let error = upload.send::<()>().await.expect_err("gone");
        assert_gone(&error);
        assert!(error.to_string().ends_with("begin a new one"), "{error}");
        upload.send::<()>().await.expect("uploaded");
        assert_eq!(log.all().iter().filter(|seen| seen.method == "POST").count(), 2);
    }
}

#[tokio::test]
async fn other_content_is_not_sent_into_a_session() {
    let (client, log) = script(&[]);
    let long = 40 * SLICE_UNIT as usize;
    let mut upload = Upload::from_bytes(open::<User>(&client), content(long)).version("Monday");
    let session = upload.open().await.expect("opened");
    let stored = serde_json::to_string(&session).expect("JSON");
    let sent = log.all().len();
    let mut changes: Vec<Vec<u8>> = Vec::new();
    for at in [0, long / 2 - long / 30, long - 1] {
        let mut changed = content(long).to_vec();
        changed[at] ^= 1;
        changes.push(changed);
    }
    for changed in changes {
        let session = serde_json::from_str(&stored).expect("a session");
        let error =
            Upload::resume(&client, session, Cursor::new(changed)).send::<()>().await.expect_err("changed");
        assert!(matches!(transfer(&error).problem(), TransferProblem::Changed), "{error}");
    }
    let again =
        Upload::resume(&client, session, Cursor::new(content(long))).version("Tuesday").send::<()>().await;
    assert!(matches!(transfer(&again.expect_err("changed")).problem(), TransferProblem::Changed));
    assert_eq!(log.all().len(), sent);
}

#[tokio::test]
async fn a_session_that_was_stored_without_a_fingerprint_still_goes_on() {
    let (client, _) = script(&[("GET", 200, FROM_3), ("PUT", 201, ITEM)]);
    let stored = format!(r#"{{"uploadUrl":"{}","length":{LENGTH}}}"#, drive::URL);
    let session: UploadSession = serde_json::from_str(&stored).expect("a session");
    Upload::resume(&client, session, Cursor::new(content(LENGTH))).send::<()>().await.expect("uploaded");
}

#[tokio::test]
async fn the_size_and_the_hash_of_the_item_must_be_those_of_the_content() {
    let mut of_content = [0_u8; 20];
    for (at, byte) in content(1000).iter().enumerate() {
        for bit in 0..8 {
            let place = (at * 11 + bit) % 160;
            of_content[place / 8] ^= (byte >> bit & 1) << (place % 8);
        }
    }
    of_content.iter_mut().skip(12).zip(1000_u64.to_le_bytes()).for_each(|(mine, byte)| *mine ^= byte);
    let right = base64::engine::general_purpose::STANDARD.encode(of_content);
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (size, name, hash, problem, is_hash_verified) in [
        (1000, "quickXorHash", right.as_str(), None, true),
        (1000, "sha1Hash", SHA1, None, cfg!(feature = "auth")),
        (1000, "quickXorHash", "", None, false),
        (1000, "crc32Hash", "CBF43926", None, false),
        (999, "quickXorHash", &right, Some("its size is 999 bytes, not 1000"), false),
        (1000, "quickXorHash", wrong, Some("its quickXorHash is not that of the content"), false),
        (
            1000,
            "sha1Hash",
            wrong,
            cfg!(feature = "auth").then_some("its sha1Hash is not that of the content"),
            false,
        ),
    ] {
        for small in [false, true] {
            let item = format!(r#"{{"id":"i","size":{size},"file":{{"hashes":{{"{name}":"{hash}"}}}}}}"#);
            for verify in [true, false] {
                let given = item.clone();
                let (client, _, _) = client(RetryPolicy::default(), move |seen| match seen.method.as_str() {
                    "POST" => opened(),
                    _ => response(201, given.clone()),
                });
                let mut upload = Upload::from_bytes(open::<User>(&client), content(1000)).verify(verify);
                let put = client.root("drives").key("d").segment("items").key("i").segment("content");
                let sent = match small {
                    false => upload.send::<Message>().await,
                    true => {
                        let put = |bytes| put.send_bytes::<Option<Message>>(PUT, bytes);
                        upload.send_or_put::<Message>(put).await
                    }
                };
                match (sent, problem.filter(|_| verify)) {
                    (Ok(sent), None) => {
                        assert_eq!(sent.is_hash_verified(), is_hash_verified && verify, "{name} {hash}")
                    }
                    (Err(error), Some(problem)) => {
                        assert!(matches!(transfer(&error).problem(), TransferProblem::Differs(_)), "{error}");
                        assert!(error.to_string().contains(problem), "{error}");
                    }
                    (sent, _) => panic!("{item}: {sent:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn small_content_proves_itself_too() {
    for (status, body, item, is_proven) in [
        (201, "", None, true),
        (204, "", None, true),
        (200, r#"{"id":"i","size":10}"#, None, true),
        (200, "{}", Some((200, r#"{"id":"i","size":10}"#)), true),
        (200, "<html>", Some((200, r#"{"id":"i","size":11}"#)), false),
        (200, "", Some((404, "")), false),
        (202, "", Some((403, "")), false),
    ] {
        let (client, log, _) = client(RetryPolicy::default(), move |seen| match seen.method.as_str() {
            "PUT" => response(status, body),
            _ => item.map_or_else(reset, |(status, body)| response(status, body)),
        });
        let items = client.root("drives").key("d").segment("items").key("i");
        let item_content = items.segment("content");
        // As a generated `put_content` is called, which takes what becomes a body, and may give nothing.
        let sent = Upload::from_bytes(open::<User>(&client), content(10))
            .send_or_put::<Message>(|bytes| item_content.send_bytes::<Option<Message>>(PUT, bytes.slice(..)))
            .await;
        assert_eq!(sent.is_ok(), is_proven, "{status} {body}: {sent:?}");
        if let Err(error) = sent {
            assert!(matches!(transfer(&error).problem(), TransferProblem::OutcomeUnknown), "{error}");
        }
        assert_eq!(log.all().iter().any(|seen| seen.url.ends_with("/v1.0/drives/d/items/i")), item.is_some());
    }
}

#[tokio::test]
async fn an_item_of_the_same_size_from_before_the_session_proves_nothing() {
    for (time, is_proven) in [("2026-11-22T09:58:00Z", false), ("2026-11-22T10:00:03Z", true)] {
        let (client, ..) = client(RetryPolicy::default(), move |seen| match Asked::of(seen) {
            Asked::Open => {
                let mut answer = opened()?;
                let date = "Sun, 22 Nov 2026 10:00:00 GMT".parse().expect("a value");
                answer.headers_mut().insert("date", date);
                Ok(answer)
            }
            Asked::Slice(_) => reset(),
            Asked::Session => response(404, ""),
            Asked::Item => {
                response(200, format!(r#"{{"id":"i","size":10,"lastModifiedDateTime":"{time}"}}"#))
            }
        });
        let sent = Upload::from_bytes(open::<User>(&client), content(10)).send::<()>().await;
        assert_eq!(sent.is_ok(), is_proven, "{sent:?}");
    }
}

#[tokio::test]
async fn the_item_of_a_name_proves_nothing_if_the_new_one_may_have_another() {
    let (client, log, _) = client(RetryPolicy::default(), |seen| match Asked::of(seen) {
        Asked::Open => opened(),
        Asked::Slice(_) => reset(),
        Asked::Session => response(404, ""),
        Asked::Item => response(200, r#"{"id":"old","size":10}"#),
    });
    let mut item = Reference::default();
    ConflictBehavior::Rename.set(&mut item);
    let mut body = Reference::default();
    let mut extra = body.extra();
    extra.insert("item", &msgraph_runtime::edm::Json::encode(&item));
    body.set_extra(extra);
    let path = client.root("drives").key("d").segment("items").key("parent").item_path("n");
    let request = path
        .segment("createUploadSession")
        .send::<User>("op:POST /drives/{drive-id}/items/{item-id}/createUploadSession;;", &body);
    let error = Upload::from_bytes(request, content(10)).send::<()>().await.expect_err("not known");
    assert!(matches!(transfer(&error).problem(), TransferProblem::OutcomeUnknown), "{error}");
    assert!(!asked(&log).contains(&Asked::Item));
}

#[tokio::test]
async fn a_service_that_wants_to_be_left_alone_for_longer_than_the_policy_allows_is_an_error_at_once() {
    let policy = RetryPolicy::default().total(std::time::Duration::from_secs(2));
    for status in [429, 503] {
        for seconds in [3600_u64, 31_536_000] {
            let slices = AtomicUsize::new(0);
            let (client, log, clock) = client(policy, move |seen| match Asked::of(seen) {
                Asked::Open => opened(),
                Asked::Slice(_) if slices.fetch_add(1, Ordering::Relaxed) == 1 => {
                    let mut answer = response(status, "")?;
                    answer.headers_mut().insert("retry-after", seconds.into());
                    Ok(answer)
                }
                Asked::Slice(range) if range.end == LENGTH as u64 => response(201, ITEM),
                Asked::Slice(range) => {
                    response(202, format!(r#"{{"nextExpectedRanges":["{}-"]}}"#, range.end))
                }
                _ => response(200, FROM_2),
            });
            let mut upload = Upload::from_bytes(open::<User>(&client), content(LENGTH)).slice_size(UNIT);
            let error = upload.send::<Message>().await.expect_err("not that long");
            assert_eq!(error.retry_after().map(|time| time.as_secs()), Some(seconds), "{error}");
            assert_eq!((log.all().len(), clock.waited().as_secs()), (3, 0));
        }
    }
}

#[tokio::test]
async fn waiting_since_the_last_progress_ends_with_the_policys_total() {
    let policy = RetryPolicy::default().max_tries(1000).total(std::time::Duration::from_secs(60));
    let (client, _, clock) = client(policy, |seen| match Asked::of(seen) {
        Asked::Open => opened(),
        Asked::Slice(_) => reset(),
        _ => response(200, r#"{"nextExpectedRanges":["0-"]}"#),
    });
    let error = Upload::from_bytes(open::<User>(&client), content(10)).send::<()>().await.expect_err("never");
    assert!(matches!(error, Error::Delivery(_)), "{error}");
    let waited = clock.waited().as_secs();
    assert!((30..=60).contains(&waited), "{waited} s");
}

#[tokio::test]
async fn a_slice_is_not_sent_again_before_the_session_was_asked_also_if_the_policy_would() {
    let slices = AtomicUsize::new(0);
    let (client, log, _) = client(RetryPolicy::default().all_errors(), move |seen| match Asked::of(seen) {
        Asked::Open => opened(),
        Asked::Slice(_) if slices.fetch_add(1, Ordering::Relaxed) == 0 => reset(),
        Asked::Slice(_) => response(201, ITEM),
        _ => response(200, r#"{"nextExpectedRanges":["0-"]}"#),
    });
    Upload::from_bytes(open::<User>(&client), content(LENGTH)).send::<()>().await.expect("uploaded");
    let slice = Asked::Slice(0..LENGTH as u64);
    assert_eq!(asked(&log), [slice.clone(), Asked::Session, slice]);
}

#[test]
fn what_sends_can_go_to_another_thread() {
    fn is_send(_: impl Send) {}
    let (client, _) = script(&[]);
    let mut upload = Upload::from_bytes(open::<User>(&client), content(10));
    is_send(upload.send::<Message>());
    let put = |bytes| client.root("me").send_bytes::<()>("op:PUT /me/content;;", bytes);
    is_send(upload.send_or_put::<Message>(put));
}

#[tokio::test]
async fn after_a_future_that_was_dropped_the_upload_goes_on_and_knows_what_it_has_sent() {
    use futures_util::FutureExt;
    let requests = AtomicUsize::new(0);
    let builder = GraphClient::builder().credential(StaticToken::new("t")).clock(SkippingClock::new());
    let client = builder
        .transport(move |request: http::Request<Body>| {
            let number = requests.fetch_add(1, Ordering::Relaxed);
            async move {
                match (number, request.method().as_str()) {
                    (0, _) => opened(),
                    (1, "PUT") => std::future::pending().await,
                    (2, "GET") => response(404, ""),
                    (_, method) => {
                        assert_eq!((method, request.uri().host()), ("GET", Some("graph.microsoft.com")));
                        response(200, r#"{"id":"i","size":10}"#)
                    }
                }
            }
        })
        .build()
        .expect("a client");
    let mut upload = Upload::from_bytes(open::<User>(&client), content(10));
    assert!(upload.send::<()>().now_or_never().is_none());
    assert!(upload.session().expect("open").is_last_byte_sent());
    upload.send::<()>().await.expect("proven");
}
