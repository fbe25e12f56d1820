//! What can stand as a value in JSON: the trait, and the types that need no module of their own.

use super::error::Kind;
use super::{ReadError, Reader, Writer, spelled};
use crate::model::{self, Model};

/// A type that JSON text can be read into and written from without loss.
pub trait Value: Sized {
    /// Reads a value; the reader stands at its first character.
    ///
    /// # Errors
    /// If the text there is not JSON or not of this type.
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError>;

    /// Writes the value.
    fn write(&self, writer: &mut Writer);

    /// Reads a value into a field. Large values are put together there, as moving them costs more than reading them.
    #[doc(hidden)]
    fn read_into(field: &mut Option<Self>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        *field = Some(Self::read(reader)?);
        Ok(())
    }

    /// Reads a value onto the end of a list, which stays as it is if there is an error.
    #[doc(hidden)]
    #[inline]
    fn read_onto(list: &mut Vec<Self>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        list.push(Self::read(reader)?);
        Ok(())
    }
}

impl<M: Model> Value for M {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        model::read(reader)
    }

    fn write(&self, writer: &mut Writer) {
        model::write(self, writer);
    }

    fn read_into(field: &mut Option<Self>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        model::read_into(field, reader)
    }

    fn read_onto(list: &mut Vec<Self>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        model::read_onto(list, reader)
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        reader.enter_array("a list")?;
        let mut elements = Vec::new();
        let mut nulls = 0;
        while reader.next_element(elements.len() + nulls == 0)? {
            let index = elements.len() + nulls;
            if let Err(error) = T::read_onto(&mut elements, reader) {
                // A null among the elements is none of them, and must not cost the others.
                if !(matches!(error.kind(), Kind::Mismatch(_)) && reader.pass_null()) {
                    return Err(error.in_element(index));
                }
                nulls += 1;
            }
        }
        if nulls > 0 {
            reader.note_respelled();
        }
        Ok(elements)
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_array();
        for (index, element) in self.iter().enumerate() {
            writer.element(index == 0);
            element.write(writer);
        }
        writer.end_array();
    }
}

impl Value for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        reader.expect_string("Edm.String").map(std::borrow::Cow::into_owned)
    }

    fn write(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

impl Value for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let at = reader.offset();
        match reader.boolean() {
            Err(error) if matches!(error.kind(), Kind::Mismatch(_)) => {
                reader.respelled("Edm.Boolean", at, spelled::boolean)
            }
            read => read,
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.boolean(*self);
    }
}

macro_rules! integers {
    ($($integer:ty, $edm:literal;)+) => {$(
        impl Value for $integer {
            fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                let at = reader.offset();
                let narrow = |value: i64| value.try_into().ok();
                match read_integer(reader, $edm).and_then(narrow) {
                    Some(value) => Ok(value),
                    None => reader.respelled($edm, at, |text| spelled::integer(text).and_then(narrow)),
                }
            }

            fn write(&self, writer: &mut Writer) {
                writer.integer(i64::from(*self));
            }
        }
    )+};
}

integers! {
    i64, "Edm.Int64";
    i32, "Edm.Int32";
    i16, "Edm.Int16";
    i8, "Edm.SByte";
    u8, "Edm.Byte";
}

/// An integer as it is prescribed, if one stands there; what else does is looked at again.
#[inline]
fn read_integer(reader: &mut Reader<'_>, expected: &'static str) -> Option<i64> {
    let text = reader.number(expected).ok()?;
    // "-0" is a number that an integer does not write back.
    if text == "-0" { None } else { text.parse().ok() }
}

macro_rules! floats {
    ($($float:ty, $edm:literal;)+) => {$(
        impl Value for $float {
            fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
                let at = reader.offset();
                if reader.peek() == Some(b'"') {
                    return match &*reader.string()? {
                        "INF" => Ok(Self::INFINITY),
                        "-INF" => Ok(Self::NEG_INFINITY),
                        "NaN" => Ok(Self::NAN),
                        _ => reader.respelled($edm, at, |text| {
                            spelled::float(text)?.parse().ok().filter(|value: &Self| value.is_finite())
                        }),
                    };
                }
                let text = reader.number($edm)?;
                match text.parse::<Self>() {
                    Ok(value) if value.is_finite() => {
                        if !is_shortest(text, value) {
                            reader.note_respelled();
                        }
                        Ok(value)
                    }
                    _ => Err(reader.mismatch($edm, at)),
                }
            }

            fn write(&self, writer: &mut Writer) {
                if self.is_finite() {
                    writer.float(self);
                } else if self.is_nan() {
                    writer.string("NaN");
                } else {
                    writer.string(if *self > 0.0 { "INF" } else { "-INF" });
                }
            }
        }
    )+};
}

floats! {
    f64, "Edm.Double";
    f32, "Edm.Single";
}

/// Whether writing a number yields the text it was read from. A few digits without exponent, sign or
/// trailing zero are their own shortest form, which spares the formatting.
fn is_shortest(text: &str, value: impl std::fmt::Debug) -> bool {
    let shortest = || {
        let mut writer = Writer::new();
        writer.float(&value);
        writer.into_bytes()
    };
    let trailing_zero = text.contains('.') && text.ends_with('0');
    let short = text.len() <= 6 && !text.contains(['e', 'E', '-']) && !trailing_zero;
    short || shortest() == text.as_bytes()
}
