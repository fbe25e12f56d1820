//! Pages of the service's own examples, and of values with all properties, repeated with other identifiers.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Values with all properties, by type.
const SAMPLES: &str = include_str!(concat!(env!("OUT_DIR"), "/samples.json"));

/// Examples of the service's documentation, beside this repository.
const EXAMPLES: &str = "../../shared/examples/v1.0-sample.jsonl";

/// A page of values of a type that is about so long, as JSON.
pub fn page<R: DeserializeOwned>(ty: &str, bytes: usize) -> Result<Vec<u8>> {
    let samples: Value = serde_json::from_str(SAMPLES)?;
    let mut items = vec![samples[ty].clone()];
    items.extend(examples(ty)?);
    // The derived structs refuse values that are not of their types; the models keep them.
    items.retain(|item| serde_json::from_slice::<R>(item.to_string().as_bytes()).is_ok());
    ensure!(!items.is_empty(), "no {ty} can be derived");
    let mut value: Vec<Value> = Vec::new();
    let mut length = 0;
    for number in 0.. {
        let mut item = items[number % items.len()].clone();
        item["id"] = format!("{number:024}").into();
        length += item.to_string().len() + 1;
        if length > bytes && !value.is_empty() {
            break;
        }
        value.push(item);
    }
    let context = format!("https://graph.microsoft.com/v1.0/$metadata#{ty}");
    let next = "https://graph.microsoft.com/v1.0/next?$skiptoken=X'4453'";
    Ok(serde_json::to_vec(&json!({"@odata.context": context, "@odata.nextLink": next, "value": value}))?)
}

/// The values of a type in the examples, alone or on pages.
fn examples(ty: &str) -> Result<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLES);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("WITHOUT EXAMPLES: there is no {EXAMPLES}; all values of {ty} are made up");
        return Ok(Vec::new());
    };
    let name = format!("microsoft.graph.{ty}");
    let mut found = Vec::new();
    for line in text.lines() {
        let example: Value = serde_json::from_str(line).context("an example is no JSON")?;
        let declared = example["odata_type"].as_str().unwrap_or_default();
        if declared == name || declared == format!("Collection({name})") {
            match example["resp_json"]["value"].as_array() {
                Some(page) => found.extend(page.iter().cloned()),
                None => found.push(example["resp_json"].clone()),
            }
        }
    }
    found.retain(Value::is_object);
    if found.is_empty() {
        eprintln!("WITHOUT EXAMPLES: {EXAMPLES} has none of {ty}; all values are made up");
    }
    Ok(found)
}
