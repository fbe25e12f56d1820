//! Random instances of every model, as services send them and worse, through JSON and back.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Map, Number, Value, json};

use crate::inventory::{Enumeration, Inventory, Properties, element};
use crate::registry::{self, Entry};

/// The seed of all instances; another one is set by `SEED=…`.
const SEED: u64 = 20_260_831;

/// How many instances of each model there are.
const INSTANCES: usize = 20;

/// How deep objects nest; below are references to nothing.
const DEPTH: usize = 2;

#[test]
fn random_instances_of_every_model_go_through_json_and_back() {
    let seed = std::env::var("SEED").map_or(SEED, |seed| seed.parse().expect("a number"));
    println!("SEED={seed}");
    let inventory = Inventory::read();
    let types = inventory.structured.iter().map(|(name, ty)| (ty.rust, inventory.properties(name).clone()));
    let parameters = inventory.actions.iter().map(|a| (a.rust, a.parameters.iter().copied().collect()));
    let mut instances = 0;
    for (index, (rust, properties)) in types.chain(parameters).enumerate() {
        let model = registry::find(rust).unwrap_or_else(|| panic!("{rust} is no model"));
        let mut generator = Generator { inventory: &inventory, rng: Rng::with_seed(seed + index as u64) };
        for _ in 0..INSTANCES {
            let object = generator.object(&properties, 0);
            check(rust, model, &object);
            instances += 1;
        }
    }
    assert_eq!(instances, registry::len() * INSTANCES);
}

/// An object and what its model must keep beside its fields.
struct Object {
    members: Map<String, Value>,
    kept: BTreeSet<String>,
}

fn check(rust: &str, model: Entry, object: &Object) {
    let text = serde_json::to_string(&object.members).expect("JSON");
    let copied = (model.read)(text.as_bytes()).unwrap_or_else(|error| panic!("{rust}: {error}\n{text}"));
    let written: Value = serde_json::from_slice(&copied.written).expect("a model writes JSON");
    assert_eq!(written.as_object(), Some(&object.members), "{rust}\n{text}");
    assert_eq!(copied.written, copied.again, "{rust} is another value after it was written and read\n{text}");
    assert_eq!(BTreeSet::from_iter(copied.kept), object.kept, "{rust}: what is kept beside fields\n{text}");
}

struct Generator<'a> {
    inventory: &'a Inventory,
    rng: Rng,
}

