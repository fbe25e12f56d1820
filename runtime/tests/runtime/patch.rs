//! Changes in three states: absent, null, value.

use crate::support::fake::{client, response};
use crate::support::models::{AgeGroup, DirectoryObject, DriveItem, User, user};
use msgraph_runtime::{Patch, Property};

const UPDATE: &str = "op:PATCH /users/{user-id};;";

#[tokio::test]
async fn an_update_sends_what_was_set_and_cleared_and_nothing_else() {
    let (client, log) = client(|_| response(204, ""));
    let path = client.root("users").key("x");
    let patch = Patch::new()
        .set(user::ABOUT_ME, "a \"quoted\" text")
        .set(user::DAYS, 1)
        .set(user::DAYS, 2)
        .set(user::RIGHTS, AgeGroup::Adult)
        .clear(user::AGE_GROUP)
        .set_json("extension", &serde_json::json!([1]).into());
    path.update::<(), User>(UPDATE, &patch).await.expect("done");
    let expected =
        r#"{"aboutMe":"a \"quoted\" text","days":2,"rights":"adult","ageGroup":null,"extension":[1]}"#;
    assert_eq!(log.last().body, expected);
    assert_eq!(log.last().header("content-type"), Some("application/json"));
    path.update::<(), User>(UPDATE, patch).await.expect("done");
    assert_eq!(log.last().body, expected);
    let plain = User { days: Some(3), ..User::default() };
    path.update::<(), User>(UPDATE, &plain).await.expect("done");
    assert_eq!(log.last().body, r#"{"days":3}"#);
}

#[test]
fn complex_values_change_in_part() {
    let name: Property<DriveItem, String> = Property::Named("name");
    let patch = Patch::new().patch(user::DRIVE, Patch::new().clear(name));
    assert_eq!(patch.to_string(), r#"{"drive":{"name":null}}"#);
    assert!(Patch::<User>::new().is_empty());
}

#[test]
fn changes_to_a_derived_type_say_which() {
    let patch = Patch::new().set(user::DAYS, 1).upcast::<DirectoryObject>();
    assert_eq!(patch.to_string(), r##"{"@odata.type":"#microsoft.graph.user","days":1}"##);
}

#[test]
fn secrets_are_not_shown() {
    let patch = Patch::new().set(user::PASSWORD, "hunter2");
    assert!(!format!("{patch:?}").contains("hunter2"), "{patch:?}");
}
