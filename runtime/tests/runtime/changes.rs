//! Delta queries: what changed, what went, and what happens when the service has forgotten.

use futures_util::{StreamExt, TryStreamExt};
use http::Response;
use msgraph_runtime::{
    Body, Change, Changes, Checkpoint, DeltaToken, Error, GraphClient, Page, Request, TransportError,
};

use crate::support::fake::{Seen, client, response};
use crate::support::models::{DriveItem, Message};

const DELTA: &str = "op:GET /users/{user-id}/messages/delta();select;";
const ROOT: &str = "https://graph.microsoft.com/v1.0/users/a/messages/delta()";

fn delta(client: &GraphClient) -> Request<Page<Change<Message>>> {
    client.root("users").key("a").segment("messages").function("delta", &[]).call(DELTA)
}

/// One word for each change.
fn words(changes: &[Change<Message>]) -> Vec<String> {
    let word = |change: &Change<Message>| match change {
        Change::Changed(message) => message.subject.clone().unwrap_or_default(),
        Change::Removed { id, reason, .. } => format!("-{id} {}", reason.as_deref().unwrap_or("?")),
        Change::Resync { code } => format!("resync {}", code.as_deref().unwrap_or("?")),
        _ => "unknown".to_owned(),
    };
    changes.iter().map(word).collect()
}

async fn all(changes: &mut Changes<Message>) -> Vec<String> {
    words(&changes.try_collect::<Vec<_>>().await.expect("changes"))
}

