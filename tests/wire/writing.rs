//! Operations that write.

use bytes::Bytes;
use futures_util::stream;
use msgraph::models::user::SendMailParameters;
use msgraph::models::{BodyType, DriveItem, EmailAddress, Event, ItemBody, Message, Recipient, User};
use msgraph::runtime::{Body, Model, Reference};
use serde_json::json;

use crate::server::{Server, bytes, empty, json};

#[tokio::test]
async fn a_new_entity_is_sent_as_json_with_its_set_properties_only() {
    let server = Server::start(|seen| {
        let mut created = seen.json();
        created["id"] = json!("1");
        json(201, created)
    })
    .await;
    let event = Event {
        subject: Some("Zoë's \"meeting\"".to_owned()),
        body: Some(ItemBody {
            content_type: Some(BodyType::Text),
            content: Some("At ten.".to_owned()),
            ..Default::default()
        }),
        is_online_meeting: Some(false),
        ..Default::default()
    };
    let response = server.client().me().events().create(&event).send().await.expect("created");
    assert_eq!((response.status().as_u16(), response.value().id.as_deref()), (201, Some("1")));
    let seen = server.last();
    assert_eq!(
        (seen.line.as_str(), seen.header("content-type")),
        ("POST /v1.0/me/events", Some("application/json"))
    );
    let body = json!({"contentType": "text", "content": "At ten."});
    assert_eq!(seen.json(), json!({"subject": "Zoë's \"meeting\"", "body": body, "isOnlineMeeting": false}));
}

#[tokio::test]
async fn an_update_may_answer_nothing_or_the_entity_and_can_send_null() {
    let server = Server::start(|seen| match seen.line.ends_with("/me") {
        true => empty(204),
        false => json(200, json!({"id": "1", "displayName": "Adele"})),
    })
    .await;
    let mut changes = User { mobile_phone: Some("+1 555 0100".to_owned()), ..Default::default() };
    changes.set_null("officeLocation", true);
    let nothing = server.client().me().update(&changes).await.expect("updated");
    assert_eq!(nothing, None);
    let seen = server.last();
    assert_eq!(seen.line, "PATCH /v1.0/me");
    assert_eq!(seen.json(), json!({"mobilePhone": "+1 555 0100", "officeLocation": null}));
    let user = server.client().users().by_id("1").update(&changes).await.expect("updated");
    assert_eq!(user.and_then(|user| user.display_name).as_deref(), Some("Adele"));
}

#[tokio::test]
async fn an_update_can_be_made_to_depend_on_what_was_read() {
    let server = Server::start(|_| empty(204)).await;
    let item = server.client().drives().by_id("d").items().by_id("i");
    let changes = DriveItem { name: Some("new.txt".to_owned()), ..Default::default() };
    item.update(&changes).header("If-Match", "\"1\"").await.expect("updated");
    assert_eq!(server.last().header("if-match"), Some("\"1\""));
}

#[tokio::test]
async fn a_deletion_sends_no_body() {
    let server = Server::start(|_| empty(204)).await;
    server.client().me().messages().by_id("1").delete().await.expect("deleted");
    let seen = server.last();
    assert_eq!((seen.line.as_str(), seen.body.len()), ("DELETE /v1.0/me/messages/1", 0));
}

#[tokio::test]
async fn an_action_sends_its_parameters_under_their_names() {
    let server = Server::start(|_| empty(202)).await;
    let to = |address: &str| Recipient {
        email_address: Some(EmailAddress { address: Some(address.to_owned()), ..Default::default() }),
        ..Default::default()
    };
    let message = Message {
        subject: Some("Hello".to_owned()),
        to_recipients: Some(vec![to("a@contoso.com"), to("b@contoso.com")]),
        ..Default::default()
    };
    let parameters =
        SendMailParameters { message: Some(message), save_to_sent_items: Some(false), ..Default::default() };
    server.client().me().send_mail(&parameters).await.expect("accepted");
    let recipient = |address: &str| json!({"emailAddress": {"address": address}});
    let message =
        json!({"subject": "Hello", "toRecipients": [recipient("a@contoso.com"), recipient("b@contoso.com")]});
    assert_eq!(server.last().line, "POST /v1.0/me/sendMail");
    assert_eq!(server.last().json(), json!({"Message": message, "SaveToSentItems": false}));
}

#[tokio::test]
async fn references_are_added_set_and_removed() {
    let server = Server::start(|_| empty(204)).await;
    let client = server.client();
    let members = client.groups().by_id("g").members();
    let adele = "https://graph.microsoft.com/v1.0/directoryObjects/u";
    members.add_reference(&Reference::to_url(adele)).await.expect("added");
    assert_eq!(server.last().json(), json!({"@odata.id": adele}));
    members.by_id("u").remove_reference().await.expect("removed");
    let manager = client.users().by_id("u").manager();
    manager.set_reference(&Reference::to_url(adele)).await.expect("set");
    manager.remove_reference().await.expect("removed");
    let expected = [
        "POST /v1.0/groups/g/members/$ref",
        "DELETE /v1.0/groups/g/members/u/$ref",
        "PUT /v1.0/users/u/manager/$ref",
        "DELETE /v1.0/users/u/manager/$ref",
    ];
    assert_eq!(server.lines(), expected);
}

#[tokio::test]
async fn content_is_uploaded_as_bytes_or_as_a_stream() {
    let server = Server::start(|_| json(201, json!({"id": "i", "size": 1_000_000}))).await;
    let drive = server.client().drives().by_id("d");
    let item = drive.item_by_path("new.txt").put_content("hello").await.expect("uploaded");
    assert_eq!(item.and_then(|item| item.id).as_deref(), Some("i"));
    let seen = server.last();
    assert_eq!(seen.line, "PUT /v1.0/drives/d/root:/new.txt:/content");
    assert_eq!(
        (seen.header("content-type"), &seen.body[..]),
        (Some("application/octet-stream"), &b"hello"[..])
    );
    let chunks = stream::iter((0..10).map(|chunk| Ok(Bytes::from(vec![chunk; 100_000]))));
    let item =
        drive.items().by_id("i").put_content(Body::stream(chunks, Some(1_000_000))).await.expect("uploaded");
    assert_eq!(item.and_then(|item| item.size), Some(1_000_000));
    assert_eq!(
        (server.last().header("content-length"), server.last().body.len()),
        (Some("1000000"), 1_000_000)
    );
}

#[tokio::test]
async fn the_media_type_of_an_upload_can_be_said() {
    let server = Server::start(|_| bytes(200, "text/plain", "")).await;
    server
        .client()
        .me()
        .photo()
        .put_value(&b"\xff\xd8"[..])
        .header("Content-Type", "image/jpeg")
        .await
        .expect("set");
    let seen = server.last();
    assert_eq!(
        (seen.line.as_str(), seen.header("content-type")),
        ("PUT /v1.0/me/photo/$value", Some("image/jpeg"))
    );
}
