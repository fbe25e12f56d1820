//! Conditions, preferences and consistency as headers, and what comes back.

use http::Response;
use msgraph_runtime::{Body, Page, Path, Prefer};

use crate::support::fake::{Log, client, response};
use crate::support::models::Message;

const GET: &str = "op:GET /me/messages/{message-id};;";
const UPDATE: &str = "op:PATCH /me/messages/{message-id};;";
const LIST: &str = "op:GET /me/messages;count search;";

fn path() -> (Path, Log) {
    let (client, log) = client(|seen| {
        let status = if seen.header("if-none-match").is_some() { 304 } else { 200 };
        let answer = Response::builder().status(status).header("etag", "W/\"2\"").header("x-ms-ags", "1");
        Ok(answer.body(Body::from(r#"{"@odata.etag":"W/\"2\"","value":[]}"#)).expect("an answer"))
    });
    (client.root("me"), log)
}

#[tokio::test]
async fn an_entity_tag_comes_in_and_goes_out() {
    let (me, log) = path();
    let response = me.call::<Message>(GET).send().await.expect("a message");
    assert_eq!((response.status().as_u16(), response.header("x-ms-ags")), (200, Some("1")));
    let (from_header, message) = (response.etag().map(str::to_owned), response.into_value());
    assert_eq!(from_header.as_deref(), message.extra.etag().as_deref());
    let tag = from_header.expect("a tag");
    me.send::<Message>(UPDATE, &message).if_match(&tag).await.expect("updated");
    assert_eq!(log.last().header("if-match"), Some("W/\"2\""));
    let error = me.call::<Message>(GET).if_none_match(&tag).await.expect_err("not modified");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(304));
    assert_eq!(log.last().header("if-none-match"), Some("W/\"2\""));
    assert_eq!(log.all().len(), 3, "304 is not tried again");
}

#[tokio::test]
async fn preferences_combine_and_of_one_kind_the_last_counts() {
    use Prefer::{
        HtmlBodies, ImmutableIds, MaxPageSize, OutlookTimeZone, RespondAsync, ReturnMinimal,
        ReturnRepresentation, TextBodies, UnknownEnumMembers,
    };
    let zone = |name: &str| OutlookTimeZone(name.to_owned());
    for (preferences, expected) in [
        (vec![ReturnMinimal], "return=minimal"),
        (vec![ReturnMinimal, ReturnRepresentation], "return=representation"),
        (
            vec![ImmutableIds, zone("Europe/Zurich")],
            r#"IdType="ImmutableId", outlook.timezone="Europe/Zurich""#,
        ),
        (
            vec![zone(r#"a, "b\"#), TextBodies, HtmlBodies, MaxPageSize(50)],
            r#"outlook.timezone="a, \"b\\", outlook.body-content-type="html", odata.maxpagesize=50"#,
        ),
        (
            vec![UnknownEnumMembers, RespondAsync, UnknownEnumMembers],
            "respond-async, include-unknown-enum-members",
        ),
    ] {
        let (me, log) = path();
        let request = me.call::<Message>(GET);
        preferences
            .iter()
            .cloned()
            .fold(request, |request, preference| request.prefer(preference))
            .await
            .expect("ok");
        assert_eq!(log.last().header("prefer"), Some(expected), "{preferences:?}");
    }
    let (me, log) = path();
    let request = me.call::<Message>(GET).header("Prefer", "mine=\"a,b\", RETURN=minimal");
    request.prefer(ReturnRepresentation).await.expect("ok");
    assert_eq!(log.last().header("prefer"), Some("mine=\"a,b\", return=representation"));
    let error = me.call::<Message>(GET).prefer(zone("a\nb")).await.expect_err("no header");
    assert!(error.to_string().contains("the header prefer has characters"), "{error}");
}

#[tokio::test]
async fn consistency_can_be_asked_for() {
    let (me, log) = path();
    me.call::<Page<Message>>(LIST).consistency_level("eventual").await.expect("a page");
    assert_eq!(log.last().header("consistencylevel"), Some("eventual"));
    me.call::<Page<Message>>(LIST).await.expect("a page");
    assert_eq!(log.last().header("consistencylevel"), None);
}

#[tokio::test]
async fn the_headers_of_an_answer_without_content_are_reachable() {
    let (client, _) = client(|_| {
        let mut answer = response(202, "")?;
        answer
            .headers_mut()
            .insert("location", "https://graph.microsoft.com/v1.0/x".parse().expect("a value"));
        Ok(answer)
    });
    let response = client.root("me").call::<()>(UPDATE).send().await.expect("accepted");
    assert_eq!(
        (response.status().as_u16(), response.header("location")),
        (202, Some("https://graph.microsoft.com/v1.0/x"))
    );
}
