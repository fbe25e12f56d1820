//! Operations that read.

use futures_util::TryStreamExt;
use msgraph::models::{self, Importance, Message, User};
use msgraph::runtime::{Change, Model};
use serde_json::json;

use crate::server::{Server, bytes, json};

#[tokio::test]
async fn a_list_is_one_stream_of_all_pages_that_sends_the_query_once_and_the_headers_each_time() {
    let server = Server::start(|seen| match seen.line.contains("$skiptoken") {
        false => json(
            200,
            json!({"value": [{"id": "1"}, {"id": "2"}], "@odata.nextLink": seen.link("/users?$skiptoken=x")}),
        ),
        true => json(200, json!({"value": [{"id": "3"}]})),
    })
    .await;
    let users = server.client().users().list();
    let users = users
        .select(["id", "displayName"])
        .filter("startswith(displayName,'A') and accountEnabled eq true")
        .top(2);
    let users: Vec<User> =
        users.header("Prefer", "x").stream().try_collect().await.expect("both pages are in order");
    let ids: Vec<_> = users.iter().map(|user| user.id.as_deref()).collect();
    assert_eq!(ids, [Some("1"), Some("2"), Some("3")]);
    let query = "$select=id,displayName&$filter=startswith(displayName,%27A%27)%20and%20accountEnabled%20eq%20true&$top=2";
    assert_eq!(
        server.lines(),
        [format!("GET /v1.0/users?{query}"), "GET /v1.0/users?$skiptoken=x".to_owned()]
    );
    for seen in server.seen() {
        assert_eq!(
            (seen.header("prefer"), seen.header("authorization")),
            (Some("x"), Some("Bearer the-token"))
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_before_a_stream_is_polled() {
    let server = Server::start(|_| json(200, json!({"value": []}))).await;
    let stream = server.client().me().messages().list().stream();
    assert!(server.seen().is_empty());
    let messages: Vec<_> = stream.try_collect().await.expect("an empty page");
    assert!(messages.is_empty() && server.lines() == ["GET /v1.0/me/messages"]);
}

#[tokio::test]
async fn one_entity_is_read_with_what_was_expanded() {
    let server = Server::start(|_| {
        let manager = json!({"@odata.type": "#microsoft.graph.user", "id": "2", "displayName": "Zoë"});
        json(200, json!({"id": "1", "userPrincipalName": "adele@contoso.com", "manager": manager}))
    })
    .await;
    let request = server.client().users().by_id("adele@contoso.com").get();
    let user = request.select(["id"]).expand(["manager($select=displayName)"]).await.expect("a user");
    assert_eq!(
        server.lines(),
        ["GET /v1.0/users/adele@contoso.com?$select=id&$expand=manager($select%3DdisplayName)"]
    );
    let manager = user.manager.expect("it was expanded");
    let object = manager.get().expect("a directory object");
    assert_eq!(object.id.as_deref(), Some("2"));
    assert_eq!(object.extra.odata_type().as_deref(), Some(User::TYPE.name));
    let manager: User = manager.json().decode().expect("it is a user");
    assert_eq!(manager.display_name.as_deref(), Some("Zoë"));
}

#[tokio::test]
async fn keys_are_encoded_so_that_they_stay_one_segment() {
    let server = Server::start(|_| json(200, json!({"id": "1"}))).await;
    let client = server.client();
    client.me().messages().by_id("AAMk/+=?#").get().await.expect("a message");
    client.users().by_user_principal_name("o'brien@contoso.com").get().await.expect("a user");
    let expected = [
        "GET /v1.0/me/messages/AAMk%2F%2B=%3F%23",
        "GET /v1.0/users(userPrincipalName='o''brien@contoso.com')",
    ];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn a_count_is_a_number_and_asks_for_eventual_consistency() {
    let server = Server::start(|_| bytes(200, "text/plain", "\u{feff}17820")).await;
    let count = server.client().users().count().filter("accountEnabled eq true").await.expect("a number");
    assert_eq!((count, server.last().header("consistencylevel")), (17820, Some("eventual")));
    assert_eq!(server.lines(), ["GET /v1.0/users/$count?$filter=accountEnabled%20eq%20true"]);
}

#[tokio::test]
async fn a_delta_function_answers_pages_that_end_with_a_delta_link() {
    let server = Server::start(|seen| match seen.line.contains("$skiptoken") {
        false => json(
            200,
            json!({"value": [{"id": "1"}], "@odata.nextLink": seen.link("/users/delta()?$skiptoken=x")}),
        ),
        true => {
            let removed = json!({"id": "2", "@removed": {"reason": "deleted"}});
            json(
                200,
                json!({"value": [removed], "@odata.deltaLink": seen.link("/users/delta()?$deltatoken=y")}),
            )
        }
    })
    .await;
    let pages: Vec<_> = server.client().users().delta().pages().try_collect().await.expect("two pages");
    assert_eq!(server.lines()[0], "GET /v1.0/users/delta()");
    assert!(pages[0].delta_link.is_none());
    assert!(pages[1].delta_link.as_ref().is_some_and(|link| link.ends_with("$deltatoken=y")));
    let removed = |change: &Change<_>| matches!(change, Change::Removed { id, reason: Some(reason), .. } if id == "2" && reason == "deleted");
    assert!(removed(&pages[1].value[0]), "{:?}", pages[1].value);
}

#[tokio::test]
async fn arguments_of_functions_are_literals_of_their_types_encoded() {
    let server = Server::start(|_| json(200, json!({"value": []}))).await;
    let client = server.client();
    client.drives().by_id("b!1").items().by_id("i").search("it's 100% a+b").await.expect("a page");
    client.me().reminder_view("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z").await.expect("a page");
    let expected = [
        "GET /v1.0/drives/b!1/items/i/search(q='it''s%20100%25%20a%2Bb')",
        "GET /v1.0/me/reminderView(StartDateTime='2026-01-01T00:00:00Z',EndDateTime='2026-02-01T00:00:00Z')",
    ];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn arguments_that_are_not_given_are_left_out() {
    let server = Server::start(|_| json(200, json!({"value": []}))).await;
    let client = server.client();
    let transcripts = || client.me().adhoc_calls();
    transcripts().get_all_transcripts(None, None, None).await.expect("a page");
    let start = "2026-01-01T00:00:00Z".parse().expect("an instant");
    transcripts().get_all_transcripts(Some("u"), Some(start), None).await.expect("a page");
    let expected = [
        "GET /v1.0/me/adhocCalls/getAllTranscripts()",
        "GET /v1.0/me/adhocCalls/getAllTranscripts(userId='u',startDateTime=2026-01-01T00:00:00Z)",
    ];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn content_is_downloaded_by_id_and_by_path() {
    let content: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let sent = content.clone();
    let server = Server::start(move |_| bytes(200, "application/pdf", sent.clone())).await;
    let drive = server.client().drives().by_id("d");
    let download = drive.items().by_id("i").get_content().await.expect("content");
    assert_eq!((download.content_type(), download.length()), (Some("application/pdf"), Some(300_000)));
    let chunks: Vec<_> = download.into_stream().try_collect().await.expect("all of it");
    assert!(chunks.concat() == content);
    drive.item_by_path("Reports/Q1 50%.pdf").get_content().await.expect("content");
    let expected =
        ["GET /v1.0/drives/d/items/i/content", "GET /v1.0/drives/d/root:/Reports/Q1%2050%25.pdf:/content"];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn what_the_crate_does_not_know_survives_a_round_trip() {
    let known = json!({
        "@odata.etag": "W/\"1\"", "id": "1", "subject": null, "importance": "urgent", "isRead": false,
        "receivedDateTime": "2026-01-31T10:00:00.1230000Z", "mystery": {"deep": [1, 2.50, "x"]}
    });
    let sent = known.clone();
    let server = Server::start(move |_| json(200, sent.clone())).await;
    let client = server.client();
    let mut message = client.me().messages().by_id("1").get().await.expect("a message");
    assert!(message.subject.is_none() && message.is_null("subject") && !message.is_null("body"));
    assert_eq!(message.extra.etag().as_deref(), Some("W/\"1\""));
    let Some(Importance::Unrecognized(unknown)) = &message.importance else {
        panic!("the crate does not know it: {:?}", message.importance);
    };
    assert_eq!(unknown.as_str(), "urgent");
    message.is_read = Some(true);
    client.me().messages().by_id("1").update(&message).await.expect("updated");
    let mut expected = known;
    expected["isRead"] = json!(true);
    assert_eq!(server.last().json(), expected);
}

#[tokio::test]
async fn a_scalar_of_the_wrong_type_costs_neither_the_answer_nor_the_value() {
    let server = Server::start(|_| {
        json(200, json!({"value": [{"id": "1", "isRead": "perhaps"}, {"id": "2", "isRead": true}]}))
    })
    .await;
    let page = server.client().me().messages().list().await.expect("a page");
    let read: Vec<_> = page.value.iter().map(|message: &Message| message.is_read).collect();
    assert_eq!(read, [None, Some(true)]);
    assert_eq!(page.value[0].extra.get("isRead"), Some("\"perhaps\""));
}

#[tokio::test]
async fn an_answer_with_one_value_is_that_value() {
    let server = Server::start(|seen| match seen.line.ends_with("/revokeSignInSessions") {
        true => json(200, json!({"@odata.context": "x", "value": true})),
        false => json(200, json!({"value": ["g1", "g2"]})),
    })
    .await;
    let client = server.client();
    assert!(client.me().revoke_sign_in_sessions().await.expect("a truth value"));
    let parameters = models::directory_object::CheckMemberGroupsParameters {
        group_ids: Some(vec!["g1".to_owned(), "g3".to_owned()]),
        ..Default::default()
    };
    let groups = client.me().check_member_groups(&parameters).await.expect("a page");
    assert_eq!(groups.value, ["g1", "g2"]);
    assert_eq!(server.last().json(), json!({"groupIds": ["g1", "g3"]}));
}
