//! Operations as data: method, template, query options, permissions.

use msgraph_runtime::{Operation, Permissions, Provenance};

#[test]
fn an_operation_is_read_from_its_text() {
    let operation =
        Operation("op:POST /users/{user-id}/messages;count top;work=Mail.ReadWrite provenance=documented");
    assert_eq!((operation.method().as_str(), operation.template()), ("POST", "/users/{user-id}/messages"));
    assert!(
        operation.supports("top")
            && operation.supports("count")
            && !operation.supports("to")
            && !operation.supports("")
    );
    assert_eq!(operation.to_string(), "POST /users/{user-id}/messages");
    assert_eq!(operation.permissions().provenance(), Provenance::Documented);
    let bare = Operation("op:GET /me;;");
    assert_eq!((bare.method().as_str(), bare.template(), bare.query().count()), ("GET", "/me", 0));
    assert_eq!(bare.permissions().provenance(), Provenance::Unknown);
}

#[test]
fn permissions_are_read_with_what_must_be_granted_with_them() {
    let permissions = Permissions::parse(
        "work=Mail.Read,Mail.ReadWrite+User.Read|User.ReadBasic.All application=Mail.Read provenance=alias:/users/{}",
    );
    let work = permissions.work();
    assert_eq!((work.len(), work.least().map(|least| least.permission())), (2, Some("Mail.Read")));
    let second = work.iter().nth(1).expect("two alternatives");
    assert_eq!(second.together_with(), ["User.Read", "User.ReadBasic.All"]);
    assert_eq!(second.to_string(), "Mail.ReadWrite with User.Read or User.ReadBasic.All");
    assert!(permissions.personal().is_empty() && permissions.personal().least().is_none());
    assert_eq!(permissions.provenance(), Provenance::Alias("/users/{}"));
}

#[test]
fn no_row_is_unknown_and_not_no_permission() {
    assert_eq!(Permissions::parse("").provenance(), Provenance::Unknown);
    assert_eq!(Permissions::parse("provenance=unknown").provenance(), Provenance::Unknown);
    assert_eq!(Permissions::parse("application=A").provenance(), Provenance::Documented);
    assert_eq!(Permissions::parse("provenance=documented").provenance(), Provenance::Documented);
}
