//! JSON in and out: text → models and back, without losing anything on the way.
//!
//! Everything stands on two concrete types, [`Reader`] and [`Writer`]; there is no generic data format
//! underneath, so the code generated per model stays small and is compiled once. [`from_slice`] and
//! [`to_vec`] are the way in and out.

mod error;
mod places;
mod reader;
pub(crate) mod redact;
mod repair;
mod scan;
pub(crate) mod serde;
mod spelled;
mod value;
mod writer;

pub use error::{JsonError, ReadError};
pub use reader::Reader;
pub(crate) use reader::{ObjectCursor, REST};
pub use repair::{Repair, repairs};
pub use value::Value;
pub use writer::Writer;

use crate::model::read_document;

/// Decodes a value from UTF-8 JSON text. Properties that the model does not know, or whose values are not
/// of the declared type, are kept in its extras; so is the spelling of values that are, but are written otherwise than
/// OData prescribes.
///
/// Bytes in strings that are not UTF-8 are read as U+FFFD, and control characters as what they are; [`repairs`] tells of
/// them, as does a warning (`tracing`).
///
/// # Errors
/// If the text is not JSON, nests deeper than 128 levels, or is of another shape than `T`.
pub fn from_slice<T: Value>(text: &[u8]) -> Result<T, JsonError> {
    read(text, false)
}

/// Like [`from_slice`], but a property whose value is not of its declared type in its prescribed spelling is an error, and
/// so is what a string may not hold.
///
/// # Errors
/// Those of [`from_slice`], and for the first property that does not decode.
pub fn from_slice_strict<T: Value>(text: &[u8]) -> Result<T, JsonError> {
    read(text, true)
}

/// The byte order mark, which some services write.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Room for most texts that are sent, so that no smaller buffer has to grow.
const SHORT: usize = 1024;

/// Encodes a value as JSON text.
pub fn to_vec<T: Value>(value: &T) -> Vec<u8> {
    let mut writer = Writer::with_capacity(SHORT);
    value.write(&mut writer);
    writer.into_bytes()
}

/// Encodes values as `{"value": […]}`, the shape in which OData sends collections.
pub(crate) fn wrapped_to_vec<T: Value>(values: &[T]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw("{\"value\":");
    writer.begin_array();
    for (index, value) in values.iter().enumerate() {
        writer.element(index == 0);
        value.write(&mut writer);
    }
    writer.end_array();
    writer.raw("}");
    writer.into_bytes()
}

fn read<T: Value>(bytes: &[u8], strict: bool) -> Result<T, JsonError> {
    let value = decode_utf8(bytes).and_then(|text| {
        let value = read_document(&mut Reader::new(text).strict(strict));
        value.map_err(|error| error.explain(text.as_bytes()).behind(bytes.len() - text.len()))
    });
    value.or_else(|error| read_repaired(bytes, error, strict))
}

/// Reads a text that could not be read for the sake of what its strings hold, if it can be read otherwise.
#[cold]
fn read_repaired<T: Value>(bytes: &[u8], error: JsonError, strict: bool) -> Result<T, JsonError> {
    if !strict && error.is_of_characters() {
        let (text, repairs) = repair::repair(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if let Ok(value) = read_document(&mut Reader::new(text)) {
            for repair in &repairs {
                tracing::warn!(target: "msgraph", "{repair} was replaced");
            }
            return Ok(value);
        }
    }
    Err(error.in_document(bytes))
}

/// Whether a text is no complete JSON, but the beginning of one.
fn breaks_off(bytes: &[u8]) -> bool {
    // A character that is cut in two is replaced, and so is in place wherever a character may be.
    let text = repair::repair(bytes.strip_prefix(MARK).unwrap_or(bytes)).0;
    let mut reader = Reader::new(&text);
    reader.peek();
    MARK.starts_with(bytes) || reader.skip().is_err_and(|error| error.is_at_end(text.len()))
}

/// Whether a text is JSON, of whatever shape.
///
/// # Errors
/// Where it is not.
pub(crate) fn check(bytes: &[u8]) -> Result<(), JsonError> {
    let mut reader = Reader::new(decode_utf8(bytes)?);
    reader.peek();
    reader.skip().and_then(|()| reader.end()).map_err(|error| error.explain(bytes).in_document(bytes))
}

/// Reads back what [`to_vec`] has just written, however deep it nests.
pub(crate) fn read_back<T: Value>(bytes: &[u8]) -> Result<T, JsonError> {
    let value = read_document(&mut Reader::trusting(decode_utf8(bytes)?));
    value.map_err(|error| error.explain(bytes))
}

/// The text behind an optional byte order mark.
pub(crate) fn decode_utf8(bytes: &[u8]) -> Result<&str, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::encoding(bytes, error.valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
