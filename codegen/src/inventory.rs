//! The inventory: what the generated crate offers, as lines that a person can read in a diff.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use crate::clouds::{self, Cloud};
use crate::csdl::{OperationKind, TypeKind};
use crate::emit::Files;
use crate::model::{Model, OperationId};
use crate::operations::bound;
use crate::operations::options::{self, Limit};
use crate::operations::spec::{Answer, Body, CustomOption, Spec, parameters};
use crate::operations::tree::Origin;
use crate::permissions::{PermissionTable, Provenance, Requirement, Scheme};
use crate::plan::types::RustType;
use crate::plan::{Plan, PlannedOperation, addressing};

/// One operation, as `cargo xtask operations --format jsonl` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The HTTP method.
    pub method: &'static str,
    /// Graph's template of the path.
    pub path: String,
    /// What it does: `list`, `get`, `action`, …
    pub kind: &'static str,
    /// Where it comes from: `annotation`, `derived-binding`, `permission-table`.
    pub origin: &'static str,
    /// The type of the body.
    pub request: Option<String>,
    /// The type of the answer.
    pub response: Option<String>,
    /// The system query options it supports, without `$`.
    pub query: Vec<&'static str>,
    /// What it does not take in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Custom query options; a required one ends in `!`.
    pub options: Vec<String>,
    /// Custom headers; a required one ends in `!`.
    pub headers: Vec<String>,
    /// The Cargo feature that compiles it in.
    pub feature: String,
    /// The Rust path of the method.
    pub rust: String,
    /// The permissions by scheme.
    pub permissions: BTreeMap<&'static str, SchemePermissions>,
    /// Where the permissions come from: `documented`, `alias`, `unknown`.
    pub provenance: &'static str,
    /// The path of the table's row, if the permissions come from an alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The clouds in which it exists.
    pub clouds: Vec<&'static str>,
}

/// The permissions of an operation in one scheme.
#[derive(Clone, Debug, Serialize)]
pub struct SchemePermissions {
    /// The least privileged ones.
    pub least: Vec<String>,
    /// All, least privileged first.
    pub all: Vec<Claim>,
}

/// A permission, and what it needs beside it.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// The permission.
    pub permission: String,
    /// It is enough only together with any one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// All operations, sorted by path and method.
pub fn entries(model: &Model<'_>, plan: &Plan<'_>) -> Vec<Entry> {
    let rust = plan.rust_paths();
    let addressed = plan.addressed.iter().map(|addressed| {
        let operation = &plan.operations[addressed.operation];
        let operation = PlannedOperation {
            spec: Spec { origin: Origin::PermissionTable, ..operation.spec.clone() },
            path: addressed.path.clone(),
            permissions: addressed.permissions.clone(),
            absent: operation.absent.clone(),
        };
        let rust = format!("{}(…) → {}", addressing::METHOD, rust[addressed.operation]);
        entry(model, plan, &operation, rust)
    });
    let mut entries: Vec<_> = addressed.collect();
    let by_id = plan.operations.iter().zip(&rust);
    entries.extend(by_id.map(|(operation, rust)| entry(model, plan, operation, rust.clone())));
    entries.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
    entries
}

fn entry(model: &Model<'_>, plan: &Plan<'_>, operation: &PlannedOperation, rust: String) -> Entry {
    let PlannedOperation { spec, path, permissions, absent } = operation;
    let root = plan.tree.root(spec.node).path.as_str();
    let (provenance, alias) = match &permissions.provenance {
        Provenance::Documented => ("documented", None),
        Provenance::Alias { path, .. } => ("alias", Some(path.clone())),
        Provenance::Unknown => ("unknown", None),
    };
    Entry {
        method: spec.method.as_str(),
        path: path.clone(),
        kind: spec.kind.name(),
        origin: spec.origin.name(),
        request: request(model, &spec.body),
        response: response(&spec.answer),
        query: spec.query.clone(),
        limits: spec.limits.clone(),
        options: custom(&spec.options),
        headers: custom(&spec.headers),
        feature: plan.roots.feature(root),
        rust,
        permissions: permissions
            .schemes
            .iter()
            .map(|(scheme, list)| (scheme_name(*scheme), scheme_permissions(list)))
            .collect(),
        provenance,
        alias,
        clouds: there(absent),
    }
}

/// The clouds beside those that lack something.
fn there(absent: &BTreeSet<Cloud>) -> Vec<&'static str> {
    Cloud::ALL.into_iter().filter(|cloud| !absent.contains(cloud)).map(Cloud::as_str).collect()
}

