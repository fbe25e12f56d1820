//! A stream goes on in another process where it was left, and nowhere but where it belongs.

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use http::Response;
use msgraph_runtime::{
    Body, Checkpoint, Error, GraphClient, Items, Page, Path, Request, StaticToken, TransportError,
};

use crate::support::fake::{Log, Seen, builder, client, response};

const LIST: &str = "op:GET /users/{user-id}/messages;top;";

/// Pages of two items each, but for the second, which is empty: `0 1`, nothing, `4 5`, `6 7`.
fn answer(seen: &Seen) -> Result<Response<Body>, TransportError> {
    let at: usize = seen.url.split_once("skip=").map_or(0, |(_, at)| at.parse().expect("a number"));
    let value = if at == 1 { String::new() } else { format!("\"{}\",\"{}\"", 2 * at, 2 * at + 1) };
    let link =
        format!(r#","@odata.nextLink":"https://graph.microsoft.com/v1.0/users/a/messages?skip={}""#, at + 1);
    response(200, format!(r#"{{"value":[{value}]{}}}"#, if at < 3 { &link } else { "" }))
}

fn messages(client: &GraphClient) -> Path {
    client.root("users").key("a").segment("messages")
}

fn list(client: &GraphClient) -> Request<Page<String>> {
    messages(client).call(LIST)
}

/// Writes a checkpoint down and reads it back.
fn stored(checkpoint: &Checkpoint) -> Checkpoint {
    let text = serde_json::to_string(checkpoint).expect("text");
    assert_eq!(
        postcard::from_bytes::<Checkpoint>(&postcard::to_allocvec(checkpoint).expect("bytes")).as_ref(),
        Ok(checkpoint)
    );
    serde_json::from_str(&text).expect("a checkpoint")
}

async fn rest(items: Items<String>) -> Vec<String> {
    items.try_collect().await.expect("items")
}

#[tokio::test]
async fn whoever_stops_after_any_item_goes_on_with_the_page_that_was_not_finished() {
    let all = ["0", "1", "4", "5", "6", "7"];
    for (taken, goes_on_at) in [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4), (5, 4), (6, 6)] {
        let (client, _) = client(answer);
        let mut items = list(&client).stream();
        for expected in &all[..taken] {
            assert_eq!(items.try_next().await.expect("no error").as_deref(), Some(*expected));
        }
        let checkpoint = stored(&items.checkpoint());
        assert_eq!(
            rest(list(&client).stream().resume(&checkpoint)).await,
            all[goes_on_at..],
            "after {taken}"
        );
        assert_eq!(rest(list(&client).stream().prefetch().resume(&checkpoint)).await, all[goes_on_at..]);
    }
}

#[tokio::test]
async fn a_checkpoint_of_pages_is_taken_after_each_page() {
    let (client, log) = client(answer);
    let mut pages = list(&client).pages();
    let mut checkpoints = vec![pages.checkpoint()];
    while pages.try_next().await.expect("no error").is_some() {
        checkpoints.push(stored(&pages.checkpoint()));
    }
    assert_eq!(
        checkpoints.iter().map(Checkpoint::is_end).collect::<Vec<_>>(),
        [false, false, false, false, true]
    );
    for (left, checkpoint) in checkpoints.iter().rev().enumerate() {
        let before = log.all().len();
        let rest: Vec<_> = list(&client).pages().resume(checkpoint).try_collect().await.expect("pages");
        assert_eq!((rest.len(), log.all().len() - before), (left, left));
    }
}

#[tokio::test]
async fn a_page_that_was_fetched_ahead_does_not_count_as_delivered() {
    let (client, log) = client(answer);
    let mut pages = list(&client).pages().prefetch();
    assert!(log.all().is_empty(), "nothing is sent before it is asked for");
    pages.next().await.expect("a page").expect("no error");
    assert_eq!(log.all().len(), 2, "the second page is under way with the first");
    assert!(pages.checkpoint().link().is_some_and(|link| link.ends_with("skip=1")));
    pages.next().now_or_never().expect("the page is there").expect("a page").expect("no error");
    assert_eq!(log.all().len(), 3, "never more than one is fetched ahead");
    let numbers: Vec<_> = pages.map_ok(|page| page.value).try_concat().await.expect("pages");
    assert_eq!(numbers, ["4", "5", "6", "7"]);
}

#[tokio::test]
async fn an_error_leaves_the_checkpoint_before_the_page_that_failed() {
    let failing = std::sync::atomic::AtomicBool::new(true);
    let (client, _) = client(move |seen| {
        let fails = seen.url.ends_with("skip=2") && failing.swap(false, std::sync::atomic::Ordering::Relaxed);
        if fails { response(403, "") } else { answer(seen) }
    });
    let mut items = list(&client).stream();
    let first: Vec<_> = (&mut items).take(3).collect().await;
    assert!(first[..2].iter().all(Result::is_ok) && first[2].is_err());
    assert!(items.next().await.is_none());
    assert_eq!(rest(list(&client).stream().resume(&items.checkpoint())).await, ["4", "5", "6", "7"]);
}

/// The error of a stream that goes on from a checkpoint, and what was sent.
async fn refused(client: &GraphClient, log: &Log, checkpoint: &Checkpoint) -> (Error, usize) {
    let before = log.all().len();
    let mut items = list(client).stream().resume(checkpoint);
    let error = items.next().await.expect("an item").expect_err("a refusal");
    assert!(items.next().await.is_none());
    (error, log.all().len() - before)
}

#[tokio::test]
async fn a_checkpoint_from_another_host_is_refused_before_a_token_goes_there() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (builder, log) = builder(answer);
    let count = asked.clone();
    let credential = move |_| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async { Ok::<_, Error>(msgraph_runtime::AccessToken::new("secret")) }
    };
    let client = builder.credential(credential).build().expect("a client");
    for link in
        ["https://evil.example/v1.0/users/a/messages", "http://graph.microsoft.com/v1.0/users", "/users", ""]
    {
        let (error, sent) = refused(&client, &log, &Checkpoint::from_link(link)).await;
        assert!(matches!(error, Error::Link(_)), "{error}");
        assert_eq!((sent, asked.load(std::sync::atomic::Ordering::Relaxed)), (0, 0), "{link}");
    }
}

