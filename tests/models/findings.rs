//! A JSON value held against the model that it is declared to be, with all that is in it: nothing may be lost, and
//! what the model keeps beside its fields must have a reason.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::inventory::{Inventory, Properties, element};
use crate::registry::Entry;

/// Why an example is not all fields, or not an operation with this body, and whom that concerns.
pub type Findings = BTreeSet<(&'static str, String)>;

pub const UNKNOWN_TYPE: &str = "a type that the metadata does not have";
pub const UNRELATED_TYPE: &str = "a type that does not derive from the declared one";
pub const UNKNOWN_NAME: &str = "names that the type does not declare, nor any that derives from it";
pub const OPEN_NAME: &str = "further names of an open type";
pub const DERIVED_NAME: &str = "names of a derived type, which the value does not say it has";
pub const OTHER_CASE: &str = "names in another case than the type has";
pub const OTHER_SHAPE: &str = "no object where the metadata has one";
pub const OTHER_TYPE: &str = "a value that is not of its declared type";
pub const OTHER_SPELLING: &str = "a value that Rust would write in another spelling";

/// Holds a value against a type's name.
///
/// # Panics
/// If something is lost, or kept without a reason.
pub fn of_type(inventory: &Inventory, declared: &str, value: &Value, findings: &mut Findings) {
    if let (Some(ty), Value::Array(items)) = (element(declared), value) {
        items.iter().for_each(|item| of_type(inventory, ty, item, findings));
        return;
    }
    // Primitive values and members of enumerations are read by the model that has them.
    let Some(model) = inventory.model(declared) else { return };
    let Value::Object(object) = value else {
        findings.extend((!value.is_null()).then(|| (OTHER_SHAPE, declared.to_owned())));
        return;
    };
    let actual = actual_type(inventory, declared, object, findings);
    // In a place for its base type a value keeps what only the derived type declares.
    copy(model, declared, value);
    let model = inventory.model(actual).expect("types of the inventory have models");
    of_model(inventory, model, inventory.properties(actual), object, findings);
}

/// Holds an object against a model whose properties have these types.
///
/// # Panics
/// Like [`of_type`].
pub fn of_model(
    inventory: &Inventory,
    model: Entry,
    properties: &Properties,
    object: &Map<String, Value>,
    findings: &mut Findings,
) {
    let name = model.info.name;
    let kept = copy(model, name, &Value::Object(object.clone()));
    for (member, value) in object {
        if properties.contains_key(member.as_str()) {
            if kept.contains(member) {
                let alone = serde_json::to_vec(&Map::from_iter([(member.clone(), value.clone())]));
                let is_read = (model.check)(&alone.expect("JSON")).is_ok();
                findings
                    .insert((if is_read { OTHER_SPELLING } else { OTHER_TYPE }, format!("{name}/{member}")));
            }
            of_type(inventory, properties[member.as_str()], value, findings);
        } else {
            assert!(kept.contains(member), "{name} loses {member}");
            if !member.contains('@') {
                findings.insert((undeclared(inventory, name, properties, member), name.to_owned()));
            }
        }
    }
}

/// Why a value has a name that its type does not declare.
fn undeclared(inventory: &Inventory, name: &str, properties: &Properties, member: &str) -> &'static str {
    let derived = inventory.derived.get(name).map_or(&[][..], Vec::as_slice);
    if properties.keys().any(|declared| declared.eq_ignore_ascii_case(member)) {
        OTHER_CASE
    } else if inventory.is_open(name) {
        OPEN_NAME
    } else if derived.iter().any(|derived| inventory.properties(derived).contains_key(member)) {
        DERIVED_NAME
    } else {
        UNKNOWN_NAME
    }
}

/// The type that a value says it has, if it can have it.
fn actual_type<'a>(
    inventory: &Inventory,
    declared: &'a str,
    object: &'a Map<String, Value>,
    findings: &mut Findings,
) -> &'a str {
    let said = object.get("@odata.type").and_then(Value::as_str).map(|name| name.trim_start_matches('#'));
    match said {
        None => declared,
        Some(said) if inventory.derives(said, declared) => said,
        Some(said) => {
            let is_known = inventory.structured.contains_key(said);
            findings.insert((if is_known { UNRELATED_TYPE } else { UNKNOWN_TYPE }, said.to_owned()));
            declared
        }
    }
}

/// Reads and writes a value, and gives the names of what the model keeps beside its fields.
///
/// # Panics
/// If the model does not write what it read.
fn copy(model: Entry, name: &str, value: &Value) -> Vec<String> {
    let text = serde_json::to_vec(value).expect("JSON");
    let copied = (model.read)(&text).unwrap_or_else(|error| panic!("{name} does not read: {error}"));
    let written: Value = serde_json::from_slice(&copied.written).expect("a model writes JSON");
    assert_eq!(&written, value, "{name} changes what it copies");
    assert_eq!(copied.written, copied.again, "{name} is another value after it was written and read");
    copied.kept
}
