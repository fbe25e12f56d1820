//! Requests as the transport sees them: paths, queries, headers, bodies, and what is refused before sending.

use crate::support::fake::{Log, builder, client, response};
use crate::support::models::{AgeGroup, Message, User};
use futures_util::TryStreamExt;
use msgraph_runtime::edm::{DateTimeOffset, Guid};
use msgraph_runtime::{
    Body, Content, Count, Error, Flags, GraphClient, Page, Reference, Request, ToLiteral, Wrapped,
};

const LIST: &str =
    "op:GET /users/{user-id}/messages;count expand filter orderby search select skip top;work=Mail.Read";
const GET: &str = "op:GET /users/{user-id};select;work=User.Read";
const CREATE: &str = "op:POST /users/{user-id}/messages;;";
const UPDATE: &str = "op:PATCH /users/{user-id};;";
const DELETE: &str = "op:DELETE /users/{user-id};;";
const COUNT: &str = "op:GET /users/$count;filter;";
const CONTENT: &str = "op:GET /drives/{drive-id}/content;;";
const UPLOAD: &str = "op:PUT /drives/{drive-id}/content;;";

fn empty() -> (GraphClient, Log) {
    client(|_| response(204, ""))
}

#[tokio::test]
async fn keys_are_percent_encoded_and_stay_readable() {
    let (client, _) = empty();
    let users = client.root("users");
    for (key, path) in [
        ("adele@contoso.com", "/users/adele@contoso.com"),
        ("AAMk-_~.=", "/users/AAMk-_~.="),
        ("a b+c/d?e#f%g", "/users/a%20b%2Bc%2Fd%3Fe%23f%25g"),
        ("O'Neil", "/users/O%27Neil"),
        ("$count", "/users/%24count"),
        ("contoso.sharepoint.com,1,2", "/users/contoso.sharepoint.com,1,2"),
        ("01ABC!123", "/users/01ABC!123"),
        ("Zoë", "/users/Zo%C3%AB"),
        ("a\\b;c", "/users/a%5Cb%3Bc"),
    ] {
        assert_eq!(users.key(key).as_str(), path);
    }
    let guid: Guid = "87d349ed-44d7-43e1-9a83-5f2406dee5bd".parse().expect("a Guid");
    assert_eq!(users.key_of(&guid).as_str(), "/users/87d349ed-44d7-43e1-9a83-5f2406dee5bd");
}

#[tokio::test]
async fn functions_alternate_keys_and_item_paths_are_written_as_odata_wants_them() {
    let (client, _) = empty();
    let me = client.root("me");
    let since: DateTimeOffset = "2026-08-31T09:30:00+02:00".parse().expect("an instant");
    let function = me.function(
        "reminderView",
        &[
            ("StartDateTime", Some(&"a'b/c" as &dyn ToLiteral)),
            ("EndDateTime", None),
            ("Since", Some(&since)),
            ("Ids", Some(&vec!["x", "y"])),
        ],
    );
    assert_eq!(
        function.as_str(),
        "/me/reminderView(StartDateTime='a''b%2Fc',Since=2026-08-31T09:30:00%2B02:00,Ids=['x','y'])"
    );
    assert_eq!(me.function("delta", &[]).as_str(), "/me/delta()");
    assert_eq!(me.function("delta", &[("x", None)]).segment("y").as_str(), "/me/delta()/y");
    let apps = client.root("applications");
    assert_eq!(apps.alternate_key(&[("appId", &"x y")]).as_str(), "/applications(appId='x%20y')");
    assert_eq!(apps.composite_key(&[("a", &"x"), ("b", &7_i32)]).as_str(), "/applications/a='x',b=7");
    let drive = client.root("drive").segment("root");
    assert_eq!(
        drive.item_path("/a/b c.txt").segment("content").as_str(),
        "/drive/root:/a/b%20c.txt:/content"
    );
    assert_eq!(drive.item_path("100%/#1?.txt").as_str(), "/drive/root:/100%25/%231%3F.txt:");
}

