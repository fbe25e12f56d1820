//! What an item says of its content, whatever its type.

use jiff::Timestamp;
use serde_json::Value;

use crate::classify;

use super::hash::{Claim, Kind};

/// What a JSON object says of the content that it stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipt {
    /// Whether it is something that has an identifier, and so was made.
    pub(crate) has_id: bool,
    /// The number of bytes.
    pub(crate) size: Option<u64>,
    /// The hashes, the preferred one first.
    pub(crate) claims: Vec<Claim>,
    /// When it was changed last.
    pub(crate) modified: Option<Timestamp>,
    /// The media type of the file.
    pub(crate) media_type: Option<String>,
}

impl Receipt {
    /// Reads JSON text; nothing is said by what is none.
    pub(crate) fn of(text: &[u8]) -> Self {
        let Some(json) = object(text) else { return Self::default() };
        let text = |value: Option<&Value>| {
            value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let file = member(&json, "file");
        let hashes = file.and_then(|file| member(file, "hashes"));
        let claim = |kind: Kind| Claim::read(kind, member(hashes?, kind.name())?.as_str()?);
        Self {
            has_id: text(member(&json, "id")).is_some(),
            size: member(&json, "size").and_then(number),
            claims: Kind::ALL.into_iter().filter_map(claim).collect(),
            modified: text(member(&json, "lastModifiedDateTime")).and_then(|time| time.parse().ok()),
            media_type: text(file.and_then(|file| member(file, "mimeType"))),
        }
    }
}

/// Reads an object, behind a byte order mark that some services write.
pub(crate) fn object(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(classify::without_mark(text)).ok().filter(Value::is_object)
}

/// A member by its name, which some services capitalize.
pub(crate) fn member<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    json.as_object()?.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A number, which 64 bits may be written for as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
