//! What a model carries beyond its fields: explicit nulls, unknown properties, annotations, and values that
//! are not of their declared type. Nothing is allocated unless there is something to keep.

use std::borrow::Cow;
use std::fmt;

use crate::edm::Json;
use crate::json::{Reader, Writer};
use crate::nulls::Nulls;

/// Everything in a JSON object that the model's fields do not hold.
///
/// The nulls of the first declared properties, of nearly all types of all, are bits; all else is kept as the text of the
/// object's members, in the order in which they were read, byte for byte.
///
/// ```
/// use msgraph_runtime::{Extra, edm::Json};
///
/// let mut extra = Extra::default();
/// extra.insert("extension_costCentre", &Json::from(serde_json::json!("4711")));
/// assert_eq!(extra.get("extension_costCentre"), Some("\"4711\""));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra {
    nulls: Nulls,
    kept: Option<Box<Kept>>,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Kept {
    /// Members as in an object: `"name":value,"name":value`.
    members: String,
    /// Whether a member may have the name of a declared property, so that it is written in its place.
    declared: bool,
    /// Whether a member is the type annotation, which must be written first.
    typed: bool,
}

/// One kept member: its whole text, its name and its value's text.
pub(crate) struct Member<'a> {
    pub(crate) text: &'a str,
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: &'a str,
}

impl Member<'_> {
    pub(crate) fn is_type(&self) -> bool {
        self.name == "@odata.type"
    }
}

impl Extra {
    /// Nothing kept.
    pub const fn new() -> Self {
        Self { nulls: Nulls::NONE, kept: None }
    }

    /// Whether nothing is kept: no null, no unknown property, no annotation.
    pub fn is_empty(&self) -> bool {
        self.nulls.is_empty() && self.kept.is_none()
    }

    /// The raw JSON value that is kept under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members().find(|member| member.name == name).map(|member| member.value)
    }

    /// Names and raw JSON values of everything kept, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        self.members().map(|member| (member.name, member.value))
    }

    /// Keeps a value under a name, in place of one that is there. It is written with the model, unless a
    /// field of that name is set.
    pub fn insert(&mut self, name: &str, value: &Json) {
        self.remove(name);
        let mut writer = Writer::new();
        writer.string(name);
        writer.raw(":");
        writer.raw(value.as_str());
        let member = String::from_utf8(writer.into_bytes()).unwrap_or_default();
        self.keep(&member, !name.contains('@'));
    }

    /// Takes away what is kept under a name, and gives it.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let removed = Json::from_raw(self.get(name)?);
        let rest: Vec<&str> =
            self.members().filter(|member| member.name != name).map(|member| member.text).collect();
        let members = rest.join(",");
        match &mut self.kept {
            Some(kept) if !members.is_empty() => kept.members = members,
            kept => *kept = None,
        }
        Some(removed)
    }

    /// The type that the service gave for this value, such as `microsoft.graph.user` (without `#`).
    pub fn odata_type(&self) -> Option<Cow<'_, str>> {
        let name = self.text("@odata.type")?;
        Some(match name {
            Cow::Borrowed(name) => Cow::Borrowed(name.strip_prefix('#').unwrap_or(name)),
            Cow::Owned(name) => Cow::Owned(name.strip_prefix('#').unwrap_or(&name).to_owned()),
        })
    }

    /// The entity tag (`@odata.etag`), for use in `If-Match`.
    pub fn etag(&self) -> Option<Cow<'_, str>> {
        self.text("@odata.etag")
    }

    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut reader = Reader::new(self.get(name)?);
        reader.expect_string("Edm.String").ok()
    }

    // ---- for reading and writing models

    /// Whether a declared property was null.
    #[inline]
    pub(crate) fn is_null(&self, property: usize) -> bool {
        self.nulls.contains(property)
    }

    /// Remembers that a declared property was null.
    #[inline]
    pub(crate) fn note_null(&mut self, property: usize, name: &'static str) {
        if !self.nulls.insert(property) {
            self.keep(&format!("\"{name}\":null"), true);
        }
    }

    /// Forgets that a declared property was null.
    pub(crate) fn forget_null(&mut self, property: usize, name: &'static str) {
        if !self.nulls.remove(property) {
            self.remove(name);
        }
    }

    /// Keeps a member's text, which must be well-formed; `declared` if its name is that of a declared property.
    #[cold]
    pub(crate) fn keep(&mut self, member: &str, declared: bool) {
        let typed = member.starts_with(r#""@odata.type""#);
        let kept = self.kept.get_or_insert_default();
        if !kept.members.is_empty() {
            kept.members.push(',');
        }
        kept.members.push_str(member);
        kept.declared |= declared;
        kept.typed |= typed;
    }

    /// The declared properties that were null, as far as they are bits.
    #[inline]
    pub(crate) fn nulls(&self) -> Nulls {
        self.nulls
    }

    /// All kept members as text, if they can be written together after the properties.
    pub(crate) fn plain_members(&self) -> Option<&str> {
        match &self.kept {
            Some(kept) if kept.declared || kept.typed => None,
            kept => Some(kept.as_ref().map_or("", |kept| &kept.members)),
        }
    }

    /// The type annotation.
    pub(crate) fn type_member(&self) -> Option<Member<'_>> {
        if !self.kept.as_ref()?.typed {
            return None;
        }
        self.members().find(Member::is_type)
    }

    /// The kept member with the name of a declared property.
    pub(crate) fn declared_member(&self, name: &str) -> Option<Member<'_>> {
        if !self.kept.as_ref()?.declared {
            return None;
        }
        self.members().find(|member| member.name == name)
    }

    /// All kept members.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let text = self.kept.as_ref().map_or("", |kept| &kept.members);
        let mut reader = Reader::new(text);
        std::iter::from_fn(move || next_member(text, &mut reader))
    }
}

/// Reads the next of a list of members. They were checked when they were kept, so an error is the end.
fn next_member<'a>(text: &'a str, reader: &mut Reader<'a>) -> Option<Member<'a>> {
    if reader.offset() > 0 && reader.peek() == Some(b',') {
        reader.step();
    }
    if reader.peek() != Some(b'"') {
        return None;
    }
    let start = reader.offset();
    let name = reader.member_name().ok()?;
    let value = reader.raw().ok()?;
    Some(Member { text: &text[start..reader.offset()], name, value })
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::masked();
        writer.begin_object();
        for member in self.members() {
            writer.raw_member(&member);
        }
        writer.end_object();
        f.write_str(&String::from_utf8_lossy(&writer.into_bytes()))
    }
}
