//! What the permission stage as a whole promises, on small hand-written documents.

mod documents;
mod join;

use super::{PermissionTable, read};

/// A table of permissions, each given as the text of its path sets; all exist in all schemes, with the privilege
/// level that stands after the name (`Name@2`), if any.
fn table(permissions: &[(&str, &str)]) -> PermissionTable {
    let permissions: Vec<_> = permissions
        .iter()
        .map(|(name, path_sets)| {
            let (name, level) = name.split_once('@').unwrap_or((name, "null"));
            let facts = format!(r#"{{"privilegeLevel": {level}}}"#);
            let schemes = format!(
                r#"{{"DelegatedWork": {facts}, "DelegatedPersonal": {facts}, "Application": {facts}}}"#
            );
            format!(r#""{name}": {{"schemes": {schemes}, "pathSets": [{path_sets}]}}"#)
        })
        .collect();
    let text = format!(r#"{{"permissions": {{{}}}}}"#, permissions.join(","));
    read("table.json", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The text of a path set: methods and schemes by comma, and each path with its facts.
fn path_set(methods: &str, schemes: &str, paths: &[(&str, &str)]) -> String {
    let list = |words: &str| words.split(',').map(|word| format!("{word:?}")).collect::<Vec<_>>().join(",");
    let paths: Vec<_> = paths.iter().map(|(path, facts)| format!("{path:?}: {facts:?}")).collect();
    let (schemes, methods, paths) = (list(schemes), list(methods), paths.join(","));
    format!(r#"{{"schemeKeys": [{schemes}], "methods": [{methods}], "paths": {{{paths}}}}}"#)
}
