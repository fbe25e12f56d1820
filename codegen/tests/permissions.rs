//! The permission stage on Microsoft's real documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use msgraph_codegen::model::Model;
use msgraph_codegen::operations::verbs::verbs;
use msgraph_codegen::permissions::{
    Joiner, PermissionTable, Provenance, Scheme, parse_upstream, read, write,
};
use msgraph_codegen::{csdl, operations};

fn upstream(file: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/metadata").join(file);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: {} is not there, so nothing was tested", path.display());
    }
    text
}

fn real_table() -> Option<PermissionTable> {
    let (permissions, provisioning) = (upstream("permissions.json")?, upstream("provisioningInfo.json")?);
    let table = parse_upstream("permissions.json", &permissions, "provisioningInfo.json", &provisioning);
    Some(
        table.unwrap_or_else(|problems| panic!("the real documents are read without a problem:\n{problems}")),
    )
}

#[test]
fn the_real_table_has_the_known_size() {
    let Some(table) = real_table() else { return };
    let documented: Vec<_> =
        table.permissions.iter().filter(|permission| !permission.path_sets.is_empty()).collect();
    let rows =
        || documented.iter().flat_map(|permission| &permission.path_sets).flat_map(|set| set.paths.keys());
    assert_eq!(
        table.permissions.len(),
        1876,
        "the 917 documented ones and 959 that the public cloud has besides"
    );
    assert_eq!(rows().count(), 18_867);
    assert_eq!(rows().collect::<BTreeSet<_>>().len(), 7_343);
    let names: Vec<_> = table.permissions.iter().map(|permission| &permission.name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "sorted by name, no name twice");
}

#[test]
fn the_projection_of_the_real_table_loses_nothing_and_holds_no_sentence() {
    let Some(table) = real_table() else { return };
    let text = write(&table);
    assert!(text.len() < 2_300_000, "{} bytes", text.len());
    for word in ["isplayName", "escription", "ownerInfo", "the signed-in"] {
        assert!(!text.contains(word), "{word}");
    }
    let again = read("permissions.json", &text).expect("what was written can be read");
    assert_eq!(again, table);
    assert_eq!(write(&again), text);
}

#[test]
fn every_row_of_the_real_table_is_reachable_by_its_own_path() {
    let Some(table) = real_table() else { return };
    let joiner = Joiner::new(&table);
    for permission in &table.permissions {
        for set in &permission.path_sets {
            for path in set.paths.keys() {
                for (method, scheme) in
                    set.methods.iter().flat_map(|m| set.schemes.iter().map(move |s| (m, s)))
                {
                    let me = path == "/me" || path.starts_with("/me/");
                    if me && *scheme == Scheme::Application {
                        continue;
                    }
                    let found = joiner.join(method.as_str(), path);
                    assert_eq!(found.provenance, Provenance::Documented, "{method} {path}");
                    let names =
                        found.schemes[scheme].iter().map(|requirement| requirement.permission.as_str());
                    assert!(
                        names.into_iter().any(|name| name == permission.name),
                        "{method} {path} {}",
                        permission.name
                    );
                }
            }
        }
    }
}

#[test]
fn the_real_table_answers_as_microsofts_documentation_does() {
    let Some(table) = real_table() else { return };
    let joiner = Joiner::new(&table);
    let least = |method: &str, path: &str, scheme| -> Vec<String> {
        let mut requirements = joiner.join(method, path).schemes.remove(&scheme).unwrap_or_default();
        requirements.retain(|requirement| requirement.least);
        requirements.into_iter().map(|requirement| requirement.permission).collect()
    };
    let (work, app) = (Scheme::DelegatedWork, Scheme::Application);
    assert_eq!(least("GET", "/users/{user-id}/messages", app), ["Mail.ReadBasic.All"]);
    assert_eq!(least("GET", "/users/{user-id}/messages", work), ["Mail.ReadBasic"]);
    assert_eq!(least("GET", "/me/messages/$count", work), ["Mail.ReadBasic"]);
    assert_eq!(least("POST", "/me/sendMail", work), ["Mail.Send"]);
    assert_eq!(least("POST", "/me/sendMail", app), Vec::<String>::new(), "an application has no /me");
    assert_eq!(least("GET", "/me", work), ["User.Read"]);
    let read = table.get("Mail.Read").expect("there is one");
    assert_eq!(read.schemes[&app].id.as_deref(), Some("810c84a8-4a9e-49e6-bf7d-12d183f40d01"));
    assert_eq!(read.schemes[&work].admin_consent, Some(false));
}

#[test]
fn at_least_4192_operations_of_v1_are_documented_or_have_an_alias() {
    let (Some(table), Some(metadata)) = (real_table(), upstream("v1.0/cleanMetadata-2026-08.xml")) else {
        return;
    };
    let document = csdl::parse_xml("cleanMetadata-2026-08.xml", &metadata).expect("the metadata is read");
    let model = Model::new(&document);
    let tree = operations::tree(&model, &[]).expect("the metadata expands");
    let operations = tree
        .ids()
        .flat_map(|id| verbs(&model, &tree, id).into_iter().map(move |method| (method.to_string(), id)));
    let joiner = Joiner::new(&table);
    let found: Vec<_> =
        operations.map(|(method, id)| joiner.join(&method, &tree.node(id).path).provenance).collect();
    let count =
        |wanted: fn(&Provenance) -> bool| found.iter().filter(|provenance| wanted(provenance)).count();
    let documented = count(|provenance| *provenance == Provenance::Documented);
    let known = count(|provenance| *provenance != Provenance::Unknown);
    eprintln!("{documented} documented, {known} known, of {} operations", found.len());
    assert!(documented >= 3_600, "{documented}");
    assert!(known >= 4_192, "{known}");
}
