//! Typed query options: what they say, and what a request makes of them.

use crate::support::fake::{client, response};
use crate::support::models::{AgeGroup, DirectoryObject, DriveItem, Message, User, message, user};
use msgraph_runtime::edm::{Date, DateTimeOffset, Duration, Guid};
use msgraph_runtime::query::{Condition, Null};
use msgraph_runtime::{Change, Count, Flags, Page, Property};

const LIST: &str = "op:GET /users;count expand filter orderby search select skip top;";
const COUNT: &str = "op:GET /users/$count;count filter;";

fn is(condition: Condition<User>, text: &str) {
    assert_eq!(condition.as_str(), text);
}

#[test]
fn comparisons_are_written_with_literals_of_their_type() {
    let guid: Guid = "87d349ed-44d7-43e1-9a83-5f2406dee5bd".parse().expect("a Guid");
    let instant: DateTimeOffset = "2026-08-31T09:30:00Z".parse().expect("an instant");
    let hour: Duration = "PT1H".parse().expect("a duration");
    is(user::ABOUT_ME.eq("it's"), "aboutMe eq 'it''s'");
    is(user::ABOUT_ME.ne(Null), "aboutMe ne null");
    is(user::ABOUT_ME.eq(user::PASSWORD), "aboutMe eq password");
    is(user::ABOUT_ME.eq(String::from("a")), "aboutMe eq 'a'");
    is(user::ABOUT_ME.is_in(["a", "b"]), "aboutMe in ('a','b')");
    is(user::ABOUT_ME.is_in([] as [&str; 0]), "false");
    is(user::ACCOUNT_ENABLED.eq(true), "accountEnabled eq true");
    is(user::AGE_GROUP.eq(AgeGroup::Adult), "ageGroup eq 'adult'");
    is(user::CREATED.ge(instant), "created ge 2026-08-31T09:30:00Z");
    is(user::DAYS.gt(5), "days gt 5");
    is(user::DAYS.lt(user::DAYS), "days lt days");
    is(user::ID.eq(guid), "id eq 87d349ed-44d7-43e1-9a83-5f2406dee5bd");
    is(user::RIGHTS.has(AgeGroup::Minor), "rights has 'minor'");
    is(user::RIGHTS.eq(Flags::from_iter([AgeGroup::Minor, AgeGroup::Adult])), "rights eq 'minor,adult'");
    is(user::SCORE.le(0.5), "score le 0.5");
    is(Property::<User, Duration>::Named("for").gt(&hour), "for gt duration'PT1H'");
}

#[test]
fn conditions_are_bracketed_exactly_where_precedence_asks_for_it() {
    let (a, b, c) = (|| user::DAYS.eq(1), || user::DAYS.eq(2), || user::DAYS.eq(3));
    is(a().and(b()).and(c()), "days eq 1 and days eq 2 and days eq 3");
    is(a().and(b()).or(c()), "days eq 1 and days eq 2 or days eq 3");
    is(a().and(b().or(c())), "days eq 1 and (days eq 2 or days eq 3)");
    is(a().or(b()).and(c()), "(days eq 1 or days eq 2) and days eq 3");
    is(!a().or(b()), "not (days eq 1 or days eq 2)");
    is((!a()).and(b()), "not (days eq 1) and days eq 2");
    is(a().eq(false), "(days eq 1) eq false");
}

#[test]
fn functions_take_and_give_their_types() {
    let day: Date = "2026-08-31".parse().expect("a date");
    is(user::ABOUT_ME.starts_with("A"), "startswith(aboutMe,'A')");
    is(user::ABOUT_ME.ends_with("A"), "endswith(aboutMe,'A')");
    is(user::ABOUT_ME.contains("A").eq(false), "contains(aboutMe,'A') eq false");
    is(user::ABOUT_ME.to_lower().trim().length().gt(3), "length(trim(tolower(aboutMe))) gt 3");
    is(user::ABOUT_ME.to_upper().index_of("X").eq(-1), "indexof(toupper(aboutMe),'X') eq -1");
    is(user::CREATED.year().eq(2026), "year(created) eq 2026");
    is(user::CREATED.date().eq(day), "date(created) eq 2026-08-31");
    is(user::CREATED.time().hour().lt(12), "hour(time(created)) lt 12");
}

