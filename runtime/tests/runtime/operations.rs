//! Long-running operations: asked for until they end, at the pace that the service says, and nowhere unsafe.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use http::Response;
use jiff::Timestamp;
use msgraph_runtime::{
    Body, Clock, Error, GraphClient, Monitor, OperationState, Poller, Request, TransportError,
};

use crate::support::fake::{Log, Seen, builder, response};
use crate::support::models::{DriveItem, Message};
use crate::support::skip::SkippingClock;

const COPY: &str = "op:POST /me/copy;;";
const ROOT: &str = "https://graph.microsoft.com/v1.0";

type Answered = Result<Response<Body>, TransportError>;

/// Status, headers and body of an answer.
type Scripted = (u16, &'static str, &'static str);

/// An answer with headers, one `name: value` a line.
fn with_headers(status: u16, headers: &str, body: &str) -> Answered {
    let mut answer = response(status, body.to_owned())?;
    for (name, value) in headers.lines().filter_map(|line| line.trim().split_once(": ")) {
        let name = http::HeaderName::try_from(name).expect("a name");
        answer.headers_mut().append(name, value.parse().expect("a value"));
    }
    Ok(answer)
}

/// A client that answers the requests in their order.
fn script<const N: usize>(answers: [(u16, &str, &str); N]) -> (GraphClient, Log, SkippingClock) {
    let answers = answers.map(|(status, headers, body)| (status, headers.to_owned(), body.to_owned()));
    let answers = Mutex::new(answers.into_iter());
    let clock = SkippingClock::new();
    let (builder, log) = builder(move |_: &Seen| {
        let (status, headers, body) = answers.lock().expect("no panic elsewhere").next().expect("an answer");
        with_headers(status, &headers, &body)
    });
    (builder.clock(clock.clone()).build().expect("a client"), log, clock)
}

fn copy<T>(client: &GraphClient) -> Request<T> {
    client.root("me").segment("copy").send(COPY, &"body".to_owned()).header("Prefer", "respond-async")
}

async fn start(client: &GraphClient) -> Poller<Option<DriveItem>> {
    copy(client).start().await.expect("accepted")
}

fn urls(log: &Log) -> Vec<String> {
    log.all().into_iter().map(|seen| seen.url.replace(ROOT, "")).collect()
}

const ACCEPTED: Scripted = (202, "location: https://graph.microsoft.com/v1.0/operations/1", "");