/// ` | global,china` for what is not everywhere.
fn clouds_column(absent: &BTreeSet<Cloud>) -> String {
    if absent.is_empty() { String::new() } else { format!(" | {}", there(absent).join(",")) }
}

/// ` | models::User` for what has a Rust type.
fn rust_column(rust: Option<&RustType>) -> String {
    rust.map(|rust| format!(" | {}", rust.path())).unwrap_or_default()
}

fn custom(options: &[CustomOption]) -> Vec<String> {
    options.iter().map(|o| format!("{}{}", o.name, if o.required { "!" } else { "" })).collect()
}

const fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::DelegatedWork => "delegated-work",
        Scheme::DelegatedPersonal => "delegated-personal",
        Scheme::Application => "application",
    }
}

fn scheme_permissions(list: &[Requirement]) -> SchemePermissions {
    SchemePermissions {
        least: list.iter().filter(|r| r.least).map(|r| r.permission.clone()).collect(),
        all: list.iter().map(|r| Claim { permission: r.permission.clone(), also: r.also.clone() }).collect(),
    }
}

fn request(model: &Model<'_>, body: &Body) -> Option<String> {
    match body {
        Body::None => None,
        Body::Value(ty) => Some(ty.name.clone()),
        Body::Values(ty) => Some(format!("Collection({})", ty.name)),
        Body::Parameters(operation) => {
            let list = parameters(model, *operation).iter();
            let list: Vec<_> = list.map(|p| format!("{}: {}", p.name, String::from(p.ty.clone()))).collect();
            Some(format!("{{{}}}", list.join(", ")))
        }
        Body::Reference => Some("reference".to_owned()),
        Body::Bytes => Some("Edm.Stream".to_owned()),
    }
}

fn response(answer: &Answer) -> Option<String> {
    match answer {
        Answer::None => None,
        Answer::Value(ty) | Answer::Scalar(ty) => Some(ty.name.clone()),
        Answer::Optional(ty) => Some(format!("{}?", ty.name)),
        Answer::Page(ty) => Some(format!("Collection({})", ty.name)),
        Answer::Count => Some("Edm.Int64".to_owned()),
        Answer::Reference => Some("reference".to_owned()),
        Answer::References => Some("Collection(reference)".to_owned()),
        Answer::Bytes => Some("Edm.Stream".to_owned()),
    }
}

/// The inventory as text files of the crate: one line per operation, permission, and type and member, sorted.
pub fn files(model: &Model<'_>, plan: &Plan<'_>, permissions: &PermissionTable, source: &str) -> Files {
    let header = format!("# @generated by cargo xtask codegen from {source}; do not edit.\n");
    let mut operations = header.clone();
    for entry in entries(model, plan) {
        let _ = writeln!(operations, "{}", line(&entry));
    }
    let mut types = header.clone();
    types.push_str(&type_lines(model, plan).join("\n"));
    types.push('\n');
    Files::from([
        ("inventory/operations.txt".to_owned(), operations),
        ("inventory/permissions.txt".to_owned(), header + &permission_lines(permissions)),
        ("inventory/types.txt".to_owned(), types),
    ])
}

/// `GET /users list annotation - → Collection(…) ?… | users::RequestBuilder::list | work=… application=…`.
fn line(entry: &Entry) -> String {
    let mut line = format!("{} {} {} {}", entry.path, entry.method, entry.kind, entry.origin);
    if let Some(request) = &entry.request {
        let _ = write!(line, " {request}");
    }
    let _ = write!(line, " → {}", entry.response.as_deref().unwrap_or("nothing"));
    for (mark, names) in [
        ("?", options::notation(&entry.query, &entry.limits).join(",")),
        ("?", entry.options.join(",")),
        ("header ", entry.headers.join(",")),
    ] {
        if !names.is_empty() {
            let _ = write!(line, " {mark}{names}");
        }
    }
    let _ = write!(line, " | {} | {}", entry.rust, entry.provenance);
    if let Some(alias) = &entry.alias {
        let _ = write!(line, " {alias}");
    }
    for (scheme, permissions) in &entry.permissions {
        let names: Vec<_> = permissions.all.iter().map(claim).collect();
        if !names.is_empty() {
            let _ = write!(line, " {scheme}={}", names.join(","));
        }
    }
    if entry.clouds.len() < Cloud::ALL.len() {
        let _ = write!(line, " | {}", entry.clouds.join(","));
    }
    line
}

fn claim(claim: &Claim) -> String {
    match claim.also.as_slice() {
        [] => claim.permission.clone(),
        also => format!("{}+{}", claim.permission, also.join("|")),
    }
}

