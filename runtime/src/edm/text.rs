//! What the primitive types share: they are read from and written as a JSON string of one canonical form.

use std::fmt;

/// A text that is not a value of a primitive type, or not in the form that OData prescribes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseEdmError {
    expected: &'static str,
    form: &'static str,
    found: String,
}

impl ParseEdmError {
    pub(crate) fn new(expected: &'static str, form: &'static str, found: &str) -> Self {
        Self { expected, form, found: found.chars().take(60).collect() }
    }
}

impl fmt::Display for ParseEdmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} in the form {}, found {:?}", self.expected, self.form, self.found)
    }
}

impl std::error::Error for ParseEdmError {}

/// Implements, for a type with `parse(&str) -> Option<Self>`, `respelled` for what is not the prescribed form but certain
/// in its meaning, and `Display`, the traits of a value that JSON holds as a string.
macro_rules! text_value {
    ($type:ty, $edm:literal, $form:literal) => {
        $crate::edm::text::text_value!($type, $edm, $form, $crate::json::Writer::display);
    };
    // With another way to write the form than `Display`, which is slow for short texts.
    ($type:ty, $edm:literal, $form:literal, $write:path) => {
        impl $crate::json::Value for $type {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::ReadError> {
                let at = reader.offset();
                let text = reader.expect_string($edm)?;
                match Self::parse(&text) {
                    Some(value) => Ok(value),
                    None => {
                        reader.respelled($edm, at, |text| Self::parse(text).or_else(|| Self::respelled(text)))
                    }
                }
            }

            fn write(&self, writer: &mut $crate::json::Writer) {
                $write(writer, self);
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::edm::ParseEdmError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text).ok_or_else(|| $crate::edm::ParseEdmError::new($edm, $form, text))
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        $crate::serde_by_json!($type);
    };
}
pub(crate) use text_value;
