//! Values of derived types in places of their base types.

use crate::support::models::{DirectoryObject, Message, User};
use msgraph_runtime::{Expanded, Model, json, one_of};

const ADELE: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"87d349ed-44d7-43e1-9a83-5f2406dee5bd","aboutMe":null,"days":1,"unknown":{"a":[1.50]}}"##;

fn adele() -> DirectoryObject {
    json::from_slice(ADELE.as_bytes()).expect("an object")
}

fn text(model: &impl json::Value) -> serde_json::Value {
    serde_json::from_slice(&json::to_vec(model)).expect("JSON")
}

#[test]
fn a_derived_value_is_what_the_service_says_it_is() {
    assert!(adele().is::<User>());
    assert!(adele().is::<DirectoryObject>());
    assert!(!adele().is::<Message>());
    assert!(!DirectoryObject::default().is::<User>());
    assert!(User::default().is::<DirectoryObject>(), "by its declaration");
}

#[test]
fn a_value_of_a_type_further_down_is_one_of_every_type_on_the_way() {
    let guest: DirectoryObject =
        json::from_slice(br##"{"@odata.type":"#microsoft.graph.guest","days":1,"host":"x"}"##)
            .expect("an object");
    assert!(guest.is::<User>() && !guest.is::<Message>());
    let user = guest.downcast::<User>().expect("a user");
    assert_eq!(user.days, Some(1));
    assert_eq!(user.extra.odata_type().as_deref(), Some("microsoft.graph.guest"), "it stays what it was");
    assert_eq!(text(&user.upcast::<DirectoryObject>())["host"], "x");
}

one_of! {
    /// What may be a member.
    enum Member: DirectoryObject {
        User(User),
    }
}

#[test]
fn values_of_derived_types_can_be_matched_and_go_back_unchanged() {
    let Member::User(user) = Member::from(adele()) else { panic!("adele is a user") };
    assert_eq!(user.days, Some(1));
    let expected: serde_json::Value = serde_json::from_str(ADELE).expect("JSON");
    assert_eq!(text(&DirectoryObject::from(Member::User(user))), expected);
    let device = br##"{"@odata.type":"#microsoft.graph.device","id":"1"}"##;
    let device: DirectoryObject = json::from_slice(device).expect("an object");
    let Member::Other(other) = Member::from(device.clone()) else { panic!("a device is no user") };
    assert_eq!(*other, device);
}

#[test]
fn nothing_is_lost_on_the_way_down_and_up() {
    let expected: serde_json::Value = serde_json::from_str(ADELE).expect("JSON");
    let user = adele().downcast::<User>().expect("a user");
    assert_eq!((user.days, user.is_null("aboutMe")), (Some(1), true));
    assert_eq!(text(&user), expected);
    assert_eq!(text(&user.upcast::<DirectoryObject>()), expected);
}

#[test]
fn what_is_something_else_comes_back_as_it_was() {
    let object = DirectoryObject { id: Some("1".to_owned()), ..DirectoryObject::default() };
    let object = object.downcast::<User>().expect_err("no user");
    assert_eq!(object.id.as_deref(), Some("1"));
}

#[test]
fn a_derived_value_in_a_base_slot_sends_its_type() {
    let user = User { days: Some(1), ..User::default() };
    let slot = Expanded::<DirectoryObject>::new(&user.upcast());
    assert_eq!(slot.json().as_str(), r##"{"@odata.type":"#microsoft.graph.user","days":1}"##);
}
