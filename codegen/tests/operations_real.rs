//! Operations and names of the real v1.0 documents: as many as were counted, the same each time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use msgraph_codegen::csdl::{self, Document};
use msgraph_codegen::emit::{self, CrateOptions, Files, Manifest};
use msgraph_codegen::model::Model;
use msgraph_codegen::operations::tree::Origin;
use msgraph_codegen::permissions::{self, PermissionTable};
use msgraph_codegen::plan::builders::{Argument, Builder, Module, Step};
use msgraph_codegen::plan::types::{Field, RustType, Struct};
use msgraph_codegen::plan::{self, Plan};

/// The project's own metadata.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let document = csdl::projection::read("csdl.json", &committed("v1.0/csdl.json"));
    document.unwrap_or_else(|problems| panic!("{problems}"))
});
static TABLE: LazyLock<PermissionTable> = LazyLock::new(|| {
    let table = permissions::read("permissions.json", &committed("permissions.json"));
    table.unwrap_or_else(|problems| panic!("{problems}"))
});
static PLAN: LazyLock<Plan<'static>> = LazyLock::new(|| plan_of(&DOCUMENT));

fn committed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An upstream document beside the workspace; nothing, said loudly, if it is absent.
fn upstream(name: &str) -> Option<Document> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/metadata/v1.0").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: there is no {}", path.display());
        return None;
    };
    Some(csdl::parse_xml(name, &text).unwrap_or_else(|problems| panic!("{problems}")))
}

