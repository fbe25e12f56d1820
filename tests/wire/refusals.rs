//! What is refused, by the service or before anything is sent.

use futures_util::TryStreamExt;
use http::Method;
use msgraph::models::{User, user};
use msgraph::runtime::{Error, Provenance, RetryPolicy};
use serde_json::json;

use crate::server::{Server, bytes, empty, json};

#[tokio::test]
async fn an_error_of_the_service_says_what_happened_to_what_and_what_support_asks_for() {
    let server = Server::start(|_| {
        let inner = json!({"request-id": "r-1", "client-request-id": "c-1", "date": "2026-01-31T10:00:00"});
        let message = "Insufficient privileges to complete the operation.";
        json(403, json!({"error": {"code": "Authorization_RequestDenied", "message": message, "innerError": inner}}))
    })
    .await;
    let request = server.client().users().by_id("adele@contoso.com").get();
    let permissions = request.operation().permissions();
    let error = request.await.expect_err("the service refuses");
    assert_eq!(
        (error.status().map(|status| status.as_u16()), error.code()),
        (Some(403), Some("Authorization_RequestDenied"))
    );
    assert!(!error.is_retryable());
    let text = error.to_string();
    for part in [
        "GET /users/{user-id}",
        "403",
        "Authorization_RequestDenied",
        "Insufficient privileges",
        "r-1",
        "c-1",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("adele") && !text.contains("the-token") && !text.contains('\n'), "{text}");
    let Error::Graph(error) = error else { panic!("{error:?}") };
    assert_eq!((error.request_id(), error.client_request_id()), (Some("r-1"), Some("c-1")));
    // What the operation would take can be asked for without another request.
    assert_eq!(permissions.provenance(), Provenance::Documented);
    assert!(permissions.application().iter().any(|one| one.permission() == "User.Read.All"));
}

#[tokio::test]
async fn an_operation_without_a_row_in_the_permission_table_is_unknown_and_not_free() {
    let server = Server::start(|_| empty(204)).await;
    let permissions = server.client().me().adhoc_calls().count().operation().permissions();
    assert_eq!(permissions.provenance(), Provenance::Unknown);
    assert!(permissions.work().is_empty() && permissions.application().least().is_none());
}

#[tokio::test]
async fn query_options_that_the_operation_does_not_take_are_refused_before_sending() {
    let server = Server::start(|_| json(200, json!({}))).await;
    let request = server.client().users().by_id("").get().filter("id eq '1'").top(5).header("bad name", "x");
    let error = request.await.expect_err("it could not be right");
    let Error::Request(error) = error else { panic!("{error:?}") };
    let problems = error.problems().join("\n");
    for part in ["$filter", "$top", "only $expand, $select", "key", "bad name"] {
        assert!(problems.contains(part), "{part} is not in {problems}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn properties_that_an_operation_does_not_take_are_refused_and_a_raw_request_sends_them() {
    let server = Server::start(|_| json(200, json!({"value": []}))).await;
    let users = || server.client().users();
    for (error, reason) in [
        (users().list().expand(user::CHATS).await.unwrap_err(), "$expand does not take `chats`"),
        (users().by_id("x").get().expand("manager, joinedTeams($top=1)").await.unwrap_err(), "`joinedTeams`"),
    ] {
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(server.seen().is_empty());
    let raw = server.client().request(Method::GET, "/users").query("$expand", "chats");
    raw.await.expect("an answer");
    assert_eq!(server.lines(), ["GET /v1.0/users?$expand=chats"]);
}

#[tokio::test]
async fn an_error_in_a_later_page_ends_the_stream_after_the_items_before_it() {
    let server = Server::start(|seen| match seen.line.contains("$skiptoken") {
        false => {
            json(200, json!({"value": [{"id": "1"}], "@odata.nextLink": seen.link("/users?$skiptoken=x")}))
        }
        true => bytes(503, "text/html", "<html>busy</html>"),
    })
    .await;
    let mut users = server.client().users().list().retry(RetryPolicy::never()).stream();
    assert_eq!(
        users.try_next().await.expect("the first page").and_then(|user| user.id).as_deref(),
        Some("1")
    );
    let error = users.try_next().await.expect_err("the second page");
    assert!(error.is_retryable() && error.status().is_some_and(|status| status == 503), "{error}");
    assert!(users.try_next().await.expect("the end").is_none());
}

#[tokio::test]
async fn a_next_link_to_another_host_is_not_followed() {
    let stranger = Server::start(|_| json(200, json!({"value": []}))).await;
    let link = stranger.client().base_url().join("/v1.0/users").expect("a URL").to_string();
    let server = Server::start(move |_| json(200, json!({"value": [], "@odata.nextLink": link}))).await;
    let error = server.client().users().list().stream().try_next().await.expect_err("a foreign link");
    assert!(matches!(error, Error::Link(_)), "{error:?}");
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_what_was_promised_is_an_error_that_names_the_operation() {
    let server = Server::start(|_| bytes(200, "text/html", "<html>sign in</html>")).await;
    let error = server.client().me().get().await.expect_err("no user");
    assert!(
        matches!(error, Error::Decode(_)) && error.to_string().starts_with("GET /me answered 200"),
        "{error}"
    );
}

#[test]
fn debug_output_of_an_entity_hides_its_secrets() {
    let mut user = User { display_name: Some("Adele".to_owned()), ..Default::default() };
    user.extra.insert("clientSecret", &msgraph::runtime::edm::Json::encode(&"hush".to_owned()));
    let text = format!("{user:?}");
    assert!(text.contains("Adele") && !text.contains("hush"), "{text}");
}
