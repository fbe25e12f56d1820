//! Values without a declared shape (`Edm.Untyped`, `microsoft.graph.Json`): JSON text as it was read.

use std::fmt;

use crate::json::{self, JsonError, ReadError, Reader, Value, Writer};

/// Any JSON value, as its text.
///
/// ```
/// use msgraph_runtime::edm::Json;
/// let json: Json = r#"{"a": [1, 2]}"#.parse()?;
/// assert_eq!(json.to_value()["a"][1], 2);
/// assert_eq!(json.as_str(), r#"{"a": [1, 2]}"#);
/// # Ok::<(), msgraph_runtime::json::JsonError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    pub(crate) fn from_raw(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value as a tree. An escaped lone surrogate, which no string can hold, becomes null there.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// The value as a model or another type that the service declares.
    ///
    /// # Errors
    /// If the value is not of that type.
    pub fn decode<T: Value>(&self) -> Result<T, JsonError> {
        json::from_slice(self.0.as_bytes())
    }

    /// The JSON text of a model or another type that the service declares.
    pub fn encode<T: Value>(value: &T) -> Self {
        Self(String::from_utf8(json::to_vec(value)).unwrap_or_default().into())
    }
}

impl std::str::FromStr for Json {
    type Err = JsonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        json::from_slice(text.as_bytes())
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Json {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(Self(reader.raw()?.into()))
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.0);
    }
}

crate::serde_by_json!(Json);
