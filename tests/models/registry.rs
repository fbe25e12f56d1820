//! Every model of the generated crate, by its Rust path.

use msgraph::runtime::json::{self, JsonError};
use msgraph::runtime::{Extra, Model, Reference, TypeInfo};

/// What can be done with a model without knowing its type.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What the model says of itself.
    pub info: &'static TypeInfo,
    /// The names of types that derive from it.
    pub derived: &'static [&'static str],
    /// Reads JSON text and writes it again.
    pub read: fn(&[u8]) -> Result<Copied, JsonError>,
    /// Reads JSON text strictly.
    pub check: fn(&[u8]) -> Result<(), JsonError>,
}

/// A value that was read.
pub struct Copied {
    /// What it writes.
    pub written: Vec<u8>,
    /// The names of what it keeps beside its fields, nulls of declared properties left out.
    pub kept: Vec<String>,
    /// What it writes after what it wrote was read again, if that is the same value.
    pub again: Vec<u8>,
}

const MODELS: &[(&str, Entry)] = include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// The model at a path, such as `models::User`.
pub fn find(rust: &str) -> Option<Entry> {
    let index = MODELS.binary_search_by_key(&rust, |(path, _)| path).ok()?;
    Some(MODELS[index].1)
}

/// The body that refers to something.
pub const REFERENCE: Entry = of::<Reference>();

/// The number of models.
pub fn len() -> usize {
    MODELS.len()
}

const fn of<M: Model>() -> Entry {
    Entry { info: M::TYPE, derived: M::DERIVED, read: read::<M>, check: check::<M> }
}

// Compiled for each of thousands of types: as little as there can be.

fn read<M: Model>(text: &[u8]) -> Result<Copied, JsonError> {
    let model: M = json::from_slice(text)?;
    let written = json::to_vec(&model);
    let again = json::to_vec(&json::from_slice::<M>(&written)?);
    Ok(Copied { written, kept: kept(&model.extra(), M::TYPE), again })
}

fn check<M: Model>(text: &[u8]) -> Result<(), JsonError> {
    json::from_slice_strict::<M>(text).map(drop)
}

fn kept(extra: &Extra, info: &TypeInfo) -> Vec<String> {
    let members = extra.iter().filter(|(name, value)| *value != "null" || info.index(name).is_none());
    members.map(|(name, _)| name.into_owned()).collect()
}
