//! Permissions by the command: names, lists, manifests, addresses.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::msgraph;

/// What the command prints when it ends with a code, given text to read.
fn output(args: &[&str], input: &str, code: i32) -> String {
    let mut command = msgraph();
    let done = command.arg("permissions").args(args).write_stdin(input).assert().code(code);
    String::from_utf8(done.get_output().stdout.clone()).expect("it prints text")
}

fn error(args: &[&str]) -> String {
    let done = msgraph().arg("permissions").args(args).assert().code(1);
    String::from_utf8(done.get_output().stderr.clone()).expect("it prints text")
}

/// The names with findings of a kind.
fn found(list: &str, scheme: &str, kind: &str, code: i32) -> BTreeSet<String> {
    let text = output(&["lint", "--scheme", scheme, "--json"], list, code);
    let findings: Vec<Value> = serde_json::from_str(&text).expect("it prints JSON");
    let of_kind = findings.iter().filter(|finding| finding["kind"] == kind);
    of_kind.map(|finding| finding["name"].as_str().expect("a name").to_owned()).collect()
}

/// A connector's list of application permissions that has 12 delegated-only names among them.
const DELEGATED_ONLY: [&str; 12] = [
    "User.Read",
    "Chat.ReadWrite",
    "People.Read",
    "ChatMessage.Send",
    "ChannelMessage.Send",
    "Files.Read",
    "Files.ReadWrite",
    "Mail.Send.Shared",
    "Mail.ReadWrite.Shared",
    "Calendars.ReadWrite.Shared",
    "Contacts.ReadWrite.Shared",
    "Tasks.ReadWrite.Shared",
];

#[test]
fn delegated_only_names_under_application_permissions_are_all_found() {
    let list = format!("{}\nGroup.Read.All, Mail.Read # these exist\n", DELEGATED_ONLY.join("\n"));
    let wrong = found(&list, "application", "scheme", 3);
    assert_eq!(wrong, DELEGATED_ONLY.map(str::to_owned).into());
    let text = output(&["lint", "--scheme", "application"], "Files.ReadWrite", 3);
    assert!(text.contains("did you mean Files.ReadWrite.All?"), "{text}");
    assert!(found(&list, "delegated", "scheme", 0).is_empty());
}

#[test]
fn a_name_that_does_not_exist_is_answered_with_one_that_does() {
    let text = output(&["lint", "--scheme", "delegated"], "User.Read Groups.Read.All Mail.Read", 3);
    assert!(text.contains("Groups.Read.All does not exist: did you mean Group.Read.All?"), "{text}");
    assert!(error(&["show", "Groups.Read.All"]).contains("did you mean Group.Read.All?"));
}

#[test]
fn what_another_of_the_list_allows_too_is_not_needed() {
    let list = "Bookings.Read.All Bookings.ReadWrite.All Calendars.Read";
    assert_eq!(found(list, "application", "redundant", 0), ["Bookings.Read.All".to_owned()].into());
    output(&["lint", "--scheme", "application", "--strict"], list, 3);
    output(&["lint", "--scheme", "application", "--strict"], "User.ReadBasic.All", 0);
}

#[test]
fn what_cannot_be_asked_for_is_found() {
    let list = "ChannelMessage.Read.Group TeamSettings.Read.Group Team.ReadBasic.All";
    let specific = found(list, "application", "resource-specific", 3);
    assert_eq!(specific.len(), 2, "{specific:?}");
}

#[test]
fn a_high_privilege_is_answered_with_a_lesser_one() {
    let text = output(&["lint", "--scheme", "application"], "Directory.ReadWrite.All", 0);
    assert!(
        text.contains("is of level 4; of its ") && text.contains("Directory.Read.All (level 3) allows"),
        "{text}"
    );
}

#[test]
fn an_operation_is_found_with_its_permissions() {
    let text = output(
        &["find", "get", "https://graph.microsoft.com/v1.0/users/me%40x/messages?$top=1", "--json"],
        "",
        0,
    );
    let answer: Value = serde_json::from_str(&text).expect("it prints JSON");
    assert_eq!(answer["path"], "/users/{user-id}/messages");
    assert_eq!(answer["permissions"]["application"][1], "Mail.Read");
    assert!(answer["table"].is_string());
    assert!(error(&["find", "POST", "/users/1"]).contains("the path has GET, PATCH, DELETE"));
}

#[test]
fn an_operation_without_a_row_is_unknown_and_not_free() {
    let text = output(&["find", "GET", "/admin"], "", 0);
    assert!(text.contains("permissions unknown") && text.contains("not \"no permission needed\""), "{text}");
}

#[test]
fn a_permission_is_shown_with_what_it_allows() {
    let text = output(&["show", "mail.read", "--json"], "", 0);
    let answer: Value = serde_json::from_str(&text).expect("it prints JSON");
    assert_eq!(answer["application"]["admin_consent"], true);
    assert_eq!(answer["delegated"]["admin_consent"], false);
    assert!(answer["delegated"]["operations"].as_array().is_some_and(|list| list.len() > 10));
}

#[test]
fn a_manifest_names_permissions_by_their_ids() {
    let text = output(&["manifest", "Mail.Read", "User.Read.All", "--scheme", "application"], "", 0);
    let manifest: Value = serde_json::from_str(&text).expect("it prints JSON");
    let resource = &manifest["requiredResourceAccess"][0];
    assert_eq!(resource["resourceAppId"], "00000003-0000-0000-c000-000000000000");
    assert_eq!(resource["resourceAccess"][0]["id"], "810c84a8-4a9e-49e6-bf7d-12d183f40d01");
    assert_eq!(resource["resourceAccess"][0]["type"], "Role");
    assert_eq!(resource["resourceAccess"].as_array().map(Vec::len), Some(2));
    let problems = error(&["manifest", "Mail.Raed", "TeamSettings.Read.Group", "--scheme", "application"]);
    assert!(
        problems.contains("did you mean Mail.Read") && problems.contains("resource-specific"),
        "{problems}"
    );
}

#[test]
fn the_address_for_consent_has_everything_in_it() {
    let args = ["consent-url", "--tenant", "contoso.com", "--client-id", "1", "--state", "a b", "Mail.Read"];
    let url = output(&args, "", 0);
    let expected = "https://login.microsoftonline.com/contoso.com/v2.0/adminconsent?client_id=1&redirect_uri=http%3A%2F%2F\
        localhost&scope=https%3A%2F%2Fgraph.microsoft.com%2FMail.Read&state=a+b\n";
    assert_eq!(url, expected);
    let china = output(&["consent-url", "--tenant", "t", "--client-id", "1", "--cloud", "china"], "", 0);
    assert!(china.starts_with("https://login.chinacloudapi.cn/t/") && china.contains(".default"), "{china}");
    assert!(error(&["consent-url", "--tenant", "t", "--client-id", "1", "Mail.Raed"]).contains("Mail.Read"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    for args in [&["audit", "nothing-here"][..], &["lint", "nothing-here", "--scheme", "delegated"]] {
        assert!(error(args).contains("cannot read nothing-here"), "{args:?}");
    }
}
