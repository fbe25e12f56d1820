//! What a model carries beyond its fields: explicit nulls, unknown properties, annotations, and values that
//! are not of their declared type. Nothing is allocated unless there is something to keep.

use std::borrow::Cow;
use std::fmt;

use crate::edm::Json;
use crate::json::{Reader, Writer};
use crate::nulls::{Bits, Nulls};

/// Everything in a JSON object that the model's fields do not hold.
///
/// The nulls of declared properties are bits, as far as there are some, those of the first ones in the value itself; all
/// else is kept as the text of the object's members, byte for byte: what is not declared in the order in which it was read,
/// but the type first, as OData has it. What is declared belongs to the type that it was read as.
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
    /// Which of the first properties are null. Models have complex values in them, each with its own extras, so there are
    /// no more bits here than most types need.
    nulls: Bits<1>,
    kept: Option<Box<Kept>>,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Kept {
    /// Members as in an object, `"name":value,"name":value`, that go before the properties.
    undeclared: String,
    /// Members that may have the names of declared properties, so that they are written in their places.
    declared: String,
    /// Which of the properties after the first ones are null.
    nulls: Bits<2>,
}

const TYPE: &str = "\"@odata.type\"";

/// One kept member: its whole text, its name and its value's text.
pub(crate) struct Member<'a> {
    pub(crate) text: &'a str,
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: &'a str,
}

impl Extra {
    /// Nothing kept.
    pub const fn new() -> Self {
        Self { nulls: Bits::NONE, kept: None }
    }

    /// Whether nothing is kept: no null, no unknown property, no annotation.
    pub fn is_empty(&self) -> bool {
        self.nulls.is_empty() && self.kept.is_none()
    }

    /// The raw JSON value that is kept under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members().find(|member| member.name == name).map(|member| member.value)
    }

    /// Names and raw JSON values of everything kept, annotations and unknown properties first; not of nulls that are bits.
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
        // Of which type the extras are is not known here, but that no type declares annotations.
        self.keep(&member, !name.contains('@'));
    }

    /// Takes away what is kept under a name, and gives it.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let removed = Json::from_raw(self.get(name)?);
        let without = |list: &str| {
            let rest = members(list).filter(|member| member.name != name).map(|member| member.text);
            rest.collect::<Vec<_>>().join(",")
        };
        let (undeclared, declared) = (without(self.undeclared()), without(self.declared()));
        self.change_kept(|kept| (kept.undeclared, kept.declared) = (undeclared, declared));
        Some(removed)
    }

    /// The type that the service gave for this value, such as `microsoft.graph.user`: without `#` and the URL of the
    /// metadata before it, and with the namespace for which its alias `graph` stands.
    pub fn odata_type(&self) -> Option<Cow<'_, str>> {
        let name = self.text("@odata.type")?;
        Some(match name {
            Cow::Borrowed(name) => qualified(name),
            Cow::Owned(name) => Cow::Owned(qualified(&name).into_owned()),
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
        match property.checked_sub(Bits::<1>::LENGTH) {
            None => self.nulls.contains(property),
            Some(more) => self.kept.as_ref().is_some_and(|kept| kept.nulls.contains(more)),
        }
    }

    /// Remembers that a declared property was null.
    #[inline]
    pub(crate) fn note_null(&mut self, property: usize, name: &'static str) {
        if !self.nulls.insert(property) {
            let more = property - Bits::<1>::LENGTH;
            if !self.kept.get_or_insert_default().nulls.insert(more) {
                self.keep(&format!("\"{name}\":null"), true);
            }
        }
    }

    /// Forgets that a declared property was null.
    pub(crate) fn forget_null(&mut self, property: usize, name: &'static str) {
        match property.checked_sub(Bits::<1>::LENGTH) {
            None => self.nulls.remove(property),
            Some(more) => self.change_kept(|kept| kept.nulls.remove(more)),
        }
        // A null that there is no bit for, or that the program has put in.
        if self.declared_member(name).is_some_and(|member| member.value == "null") {
            self.remove(name);
        }
    }

    /// Changes what is kept, if there is something, and keeps nothing where nothing is left.
    fn change_kept(&mut self, change: impl FnOnce(&mut Kept)) {
        if let Some(kept) = &mut self.kept {
            change(kept);
            if **kept == Kept::default() {
                self.kept = None;
            }
        }
    }

    /// Keeps a member's text, which must be well-formed; `declared` if its name may be that of a declared property.
    #[cold]
    pub(crate) fn keep(&mut self, member: &str, declared: bool) {
        let kept = self.kept.get_or_insert_default();
        let list = if declared { &mut kept.declared } else { &mut kept.undeclared };
        if list.is_empty() {
            list.push_str(member);
        } else if member.starts_with(TYPE) && !list.starts_with(TYPE) {
            list.insert(0, ',');
            list.insert_str(0, member);
        } else {
            list.push(',');
            list.push_str(member);
        }
    }

    /// The declared properties that were null, as far as they are bits.
    #[inline]
    pub(crate) fn nulls(&self) -> Nulls {
        Nulls::joined(self.nulls, self.kept.as_ref().map_or(Bits::NONE, |kept| kept.nulls))
    }

    /// The kept members that have no name of a declared property, as text.
    #[inline]
    pub(crate) fn undeclared(&self) -> &str {
        self.kept.as_ref().map_or("", |kept| &kept.undeclared)
    }

    /// The kept members that may have the names of declared properties, as text.
    #[inline]
    pub(crate) fn declared(&self) -> &str {
        self.kept.as_ref().map_or("", |kept| &kept.declared)
    }

    /// The kept member with the name of a declared property.
    pub(crate) fn declared_member(&self, name: &str) -> Option<Member<'_>> {
        members(self.declared()).find(|member| member.name == name)
    }

    /// An object of all kept members.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.begin_object();
        self.members().for_each(|member| writer.raw_member(&member));
        writer.end_object();
        writer.into_bytes()
    }

    /// All kept members.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        members(self.undeclared()).chain(members(self.declared()))
    }
}

/// The qualified name in the value of `@odata.type`, which is a URL whose fragment the name is, or the name alone.
fn qualified(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    let name = name.rsplit_once('#').map_or(name, |(_, name)| name);
    match name.strip_prefix("graph.") {
        Some(rest) => Cow::Owned(format!("microsoft.graph.{rest}")),
        None => Cow::Borrowed(name),
    }
}

/// The members in a text.
pub(crate) fn members(text: &str) -> impl Iterator<Item = Member<'_>> {
    let mut reader = Reader::new(text);
    std::iter::from_fn(move || next_member(text, &mut reader))
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
        f.write_str(&crate::json::redact::masked(None, &self.to_json()))
    }
}