#[tokio::test]
async fn pieces_that_would_lead_elsewhere_are_refused_before_sending() {
    let (client, log) = empty();
    let users = client.root("users");
    let requests: [Request<()>; 6] = [
        users.key("").call(DELETE),
        users.key("..").segment("messages").call(DELETE),
        users.key(".").call(DELETE),
        users.item_path("").call(DELETE),
        users.item_path("a//b").call(DELETE),
        users.item_path("a/../../b").call(DELETE),
    ];
    for request in requests {
        let error = request.await.expect_err("not sent");
        assert!(matches!(error, Error::Request(_)), "{error:?}");
        assert!(!error.is_retryable() && error.status().is_none());
    }
    let error = users.key("").segment("messages").key("..").call::<()>(DELETE).await.expect_err("not sent");
    assert_eq!(
        error.to_string(),
        "DELETE /users/{user-id} was not sent: the key after \"/users/\" has the segment \"\": give a name; \
         the key after \"/users//messages/\" has the segment \"..\": give a name"
    );
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn query_options_are_encoded_and_combined() {
    let (client, log) = client(|_| response(200, r#"{"value":[]}"#));
    let list = || client.root("me").segment("messages").call::<Page<Message>>(LIST);
    list()
        .select(["subject", "isRead"])
        .select(["id"])
        .filter("isRead eq false")
        .filter("startswith(subject,'a+b&c')")
        .order_by("subject desc")
        .order_by("id")
        .expand(["attachments($select=id;$top=5)"])
        .top(5)
        .top(10)
        .skip(20)
        .query("x y", "1=2#3")
        .await
        .expect("a page");
    assert_eq!(
        log.last().path(),
        "/me/messages?$select=subject,isRead,id\
         &$filter=(isRead%20eq%20false)%20and%20(startswith(subject,'a%2Bb%26c'))\
         &$orderby=subject%20desc,id&$expand=attachments($select%3Did%3B$top%3D5)&$top=10&$skip=20&x%20y=1%3D2%233"
            .replace('\'', "%27")
    );
    assert_eq!(log.last().header("consistencylevel"), None);
}

#[tokio::test]
async fn searching_and_counting_ask_for_eventual_consistency() {
    let (client, log) = client(|seen| {
        response(
            200,
            if seen.url.ends_with("/$count") { "\u{feff}42" } else { r#"{"@odata.count":7,"value":[]}"# },
        )
    });
    let list = || client.root("users").call::<Page<User>>(LIST);
    assert_eq!(list().count().await.expect("a page").count, Some(7));
    assert_eq!(
        (log.last().path(), log.last().header("ConsistencyLevel")),
        ("/users?$count=true", Some("eventual"))
    );
    list().search("\"displayName:Adele\"").await.expect("a page");
    assert_eq!(log.last().path(), "/users?$search=%22displayName:Adele%22");
    assert_eq!(log.last().header("ConsistencyLevel"), Some("eventual"));
    let count = client.root("users").segment("$count").call::<Count>(COUNT).await.expect("a number");
    assert_eq!((count, log.last().header("ConsistencyLevel")), (42, Some("eventual")));
    assert_eq!(log.last().header("accept"), Some("text/plain"));
}

#[tokio::test]
async fn options_that_an_operation_does_not_take_are_refused_together() {
    let (client, log) = empty();
    let request = client.root("users").key("x").call::<User>(GET);
    let error =
        request.top(3).filter("a").header("bad name", "x").header("x", "a\nb").await.expect_err("not sent");
    let Error::Request(error) = error else { panic!("{error:?}") };
    assert_eq!(error.problems().len(), 4);
    let text = error.to_string();
    assert!(text.starts_with("GET /users/{user-id} was not sent: $top is not supported: "), "{text}");
    assert!(text.contains("takes only $select"), "{text}");
    assert!(text.contains("\"bad name\" is not the name of a header"), "{text}");
    let error = client.root("me").call::<User>(UPDATE).top(1).await.expect_err("not sent").to_string();
    assert!(error.ends_with("$top is not supported: the operation takes no query options"), "{error}");
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn bodies_carry_their_type_and_requests_their_identity() {
    let (client, log) = empty();
    let path = client.root("me").segment("messages");
    let message = Message { subject: Some("Hello".into()), ..Default::default() };
    path.send::<Option<Message>>(CREATE, &message).header("Prefer", "return=minimal").await.expect("sent");
    let seen = log.last();
    assert_eq!(
        (seen.method.as_str(), seen.path(), &seen.body[..]),
        ("POST", "/me/messages", &br#"{"subject":"Hello"}"#[..])
    );
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(seen.header("prefer"), Some("return=minimal"));
    assert_eq!(seen.header("authorization"), Some("Bearer the-token"));
    assert_eq!(seen.header("client-request-id"), Some("01234567-89ab-4def-8123-456789abcdef"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("msgraph-rust/")));

    path.send_bytes::<()>(UPLOAD, "abc").header("Content-Type", "text/plain").await.expect("sent");
    assert_eq!((&log.last().body[..], log.last().header("content-type")), (&b"abc"[..], Some("text/plain")));
    path.send_bytes::<()>(UPLOAD, Body::from(vec![1, 2])).await.expect("sent");
    assert_eq!(log.last().header("content-type"), Some("application/octet-stream"));
    path.call::<()>(CREATE).await.expect("sent");
    assert_eq!((log.last().body.len(), log.last().header("content-type")), (0, None));
    path.send_values::<()>(CREATE, &[AgeGroup::Adult]).await.expect("sent");
    assert_eq!(&log.last().body[..], br#"{"value":["adult"]}"#);
    path.send::<()>(CREATE, &Reference::to(&client.root("users").key("a b"))).await.expect("sent");
    assert_eq!(&log.last().body[..], br#"{"@odata.id":"https://graph.microsoft.com/v1.0/users/a%20b"}"#);
}

#[tokio::test]
async fn nothing_is_sent_before_a_request_is_awaited() {
    let (client, log) = empty();
    let request = client.root("me").call::<()>(DELETE);
    let sending = client.root("me").call::<()>(DELETE).send();
    let stream = client.root("me").call::<Page<User>>(LIST).stream();
    drop((request, sending, stream));
    assert!(log.all().is_empty());
    client.root("me").call::<()>(DELETE).await.expect("sent");
    assert_eq!(log.all().len(), 1);
}

#[tokio::test]
async fn answers_become_what_the_operation_promises() {
    let (client, _) = client(|seen| match seen.path() {
        "/flag" => response(200, r#"{"@odata.context":"x","value":true}"#),
        "/list" => response(200, r#"{"value":["a","b"]}"#),
        "/rights" => response(200, r#"{"value":"minor,adult"}"#),
        "/none" => response(200, r#"{"@odata.context":"x"}"#),
        "/reference" => response(200, r#"{"@odata.id":"https://x/y"}"#),
        "/user" => response(200, r#"{"@odata.etag":"e","aboutMe":"me"}"#),
        "/content" => response(200, "bytes"),
        _ => response(204, ""),
    });
    let at = |name: &'static str| client.root(name);
    assert!(at("flag").call::<Wrapped<bool>>(GET).await.expect("a flag"));
    assert_eq!(at("list").call::<Wrapped<Vec<String>>>(GET).await.expect("a list"), ["a", "b"]);
    assert_eq!(at("list").call::<Page<String>>(GET).await.expect("a page").value, ["a", "b"]);
    assert_eq!(at("rights").call::<Wrapped<Flags<AgeGroup>>>(GET).await.expect("a set").len(), 2);
    let error = at("none").call::<Wrapped<bool>>(GET).await.expect_err("no value").to_string();
    assert!(error.starts_with("GET /users/{user-id} answered 200 with something else than was expected: expected an object with a \"value\""), "{error}");
    let reference = at("reference").call::<Reference>(GET).await.expect("a reference");
    assert_eq!(reference.odata_id.as_deref(), Some("https://x/y"));
    assert_eq!(at("empty").call::<Option<User>>(UPDATE).await.expect("nothing"), None);
    assert!(at("user").call::<Option<User>>(UPDATE).await.expect("a user").is_some());
    assert!(at("empty").call::<User>(GET).await.is_err());
    at("user").call::<()>(DELETE).await.expect("whatever was sent is ignored");
    let response = at("user").call::<User>(GET).send().await.expect("a user");
    assert_eq!((response.status().as_u16(), response.value().about_me.as_deref()), (200, Some("me")));
    let content = at("content").call::<Content>(CONTENT).await.expect("content");
    assert_eq!(content.length(), Some(5));
    assert_eq!(content.bytes().await.expect("bytes"), "bytes");
}

#[tokio::test]
async fn a_response_that_is_too_long_is_not_read_into_memory() {
    let (settings, _) = builder(|_| {
        let chunks = futures_util::stream::iter((0..100).map(|_| Ok(bytes::Bytes::from(vec![b' '; 1000]))));
        Ok(http::Response::new(Body::stream(chunks, None)))
    });
    let client = settings.response_limit(10_000).build().expect("a client");
    let error = client.root("me").call::<User>(GET).await.expect_err("too long");
    assert!(error.to_string().contains("the body is longer than 10000 bytes"), "{error}");
    let content = client.root("me").call::<Content>(CONTENT).await.expect("content");
    let length = content.into_stream().try_fold(0, |length, chunk| async move { Ok(length + chunk.len()) });
    assert_eq!(length.await.expect("a stream is not limited"), 100_000);
}

#[test]
fn a_client_with_unusable_settings_says_all_that_is_wrong() {
    let (settings, _) = builder(|_| response(204, ""));
    let error = settings.base_url("ftp://x").user_agent("a\nb").build().expect_err("not usable");
    assert!(matches!(&error, Error::Configuration(error) if error.problems().len() == 2), "{error}");
    for url in ["nonsense", "https://user@graph.microsoft.com/v1.0", "https://x/v1.0?y", ""] {
        let (settings, _) = builder(|_| response(204, ""));
        assert!(settings.base_url(url).build().is_err(), "{url}");
    }
    let error = GraphClient::builder().build().expect_err("no credential").to_string();
    assert!(error.contains("a credential is missing"), "{error}");
}

#[tokio::test]
async fn strictness_is_a_setting_of_the_client() {
    let (settings, _) = builder(|_| response(200, r#"{"days":"many"}"#));
    let client = settings.strict(true).build().expect("a client");
    let error = client.root("me").call::<User>(GET).await.expect_err("strict").to_string();
    assert!(error.contains("expected Edm.Int32 at byte 8 ($.days), found \"many\"}"), "{error}");
}
