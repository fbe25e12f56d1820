//! `Edm.Guid`: sixteen bytes that remember the case of their digits.

use std::fmt;

use uuid::Uuid;

use super::text::text_value;

/// A globally unique identifier (`Edm.Guid`), such as `87d349ed-44d7-43e1-9a83-5f2406dee5bd`.
///
/// Equality ignores the case of the digits.
#[derive(Clone, Copy)]
pub struct Guid {
    uuid: Uuid,
    upper: bool,
}

impl Guid {
    /// Reads 8-4-4-4-12 hexadecimal digits, all in lower or all in upper case.
    fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        if upper && text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        Uuid::try_parse(text).ok().map(|uuid| Self { uuid, upper })
    }

    /// In braces, without hyphens, as a URN, or in digits of either case.
    fn respelled(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self::from)
    }

    /// The identifier in the `uuid` crate's terms.
    pub fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl From<Uuid> for Guid {
    fn from(uuid: Uuid) -> Self {
        Self { uuid, upper: false }
    }
}

impl From<Guid> for Uuid {
    fn from(guid: Guid) -> Self {
        guid.uuid
    }
}

impl PartialEq for Guid {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl Eq for Guid {}

impl std::hash::Hash for Guid {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl PartialOrd for Guid {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Guid {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.upper { write!(f, "{:X}", self.uuid) } else { write!(f, "{:x}", self.uuid) }
    }
}

text_value!(Guid, "Edm.Guid", "8-4-4-4-12 hexadecimal digits");
