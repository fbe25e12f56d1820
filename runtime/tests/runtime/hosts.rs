//! Over real connections: which host gets the token, and which is not even connected to.

use futures_util::{StreamExt, TryStreamExt};
use http::Method;
use msgraph_runtime::{Checkpoint, Error, Page};

use crate::support::models::DriveItem;
use crate::support::server::{AnswerBody, Server, full};

const LIST: &str = "op:GET /me/messages;;";
const COPY: &str = "op:POST /me/copy;;";

/// A server's root by another of its names, so that it is another host.
fn elsewhere(server: &Server) -> String {
    server.url().replace("127.0.0.1", "localhost")
}

fn with_location(status: u16, location: &str) -> http::Response<AnswerBody> {
    let mut answer = full(status, "");
    answer.headers_mut().insert("location", location.parse().expect("a value"));
    answer
}

#[tokio::test]
async fn a_link_and_a_checkpoint_that_lead_to_another_host_are_not_connected_to() {
    let other = Server::start(|_| full(200, r#"{"value":["stolen"]}"#)).await;
    let foreign = format!("{}/me/messages?skip=1", elsewhere(&other));
    let page = format!(r#"{{"value":["a"],"@odata.nextLink":"{foreign}"}}"#);
    let service = Server::start(move |_| full(200, page.clone())).await;
    let list = || service.client().root("me").segment("messages").call::<Page<String>>(LIST);
    let items: Vec<_> = list().stream().prefetch().collect().await;
    assert!(items.len() == 2 && items[0].is_ok() && matches!(items[1], Err(Error::Link(_))), "{items:?}");
    let resumed: Vec<_> = list().stream().resume(&Checkpoint::from_link(&foreign)).collect().await;
    assert!(resumed.len() == 1 && matches!(resumed[0], Err(Error::Link(_))), "{resumed:?}");
    assert_eq!((service.seen().len(), other.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_stream_that_was_cut_off_goes_on_with_a_new_client_without_loss_or_repetition() {
    let server = Server::start(|seen| {
        let host = seen.header("host").expect("a host").to_owned();
        let at: usize = seen.url.split_once("skip=").map_or(0, |(_, at)| at.parse().expect("a number"));
        let link = format!(r#","@odata.nextLink":"http://{host}/v1.0/me/messages?skip={}""#, at + 1);
        full(200, format!(r#"{{"value":["{at}"]{}}}"#, if at < 9 { &link } else { "" }))
    })
    .await;
    let (mut all, mut checkpoint) = (Vec::new(), Checkpoint::default());
    while !checkpoint.is_end() {
        let list = server.client().root("me").segment("messages").call::<Page<String>>(LIST);
        let mut items = list.stream().resume(&checkpoint).prefetch();
        for _ in 0..3 {
            all.extend(items.try_next().await.expect("no error"));
        }
        checkpoint =
            serde_json::from_str(&serde_json::to_string(&items.checkpoint()).expect("text")).expect("it");
    }
    assert_eq!(all, (0..10).map(|at| at.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_monitor_on_another_host_is_asked_without_the_token_and_the_result_is_fetched_with_it() {
    let result = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let location = result.clone();
    let monitor = Server::start(move |_| with_location(303, location.get().expect("a URL"))).await;
    let link = elsewhere(&monitor) + "/monitor/1";
    let service = Server::start(move |seen| match seen.method {
        Method::POST => with_location(202, &link),
        _ => full(200, r#"{"id":"9"}"#),
    })
    .await;
    result.set(service.url() + "/items/9").expect("set once");
    let copy = service.client().root("me").segment("copy").call::<DriveItem>(COPY);
    let item = copy.start().await.expect("accepted").result().await.expect("an item");
    assert_eq!(item.id.as_deref(), Some("9"));
    assert_eq!((monitor.seen().len(), monitor.last().header("authorization")), (1, None));
    let fetched = service.last();
    assert_eq!(
        (fetched.url.as_str(), fetched.header("authorization")),
        ("/v1.0/items/9", Some("Bearer the-token"))
    );
}

#[tokio::test]
async fn a_url_on_another_host_is_asked_only_if_allowed_and_without_the_token() {
    let other = Server::start(|_| full(200, r#"{"a":1}"#)).await;
    let service = Server::start(|_| full(500, "")).await;
    let url = elsewhere(&other) + "/x";
    let error = service.client().request(Method::GET, &url).await.expect_err("not allowed");
    assert!(matches!(error, Error::Request(_)) && other.seen().is_empty());
    let answer = service.client().request(Method::GET, &url).allow_other_host().await.expect("an answer");
    assert_eq!(answer.json::<serde_json::Value>().expect("JSON")["a"], 1);
    assert_eq!((other.last().header("authorization"), service.seen().len()), (None, 0));
}
