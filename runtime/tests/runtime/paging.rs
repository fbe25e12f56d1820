//! Pages are followed lazily, with the first request's headers, and only where a token is safe.

use crate::support::fake::{Log, builder, client, response};
use crate::support::models::Message;
use futures_util::{StreamExt, TryStreamExt};
use msgraph_runtime::{Error, GraphClient, Items, Page, json};

const LIST: &str = "op:GET /me/messages;top count search;";

/// Three pages, of two, no and one message.
fn pages() -> (GraphClient, Log) {
    client(|seen| {
        let page = match seen.path() {
            "/me/messages?$top=2" => {
                r#"{"@odata.count":3,"value":[{"subject":"a"},{"subject":"b"}],"@odata.nextLink":"https://graph.microsoft.com/v1.0/me/messages?$top=2&$skiptoken=1"}"#
            }
            "/me/messages?$top=2&$skiptoken=1" => {
                r#"{"value":[],"@odata.nextLink":"HTTPS://GRAPH.microsoft.com:443/v1.0/me/messages?$top=2&$skiptoken=2"}"#
            }
            "/me/messages?$top=2&$skiptoken=2" => {
                r#"{"value":[{"subject":"c"}],"@odata.deltaLink":"https://d"}"#
            }
            other => panic!("unexpected {other}"),
        };
        response(200, page)
    })
}

fn items(client: &GraphClient) -> Items<Message> {
    let list = client.root("me").segment("messages").call::<Page<Message>>(LIST);
    list.top(2).header("Prefer", "outlook.timezone=\"UTC\"").stream()
}

#[tokio::test]
async fn all_items_of_all_pages_come_in_order() {
    let (client, log) = pages();
    let subjects: Vec<_> = items(&client)
        .map_ok(|message| message.subject.unwrap_or_default())
        .try_collect()
        .await
        .expect("items");
    assert_eq!(subjects, ["a", "b", "c"]);
    let seen = log.all();
    assert_eq!(seen.len(), 3);
    for request in seen {
        assert_eq!(request.header("prefer"), Some("outlook.timezone=\"UTC\""));
        assert_eq!(request.header("authorization"), Some("Bearer the-token"));
    }
}

#[tokio::test]
async fn a_page_is_fetched_only_when_it_is_needed() {
    let (client, log) = pages();
    let mut items = items(&client);
    assert!(log.all().is_empty());
    items.next().await.expect("an item").expect("a message");
    items.next().await.expect("an item").expect("a message");
    assert_eq!(log.all().len(), 1);
    items.next().await.expect("an item").expect("a message");
    assert_eq!(log.all().len(), 3, "the empty page is passed over");
    assert!(items.next().await.is_none() && items.next().await.is_none());
}

#[tokio::test]
async fn pages_give_their_count_and_delta_link() {
    let (client, _) = pages();
    let list = client.root("me").segment("messages").call::<Page<Message>>(LIST);
    let pages: Vec<_> = list.top(2).pages().try_collect().await.expect("pages");
    assert_eq!(pages.iter().map(|page| page.value.len()).collect::<Vec<_>>(), [2, 0, 1]);
    assert_eq!((pages[0].count, pages[2].delta_link.as_deref()), (Some(3), Some("https://d")));
}