/// `Mail.Read | delegated-work id user-consent level-2 | application id admin-consent level-3`; what is not known is
/// left out, and what is unusual follows: `hidden`, `disabled`, and `resource-specific` behind the name.
fn permission_lines(table: &PermissionTable) -> String {
    let mut text = String::new();
    for permission in &table.permissions {
        text.push_str(&permission.name);
        text.push_str(if permission.resource_specific { " resource-specific" } else { "" });
        for (scheme, facts) in &permission.schemes {
            let _ = write!(text, " | {}", scheme_name(*scheme));
            let words = [
                facts.id.clone(),
                facts
                    .admin_consent
                    .map(|admin| if admin { "admin-consent" } else { "user-consent" }.to_owned()),
                facts.privilege_level.map(|level| format!("level-{level}")),
                facts.hidden.then(|| "hidden".to_owned()),
                (!facts.enabled).then(|| "disabled".to_owned()),
            ];
            for word in words.into_iter().flatten() {
                let _ = write!(text, " {word}");
            }
        }
        text.push('\n');
    }
    text
}

/// One line per type, declared property, enumeration member, action and function. Those of types, and of actions with
/// parameters, have a column for the Rust type.
fn type_lines(model: &Model<'_>, plan: &Plan<'_>) -> Vec<String> {
    let mut lines = structured_lines(model, plan);
    lines.extend(enumeration_lines(model, plan));
    lines.extend(signature_lines(model, plan));
    lines.sort();
    lines
}

/// Entity types and complex types with their declared properties.
fn structured_lines(model: &Model<'_>, plan: &Plan<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for ty in &model.document.types {
        let kind = if ty.kind == TypeKind::Entity { "entity" } else { "complex" };
        let mut line = format!("{} {kind}", ty.name);
        if let Some(base) = &ty.base {
            let _ = write!(line, " : {base}");
        }
        for (mark, yes) in [(" abstract", ty.is_abstract), (" open", ty.is_open), (" stream", ty.has_stream)]
        {
            line.push_str(if yes { mark } else { "" });
        }
        if !ty.key.is_empty() {
            let _ = write!(line, " key({})", ty.key.join(","));
        }
        line.push_str(&rust_column(plan.types.element(&ty.name).rust()));
        line.push_str(&clouds_column(&model.clouds.without(&ty.name)));
        lines.push(line);
        let column = |member: &str| clouds_column(&model.clouds.without(&format!("{}/{member}", ty.name)));
        for property in &ty.properties {
            let null = if property.nullable { "" } else { " never-null" };
            let column = column(&property.name);
            lines.push(format!(
                "{}/{} {}{null}{column}",
                ty.name,
                property.name,
                String::from(property.ty.clone())
            ));
        }
        for property in &ty.navigation {
            let contained = if property.contains_target { " contained" } else { "" };
            lines.push(format!(
                "{}/{} → {}{contained}{}",
                ty.name,
                property.name,
                String::from(property.ty.clone()),
                column(&property.name)
            ));
        }
    }
    lines
}

/// Enumerations with their members.
fn enumeration_lines(model: &Model<'_>, plan: &Plan<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for ty in &model.document.enums {
        let column = |name: &str| clouds_column(&model.clouds.without(name));
        let kind = if ty.is_flags { "flags" } else { "enum" };
        let rust = rust_column(plan.types.element(&ty.name).rust());
        lines.push(format!("{} {kind}{rust}{}", ty.name, column(&ty.name)));
        lines.extend(ty.members.iter().map(|member| {
            let name = format!("{}/{}", ty.name, member.name);
            format!("{name} = {}{}", member.value, column(&name))
        }));
    }
    lines
}

/// Actions and functions.
fn signature_lines(model: &Model<'_>, plan: &Plan<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let uncalled = bound::uncalled(model, &plan.tree);
    for (index, operation) in model.document.operations.iter().enumerate() {
        let kind = if operation.kind == OperationKind::Action { "action" } else { "function" };
        let list: Vec<_> = operation
            .parameters
            .iter()
            .map(|p| format!("{}: {}", p.name, String::from(p.ty.clone())))
            .collect();
        let returns =
            operation.returns.as_ref().map_or_else(|| "nothing".to_owned(), |r| String::from(r.ty.clone()));
        let on_no_path = if uncalled.contains(&OperationId(index)) { " on no path" } else { "" };
        let rust = rust_column(plan.types.parameters.get(&OperationId(index)));
        let column = clouds_column(&model.clouds.without(&clouds::call(operation)));
        lines.push(format!(
            "{}({}) {kind} → {returns}{on_no_path}{rust}{column}",
            operation.name,
            list.join(", ")
        ));
    }
    lines
}
