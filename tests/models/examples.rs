//! Examples of requests and answers from Microsoft's documentation: answers and bodies go through their models without
//! loss, and requests are operations. What differs from the metadata has a reason, which the report counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use msgraph::runtime::json;
use serde::Deserialize;
use serde_json::Value;

use crate::findings::{self, Findings, OTHER_TYPE, UNKNOWN_TYPE};
use crate::inventory::{Inventory, Operation, element};
use crate::registry;
use crate::routes::Routes;

/// One example.
#[derive(Deserialize)]
struct Example {
    method: String,
    url: String,
    req_json: Option<Value>,
    resp_json: Option<Value>,
    /// The type of the answer.
    odata_type: Option<String>,
}

const NO_BODY: &str = "a body that the metadata does not have for the operation";

#[test]
fn examples_of_the_documentation_fit_models_and_operations() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/examples/v1.0-sample.jsonl");
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("SKIPPED: there is no {}", file.display());
        return;
    };
    let examples: Vec<Example> =
        text.lines().map(|line| serde_json::from_str(line).expect("an example")).collect();
    insta::assert_snapshot!("examples", report(&examples));
}

/// Counts by reason.
fn report(examples: &[Example]) -> String {
    let inventory = Inventory::read();
    let routes = Routes::new(&inventory.operations);
    let (mut answers, mut requests, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for example in examples {
        if let (Some(declared), Some(answer)) = (&example.odata_type, &example.resp_json) {
            answers.push(answer_findings(&inventory, declared, answer));
        }
        let operation = routes.find(&example.method, &example.url);
        if let (Ok(operation), Some(body)) = (&operation, &example.req_json) {
            bodies.push(body_findings(&inventory, operation, body));
        }
        requests.push(operation.map_or_else(|refusal| Findings::from([refusal]), |_| Findings::new()));
    }
    let mut report = String::new();
    section(&mut report, "answers with a declared type go through it and hold only fields", &answers);
    section(&mut report, "requests are an operation", &requests);
    section(&mut report, "bodies of those go through their type and hold only fields", &bodies);
    report
}

/// Adds how many are as they should be, and for each reason how many are not.
fn section(report: &mut String, title: &str, all: &[Findings]) {
    let mut reasons = BTreeMap::<_, BTreeMap<_, usize>>::new();
    for (reason, subject) in all.iter().flatten() {
        *reasons.entry(*reason).or_default().entry(subject).or_default() += 1;
    }
    let well = all.iter().filter(|findings| findings.is_empty()).count();
    let _ = writeln!(report, "{well} of {} {title}", all.len());
    for (reason, subjects) in reasons {
        let with = |findings: &&Findings| findings.iter().any(|(other, _)| *other == reason);
        let _ = writeln!(report, "  {} have {reason}", all.iter().filter(with).count());
        for (subject, count) in subjects {
            let _ = writeln!(report, "    {count} {subject}");
        }
    }
}

fn answer_findings(inventory: &Inventory, declared: &str, answer: &Value) -> Findings {
    let mut findings = Findings::new();
    let declared = element(declared).unwrap_or(declared);
    if declared.eq_ignore_ascii_case("string") {
        let texts = serde_json::to_vec(&answer["value"]).expect("JSON");
        findings
            .extend(json::from_slice::<Vec<String>>(&texts).err().map(|_| (OTHER_TYPE, declared.to_owned())));
        return findings;
    }
    if !inventory.structured.contains_key(declared) {
        return Findings::from([(UNKNOWN_TYPE, declared.to_owned())]);
    }
    // Collections, and values that functions give, stand in `value`, whatever the type itself is declared to have.
    let is_wrapped = !inventory.properties(declared).contains_key("value");
    match answer.get("value").filter(|_| is_wrapped) {
        Some(Value::Array(items)) => {
            items.iter().for_each(|item| findings::of_type(inventory, declared, item, &mut findings));
        }
        Some(value) => findings::of_type(inventory, declared, value, &mut findings),
        None => findings::of_type(inventory, declared, answer, &mut findings),
    }
    findings
}

fn body_findings(inventory: &Inventory, operation: &Operation, body: &Value) -> Findings {
    let mut findings = Findings::new();
    match operation.body {
        Some(parameters) if parameters.starts_with('{') => {
            let action = inventory.actions.iter().find(|action| action.is_called_by(operation));
            let action = action.unwrap_or_else(|| panic!("{} calls no action", operation.template));
            let model = registry::find(action.rust).expect("parameters have a model");
            let properties = action.parameters.iter().copied().collect();
            let body = body.as_object().expect("parameters are an object");
            findings::of_model(inventory, model, &properties, body, &mut findings);
        }
        Some("reference") => {
            let properties = BTreeMap::from([("@odata.id", "Edm.String")]);
            let body = body.as_object().expect("a reference is an object");
            findings::of_model(inventory, registry::REFERENCE, &properties, body, &mut findings);
        }
        Some(ty) if inventory.structured.contains_key(ty) => {
            findings::of_type(inventory, ty, body, &mut findings);
        }
        Some(_) | None => {
            findings.insert((NO_BODY, format!("{} {}", operation.method, operation.template)));
        }
    }
    findings
}

#[test]
fn every_type_and_action_of_the_metadata_has_a_model_that_declares_the_same() {
    let inventory = Inventory::read();
    let types = inventory.structured.keys().map(|name| {
        (*name, inventory.structured[name].rust, inventory.properties(name).keys().copied().collect())
    });
    let parameters = |list: &[(&'static str, &str)]| list.iter().map(|(name, _)| *name).collect();
    let actions = inventory.actions.iter().map(|a| (a.name, a.rust, parameters(&a.parameters)));
    let all: Vec<(_, _, BTreeSet<&str>)> = types.chain(actions).collect();
    for (name, rust, declared) in &all {
        let model = registry::find(rust).unwrap_or_else(|| panic!("{name} has no model"));
        assert_eq!(model.info.name, *name);
        assert!(declared.iter().eq(model.info.properties), "{name}");
        let bases: Vec<_> = inventory.lineage(name).skip(1).map(|(base, _)| base).collect();
        assert_eq!(model.info.bases, bases, "{name}");
        let below = inventory.derived.get(name).into_iter().flatten().copied();
        let below: Vec<_> = below.filter(|derived| derived != name && !bases.is_empty()).collect();
        assert_eq!(model.derived, below, "{name}");
    }
    assert_eq!(all.len(), registry::len());
}
