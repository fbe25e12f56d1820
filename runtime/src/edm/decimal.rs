//! `Edm.Decimal`: a decimal number of any precision, kept as its digits.

use std::fmt;

use super::text::ParseEdmError;
use crate::json::{ReadError, Reader, Value, Writer};

/// A decimal number (`Edm.Decimal`), such as `12.50`. Its digits are kept as they were read, so nothing is
/// rounded; convert them with [`str::parse`] into the decimal type of your choice, or with
/// [`to_f64`](Self::to_f64).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// The number's digits, with sign, point and exponent as they were read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest number that binary floating point holds.
    pub fn to_f64(&self) -> f64 {
        // JSON's numbers are a subset of those that Rust reads.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl std::str::FromStr for Decimal {
    type Err = ParseEdmError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reader = Reader::new(text);
        match reader.number("Edm.Decimal") {
            Ok(number) if number.len() == text.len() => Ok(Self(number.into())),
            _ => Err(ParseEdmError::new("Edm.Decimal", "[-]digits[.digits][e[±]digits]", text)),
        }
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.to_string().into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Decimal {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let at = reader.offset();
        match reader.peek() {
            Some(b'"') => reader.respelled("Edm.Decimal", at, |text| text.parse().ok()),
            _ => Ok(Self(reader.number("Edm.Decimal")?.into())),
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.0);
    }
}

crate::serde_by_json!(Decimal);
