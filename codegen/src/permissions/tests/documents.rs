use super::super::{Method, PermissionTable, Scheme, parse_upstream, read, write};
use super::path_set;
use crate::diagnostics::Diagnostics;

const NO_PROVISIONING: &str = r#"{"permissionDeployments": {}}"#;
const NO_PERMISSIONS: &str = r#"{"permissions": {}}"#;

fn parse(permissions: &str, provisioning: &str) -> Result<PermissionTable, Diagnostics> {
    parse_upstream("permissions.json", permissions, "provisioningInfo.json", provisioning)
}

fn problems<T: std::fmt::Debug>(result: Result<T, Diagnostics>) -> Vec<String> {
    let problems = result.expect_err("there are problems");
    problems.sorted().into_iter().map(ToString::to_string).collect()
}

const PERMISSIONS: &str = r#"{
  "$schema": "ignored",
  "permissions": {
    "Mail.Read": {
      "authorizationType": "oAuth2",
      "schemes": {
        "DelegatedWork": {"adminDisplayName": "A sentence.", "requiresAdminConsent": false, "privilegeLevel": 2},
        "DelegatedPersonal": {"requiresAdminConsent": false},
        "Application": {"requiresAdminConsent": true, "privilegeLevel": 3}
      },
      "pathSets": [
        {"schemeKeys": ["DelegatedWork", "Application"], "methods": ["GET"],
         "paths": {"/me/messages": "least=DelegatedWork;AlsoRequires=B,A", "/users/{id}/messages": ""}}
      ],
      "ownerInfo": {"ownerSecurityGroup": "ignored"}
    }
  }
}"#;

/// A deployment document with one permission; each deployment: id, scheme, environment, hidden, enabled.
fn provisioning(name: &str, deployments: &[(&str, &str, &str, bool, bool)]) -> String {
    let deployments: Vec<_> = deployments
        .iter()
        .map(|(id, scheme, environment, hidden, enabled)| {
            format!(
                r#"{{"id": "{id}", "scheme": "{scheme}", "environment": "{environment}", "isHidden": {hidden},
                    "isEnabled": {enabled}, "resourceAppId": "00000003-0000-0ff1-ce00-000000000000"}}"#
            )
        })
        .collect();
    format!(r#"{{"permissionDeployments": {{"{name}": [{}]}}}}"#, deployments.join(","))
}

const ID_1: &str = "11111111-aaaa-4444-8888-000000000001";
const ID_2: &str = "22222222-aaaa-4444-8888-000000000002";

#[test]
fn a_permission_joins_what_both_documents_say() {
    let deployments = provisioning(
        "Mail.Read",
        &[(ID_1, "DelegatedWork", "public", true, true), (ID_2, "Application", "PPE", false, true)],
    );
    let table = parse(PERMISSIONS, &deployments).expect("both fit");
    let mail = table.get("Mail.Read").expect("it is there");
    let work = &mail.schemes[&Scheme::DelegatedWork];
    assert_eq!(
        (work.id.as_deref(), work.admin_consent, work.privilege_level),
        (Some(ID_1), Some(false), Some(2))
    );
    assert!(work.hidden && work.enabled);
    let personal = &mail.schemes[&Scheme::DelegatedPersonal];
    assert_eq!(
        (personal.id.as_deref(), personal.privilege_level),
        (Some(ID_1), None),
        "personal accounts share it"
    );
    let application = &mail.schemes[&Scheme::Application];
    assert_eq!(
        (application.id.as_deref(), application.enabled),
        (None, false),
        "not deployed to the public cloud"
    );
    let row = &mail.path_sets[0].paths["/me/messages"];
    assert_eq!(row.least, [Scheme::DelegatedWork].into());
    assert_eq!(row.also_requires, ["B", "A"], "the order is upstream's");
    assert_eq!(mail.path_sets[0].methods, [Method::Get].into());
}