impl Generator<'_> {
    fn one_in(&mut self, chances: usize) -> bool {
        self.rng.usize(..chances) == 0
    }

    /// An object with some of the properties, nulls, values of other types, and names that nobody declared.
    fn object(&mut self, properties: &Properties, depth: usize) -> Object {
        let mut members = Vec::new();
        let mut kept = BTreeSet::new();
        for (name, ty) in properties {
            if self.one_in(3) {
                continue;
            }
            let value = match self.rng.usize(..12) {
                0 => Value::Null,
                1 => match self.other(ty) {
                    Some(other) => {
                        kept.insert((*name).to_owned());
                        other
                    }
                    None => self.value(ty, depth),
                },
                _ => self.value(ty, depth),
            };
            members.push(((*name).to_owned(), value));
        }
        for name in ["@odata.etag", "@odata.id", "custom \"name\"", "extension_é_cost", "id@odata.type"] {
            if self.one_in(4) {
                kept.insert(name.to_owned());
                members.push((name.to_owned(), self.anything()));
            }
        }
        self.rng.shuffle(&mut members);
        Object { members: members.into_iter().collect(), kept }
    }

    /// A value of a type.
    fn value(&mut self, ty: &str, depth: usize) -> Value {
        if let Some(element) = element(ty) {
            let count = if depth < DEPTH { self.rng.usize(..3) } else { 0 };
            return (0..count).map(|_| self.value(element, depth)).collect();
        }
        if let Some(enumeration) = self.inventory.enumerations.get(ty) {
            return self.members(enumeration).into();
        }
        if self.inventory.structured.contains_key(ty) {
            return self.structured(ty, depth);
        }
        self.primitive(ty)
    }

    /// A value of a type or of one that derives from it, which it says.
    fn structured(&mut self, declared: &str, depth: usize) -> Value {
        if depth >= DEPTH {
            return json!({});
        }
        let candidates = &self.inventory.derived[declared];
        let actual = candidates[self.rng.usize(..candidates.len())];
        let mut members = self.object(self.inventory.properties(actual), depth + 1).members;
        if actual != declared {
            members.insert("@odata.type".to_owned(), format!("#{actual}").into());
        }
        members.into()
    }

    /// A member in its own or another spelling or one that nobody knows; of flags, several.
    fn members(&mut self, enumeration: &Enumeration) -> String {
        let count = if enumeration.is_flags { self.rng.usize(1..4) } else { 1 };
        let mut chosen = BTreeSet::new();
        for _ in 0..count {
            chosen.insert(enumeration.members.get(self.rng.usize(..8)).copied().unwrap_or("notYetKnown"));
        }
        chosen.into_iter().collect::<Vec<_>>().join(",")
    }

    fn primitive(&mut self, ty: &str) -> Value {
        match ty {
            "Edm.String" => self.text().into(),
            "Edm.Boolean" => self.rng.bool().into(),
            "Edm.Byte" => self.rng.u8(..).into(),
            "Edm.SByte" => self.rng.i8(..).into(),
            "Edm.Int16" => self.rng.i16(..).into(),
            "Edm.Int32" => self.rng.i32(..).into(),
            "Edm.Int64" => self.rng.i64(..).into(),
            "Edm.Double" | "Edm.Single" => self.fraction(),
            "Edm.Decimal" => self.rng.i32(..).into(),
            "Edm.Guid" => self.guid().into(),
            "Edm.Binary" => "AQIDBA==".into(),
            "Edm.Date" => self.date().into(),
            "Edm.TimeOfDay" => self.time().into(),
            "Edm.DateTimeOffset" => self.instant().into(),
            "Edm.Duration" => format!("P{}DT{}H0.5S", self.rng.u8(..), self.rng.u8(..24)).into(),
            _ => self.anything(),
        }
    }

    /// A value that is not one of the type: of another kind, out of range, without the right form. Nothing for types
    /// that take all JSON.
    fn other(&mut self, ty: &str) -> Option<Value> {
        let text = |text: &str| Some(Value::from(text));
        match ty {
            "Edm.String" => Some(7.into()),
            "Edm.Boolean" => text("true"),
            "Edm.Byte" => Some(256.into()),
            "Edm.Int16" => Some(32_768.into()),
            "Edm.Int32" => Some(2_147_483_648_i64.into()),
            "Edm.Int64" => Some(9_223_372_036_854_775_808_u64.into()),
            "Edm.Double" | "Edm.Single" | "Edm.Decimal" => text("much"),
            "Edm.Guid" => text("{87d349ed-44d7-43e1-9a83-5f2406dee5bd}"),
            "Edm.Date" => text("2026-02-30"),
            "Edm.TimeOfDay" => text("25:00:00"),
            "Edm.DateTimeOffset" => text("2026-13-01T00:00:00Z"),
            "Edm.Duration" => text("one hour"),
            "Edm.Binary" => Some(json!([1, 2])),
            _ if self.inventory.enumerations.contains_key(ty) => Some(3.into()),
            _ => None,
        }
    }

    fn anything(&mut self) -> Value {
        match self.rng.usize(..5) {
            0 => self.text().into(),
            1 => self.rng.bool().into(),
            2 => self.fraction(),
            3 => json!([null, {"deep": [self.text(), []]}]),
            _ => json!({"@odata.type": "#someone.elses", "text": self.text()}),
        }
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 8] = ["a", "Ä", "\"", "\\", "\n", "€", "😀", " "];
        (0..self.rng.usize(..6)).map(|_| PARTS[self.rng.usize(..PARTS.len())]).collect()
    }

    /// A number with a fraction that 32 bits hold exactly.
    fn fraction(&mut self) -> Value {
        Number::from_f64(f64::from(self.rng.i16(..)) + 0.25).map_or(Value::Null, Value::Number)
    }

    fn guid(&mut self) -> String {
        let digits = format!("{:032x}", self.rng.u128(..));
        format!(
            "{}-{}-{}-{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..]
        )
    }

    fn date(&mut self) -> String {
        format!("{:04}-{:02}-{:02}", self.rng.u16(1..10_000), self.rng.u8(1..13), self.rng.u8(1..29))
    }

    fn time(&mut self) -> String {
        let fraction = ["", ".5", ".50", ".123456789"][self.rng.usize(..4)];
        format!("{:02}:{:02}:{:02}{fraction}", self.rng.u8(..24), self.rng.u8(..60), self.rng.u8(..60))
    }

    fn instant(&mut self) -> String {
        format!("{}T{}{}", self.date(), self.time(), ["Z", "+00:00", "-07:30"][self.rng.usize(..3)])
    }
}