#[test]
fn lambdas_have_variables_of_their_own() {
    is(
        user::BUSINESS_PHONES.any(|phone| phone.starts_with("+1")),
        "businessPhones/any(x:startswith(x,'+1'))",
    );
    is(user::BUSINESS_PHONES.has_any(), "businessPhones/any()");
    is(!user::BUSINESS_PHONES.has_any(), "not (businessPhones/any())");
    is(user::BUSINESS_PHONES.count().ge(2_i64), "businessPhones/$count ge 2");
    is(
        user::MESSAGES.all(|message| message.path(message::IS_READ).eq(true)),
        "messages/all(x:x/isRead eq true)",
    );
    is(
        user::MESSAGES.any(|message| {
            let subject = message.path(message::SUBJECT);
            user::BUSINESS_PHONES.any(|phone| phone.eq(subject)).and(message.path(message::IS_READ).eq(true))
        }),
        "messages/any(x:businessPhones/any(x1:x1 eq x/subject) and x/isRead eq true)",
    );
    is(user::DRIVE.path(drive_id()).eq("1"), "drive/id eq '1'");
    is(user::MANAGER.path(user::MANAGER).path(user::DAYS).eq(1), "manager/manager/days eq 1");
}

fn drive_id() -> Property<DriveItem, String> {
    Property::Named("id")
}

#[test]
fn what_is_expanded_has_options_of_its_own() {
    let expand = user::MANAGER
        .select((user::ABOUT_ME, user::DAYS))
        .select("id")
        .expand(user::MANAGER.expanded().levels(2).levels(3));
    assert_eq!(expand.to_string(), "manager($select=aboutMe,days,id;$expand=manager($levels=3))");
    let expand = user::FRIENDS
        .expanded()
        .filter(user::DAYS.eq(1))
        .filter("id ne null")
        .order_by([user::DAYS.desc()])
        .top(5)
        .skip(1);
    assert_eq!(
        expand.to_string(),
        "friends($filter=(days eq 1) and (id ne null);$orderby=days desc;$top=5;$skip=1)"
    );
}

#[tokio::test]
async fn properties_and_strings_go_into_the_same_options() {
    let (client, log) = client(|_| response(200, r#"{"value":[]}"#));
    let list = || client.root("users").call::<Page<User>>(LIST);
    let request = list()
        .select([user::ABOUT_ME, user::PASSWORD])
        .select((user::DAYS, user::ACCOUNT_ENABLED, "id"))
        .select(["extra".to_owned()])
        .expand((user::MANAGER.select(["id"]), user::FRIENDS))
        .order_by(user::DAYS.desc())
        .order_by((user::ABOUT_ME, user::CREATED.asc(), "id desc"))
        .filter(user::DAYS.eq(1));
    request.await.expect("a page");
    assert_eq!(
        log.last().path(),
        "/users?$select=aboutMe,password,days,accountEnabled,id,extra&$expand=manager($select%3Did),friends\
         &$orderby=days%20desc,aboutMe,created,id%20desc&$filter=days%20eq%201"
    );
    assert_eq!(log.last().header("consistencylevel"), None, "nothing advanced was asked");
}

#[tokio::test]
async fn advanced_conditions_ask_for_eventual_consistency_and_the_count() {
    let (client, log) =
        client(|seen| response(200, if seen.url.contains("/$count?") { "42" } else { r#"{"value":[]}"# }));
    let list = || client.root("users").call::<Page<User>>(LIST);
    for advanced in [
        user::ABOUT_ME.ne("a"),
        !user::ABOUT_ME.eq("a"),
        user::ABOUT_ME.ends_with("a"),
        user::BUSINESS_PHONES.count().eq(0_i64),
        user::DAYS.eq(1).and(user::DAYS.eq(2).or(user::DAYS.ne(3))),
        user::MESSAGES.any(|message| message.path(message::SUBJECT).ne("a")),
    ] {
        let text = advanced.to_string();
        list().filter(advanced).await.expect("a page");
        assert_eq!(log.last().header("consistencylevel"), Some("eventual"), "{text}");
        assert!(log.last().url.ends_with("&$count=true"), "{text}");
    }
    list().count().filter(user::DAYS.ne(1)).await.expect("a page");
    assert_eq!(log.last().path(), "/users?$count=true&$filter=days%20ne%201");
    let count = client.root("users").segment("$count").call::<Count>(COUNT);
    count.filter(user::DAYS.ne(1)).await.expect("a number");
    assert_eq!(log.last().path(), "/users/$count?$filter=days%20ne%201");
}

#[tokio::test]
async fn properties_fit_where_their_items_may_stand() {
    let (client, log) = client(|_| response(200, r#"{"value":[]}"#));
    let objects = client.root("objects").call::<Page<DirectoryObject>>(LIST);
    objects.select([user::ABOUT_ME.of::<DirectoryObject>()]).await.expect("a page");
    assert_eq!(log.last().path(), "/objects?$select=aboutMe");
    let changes = client.root("messages").call::<Page<Change<Message>>>(LIST);
    changes.select(message::SUBJECT).filter(message::IS_READ.eq(true)).await.expect("a page");
    assert_eq!(log.last().path(), "/messages?$select=subject&$filter=isRead%20eq%20true");
}