#[test]
fn a_permission_that_is_only_provisioned_is_kept_if_the_public_cloud_has_it() {
    let kept = |environment| {
        let deployments = provisioning("Zone.Read", &[(ID_1, "Application", environment, true, true)]);
        parse(NO_PERMISSIONS, &deployments).expect("it fits").permissions
    };
    for environment in ["public", "PPE;Public", "public;FairFax", ""] {
        let [zone] = kept(environment).try_into().expect("one is kept");
        assert_eq!((zone.name.as_str(), zone.path_sets.len()), ("Zone.Read", 0), "{environment}");
        let facts = &zone.schemes[&Scheme::Application];
        assert_eq!((facts.id.as_deref(), facts.admin_consent), (Some(ID_1), None));
    }
    for environment in ["PPE", "FairFax;PPE", "publicish"] {
        assert!(kept(environment).is_empty(), "{environment}");
    }
}

#[test]
fn the_deployment_that_counts_does_not_depend_on_the_order_of_the_document() {
    let mut deployments = [
        (ID_2, "Application", "", false, true),
        ("33333333-aaaa-4444-8888-000000000003", "Application", "PPE", false, true),
        (ID_1, "Application", "PPE;public", true, false),
    ];
    for _ in 0..deployments.len() {
        deployments.rotate_left(1);
        let table = parse(NO_PERMISSIONS, &provisioning("Z", &deployments)).expect("it fits");
        let facts = &table.permissions[0].schemes[&Scheme::Application];
        assert_eq!(facts.id.as_deref(), Some(ID_1), "the one that names the public cloud");
    }
}

#[test]
fn resource_specific_consent_is_kept_through_the_projection() {
    let permissions = PERMISSIONS.replace("oAuth2", "RSC");
    for (text, expected) in [(PERMISSIONS, false), (permissions.as_str(), true)] {
        let table = parse(text, NO_PROVISIONING).expect("it fits");
        assert_eq!(table.permissions[0].resource_specific, expected);
        assert_eq!(read("table.json", &write(&table)), Ok(table));
    }
}

#[test]
fn an_id_is_a_lower_case_guid_or_none() {
    let id = |id| {
        let table = parse(NO_PERMISSIONS, &provisioning("Z", &[(id, "Application", "public", false, true)]));
        table.expect("it fits").permissions[0].schemes[&Scheme::Application].id.clone()
    };
    assert_eq!(
        id("CDE00D5A-2711-4219-9CC6-A94337C4743C").as_deref(),
        Some("cde00d5a-2711-4219-9cc6-a94337c4743c")
    );
    assert_eq!(id("75d9ca3df-7017-4feb-baa0-06a339b6c338"), None, "upstream has had this one");
    assert_eq!(id(""), None);
}