#[tokio::test]
async fn a_host_that_the_client_trusts_is_followed_with_the_token() {
    let (builder, log) = builder(|seen| {
        let next = r#"{"value":["a"],"@odata.nextLink":"https://dod-graph.microsoft.us/v1.0/users"}"#;
        response(200, if seen.url.contains(".us") { r#"{"value":["b"]}"# } else { next })
    });
    let client = builder.trust_host("https://dod-graph.microsoft.us").build().expect("a client");
    assert_eq!(rest(list(&client).stream()).await, ["a", "b"]);
    assert_eq!(log.last().header("authorization"), Some("Bearer the-token"));
    let error =
        GraphClient::builder().credential(StaticToken::new("t")).trust_host("http://a.example").build();
    let error = error.expect_err("no TLS").to_string();
    assert!(error.contains("the trusted host is not usable: tokens go over https://"), "{error}");
}

#[tokio::test]
async fn a_checkpoint_of_another_path_is_refused() {
    let (client, log) = client(answer);
    let mut items = list(&client).stream();
    items.next().await.expect("an item").expect("a number");
    items.next().await.expect("an item").expect("a number");
    let other = client.root("users").key("b").segment("messages").call::<Page<String>>(LIST);
    let error =
        other.stream().resume(&items.checkpoint()).next().await.expect("an item").expect_err("a refusal");
    assert_eq!(
        error.to_string(),
        "GET /users/{user-id}/messages was not sent: the checkpoint is one of GET /users/a/messages: resume it with a request to that path"
    );
    assert_eq!(log.all().len(), 1);
}

#[tokio::test]
async fn headers_that_decide_what_pages_hold_are_stored_and_secrets_are_not() {
    let (client, log) = client(answer);
    let request =
        list(&client).header("Prefer", "odata.maxpagesize=2").header("ConsistencyLevel", "eventual");
    let mut pages = request.header("Authorization", "Bearer own").header("X-Api-Key", "own").pages();
    pages.next().await.expect("a page").expect("no error");
    let text = serde_json::to_string(&pages.checkpoint()).expect("text");
    assert!(!text.contains("own") && text.contains("odata.maxpagesize=2"), "{text}");
    rest(list(&client).header("Prefer", "mine").stream().resume(&stored(&pages.checkpoint()))).await;
    let seen = log.last();
    assert_eq!((seen.header("consistencylevel"), seen.header("prefer")), (Some("eventual"), Some("mine")));
    assert_eq!(seen.header("authorization"), Some("Bearer the-token"));
}

#[tokio::test]
async fn a_checkpoint_that_was_tampered_with_sets_no_other_headers() {
    let (client, log) = client(answer);
    let text = r#"{"call":null,"position":{"next":"https://graph.microsoft.com/v1.0/users?skip=3"},"headers":[["authorization","Bearer other"],["host","evil.example"],["prefer","a"]]}"#;
    let checkpoint: Checkpoint = serde_json::from_str(text).expect("a checkpoint");
    rest(list(&client).stream().resume(&checkpoint)).await;
    let seen = log.last();
    assert_eq!((seen.header("authorization"), seen.header("host")), (Some("Bearer the-token"), None));
    assert_eq!(seen.header("prefer"), Some("a"));
    let text = text.replace(r#"["prefer","a"]"#, r#"["prefer","a\nb"]"#);
    let (error, sent) = refused(&client, &log, &serde_json::from_str(&text).expect("a checkpoint")).await;
    assert!(error.to_string().contains("header prefer has characters"), "{error}");
    assert_eq!(sent, 0);
}

#[tokio::test]
async fn a_collection_that_an_action_gives_goes_on_with_get_and_without_the_body() {
    const ACTION: &str = "op:POST /users/{user-id}/messages;;";
    let (client, log) = client(answer);
    let request = messages(&client).send::<Page<String>>(ACTION, &"body".to_owned());
    assert_eq!(rest(request.header("If-Match", "1").stream()).await.len(), 6);
    let seen = log.all();
    assert_eq!((seen[0].method.as_str(), &seen[0].body[..]), ("POST", &b"\"body\""[..]));
    for follower in &seen[1..] {
        assert_eq!((follower.method.as_str(), follower.body.len()), ("GET", 0));
        assert_eq!((follower.header("content-type"), follower.header("if-match")), (None, None));
    }
}

#[test]
fn what_is_shown_of_a_checkpoint_says_nothing_of_what_was_searched_for() {
    let link = "https://graph.microsoft.com/v1.0/users?$filter=secret";
    let shown = format!("{:?}", Checkpoint::from_link(link));
    assert_eq!(shown, "Checkpoint(any request, next page)");
}
