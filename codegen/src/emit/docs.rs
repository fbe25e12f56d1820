//! Documentation of generated items, made of facts.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::clouds::Cloud;
use crate::operations::options::Limit;
use crate::permissions::{Provenance, Requirement, Scheme};
use crate::plan::PlannedOperation;
use crate::plan::types::{Field, Struct, StructKind};

/// Where Microsoft describes its resource types.
const REFERENCE: &str = "https://learn.microsoft.com/graph/api/resources";

/// The documentation of an operation: what it is, its query options, its permissions.
pub fn operation(operation: &PlannedOperation) -> String {
    let PlannedOperation { spec, path, permissions, absent } = operation;
    let mut text = format!("`{} {path}`\n", spec.method.as_str());
    if !spec.query.is_empty() {
        let options: Vec<_> = spec.query.iter().map(|option| query_option(option, &spec.limits)).collect();
        let _ = write!(text, "\nQuery options: {}.\n", options.join(", "));
    }
    let optional = |options: &[crate::operations::spec::CustomOption]| {
        options.iter().filter(|o| !o.required).map(|o| format!("`{}`", o.name)).collect::<Vec<_>>().join(", ")
    };
    for (what, options) in [("Custom query options", &spec.options), ("Headers", &spec.headers)] {
        let names = optional(options);
        if !names.is_empty() {
            let _ = write!(text, "\n{what}: {names}.\n");
        }
    }
    if let Some(note) = not_everywhere(absent) {
        let _ = write!(text, "\n{note}\n");
    }
    if matches!(permissions.provenance, Provenance::Unknown) {
        text.push_str("\nPermissions: unknown. The permission table has no row for this operation.");
        return text;
    }
    text.push_str("\n| signed in as | permissions, least privileged first |\n|---|---|\n");
    for (scheme, who) in [
        (Scheme::DelegatedWork, "user, work or school"),
        (Scheme::DelegatedPersonal, "user, personal"),
        (Scheme::Application, "application"),
    ] {
        let list = permissions.schemes.get(&scheme).map_or(&[][..], Vec::as_slice);
        let names: Vec<_> = list.iter().map(requirement).collect();
        let names = if names.is_empty() { "not supported".to_owned() } else { names.join(", ") };
        let _ = writeln!(text, "| {who} | {names} |");
    }
    if let Provenance::Alias { path, .. } = &permissions.provenance {
        let _ = write!(text, "\nPermissions as documented for `{path}`.");
    }
    text
}

/// `` `$filter` (not `a`, `b`; `c` only with `eq`) ``.
fn query_option(option: &str, limits: &[Limit]) -> String {
    let limits = || limits.iter().filter(|limit| limit.option == option);
    let names = |names: &mut dyn Iterator<Item = &String>| {
        names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
    };
    let without =
        names(&mut limits().filter(|limit| limit.operators.is_empty()).map(|limit| &limit.property));
    let only = limits().filter(|limit| !limit.operators.is_empty());
    let only =
        only.map(|limit| format!("`{}` only with {}", limit.property, names(&mut limit.operators.iter())));
    let notes: Vec<_> =
        (!without.is_empty()).then(|| format!("not {without}")).into_iter().chain(only).collect();
    if notes.is_empty() { format!("`${option}`") } else { format!("`${option}` ({})", notes.join("; ")) }
}

fn requirement(requirement: &Requirement) -> String {
    let name = &requirement.permission;
    match requirement.also.as_slice() {
        [] => format!("`{name}`"),
        also => format!(
            "`{name}` together with {}",
            also.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(" or ")
        ),
    }
}

/// The permissions of an operation in the notation of the runtime's `Permissions::parse`.
pub fn notation(operation: &PlannedOperation) -> String {
    let permissions = &operation.permissions;
    let mut fields = Vec::new();
    for (scheme, name) in [
        (Scheme::DelegatedWork, "work"),
        (Scheme::DelegatedPersonal, "personal"),
        (Scheme::Application, "application"),
    ] {
        let Some(list) = permissions.schemes.get(&scheme).filter(|list| !list.is_empty()) else { continue };
        let names: Vec<_> = list
            .iter()
            .map(|requirement| match requirement.also.as_slice() {
                [] => requirement.permission.clone(),
                also => format!("{}+{}", requirement.permission, also.join("|")),
            })
            .collect();
        fields.push(format!("{name}={}", names.join(",")));
    }
    match &permissions.provenance {
        Provenance::Alias { path, rules } => {
            let by = rules.iter().find_map(|rule| rule.inference());
            let by = by.map_or_else(|| "alias".to_owned(), |rule| format!("inferred:{rule}"));
            fields.push(format!("provenance={by}:{path}"));
        }
        Provenance::Documented if fields.is_empty() => fields.push("provenance=documented".to_owned()),
        Provenance::Documented | Provenance::Unknown => {}
    }
    fields.join(" ")
}

/// Where something does not exist; nothing if it exists everywhere.
pub fn not_everywhere(absent: &BTreeSet<Cloud>) -> Option<String> {
    let names: Vec<_> = absent.iter().map(|cloud| cloud.title()).collect();
    (!names.is_empty()).then(|| format!("Not in the clouds: {}.", names.join(", ")))
}

/// The documentation of a struct.
pub fn structure(planned: &Struct) -> String {
    let graph = &planned.graph;
    let mut text = match planned.kind {
        StructKind::Entity => format!("Entity type `{graph}`."),
        StructKind::Complex => format!("Complex type `{graph}`."),
        StructKind::Parameters => return format!("Parameters of the action `{graph}`."),
    };
    if planned.is_abstract {
        text.push_str("\n\nAbstract: values are of a derived type, which `@odata.type` in [`extra`](Self::extra) names.");
    }
    if planned.is_open {
        text.push_str("\n\nOpen: values may carry further properties, which [`extra`](Self::extra) holds.");
    }
    if let Some(base) = planned.bases.first() {
        let _ = write!(text, "\n\nBase type: `{base}`.");
    }
    if let Some(note) = not_everywhere(&planned.absent) {
        let _ = write!(text, "\n\n{note}");
    }
    let _ = write!(text, "\n\n[Reference]({REFERENCE}/{})", resource_page(graph));
    text
}

/// The name of a type's page in Microsoft's reference: `security-alert` for `microsoft.graph.security.alert`.
fn resource_page(graph: &str) -> String {
    graph.strip_prefix("microsoft.graph.").unwrap_or(graph).replace('.', "-").to_lowercase()
}

/// The documentation of a field: that of its property, and where it does not exist.
pub fn field(field: &Field) -> String {
    let text = property(field);
    match not_everywhere(&field.absent) {
        Some(note) => format!("{text}\n\n{note}"),
        None => text,
    }
}

/// The documentation of a property.
pub fn property(field: &Field) -> String {
    let json = &field.json;
    match (field.is_navigation, field.is_read_only, field.is_create_only, field.is_required) {
        (true, ..) => format!("`{json}`: navigation property."),
        (_, true, ..) => format!("`{json}`: read-only."),
        (.., true, _) => format!("`{json}`: set on creation only."),
        (.., true) => format!("`{json}`: never null."),
        _ => format!("`{json}`"),
    }
}