#[test]
fn every_problem_of_both_documents_is_reported_with_its_place() {
    let permissions = r#"{
  "permissions": {
    "A": {"schemes": {"Delegated": {"requiresAdminConsent": true}}, "pathSets": []},
    "B": {"schemes": {"Application": {"requiresAdminConsent": "yes"}}, "pathSets": []},
    "C": {"schemes": {},
      "pathSets": [{"schemeKeys": ["Application"], "methods": ["GET", "BREW"],
        "paths": {
          "no/slash": "",
          "/é": "most=Application",
          "/x": "least=Everybody",
          "/y": "least=DelegatedWork",
          "/z": "AlsoRequires=A b",
          "/x": ""
        }}]},
    "D": {"pathSets": []},
    "E": {"schemes": {}, "pathSets": [{"schemeKeys": []}]},
    "bad name": {"schemes": {}, "pathSets": []},
    "A": {}
  }
}"#;
    let provisioning = r#"{"permissionDeployments": {
  "A": [{"scheme": "Personal", "isHidden": true}, {"scheme": "Application"}],
  "B": 7
}}"#;
    let problems = problems(parse(permissions, provisioning));
    let expected = [
        "permissions.json:3:36: schemes of `A`: `Delegated`: unknown name; one of DelegatedWork,",
        "permissions.json:4:67: schemes of `B`: invalid type: string \"yes\", expected a boolean",
        "permissions.json:6:71: path sets of `C`: `BREW`: unknown name; one of GET,",
        "permissions.json:8:23: path sets of `C`: \"no/slash\" is not a path",
        "permissions.json:9:17: path sets of `C`, `/é`: `most` is unknown",
        "permissions.json:10:17: path sets of `C`, `/x`: `Everybody`: unknown name",
        "permissions.json:11:17: path sets of `C`, `/y`: least in DelegatedWork",
        "permissions.json:12:17: path sets of `C`, `/z`: `A b` is not a permission's name",
        "permissions.json:13:17: path sets of `C`: `/x` stands twice",
        "permissions.json:15:25: permission `D`: missing field `schemes`",
        "permissions.json:16:56: path sets of `E`: missing field `methods`",
        "permissions.json:17:17: \"bad name\" is not a permission's name",
        "permissions.json:18:10: the permissions: `A` stands twice",
        "provisioningInfo.json:2:9: deployments of `A`: `Personal`: unknown name",
        "provisioningInfo.json:2:75: deployments of `A`: missing field `isHidden`",
        "provisioningInfo.json:3:8: deployments of `B`: invalid type: integer `7`, expected a sequence",
    ];
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\nshould begin with\n{expected}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn text_that_is_not_json_is_reported_and_the_other_document_is_still_checked() {
    let problems = problems(parse("{\n  \"permissions\": {\n    oops", r#"{"deployments": {}}"#));
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with("permissions.json:3:"), "{}", problems[0]);
    assert!(problems[1].contains("missing field `permissionDeployments`"), "{}", problems[1]);
    assert!(parse("", NO_PROVISIONING).is_err());
    assert!(parse("[]", NO_PROVISIONING).is_err());
}

#[test]
fn the_projection_holds_facts_only_one_row_per_line_and_reads_back_to_the_same_table() {
    let deployments = provisioning("Mail.Read", &[(ID_1, "DelegatedWork", "public", true, true)]);
    let table = parse(PERMISSIONS, &deployments).expect("both fit");
    let text = write(&table);
    assert_eq!(read("table.json", &text), Ok(table));
    assert!(!text.contains("sentence") && !text.contains("owner"), "{text}");
    assert!(
        text.lines().any(|line| line == r#"    "/me/messages": "least=DelegatedWork;AlsoRequires=B,A","#),
        "{text}"
    );
    assert!(text.lines().any(|line| line == r#"    "/users/{id}/messages": """#), "{text}");
}

#[test]
fn the_projection_does_not_depend_on_the_order_of_the_document() {
    let permission = |sets: [&str; 2]| {
        let text =
            format!(r#"{{"permissions": {{"P": {{"schemes": {{}}, "pathSets": [{}]}}}}}}"#, sets.join(","));
        write(&parse(&text, NO_PROVISIONING).expect("it fits"))
    };
    let get = path_set("GET", "Application", &[("/b", ""), ("/a", "least=Application")]);
    let post = path_set("POST", "Application", &[("/a", "")]);
    assert_eq!(permission([&get, &post]), permission([&post, &get]));
    let turned = path_set("GET", "Application", &[("/a", "least=Application"), ("/b", "")]);
    assert_eq!(permission([&get, &post]), permission([&turned, &post]));
}

#[test]
fn an_empty_table_reads_back() {
    let empty = PermissionTable::default();
    assert_eq!(read("table.json", &write(&empty)), Ok(empty));
}

#[test]
fn a_damaged_projection_is_reported_with_its_places() {
    let text = r#"{"permissions": {
 "A b": {"schemes": {}},
 "B": {"schemes": {"Application": {"id": "x"}}},
 "C": {"schemes": {"Application": {"adminConsant": true}}, "pathSets": [{"schemeKeys": []}]}
}}"#;
    let problems = problems(read("table.json", text));
    let places: Vec<_> =
        problems.iter().map(|problem| problem.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(
        places,
        ["table.json:2:9:", "table.json:3:35:", "table.json:4:49:", "table.json:4:90:"],
        "{problems:#?}"
    );
}
