//! Writes the rivals of the generated models: structs with the same properties whose reading and writing serde derives,
//! for the types that are measured and those that they lead to; and a sample of each type that is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const INVENTORY: &str = "../generated/inventory/types.txt";

/// The types that are measured.
const ROOTS: [&str; 5] = ["user", "message", "event", "driveItem", "managedDevice"];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed={INVENTORY}");
    println!("cargo::rerun-if-changed=build.rs");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(INVENTORY))?;
    let inventory = Inventory::read(&text);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("Cargo sets it"));
    std::fs::write(out.join("rivals.rs"), inventory.rivals())?;
    std::fs::write(out.join("samples.json"), inventory.samples())
}

/// The types by their names.
struct Inventory<'a>(BTreeMap<&'a str, Type<'a>>);

#[derive(Default)]
struct Type<'a> {
    kind: &'a str,
    base: Option<&'a str>,
    /// Names and types of properties, navigation properties having none; or names of members.
    members: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Inventory<'a> {
    fn read(text: &'a str) -> Self {
        let mut types: BTreeMap<&str, Type<'_>> = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with("microsoft.graph.")) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[0].split_once('/') {
                None => {
                    let ty = types.entry(words[0]).or_default();
                    ty.kind = words[1];
                    ty.base = (words.get(2) == Some(&":")).then(|| words[3]);
                }
                Some((name, member)) => {
                    let ty = Some(words[1]).filter(|ty| !matches!(*ty, "→" | "="));
                    types.entry(name).or_default().members.push((member, ty));
                }
            }
        }
        Self(types)
    }

    /// The properties of a type and its bases, sorted as in the models.
    fn properties(&self, name: &str) -> BTreeMap<&'a str, Option<&'a str>> {
        let bases = std::iter::successors(self.0.get(name), |ty| self.0.get(ty.base?));
        bases.flat_map(|ty| ty.members.iter().copied()).collect()
    }

    fn rivals(&self) -> String {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<String> = ROOTS.iter().map(|root| format!("microsoft.graph.{root}")).collect();
        while let Some(name) = open.pop() {
            let properties = self.properties(&name).into_values().flatten();
            if names.insert(name.clone()) && self.0[&*name].kind != "enum" {
                open.extend(properties.map(item).filter(|ty| self.is_written(ty)).map(str::to_owned));
            }
        }
        let mut out = String::new();
        for name in &names {
            self.rival(name, &mut out);
        }
        out
    }

    fn rival(&self, name: &str, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "#[derive(serde::Deserialize, serde::Serialize)]");
        if self.0[name].kind == "enum" {
            let _ = writeln!(out, "pub enum {} {{", rust_name(name));
            for (at, (member, _)) in self.0[name].members.iter().enumerate() {
                let _ = writeln!(out, "#[serde(rename = {member:?})] M{at},");
            }
            let _ = writeln!(out, "#[serde(other)] Unknown,\n}}");
            return;
        }
        let _ = writeln!(out, "pub struct {} {{", rust_name(name));
        for (at, (property, ty)) in self.properties(name).into_iter().enumerate() {
            let skip = "default, skip_serializing_if = \"Option::is_none\"";
            let ty = ty.map_or_else(|| "serde_json::Value".to_owned(), |ty| self.rust_type(ty));
            let _ = writeln!(out, "#[serde(rename = {property:?}, {skip})] pub p{at}: Option<{ty}>,");
        }
        let _ = writeln!(out, "}}");
    }

    /// Whether a type has a rival of its own.
    fn is_written(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|ty| ty.kind != "flags")
    }

    fn rust_type(&self, ty: &str) -> String {
        if let Some(item) = ty.strip_prefix("Collection(") {
            return format!("Vec<{}>", self.rust_type(item.trim_end_matches(')')));
        }
        let known = match ty {
            "Edm.Boolean" => "bool",
            "Edm.Byte" => "u8",
            "Edm.SByte" => "i8",
            "Edm.Int16" => "i16",
            "Edm.Int32" => "i32",
            "Edm.Int64" => "i64",
            "Edm.Single" => "f32",
            "Edm.Double" => "f64",
            "Edm.Guid" => "uuid::Uuid",
            "Edm.Date" => "jiff::civil::Date",
            "Edm.TimeOfDay" => "jiff::civil::Time",
            "Edm.DateTimeOffset" => "jiff::Timestamp",
            "Edm.Untyped" => "serde_json::Value",
            _ if !self.is_written(ty) => "String",
            _ if self.0[ty].kind == "enum" => return rust_name(ty),
            // Complex types may contain each other.
            _ => return format!("Box<{}>", rust_name(ty)),
        };
        known.to_owned()
    }

    /// An object with a value of each type that is measured.
    fn samples(&self) -> String {
        let samples =
            ROOTS.map(|root| format!("{root:?}:{}", self.sample(&format!("microsoft.graph.{root}"), 0)));
        format!("{{{}}}", samples.join(","))
    }

    /// A value with all its properties, every fourth of which is null, as services write values.
    fn sample(&self, name: &str, depth: usize) -> String {
        let properties = self.properties(name).into_iter().filter_map(|(name, ty)| Some((name, ty?)));
        let members = properties.enumerate().filter_map(|(at, (property, ty))| {
            let value = match at % 4 {
                3 if property != "id" => "null".to_owned(),
                _ => self.sample_value(property, ty, depth)?,
            };
            Some(format!("{property:?}:{value}"))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    fn sample_value(&self, property: &str, ty: &str, depth: usize) -> Option<String> {
        if let Some(item) = ty.strip_prefix("Collection(") {
            let item = self.sample_value(property, item.trim_end_matches(')'), depth + 1)?;
            return Some(format!("[{item},{item}]"));
        }
        Some(match ty {
            "Edm.Boolean" => "true".to_owned(),
            "Edm.Byte" | "Edm.SByte" | "Edm.Int16" | "Edm.Int32" => "42".to_owned(),
            "Edm.Int64" => "64023257088".to_owned(),
            "Edm.Single" | "Edm.Double" => "0.5".to_owned(),
            "Edm.Guid" => "\"87d349ed-44d7-43e1-9a83-5f2406dee5bd\"".to_owned(),
            "Edm.Date" => "\"2026-03-14\"".to_owned(),
            "Edm.TimeOfDay" => "\"09:26:53\"".to_owned(),
            "Edm.DateTimeOffset" => "\"2026-03-14T09:26:53Z\"".to_owned(),
            "Edm.String" => format!("\"The {property} of it\""),
            _ => match self.0.get(ty) {
                Some(Type { kind: "enum", members, .. }) => format!("{:?}", members.first()?.0),
                Some(Type { kind: "complex", .. }) if depth < 2 => self.sample(ty, depth + 1),
                _ => return None,
            },
        })
    }
}

/// The type of one element of a collection.
fn item(ty: &str) -> &str {
    ty.strip_prefix("Collection(").map_or(ty, |ty| ty.trim_end_matches(')'))
}

fn rust_name(name: &str) -> String {
    let mut letters = name.trim_start_matches("microsoft.graph.").replace('.', "_");
    letters[..1].make_ascii_uppercase();
    letters
}