/// The errors of a collection whose second page is at a link.
async fn follow(link: &str) -> (Vec<Result<Message, Error>>, usize) {
    let page = format!(r#"{{"value":[{{"subject":"a"}}],"@odata.nextLink":{}}}"#, serde_json::json!(link));
    let (client, log) = client(move |_| response(200, page.clone()));
    let items = client.root("me").call::<Page<Message>>(LIST).stream().take(10).collect().await;
    (items, log.all().len())
}

#[tokio::test]
async fn a_link_that_leads_to_another_host_is_not_followed() {
    for link in [
        "https://evil.example/v1.0/me/messages",
        "http://graph.microsoft.com/v1.0/me/messages",
        "https://graph.microsoft.com:8443/v1.0/me/messages",
        "https://graph.microsoft.com.evil.example/v1.0",
        "https://graph.microsoft.com@evil.example/v1.0",
        "https://user@graph.microsoft.com/v1.0",
        "https://:word@graph.microsoft.com/v1.0",
        "https://evil.example\\@graph.microsoft.com/v1.0",
        "//evil.example/v1.0",
        "",
    ] {
        let (items, requests) = follow(link).await;
        assert_eq!(requests, 1, "{link}");
        assert_eq!(items.len(), 2, "{link}");
        assert!(items[0].is_ok() && matches!(items[1], Err(Error::Link(_))), "{link}: {:?}", items[1]);
    }
    let (items, _) = follow("https://evil.example/x?secret=1").await;
    assert_eq!(
        items[1].as_ref().expect_err("a link error").to_string(),
        "the link that GET /me/messages gave is not followed: it does not lead to https://graph.microsoft.com (https://evil.example/x)"
    );
}

#[tokio::test]
async fn a_link_that_repeats_is_an_error() {
    let (items, requests) = follow("https://graph.microsoft.com/v1.0/me/messages?$skiptoken=1").await;
    assert_eq!((items.len(), requests), (3, 2));
    let error = items[2].as_ref().expect_err("a link error").to_string();
    assert!(error.contains("it has been followed before"), "{error}");
}

#[tokio::test]
async fn links_that_go_in_a_circle_are_an_error() {
    let (client, log) = client(|seen| {
        let at: usize = seen.url.split_once("skiptoken=").map_or(0, |(_, at)| at.parse().expect("a number"));
        let next = format!("https://graph.microsoft.com/v1.0/me?$skiptoken={}", (at + 1) % 3);
        response(200, format!(r#"{{"value":[{{}}],"@odata.nextLink":"{next}"}}"#))
    });
    let items: Vec<_> = client.root("me").call::<Page<Message>>(LIST).stream().collect().await;
    assert_eq!((items.len(), log.all().len()), (5, 4));
    let error = items[4].as_ref().expect_err("a link error").to_string();
    assert!(error.contains("it has been followed before"), "{error}");
}

#[tokio::test]
async fn a_page_without_a_list_that_leads_on_is_an_empty_page() {
    for value in ["", r#""value":null,"#] {
        let (client, _) = client(move |seen| {
            let link = r#""@odata.nextLink":"https://graph.microsoft.com/v1.0/me?$skiptoken=1""#;
            let first = format!("{{{value}{link}}}");
            response(
                200,
                if seen.url.contains("skiptoken") {
                    r#"{"value":[{"subject":"a"}]}"#.to_owned()
                } else {
                    first
                },
            )
        });
        let items: Vec<_> =
            client.root("me").call::<Page<Message>>(LIST).stream().try_collect().await.expect("items");
        assert_eq!(items.len(), 1);
    }
}

#[tokio::test]
async fn a_link_that_is_too_long_is_an_error_and_not_a_panic() {
    let link = format!("https://graph.microsoft.com/v1.0/me?$skiptoken={}", "x".repeat(100_000));
    let (items, _) = follow(&link).await;
    let error = items[1].as_ref().expect_err("a link error").to_string();
    assert!(
        error.contains("it has 100047 characters, and 65534 are the most") && error.len() < 500,
        "{error}"
    );
    let (items, requests) = follow(&link[..65_534]).await;
    assert_eq!((items.len(), requests), (3, 2), "the longest is followed: {:?}", items[1]);
}

#[tokio::test]
async fn an_error_ends_the_stream_after_the_items_before_it() {
    let (client, _) = client(|seen| {
        if seen.path().contains("skiptoken") {
            return response(503, "");
        }
        response(
            200,
            r#"{"value":[{}],"@odata.nextLink":"https://graph.microsoft.com/v1.0/me?$skiptoken=1"}"#,
        )
    });
    let items: Vec<_> = client.root("me").call::<Page<Message>>(LIST).stream().collect().await;
    assert_eq!(items.len(), 2);
    assert!(items[0].is_ok() && items[1].as_ref().is_err_and(Error::is_retryable));
}

#[tokio::test]
async fn what_is_no_page_is_an_error() {
    for (body, place) in [
        ("{}", "expected a page of a collection"),
        (r#"{"value":{}}"#, "expected a list at byte 9 ($.value)"),
        (r#"{"value":[{]}"#, "not JSON: expected a property or the end of an object at byte 11 ($.value[0])"),
        (r#"{"value":null}"#, "expected a page of a collection"),
        ("", "expected a page of a collection"),
        (r#"{"value":[],"@odata.nextLink":7}"#, "expected Edm.String at byte 30 ($.@odata.nextLink)"),
        (r#"{"value":[],"@odata.nextLink":{"a":1}}"#, "expected Edm.String"),
        (r#"{"value":[],"@odata.deltaLink":["d"]}"#, "expected Edm.String at byte 31 ($.@odata.deltaLink)"),
        (r#"{"value":[{}],"@odata.nextLink":"\ud800"}"#, "expected Edm.String"),
        (r#"{"value":[],"@odata.count":nul}"#, "not JSON"),
    ] {
        let (client, _) = client(move |_| response(200, body));
        let error = client.root("me").call::<Page<Message>>(LIST).await.expect_err("no page").to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn a_page_round_trips() {
    let text = r#"{"@odata.context":"c","@odata.count":1,"@odata.nextLink":"n","value":[{"subject":"a"}]}"#;
    let page: Page<Message> = json::from_slice(text.as_bytes()).expect("a page");
    assert_eq!(String::from_utf8(json::to_vec(&page)).expect("UTF-8"), text);
}

/// A page of 100 messages whose 42nd is something else.
fn page_with_a_bad_item(bad: &str) -> String {
    let items: Vec<_> = (0..100)
        .map(|index| if index == 41 { bad.to_owned() } else { format!(r#"{{"subject":"{index}"}}"#) })
        .collect();
    format!(r#"{{"value":[{}]}}"#, items.join(","))
}

#[tokio::test]
async fn one_bad_item_fails_alone() {
    for (strict, bad, path, expected) in [
        (false, r#""secret text""#, "$.value[41]", "microsoft.graph.message"),
        (true, r#"{"isRead":[ "secret text"]}"#, "$.value[41].isRead", "Edm.Boolean"),
    ] {
        let (settings, _) = builder(move |_| response(200, page_with_a_bad_item(bad)));
        let client = settings.strict(strict).build().expect("a client");
        let items: Vec<_> = items(&client).collect().await;
        assert_eq!(items.len(), 100);
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Ok(message) => assert_eq!(message.subject, Some(index.to_string())),
                Err(Error::Item(error)) => {
                    assert_eq!((index, error.failed().index()), (41, 41));
                    assert_eq!(error.failed().error().path(), path);
                    assert_eq!(error.failed().error().expected(), Some(expected));
                    assert_eq!(error.failed().json().as_str(), bad);
                    assert!(error.to_string().starts_with("an item that GET /me/messages gave "), "{error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_page_keeps_what_failed_in_its_place() {
    let text = page_with_a_bad_item("[{}]");
    let page: Page<Message> = json::from_slice(text.as_bytes()).expect("a page");
    assert_eq!((page.value.len(), page.failed.len()), (99, 1));
    assert_eq!(json::to_vec(&page), text.as_bytes());
    for broken in [r#"{"value":[{},]}"#, r#"{"value":[{"subject":]}"#, r#"{"value":[nul]}"#] {
        assert!(json::from_slice::<Page<Message>>(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn a_count_that_can_not_be_read_costs_nothing_but_the_count() {
    for (count, number) in [
        ("\"5\"", Some(5)),
        ("1.0", Some(1)),
        ("9223372036854775808", None),
        ("[{\"x\":1}]", None),
        ("\"many\"", None),
        ("null", None),
    ] {
        let text = format!(r#"{{"@odata.count":{count},"value":[{{"subject":"a"}}],"@odata.nextLink":"n"}}"#);
        let mut page: Page<Message> = json::from_slice(text.as_bytes()).expect("a page");
        assert_eq!(
            (page.count, page.value.len(), page.next_link.as_deref()),
            (number, 1, Some("n")),
            "{count}"
        );
        let kept = (number.is_none() && count != "null").then_some(count);
        assert_eq!(page.extra.get("@odata.count"), kept);
        page.count = Some(8);
        assert_eq!(String::from_utf8(json::to_vec(&page)).expect("UTF-8").matches("@odata.count").count(), 1);
        let strict = json::from_slice_strict::<Page<Message>>(text.as_bytes());
        assert_eq!(strict.is_ok(), count == "null", "{count}");
    }
}

/// The subjects of a collection whose pages are given by path and query, or the error, and how many were asked for.
async fn walk(pages: &'static [(&'static str, &'static str)]) -> (Result<Vec<String>, Error>, usize) {
    let (client, log) = client(|seen| {
        let page = pages.iter().find(|(path, _)| *path == seen.path());
        response(200, page.unwrap_or_else(|| panic!("unexpected {}", seen.path())).1)
    });
    let list = client.root("me").segment("messages").call::<Page<Message>>(LIST);
    let subjects = list.stream().map_ok(|message| message.subject.unwrap_or_default());
    (subjects.try_collect().await, log.all().len())
}

#[tokio::test]
async fn a_relative_link_is_resolved_against_the_page_that_gives_it() {
    for link in [
        "/v1.0/me/messages?$skiptoken=2",
        "messages?$skiptoken=2",
        "?$skiptoken=2",
        "./messages?$skiptoken=2",
    ] {
        let (client, log) = client(move |seen| match seen.path() {
            "/me/messages" | "/me/messages?$skiptoken=2" if seen.url.ends_with("s") => {
                response(200, format!(r#"{{"value":[{{"subject":"a"}}],"@odata.nextLink":"{link}"}}"#))
            }
            "/me/messages?$skiptoken=2" => {
                response(200, r#"{"value":[{"subject":"b"}],"@odata.nextLink":"messages?$skiptoken=3"}"#)
            }
            "/me/messages?$skiptoken=3" => {
                response(200, r#"{"value":[],"@odata.deltaLink":"?$deltatoken=4"}"#)
            }
            other => panic!("unexpected {other}"),
        });
        let mut pages = client.root("me").segment("messages").call::<Page<Message>>(LIST).pages().prefetch();
        let mut stored = Vec::new();
        while let Some(page) = pages.next().await {
            page.expect("a page");
            stored.push(pages.checkpoint().link().map(str::to_owned).expect("a link"));
        }
        let root = "https://graph.microsoft.com/v1.0/me/messages?$";
        let expected = ["skiptoken=2", "skiptoken=3", "deltatoken=4"].map(|query| format!("{root}{query}"));
        assert_eq!((stored.as_slice(), log.all().len()), (&expected[..], 3), "{link}");
    }
}

#[tokio::test]
async fn a_relative_link_to_another_host_is_not_followed() {
    for page in [
        r#"{"value":[],"@odata.nextLink":"//evil.example/v1.0/me/messages?$skiptoken=2"}"#,
        r#"{"value":[],"@odata.nextLink":"\\\\evil.example/v1.0/me/messages"}"#,
        r#"{"value":[],"@odata.nextLink":"http:/v1.0/me/messages"}"#,
    ] {
        let (client, log) = client(move |_| response(200, page));
        let list = client.root("me").segment("messages").call::<Page<Message>>(LIST);
        let error = list.stream().try_collect::<Vec<_>>().await.expect_err("a refusal");
        assert!(matches!(error, Error::Link(_)), "{page}: {error}");
        assert_eq!(log.all().len(), 1);
    }
}

#[tokio::test]
async fn javascript_1656_empty_pages_that_lead_to_themselves_are_the_end() {
    const FIRST: (&str, &str) =
        ("/me/messages", r#"{"value":[{"subject":"a"}],"@odata.nextLink":"messages?$skiptoken=1"}"#);
    let (end, asked) =
        walk(&[FIRST, ("/me/messages?$skiptoken=1", r#"{"value":[],"@odata.nextLink":"?$skiptoken=1"}"#)])
            .await;
    assert_eq!((end.expect("an end"), asked), (vec!["a".to_owned()], 2));
    let (end, asked) = walk(&[
        FIRST,
        ("/me/messages?$skiptoken=1", r#"{"value":[],"@odata.nextLink":"?$skiptoken=2"}"#),
        ("/me/messages?$skiptoken=2", r#"{"value":[],"@odata.nextLink":"?$skiptoken=1"}"#),
    ])
    .await;
    assert_eq!((end.expect("an end"), asked), (vec!["a".to_owned()], 3));
    let (end, asked) = walk(&[("/me/messages", r#"{"value":[],"@odata.nextLink":"messages"}"#)]).await;
    assert_eq!((end.expect("an end"), asked), (vec![], 1));
}

#[tokio::test]
async fn pages_with_items_that_lead_to_themselves_are_an_error() {
    for pages in [
        &[("/me/messages", r#"{"value":[{"subject":"a"}],"@odata.nextLink":"messages"}"#)][..],
        &[
            ("/me/messages", r#"{"value":[],"@odata.nextLink":"?$skiptoken=1"}"#),
            ("/me/messages?$skiptoken=1", r#"{"value":[{"subject":"a"}],"@odata.nextLink":"?$skiptoken=1"}"#),
        ][..],
        &[
            ("/me/messages", r#"{"value":[],"@odata.nextLink":"?$skiptoken=1"}"#),
            ("/me/messages?$skiptoken=1", r#"{"value":[{"subject":"a"}],"@odata.nextLink":"?$skiptoken=2"}"#),
            ("/me/messages?$skiptoken=2", r#"{"value":[],"@odata.nextLink":"?$skiptoken=1"}"#),
        ],
    ] {
        let (end, asked) = walk(pages).await;
        assert!(matches!(end, Err(Error::Link(_))), "{end:?}");
        assert_eq!(asked, pages.len());
    }
}
