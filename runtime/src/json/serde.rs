//! serde for models, whatever the format: a human-readable format sees the JSON structure, any other the
//! JSON text as one string. JSON text is walked and built directly, without a tree in between.

use std::fmt;

use serde_core::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{self, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{JsonError, Reader, Value, Writer};

/// Serializes a value.
///
/// # Errors
/// Those of the serializer.
#[doc(hidden)]
pub fn serialize<T: Value, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let json = super::to_vec(value);
    let text = std::str::from_utf8(&json).map_err(ser::Error::custom)?;
    if serializer.is_human_readable() {
        Node(text).serialize(serializer)
    } else {
        serializer.serialize_str(text)
    }
}

/// Deserializes a value.
///
/// # Errors
/// Those of the deserializer, and [`JsonError`] as its custom error.
#[doc(hidden)]
pub fn deserialize<'de, T: Value, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let json = json_text(deserializer)?;
    super::from_slice(&json).map_err(de::Error::custom)
}

fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    if deserializer.is_human_readable() {
        let mut writer = Writer::new();
        Build(&mut writer).deserialize(deserializer)?;
        Ok(writer.into_bytes())
    } else {
        deserializer.deserialize_string(Text)
    }
}

/// Well-formed JSON text that serializes as what it says.
struct Node<'a>(&'a str);

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reader = Reader::new(self.0);
        match reader.peek() {
            Some(b'{') => serialize_object(&mut reader, serializer),
            Some(b'[') => serialize_array(&mut reader, serializer),
            Some(b'"') => match reader.string() {
                Ok(text) => serializer.serialize_str(&text),
                Err(error) => Err(ser::Error::custom(error.explain(self.0.as_bytes()))),
            },
            Some(b't') => serializer.serialize_bool(true),
            Some(b'f') => serializer.serialize_bool(false),
            Some(b'n') | None => serializer.serialize_unit(),
            Some(_) => serialize_number(self.0.trim(), serializer),
        }
    }
}

fn serialize_number<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if let Ok(value) = text.parse::<i64>() {
        return serializer.serialize_i64(value);
    }
    if let Ok(value) = text.parse::<u64>() {
        return serializer.serialize_u64(value);
    }
    text.parse::<f64>().map_err(ser::Error::custom).and_then(|value| serializer.serialize_f64(value))
}

fn serialize_object<S: Serializer>(reader: &mut Reader<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    reader.enter_object("an object").map_err(custom)?;
    let mut first = true;
    while let Some(name) = reader.next_name(&mut first).map_err(custom)? {
        map.serialize_entry(&*name, &Node(reader.raw().map_err(custom)?))?;
    }
    map.end()
}

fn serialize_array<S: Serializer>(reader: &mut Reader<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    reader.enter_array("a list").map_err(custom)?;
    let mut first = true;
    while reader.next_element(first).map_err(custom)? {
        first = false;
        list.serialize_element(&Node(reader.raw().map_err(custom)?))?;
    }
    list.end()
}

fn custom<E: ser::Error>(error: super::ReadError) -> E {
    let error: JsonError = error.explain(b"");
    E::custom(error)
}

/// Takes the JSON text that a format without structure holds.
struct Text;

impl Visitor<'_> for Text {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Vec<u8>, E> {
        Ok(text.into_bytes())
    }
}

/// Writes whatever the deserializer yields as JSON text.
struct Build<'w>(&'w mut Writer);

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.0.boolean(value);
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.0.integer(value);
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.0.raw(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        value.write(self.0);
        Ok(())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.0.string(value);
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.0.raw("null");
        Ok(())
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.begin_array();
        let mut first = true;
        loop {
            let before = self.0.len();
            self.0.element(first);
            first = false;
            if list.next_element_seed(Build(self.0))?.is_none() {
                self.0.truncate(before);
                break;
            }
        }
        self.0.end_array();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.begin_object();
        while map.next_key_seed(Name(self.0))?.is_some() {
            map.next_value_seed(Build(self.0))?;
        }
        self.0.end_object();
        Ok(())
    }
}

/// Writes a map's key as a member name.
struct Name<'w>(&'w mut Writer);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<(), E> {
        self.0.name(name);
        Ok(())
    }
}

/// Implements serde's traits for a [`Value`](crate::json::Value).
#[doc(hidden)]
#[macro_export]
macro_rules! serde_by_json {
    ($type:ty) => {
        impl $crate::__private::Serialize for $type {
            fn serialize<S: $crate::__private::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::__private::serialize(self, serializer)
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::__private::deserialize(deserializer)
            }
        }
    };
}

/// The same for a generated type, if the feature `serde` is on: for thousands of types, the impls are a tenth of what
/// compiling them costs.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! serde_of_generated {
    ($type:ty) => {
        $crate::serde_by_json!($type);
    };
}

/// Nothing, as the feature `serde` is off.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! serde_of_generated {
    ($type:ty) => {};
}
