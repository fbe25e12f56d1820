//! Writes the table of all models for the tests in `models/`, from the inventory of the generated crate.

use std::path::Path;
use std::{env, fs};

const INVENTORY: &str = "../generated/inventory/types.txt";

fn main() {
    println!("cargo::rerun-if-changed={INVENTORY}");
    println!("cargo::rerun-if-changed=build.rs");
    let inventory = fs::read_to_string(INVENTORY).expect("the inventory of the generated crate");
    let mut table: Vec<_> = inventory.lines().filter_map(model).collect();
    table.sort_unstable();
    let rows: String = table.iter().map(|rust| format!("(\"{rust}\", of::<msgraph::{rust}>()),\n")).collect();
    let folder = env::var_os("OUT_DIR").expect("Cargo says where");
    fs::write(Path::new(&folder).join("models.rs"), format!("&[\n{rows}]\n")).expect("the folder is there");
}

/// The Rust path of the struct that a line of the inventory has: that of a type, or of an action's parameters.
fn model(line: &str) -> Option<&str> {
    let mut columns = line.split(" | ");
    let described = columns.next()?;
    let is_enumeration = described.ends_with(" enum") || described.ends_with(" flags");
    columns.next().filter(|column| !is_enumeration && column.starts_with("models::"))
}