#[tokio::test]
async fn it_is_asked_for_until_it_ends_and_its_result_is_fetched() {
    let (client, log, clock) = script([
        (202, "location: https://graph.microsoft.com/v1.0/operations/1\nretry-after: 7", ""),
        (200, "retry-after: 0.5", r#"{"status":"running","percentageComplete":25.5}"#),
        (202, "retry-after: Sun, 22 Nov 2026 10:01:00 GMT", r#"{"status":"inProgress"}"#),
        (
            200,
            "",
            r#"{"status":"succeeded","resourceLocation":"https://graph.microsoft.com/v1.0/items/9","resourceId":"9"}"#,
        ),
        (200, "", r#"{"id":"9"}"#),
    ]);
    let mut operation = start(&client).await;
    assert_eq!(operation.status().state(), OperationState::NotStarted);
    assert_eq!((log.all().len(), clock.waited()), (1, Duration::ZERO));
    let first = operation.next().await.expect("a status").expect("no error");
    assert_eq!(
        (first.state(), first.percentage(), first.text()),
        (OperationState::Running, Some(25.5), Some("running"))
    );
    assert_eq!(clock.waited(), Duration::from_secs(7));
    let rest: Vec<_> = (&mut operation).try_collect().await.expect("statuses");
    assert_eq!(
        rest.iter().map(|status| status.state()).collect::<Vec<_>>(),
        [OperationState::Running, OperationState::Succeeded]
    );
    assert_eq!(clock.waited(), Duration::from_secs(60));
    assert_eq!(operation.status().resource_id(), Some("9"));
    assert!(operation.monitor().is_none());
    let item = operation.result().await.expect("a result").expect("an item");
    assert_eq!(item.id.as_deref(), Some("9"));
    assert_eq!(urls(&log), ["/me/copy", "/operations/1", "/operations/1", "/operations/1", "/items/9"]);
    for asked in &log.all()[1..] {
        assert_eq!((asked.method.as_str(), asked.body.len(), asked.header("content-type")), ("GET", 0, None));
        assert_eq!(asked.header("authorization"), Some("Bearer the-token"));
        assert_eq!(asked.header("prefer"), Some("respond-async"));
    }
}

#[tokio::test]
async fn without_a_word_from_the_service_waits_grow_to_half_a_minute() {
    let running = (200, "", r#"{"status":"running"}"#);
    let done = (200, "", r#"{"status":"completed"}"#);
    let (client, _, clock) = script([ACCEPTED, running, running, running, running, running, running, done]);
    start(&client).await.finish().await.expect("success");
    assert_eq!(clock.waited(), Duration::from_secs(1 + 2 + 4 + 8 + 16 + 30 + 30));
    let (client, _, clock) = script([ACCEPTED, running, running, (200, "retry-after: 9", running.2), done]);
    start(&client).await.interval(Duration::from_secs(3)).finish().await.expect("success");
    assert_eq!(clock.waited(), Duration::from_secs(3 + 3 + 3 + 9));
}

#[tokio::test]
async fn whatever_the_service_calls_it_it_is_understood() {
    use OperationState::{Failed, NotStarted, PartlySucceeded, Running, Succeeded};
    for (document, state) in [
        (r#"{"status":"notStarted"}"#, NotStarted),
        (r#"{"status":"inProgress"}"#, Running),
        (r#"{"status":"unknownFutureValue"}"#, Running),
        (r#"{"status":"updating","percentProgress":3}"#, Running),
        (r#"{"status":{"state":"running"}}"#, Running),
        (r#"{"status":{"processingState":"completed"}}"#, Succeeded),
        (r#"{"status":"Succeeded"}"#, Succeeded),
        (r#"{"status":"partiallySucceeded"}"#, PartlySucceeded),
        (r#"{"status":"completedWithErrors"}"#, PartlySucceeded),
        ("\u{FEFF}{\"status\":\"running\"}", Running),
        (r#"{"status":"skipped"}"#, Failed),
        (r#"{"status":"canceled"}"#, Failed),
        (r#"{"status":"deleteFailed"}"#, Failed),
    ] {
        let (client, _, _) = script([ACCEPTED, (200, "", document)]);
        let mut operation = start(&client).await;
        let told = operation.next().await.expect("a status");
        assert_eq!((told.is_err(), operation.status().state()), (state == Failed, state), "{document}");
    }
}

#[tokio::test]
async fn a_failure_in_the_document_is_an_error_and_stays_one() {
    for (document, code, text) in [
        (
            r#"{"status":"failed","error":{"code":"BadRequest","message":"Too\n many"}}"#,
            Some("BadRequest"),
            "POST /me/copy was accepted, then the operation ended as failed, BadRequest: Too many",
        ),
        (
            r#"{"status":"failed","errorCode":"nameAlreadyExists","statusDescription":"It exists"}"#,
            Some("nameAlreadyExists"),
            "POST /me/copy was accepted, then the operation ended as failed, nameAlreadyExists: It exists",
        ),
        (
            r#"{"status":"submissionFailed","resultInfo":{"code":"500","message":"No"}}"#,
            Some("500"),
            "POST /me/copy was accepted, then the operation ended as submissionFailed, 500: No",
        ),
        (r#"{"status":"invalid"}"#, None, "POST /me/copy was accepted, then the operation ended as invalid"),
    ] {
        let (client, _, _) = script([ACCEPTED, (200, "", document)]);
        let mut operation = start(&client).await;
        let error = operation.next().await.expect("an item").expect_err("a failure");
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
        assert!(matches!(error, Error::Operation(_)) && !error.is_retryable());
        assert!(operation.next().await.is_none());
        assert!(operation.finish().await.is_err() && operation.result().await.is_err());
    }
}

#[tokio::test]
async fn the_result_is_found_in_every_way_that_services_have() {
    let item = (200, "", r#"{"id":"9"}"#);
    let see_other = (303, "location: https://graph.microsoft.com/v1.0/items/9", "");
    let both = "operation-location: https://graph.microsoft.com/v1.0/operations/1\nlocation: https://graph.microsoft.com/v1.0/items/9";
    let teams = r#"{"status":"succeeded","targetResourceLocation":"/teams('9')"}"#;
    let cases: [(&[Scripted], &str); 6] = [
        (&[item], "/me/copy"),
        (&[(201, "location: https://elsewhere.example/x", item.2)], "/me/copy"),
        (&[ACCEPTED, (202, "", ""), see_other, item], "/items/9"),
        (&[ACCEPTED, item], "/operations/1"),
        (&[(202, both, ""), (200, "", r#"{"status":"succeeded"}"#), item], "/items/9"),
        (&[(202, "location: /teams('9')/operations('1')", ""), (200, "", teams), item], "/teams('9')"),
    ];
    for (answers, last) in cases {
        let answers = answers.to_vec();
        let answers = std::array::from_fn::<_, 4, _>(|at| *answers.get(at).unwrap_or(&(500, "", "")));
        let (client, log, _) = script(answers);
        let result = start(&client).await.result().await.expect("a result").expect("an item");
        assert_eq!((result.id.as_deref(), urls(&log).pop().as_deref()), (Some("9"), Some(last)));
    }
}

#[tokio::test]
async fn an_operation_without_a_result_gives_nothing_or_says_that_there_is_none() {
    let done = (200, "", r#"{"status":"completed","resourceId":"9"}"#);
    let (client, _, _) = script([ACCEPTED, done]);
    assert!(start(&client).await.result().await.expect("success").is_none());
    let (client, _, _) = script([ACCEPTED, done]);
    copy::<()>(&client).start().await.expect("accepted").result().await.expect("success");
    let (client, _, _) = script([ACCEPTED, (204, "", "")]);
    assert!(start(&client).await.result().await.expect("success").is_none());
    let (client, _, _) = script([ACCEPTED, done]);
    let error =
        copy::<Message>(&client).start().await.expect("accepted").result().await.expect_err("no result");
    assert_eq!(
        error.to_string(),
        "POST /me/copy was accepted, then the operation ended as completed: the service does not say where its result is; its id is 9"
    );
}

#[tokio::test]
async fn a_result_that_says_nothing_is_not_fetched() {
    let (client, log, _) =
        script([ACCEPTED, (303, "location: https://graph.microsoft.com/v1.0/items/9", "")]);
    copy::<()>(&client).start().await.expect("accepted").result().await.expect("success");
    assert_eq!(log.all().len(), 2);
}

#[tokio::test]
async fn a_monitor_on_another_host_gets_no_token_and_no_headers_and_its_result_does() {
    let (client, log, _) = script([
        (202, "location: https://contoso.sharepoint.com/_api/v2.0/monitor/1?key=2", ""),
        (202, "", r#"{"status":"inProgress"}"#),
        (303, "location: https://graph.microsoft.com/v1.0/items/9", ""),
        (200, "", r#"{"id":"9"}"#),
    ]);
    let operation = start(&client).await;
    let shown = format!("{:?}", operation.monitor().expect("a monitor"));
    assert_eq!(shown, "Monitor(https://contoso.sharepoint.com/_api/v2.0/monitor/1)");
    operation.result().await.expect("a result").expect("an item");
    let seen = log.all();
    for asked in &seen[1..3] {
        assert_eq!((asked.header("authorization"), asked.header("prefer")), (None, None));
        assert!(asked.url.starts_with("https://contoso.sharepoint.com/_api/"), "{}", asked.url);
    }
    assert_eq!(seen[3].header("authorization"), Some("Bearer the-token"));
    assert_eq!(seen[3].header("prefer"), Some("respond-async"));
}

#[tokio::test]
async fn a_path_from_another_host_leads_to_that_host() {
    let (client, log, _) = script([
        (202, "location: https://contoso.sharepoint.com/_api/monitor/1", ""),
        (200, "", r#"{"status":"succeeded","resourceLocation":"/_api/items/9"}"#),
        (200, "", r#"{"id":"9"}"#),
    ]);
    start(&client).await.result().await.expect("a result").expect("an item");
    let last = log.last();
    assert_eq!(
        (last.url.as_str(), last.header("authorization")),
        ("https://contoso.sharepoint.com/_api/items/9", None)
    );
}

#[tokio::test]
async fn a_link_that_is_not_safe_is_not_followed() {
    for link in [
        "http://graph.microsoft.com/v1.0/x",
        "http://127.0.0.1/x",
        "https://a:b@c.example/",
        "ftp://a/",
        "//u@c",
    ] {
        let headers = format!("location: {link}");
        let (client, log, _) = script([(202, &headers, "")]);
        let error = copy::<()>(&client).start().await.err().expect("a refusal");
        assert!(matches!(error, Error::Link(_)), "{link}: {error}");
        assert_eq!(log.all().len(), 1);
        let stored = Monitor::from_link(link);
        assert!(matches!(client.resume_operation::<()>(&stored).err(), Some(Error::Link(_))), "{link}");
    }
    let (client, _, _) = script([(202, "", "")]);
    let error = copy::<()>(&client).start().await.err().expect("nowhere to ask").to_string();
    assert!(
        error.ends_with("the service accepted the call, but does not say where to ask for its progress"),
        "{error}"
    );
}

#[tokio::test]
async fn it_is_resumed_by_another_process() {
    let both = "operation-location: https://graph.microsoft.com/v1.0/operations/1\nlocation: https://graph.microsoft.com/v1.0/items/9";
    let (client, _, _) = script([(202, both, ""), (200, "", r#"{"status":"running"}"#)]);
    let mut operation = start(&client).await;
    operation.next().await.expect("a status").expect("no error");
    let stored = serde_json::to_string(&operation.monitor()).expect("text");
    drop(operation);
    let monitor: Option<Monitor> = serde_json::from_str(&stored).expect("a monitor");
    let (client, log, clock) = script([(200, "", r#"{"status":"succeeded"}"#), (200, "", r#"{"id":"9"}"#)]);
    let operation =
        client.resume_operation::<Option<DriveItem>>(&monitor.expect("it goes on")).expect("a link");
    assert_eq!(operation.result().await.expect("a result").and_then(|item| item.id).as_deref(), Some("9"));
    assert_eq!(
        (urls(&log), clock.waited()),
        (vec!["/operations/1".to_owned(), "/items/9".to_owned()], Duration::ZERO)
    );
    assert_eq!(log.last().header("prefer"), Some("respond-async"));
}

#[tokio::test]
async fn an_error_of_a_question_does_not_end_the_operation() {
    let (client, _, _) = script([
        ACCEPTED,
        (403, "", r#"{"error":{"code":"accessDenied"}}"#),
        (200, "", r#"{"status":"succeeded"}"#),
    ]);
    let mut operation = start(&client).await;
    let error = operation.finish().await.expect_err("a refusal");
    assert_eq!(error.code(), Some("accessDenied"));
    assert!(operation.monitor().is_some());
    assert_eq!(operation.finish().await.expect("success").state(), OperationState::Succeeded);
}

#[tokio::test]
async fn an_answer_at_once_is_one_status_and_the_result() {
    let (client, log, _) = script([(200, "", r#"{"id":"9"}"#)]);
    let mut operation = start(&client).await;
    assert!(operation.monitor().is_none());
    let statuses: Vec<_> = (&mut operation).try_collect().await.expect("statuses");
    assert_eq!(statuses.iter().map(|status| status.state()).collect::<Vec<_>>(), [OperationState::Succeeded]);
    assert_eq!(operation.result().await.expect("a result").and_then(|item| item.id).as_deref(), Some("9"));
    assert_eq!(log.all().len(), 1);
}

/// A clock on which no wait ever ends.
#[derive(Debug)]
struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn dropping_it_stops_the_questions() {
    let (builder, log) = builder(|_| with_headers(202, ACCEPTED.1, ""));
    let client = builder.clock(StandingClock).build().expect("a client");
    let mut operation = start(&client).await;
    assert!(operation.next().now_or_never().is_none(), "it waits");
    drop(operation);
    assert_eq!(log.all().len(), 1);
}

/// A monitor that gives the same answer for ever, and how often it was asked.
async fn always(status: u16, headers: &'static str, body: &'static str) -> (Result<(), Error>, usize) {
    let (builder, log) = builder(move |seen: &Seen| {
        if seen.method == "POST" {
            return with_headers(ACCEPTED.0, ACCEPTED.1, "");
        }
        with_headers(status, headers, body)
    });
    let client = builder.clock(SkippingClock::new()).build().expect("a client");
    let mut operation = start(&client).await;
    let end = operation.finish().await.map(|_| ());
    assert_eq!(operation.monitor().is_some(), end.is_err(), "{status} {body}");
    (end, log.all().len() - 1)
}

#[tokio::test]
async fn what_is_not_understood_is_asked_for_again_and_never_a_success() {
    for (status, headers, body) in [
        (200, "content-type: text/html", "<html>Sign in</html>"),
        (200, "", "{}"),
        (200, "", r#"{"status":null}"#),
        (200, "", r#"{"status":""}"#),
        (200, "", r#"{"id":"9","status":null}"#),
        (200, "", r#"{"id":"op","percentageComplete":10}"#),
        (200, "", r#"{"id":""}"#),
        (200, "", "[]"),
        (200, "", "true"),
        (200, "", ""),
        (201, "", " "),
        (200, "", r#"{"status":"succ"#),
        (302, "", ""),
        (303, "", ""),
    ] {
        let (end, asked) = always(status, headers, body).await;
        let Err(Error::Operation(error)) = end else { panic!("{status} {body}: {end:?}") };
        assert!(error.is_outcome_unknown(), "{status} {body}");
        assert!(
            error.to_string().starts_with("POST /me/copy was accepted, but what became of it is unknown: "),
            "{error}"
        );
        assert_eq!(asked, 8, "{status} {body}");
    }
}

#[tokio::test]
async fn an_answer_that_is_understood_after_some_that_are_not_is_the_end() {
    let (client, log, clock) =
        script([ACCEPTED, (200, "", "{}"), (200, "", ""), (200, "", r#"{"status":"succeeded"}"#)]);
    start(&client).await.finish().await.expect("success");
    assert_eq!((log.all().len(), clock.waited()), (4, Duration::from_secs(3)));
}

#[tokio::test]
async fn a_lone_error_in_a_success_is_an_error_and_does_not_end_the_operation() {
    let (client, _, _) = script([
        ACCEPTED,
        (200, "", r#"{"error":{"code":"itemNotFound","message":"No"}}"#),
        (200, "", r#"{"status":"succeeded","error":null}"#),
    ]);
    let mut operation = start(&client).await;
    let error = operation.finish().await.expect_err("an error");
    assert_eq!(error.code(), Some("itemNotFound"));
    operation.finish().await.expect("success");
}

#[tokio::test]
async fn a_success_of_a_part_is_told_as_it_is() {
    let partly = (200, "", r#"{"status":"completedWithErrors","resourceId":"9"}"#);
    let (client, _, _) = script([ACCEPTED, partly]);
    let mut operation = start(&client).await;
    let status = operation.finish().await.expect("an end");
    assert_eq!((status.state(), status.resource_id()), (OperationState::PartlySucceeded, Some("9")));
    let error = operation.result().await.expect_err("not all of it");
    assert!(error.to_string().ends_with("the operation ended as completedWithErrors"), "{error}");
}

#[tokio::test]
async fn waits_that_the_service_asks_for_are_neither_nothing_nor_for_ever() {
    let done = (200, "", r#"{"status":"succeeded"}"#);
    for (told, interval, waited) in [
        ("retry-after: 0", None, 2),
        ("retry-after: 0", Some(4), 8),
        ("retry-after: 9", Some(4), 18),
        ("retry-after: 31536000", None, 600),
        ("retry-after: 31536000", Some(400), 800),
        ("x-ms-retry-after-ms: 9000000000000000", None, 600),
    ] {
        let accepted = format!("{}\n{told}", ACCEPTED.1);
        let (client, _, clock) = script([(202, &accepted, ""), (200, told, r#"{"status":"running"}"#), done]);
        let operation = start(&client).await;
        let mut operation = match interval {
            Some(interval) => operation.interval(Duration::from_secs(interval)),
            None => operation,
        };
        operation.finish().await.expect("success");
        assert_eq!(clock.waited(), Duration::from_secs(waited), "{told} {interval:?}");
    }
}

const REFUSED: Scripted = (401, "", r#"{"error":{"code":"unauthenticated"}}"#);

#[tokio::test]
async fn onedrive_api_docs_545_an_item_that_another_host_refuses_is_fetched_through_the_service() {
    let running = (200, "", r#"{"status":"inProgress","resourceId":"9"}"#);
    for (seen, link, path) in [
        (running, "location: https://s.example/_api/v2.0/drives/d/items/9", "/drives/d/items/9"),
        (running, "location: https://s.example/item", "/me/drive/items/9"),
    ] {
        let (client, log, _) = script([ACCEPTED, seen, (303, link, ""), REFUSED, (200, "", r#"{"id":"9"}"#)]);
        let copy: Request<Option<DriveItem>> =
            client.root("me").segment("drive").segment("items").key("1").segment("copy").call(COPY);
        let operation = copy.start().await.expect("accepted");
        let item = operation.result().await.expect("a result").expect("an item");
        assert_eq!(item.id.as_deref(), Some("9"));
        let seen = log.all();
        assert_eq!(seen[3].header("authorization"), None, "{link}");
        assert_eq!((seen[4].path(), seen[4].header("authorization")), (path, Some("Bearer the-token")));
    }
}

#[tokio::test]
async fn azuread_1802_what_is_not_found_at_first_is_asked_for_again() {
    let missing = (404, "", r#"{"error":{"code":"NotFound"}}"#);
    let teams = r#"{"status":"succeeded","targetResourceLocation":"/teams('9')"}"#;
    let (client, log, _) = script([
        (202, "location: /teams('9')/operations('1')", ""),
        missing,
        missing,
        (200, "", teams),
        missing,
        (200, "", r#"{"id":"9"}"#),
    ]);
    let item = start(&client).await.result().await.expect("a result").expect("an item");
    assert_eq!((item.id.as_deref(), log.all().len()), (Some("9"), 6));

    let (end, asked) = always(missing.0, missing.1, missing.2).await;
    assert_eq!(end.expect_err("bounded").code(), Some("NotFound"));
    assert_eq!(asked, 8);
}

#[tokio::test]
async fn a_monitor_that_was_there_and_is_not_found_later_is_an_error_at_once() {
    let (client, log, _) = script([ACCEPTED, (200, "", r#"{"status":"running"}"#), (404, "", "")]);
    start(&client).await.finish().await.expect_err("it is gone");
    assert_eq!(log.all().len(), 3);
}

#[tokio::test]
async fn an_answer_with_an_operation_location_goes_on_whatever_its_status() {
    let headers = "operation-location: https://graph.microsoft.com/v1.0/operations/1";
    let (client, _, _) = script([(201, headers, r#"{"id":"9"}"#), (200, "", r#"{"status":"failed"}"#)]);
    start(&client).await.result().await.expect_err("a failure");
}