/// A first round of two pages, then a round with one change.
fn rounds(seen: &Seen) -> Result<Response<Body>, TransportError> {
    let page = |value: &str, link: &str| response(200, format!(r#"{{"value":[{value}],{link}}}"#));
    match seen.url.as_str().strip_prefix(ROOT).expect("the delta function") {
        "?$select=subject" => {
            page(r#"{"subject":"a"}"#, &format!(r#""@odata.nextLink":"{ROOT}?$skiptoken=1""#))
        }
        "?$skiptoken=1" => page(
            r#"{"id":"7","@removed":{"reason":"changed"}},{"subject":"b"}"#,
            &format!(r#""@odata.deltaLink":"{ROOT}?$deltatoken=1""#),
        ),
        "?$deltatoken=1" => page(
            r#"{"@removed":{"reason":"deleted"},"id":"8"}"#,
            &format!(r#""@odata.deltaLink":"{ROOT}?$deltatoken=2""#),
        ),
        other => panic!("unexpected {other}"),
    }
}

#[tokio::test]
async fn a_round_ends_with_the_token_of_the_next_one() {
    let (client, _) = client(rounds);
    let mut changes = delta(&client).select(["subject"]).changes();
    assert!(changes.token().is_none());
    assert_eq!(all(&mut changes).await, ["a", "-7 changed", "b"]);
    let stored = serde_json::to_string(&changes.token().expect("a token")).expect("text");
    let token: DeltaToken = serde_json::from_str(&stored).expect("a token");
    assert_eq!(token.link(), format!("{ROOT}?$deltatoken=1"));
    let mut changes = delta(&client).select(["subject"]).changes().resume(token);
    assert_eq!(all(&mut changes).await, ["-8 deleted"]);
    assert_eq!(changes.token().expect("a token").link(), format!("{ROOT}?$deltatoken=2"));
}

#[tokio::test]
async fn a_round_that_broke_off_goes_on_within_it() {
    let (client, _) = client(rounds);
    let mut changes = delta(&client).select(["subject"]).changes();
    changes.next().await.expect("a change").expect("no error");
    assert!(changes.token().is_none());
    let stored = serde_json::to_string(&changes.checkpoint()).expect("text");
    let checkpoint: Checkpoint = serde_json::from_str(&stored).expect("a checkpoint");
    let mut changes = delta(&client).changes().resume(checkpoint).prefetch();
    assert_eq!(all(&mut changes).await, ["-7 changed", "b"]);
    assert!(changes.token().is_some());
}

#[tokio::test]
async fn a_link_from_elsewhere_is_a_token_too_unless_it_leads_to_another_host() {
    let (client, log) = client(rounds);
    let mut changes = delta(&client).changes().resume(DeltaToken::from_link(format!("{ROOT}?$deltatoken=1")));
    assert_eq!(all(&mut changes).await, ["-8 deleted"]);
    let foreign = DeltaToken::from_link("https://evil.example/v1.0/users/a/messages/delta()?$deltatoken=1");
    let error =
        delta(&client).changes().resume(foreign).next().await.expect("an item").expect_err("a refusal");
    assert!(matches!(error, Error::Link(_)));
    assert_eq!(log.all().len(), 1);
}

/// The stream that a token gives which the service has forgotten, and how many requests it made.
async fn forgotten(status: u16, error: &str, location: Option<&str>) -> (Vec<Result<String, Error>>, usize) {
    let (error, location) = (error.to_owned(), location.map(str::to_owned));
    let (client, log) = client(move |seen| {
        if seen.url.contains("deltatoken=old") {
            let mut answer = response(status, error.clone()).expect("a response");
            if let Some(location) = &location {
                answer.headers_mut().insert("location", location.parse().expect("a value"));
            }
            return Ok(answer);
        }
        assert_eq!(seen.header("authorization"), Some("Bearer the-token"));
        let subject = seen.url.rsplit_once('=').map_or("all", |(_, token)| token);
        response(
            200,
            format!(r#"{{"value":[{{"subject":"{subject}"}}],"@odata.deltaLink":"{ROOT}?$deltatoken=new"}}"#),
        )
    });
    let mut changes =
        delta(&client).changes().resume(DeltaToken::from_link(format!("{ROOT}?$deltatoken=old")));
    let all: Vec<_> = (&mut changes).map_ok(|change| words(&[change]).remove(0)).take(5).collect().await;
    let is_over = all.iter().all(Result::is_ok);
    assert_eq!(changes.token().is_some_and(|token| token.link().ends_with("=new")), is_over);
    (all, log.all().len())
}

#[tokio::test]
async fn a_token_that_is_gone_gives_an_event_and_everything_from_where_the_service_says() {
    let gone =
        r#"{"error":{"code":"syncStateNotFound","innerError":{"code":"resyncChangesApplyDifferences"}}}"#;
    let (events, requests) = forgotten(410, gone, Some(&format!("{ROOT}?$deltatoken=fresh"))).await;
    let events: Vec<_> = events.into_iter().map(|event| event.expect("an event")).collect();
    assert_eq!(
        (events, requests),
        (vec!["resync resyncChangesApplyDifferences".into(), "fresh".to_owned()], 2)
    );
}

#[tokio::test]
async fn a_token_that_is_gone_without_a_place_to_go_on_begins_anew() {
    for (status, error, word) in [
        (410, "", "resync ?"),
        (410, r#"{"error":{"code":"resyncRequired"}}"#, "resync resyncRequired"),
        (400, r#"{"error":{"code":"SyncStateNotFound"}}"#, "resync SyncStateNotFound"),
    ] {
        let (events, requests) = forgotten(status, error, None).await;
        let events: Vec<_> = events.into_iter().map(|event| event.expect("an event")).collect();
        assert_eq!((events, requests), (vec![word.to_owned(), "all".to_owned()], 2));
    }
}

#[tokio::test]
async fn onedrive_1175_whatever_says_that_the_state_is_forgotten_begins_anew() {
    for (status, error) in [
        (400, r#"{"error":{"code":"SyncStateInvalid"}}"#),
        (400, r#"{"error":{"code":"Directory_ResyncRequired"}}"#),
        (404, r#"{"error":{"code":"syncStateNotFound"}}"#),
        (404, r#"{"error":{"code":"itemNotFound","innerError":{"code":"SYNCSTATENOTFOUND"}}}"#),
        (400, r#"{"error":{"code":"ErrorInvalidSyncStateData"}}"#),
        (410, "<html>gone</html>"),
    ] {
        let (events, requests) = forgotten(status, error, None).await;
        let events: Vec<_> = events.into_iter().map(|event| event.expect("an event")).collect();
        assert!(events[0].starts_with("resync "), "{error}");
        assert_eq!((events[1].as_str(), events.len(), requests), ("all", 2, 2), "{error}");
    }
}

#[tokio::test]
async fn onedrive_api_docs_249_a_place_to_go_on_that_is_none_does_not_keep_from_beginning_anew() {
    let fails = format!("{ROOT}?$deltatoken=old2");
    for (location, expected) in [
        ("https://evil.example/v1.0/delta", 2),
        (fails.as_str(), 3),
        ("http://[", 2),
        ("delta()?$deltatoken=old3", 3),
    ] {
        let (events, requests) = forgotten(410, "", Some(location)).await;
        let events: Vec<_> = events.into_iter().map(|event| event.expect("an event")).collect();
        assert_eq!((events, requests), (vec!["resync ?".into(), "all".to_owned()], expected), "{location}");
    }
}

#[tokio::test]
async fn a_service_that_forgets_after_every_fresh_start_is_an_error_that_says_so() {
    for delivers in [false, true] {
        let (client, log) = client(move |seen| {
            if delivers && !seen.url.contains("token=") {
                return response(
                    200,
                    format!(r#"{{"value":[{{"subject":"a"}}],"@odata.nextLink":"{ROOT}?$skiptoken=1"}}"#),
                );
            }
            response(410, r#"{"error":{"code":"resyncRequired","message":"Gone."}}"#)
        });
        let token = DeltaToken::from_link(format!("{ROOT}?$deltatoken=old"));
        let changes = delta(&client).changes().resume(token);
        let events: Vec<_> = changes.take(20).collect().await;
        let (last, others) = events.split_last().expect("events");
        let error = last.as_ref().expect_err("an end");
        assert!(error.to_string().contains("after every fresh start of this round"), "{error}");
        let resyncs = others.iter().filter(|it| matches!(it, Ok(Change::Resync { .. }))).count();
        assert_eq!((resyncs, log.all().len()), (2, if delivers { 5 } else { 3 }));
    }
}

#[tokio::test]
async fn other_errors_and_a_first_round_that_is_gone_stay_errors() {
    let (events, _) = forgotten(403, r#"{"error":{"code":"x"}}"#, None).await;
    assert!(events.len() == 1 && events[0].is_err());
    let (client, log) = client(|_| response(410, ""));
    let first: Vec<_> = delta(&client).changes().collect().await;
    assert!(first.len() == 1 && first[0].is_err());
    assert_eq!(log.all().len(), 1);
}

#[tokio::test]
async fn a_token_that_was_forgotten_does_not_come_back() {
    let (client, log) = client(|seen| match seen.url.contains("=old") {
        true => response(410, ""),
        false => response(200, r#"{"value":[]}"#),
    });
    let token = DeltaToken::from_link(format!("{ROOT}?$deltatoken=old"));
    let mut changes = delta(&client).changes().resume(token);
    assert!(matches!(changes.next().await, Some(Ok(Change::Resync { .. }))));
    assert_eq!((changes.checkpoint().link(), changes.token()), (None, None));
    let mut again = delta(&client).changes().resume(changes.checkpoint());
    assert!(again.next().await.is_none());
    assert_eq!(log.last().url, ROOT);
}

#[tokio::test]
async fn drive_items_say_in_a_facet_that_they_were_removed() {
    const ITEMS: &str = "op:GET /drives/{drive-id}/root/delta();;";
    let (client, _) = client(|_| {
        let deleted = r#"{"id":"1","deleted":{"state":"softDeleted"},"name":"x"}"#;
        let items =
            format!(r#"{deleted},{{"id":"2","deleted":null}},{{"id":"3"}},{{"id":"4","deleted":{{}}}}"#);
        response(200, format!(r#"{{"value":[{items}]}}"#))
    });
    let changes = client.root("drive").call::<Page<Change<DriveItem>>>(ITEMS).changes();
    let changes: Vec<_> = changes.try_collect().await.expect("changes");
    assert!(matches!(&changes[0], Change::Removed { id, reason, item }
        if id == "1" && reason.as_deref() == Some("softDeleted") && item.extra.get("name") == Some("\"x\"")));
    assert!(matches!(&changes[1], Change::Changed(_)) && matches!(&changes[2], Change::Changed(_)));
    assert!(matches!(&changes[3], Change::Removed { reason: None, .. }));
}

#[test]
fn changes_round_trip() {
    let text =
        r#"{"@odata.deltaLink":"d","value":[{"subject":"a"},{"@removed":{"reason":"deleted"},"id":"7"}]}"#;
    let page: Page<Change<Message>> = msgraph_runtime::json::from_slice(text.as_bytes()).expect("a page");
    assert_eq!(String::from_utf8(msgraph_runtime::json::to_vec(&page)).expect("UTF-8"), text);
}