fn plan_of(document: &Document) -> Plan<'_> {
    plan::plan(&Model::new(document), &TABLE, "v1.0", &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The (method, path) pairs of one origin.
fn pairs(plan: &Plan<'_>, origin: Origin) -> BTreeSet<(&'static str, String)> {
    let operations = plan.operations.iter().filter(|operation| operation.spec.origin == origin);
    operations.map(|operation| (operation.spec.method.as_str(), operation.path.clone())).collect()
}

#[test]
fn v1_has_every_operation_that_the_annotations_give() {
    let pairs = pairs(&PLAN, Origin::Annotation);
    let paths: BTreeSet<_> = pairs.iter().map(|(_, path)| path).collect();
    assert!(pairs.len() >= 17_534, "{} operations", pairs.len());
    assert!(paths.len() >= 11_292, "{} paths", paths.len());
}

#[test]
fn v1_has_every_operation_that_is_bound_to_a_base_type() {
    let pairs = pairs(&PLAN, Origin::DerivedBinding);
    assert_eq!(pairs.len(), 165);
    for path in
        ["webinars/{virtualEventWebinar-id}/publish", "schedule/timeOffRequests/{timeOffRequest-id}/approve"]
    {
        assert!(pairs.iter().any(|(method, found)| *method == "POST" && found.ends_with(path)), "{path}");
    }
}

#[test]
fn the_february_document_gives_what_the_official_client_has() {
    let Some(document) = upstream("cleanMetadata-2026-02.xml") else { return };
    let plan = plan_of(&document);
    let mut pairs = pairs(&plan, Origin::Annotation);
    pairs.retain(|(_, path)| !matches!(path.split('/').nth(1), Some("me" | "copilot")));
    assert!((14_410..=14_420).contains(&pairs.len()), "{} pairs", pairs.len());
}

#[test]
fn the_projection_gives_the_same_plan_as_the_document_it_was_made_from() {
    let Some(document) = upstream("cleanMetadata-2026-08.xml") else { return };
    let plan = plan_of(&document);
    assert_same(&PLAN, &plan);
}

/// Fails at the first difference, since the whole of two plans is too much to print.
fn assert_same(one: &Plan<'_>, other: &Plan<'_>) {
    assert_eq!(one.operations.len(), other.operations.len());
    for (one, other) in one.operations.iter().zip(&other.operations) {
        assert_eq!(one.path, other.path);
        assert_eq!(one.permissions, other.permissions, "{}", one.path);
        assert_eq!(format!("{:?}", one.spec), format!("{:?}", other.spec), "{}", one.path);
    }
    assert!(one.modules == other.modules, "the modules differ");
    assert!(one.types == other.types, "the types differ");
}

#[test]
fn two_runs_give_the_same_plan_and_the_same_files() {
    let document = csdl::projection::read("csdl.json", &committed("v1.0/csdl.json"));
    let document = document.unwrap_or_else(|problems| panic!("{problems}"));
    let again = plan_of(&document);
    assert_same(&PLAN, &again);
    let (first, second) = (sample_files(plan_of(&DOCUMENT)), sample_files(again));
    let differing = first.iter().filter(|(path, text)| second.get(*path) != Some(*text));
    let differing: Vec<_> = differing.map(|(path, _)| path).take(10).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert!(first.len() == second.len() && first.len() > 100, "{} and {} files", first.len(), second.len());
}

/// The files of a tenth of the roots and types, because all of them take long without optimization.
fn sample_files(mut plan: Plan<'_>) -> Files {
    plan.modules = plan.modules.into_iter().step_by(10).collect();
    plan.types.structs = plan.types.structs.into_iter().step_by(10).collect();
    plan.types.enums = plan.types.enums.into_iter().step_by(10).collect();
    let (name, source) = ("msgraph".to_owned(), "metadata/v1.0".to_owned());
    emit::emit(&plan, &TABLE, &CrateOptions { name, source, manifest: Manifest::Member })
}

#[test]
fn every_operation_has_one_method() {
    let mut methods = vec![0; PLAN.operations.len()];
    PLAN.methods().for_each(|(_, _, method)| methods[method.operation] += 1);
    let wrong = PLAN.operations.iter().zip(methods).filter(|(_, methods)| *methods != 1);
    let wrong: Vec<_> = wrong.map(|(operation, methods)| format!("{}: {methods}", operation.path)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A generated name, the name in Graph that it comes from, and the scope in which it has to be unique.
struct Name {
    scope: String,
    rust: String,
    graph: String,
}

#[test]
fn every_generated_name_is_an_identifier() {
    let names = names();
    let wrong = names.iter().filter(|name| syn::parse_str::<syn::Ident>(&name.rust).is_err());
    let wrong: BTreeSet<_> = wrong.map(|name| &name.rust).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_generated_name_is_unique_where_it_stands() {
    let mut seen = BTreeMap::new();
    for Name { scope, rust, graph } in names() {
        let other = seen.insert((scope.clone(), rust.clone()), graph.clone());
        assert!(other.is_none(), "`{rust}` in `{scope}` stands for {other:?} and {graph}");
    }
}

#[test]
fn no_generated_name_is_numbered() {
    /// Letters and digits only, in lower case.
    fn plain(text: &str) -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    }
    let names = names();
    let numbered = names.iter().filter(|name| {
        let last_word = name.rust.rsplit('_').next().unwrap_or_default();
        last_word.ends_with(|c: char| c.is_ascii_digit()) && !plain(&name.graph).ends_with(&plain(last_word))
    });
    let numbered: BTreeSet<_> = numbered.map(|name| format!("{} for {}", name.rust, name.graph)).collect();
    assert!(
        numbered.is_empty(),
        "{} names, {:?}",
        numbered.len(),
        numbered.iter().take(20).collect::<Vec<_>>()
    );
}

/// All names of the plan.
fn names() -> Vec<Name> {
    let mut names = Vec::new();
    for planned in &PLAN.types.structs {
        type_names(&mut names, planned);
        planned.parameters.iter().for_each(|parameters| type_names(&mut names, parameters));
    }
    for planned in &PLAN.types.enums {
        push(&mut names, &models(&planned.rust), &planned.rust.name, &planned.graph);
        for (json, rust) in &planned.members {
            push(&mut names, &format!("members of {}", planned.rust.path()), rust, json);
        }
    }
    PLAN.modules.iter().for_each(|module| module_names(&mut names, module));
    names
}

fn push(names: &mut Vec<Name>, scope: &str, rust: &str, graph: &str) {
    names.push(Name { scope: scope.to_owned(), rust: rust.to_owned(), graph: graph.to_owned() });
}

fn type_names(names: &mut Vec<Name>, planned: &Struct) {
    let Struct { rust, graph, fields, .. } = planned;
    push(names, &models(rust), &rust.name, graph);
    push(names, &format!("modules of {}", models(rust)), &rust.module, graph);
    for Field { rust: name, json, .. } in fields {
        push(names, &format!("fields of {}", rust.path()), name, json);
    }
}

/// The module that exports a type.
fn models(rust: &RustType) -> String {
    format!("models::{}", rust.namespace.join("::"))
}

fn module_names(names: &mut Vec<Name>, module: &Module) {
    let (name, above) = module.path.split_last().expect("a module has a name");
    push(names, &format!("modules of {}", above.join("::")), name, module.template.trim_end_matches("()"));
    for builder in &module.builders {
        let scope = format!("{}::{}", module.path.join("::"), builder.name);
        push(names, &module.path.join("::"), &builder.name, &builder.template);
        builder_names(names, &scope, builder);
    }
    module.modules.iter().for_each(|below| module_names(names, below));
}

fn builder_names(names: &mut Vec<Name>, scope: &str, builder: &Builder) {
    for accessor in &builder.accessors {
        push(names, scope, &accessor.name, &accessor.template);
        for argument in arguments(&accessor.step) {
            push(names, &format!("{scope}::{}", accessor.name), &argument.rust, &argument.name);
        }
    }
    for method in &builder.methods {
        push(names, scope, &method.name, PLAN.operations[method.operation].path.trim_end_matches("()"));
        let path = arguments(&method.step).iter().map(|argument| (&argument.rust, &argument.name));
        let options = method.options.iter().chain(&method.headers).map(|(wire, rust)| (rust, wire));
        for (rust, wire) in path.chain(options) {
            push(names, &format!("{scope}::{}", method.name), rust, wire);
        }
    }
}

fn arguments(step: &Step) -> &[Argument] {
    match step {
        Step::Key(argument) => std::slice::from_ref(argument),
        Step::CompositeKey(list) | Step::AlternateKey(list) | Step::Function(_, list) => list,
        _ => &[],
    }
}
