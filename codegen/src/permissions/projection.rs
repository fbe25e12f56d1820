//! The permission table as the project keeps it: facts only, sorted, one row per line so that a difference between
//! two states of it can be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::decode::{Source, guid, is_permission_name, path_sets};
use super::{PathSet, Permission, PermissionTable, RowFacts, Scheme, SchemeFacts};
use crate::diagnostics::Diagnostics;

/// Writes the table as JSON. Equal tables give equal text.
pub fn write(table: &PermissionTable) -> String {
    let mut out = String::from("{\n \"permissions\": {");
    for (index, permission) in table.permissions.iter().enumerate() {
        out.push_str(if index > 0 { ",\n  " } else { "\n  " });
        write_permission(&mut out, permission);
    }
    out.push_str("\n }\n}\n");
    out
}

/// Reads what [`write()`] wrote. The file name serves the report.
///
/// # Errors
/// What does not fit, all of it, with line and column.
pub fn read(file: &str, text: &str) -> Result<PermissionTable, Diagnostics> {
    let mut source = Source::new(file, text);
    let permissions = match source.root() {
        Some(root) => read_permissions(&mut source, root),
        None => Vec::new(),
    };
    source.into_diagnostics().into_result(PermissionTable { permissions, date: None })
}

/// A permission in one scheme as the projection writes it; what is usual is left out.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SchemeText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    admin_consent: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    privilege_level: Option<u8>,
    #[serde(default, skip_serializing_if = "is_false")]
    hidden: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    disabled: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn write_permission(out: &mut String, permission: &Permission) {
    out.push_str(&json(&permission.name));
    out.push_str(": {");
    if permission.resource_specific {
        out.push_str("\n   \"resourceSpecific\": true,");
    }
    out.push_str("\n   \"schemes\": {");
    for (index, (scheme, facts)) in permission.schemes.iter().enumerate() {
        out.push_str(if index > 0 { ",\n    " } else { "\n    " });
        let SchemeFacts { id, admin_consent, privilege_level, hidden, enabled } = facts.clone();
        let text = SchemeText { id, admin_consent, privilege_level, hidden, disabled: !enabled };
        out.push_str(&format!("{}: {}", json(scheme.as_str()), json(&text)));
    }
    out.push_str("\n   }");
    if !permission.path_sets.is_empty() {
        out.push_str(",\n   \"pathSets\": [");
        for (index, set) in permission.path_sets.iter().enumerate() {
            out.push_str(if index > 0 { ", {" } else { "{" });
            write_path_set(out, set);
        }
        out.push(']');
    }
    out.push_str("\n  }");
}

fn write_path_set(out: &mut String, set: &PathSet) {
    let schemes: Vec<_> = set.schemes.iter().map(|scheme| scheme.as_str()).collect();
    let methods: Vec<_> = set.methods.iter().map(|method| method.as_str()).collect();
    out.push_str(&format!(
        "\"schemeKeys\": {}, \"methods\": {}, \"paths\": {{",
        json(&schemes),
        json(&methods)
    ));
    for (index, (path, facts)) in set.paths.iter().enumerate() {
        out.push_str(if index > 0 { ",\n    " } else { "\n    " });
        out.push_str(&format!("{}: {}", json(path), json(&row_text(facts))));
    }
    out.push_str("\n   }}");
}

fn row_text(facts: &RowFacts) -> String {
    let mut parts = Vec::new();
    if !facts.least.is_empty() {
        let least: Vec<_> = facts.least.iter().map(|scheme| scheme.as_str()).collect();
        parts.push(format!("least={}", least.join(",")));
    }
    if !facts.also_requires.is_empty() {
        parts.push(format!("AlsoRequires={}", facts.also_requires.join(",")));
    }
    parts.join(";")
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists of them always serialize")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableText<'a> {
    #[serde(borrow)]
    permissions: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PermissionText<'a> {
    #[serde(default)]
    resource_specific: bool,
    #[serde(borrow)]
    schemes: &'a RawValue,
    #[serde(borrow, default)]
    path_sets: Option<&'a RawValue>,
}

fn read_permissions<'a>(source: &mut Source<'a>, root: &'a RawValue) -> Vec<Permission> {
    let Some(table) = source.decode::<TableText<'a>>(root, "the permission table") else { return Vec::new() };
    let mut permissions = Vec::new();
    for (name, raw) in source.members(table.permissions, "the permissions") {
        if !is_permission_name(&name) {
            source.reject(raw, format!("{name:?} is not a permission's name; import the table anew"));
        }
        let Some(text) = source.decode::<PermissionText<'a>>(raw, &format!("permission `{name}`")) else {
            continue;
        };
        let schemes = read_schemes(source, text.schemes, &name);
        let path_sets = text.path_sets.map(|raw| path_sets(source, raw, &name)).unwrap_or_default();
        permissions.push(Permission { name, resource_specific: text.resource_specific, schemes, path_sets });
    }
    permissions
}

fn read_schemes<'a>(source: &mut Source<'a>, raw: &'a RawValue, name: &str) -> BTreeMap<Scheme, SchemeFacts> {
    let what = format!("schemes of `{name}`");
    let mut schemes = BTreeMap::new();
    for (key, raw) in source.members(raw, &what) {
        let Some(text) = source.decode::<SchemeText>(raw, &what) else { continue };
        if let Some(id) = text.id.as_deref().filter(|id| guid(id).is_none()) {
            source.reject(raw, format!("{what}: {id:?} is not a GUID; import the table anew"));
        }
        match key.parse::<Scheme>() {
            Ok(scheme) => {
                let SchemeText { id, admin_consent, privilege_level, hidden, disabled } = text;
                let facts = SchemeFacts { id, admin_consent, privilege_level, hidden, enabled: !disabled };
                schemes.insert(scheme, facts);
            }
            Err(problem) => source.reject(raw, format!("{what}: `{key}`: {problem}")),
        }
    }
    schemes
}
