//! Writes JSON text into a byte vector: one concrete type, for the same reason as the reader.

use super::Value;
use super::places::{Kept, Places};
use super::scan::plain_until;
use super::spelled;
use crate::extra::{self, Extra, Member};
use crate::model::TypeInfo;

/// Builds one JSON text.
pub struct Writer {
    out: Vec<u8>,
    /// The model that is being written.
    object: Object,
    kept: Kept,
    /// What the model carries, if that is [all that is wanted](Wanted::Extra).
    extra: Extra,
}

/// How far the writer is in a model.
pub(crate) struct Object {
    type_info: &'static TypeInfo,
    /// From which property on there is more to do than to write it, so that a plain one costs one comparison.
    attention: usize,
    wanted: Wanted,
    places: Places,
    /// The property whose field is set while a member is kept for it, and where it begins in the text.
    doubled: Option<(usize, usize)>,
}

/// What is to be written of a model.
enum Wanted {
    All,
    Property(usize),
    /// Nothing, but its extras are copied.
    Extra,
}

static NO_TYPE: TypeInfo = TypeInfo { name: "", bases: &[], properties: &[] };

impl Object {
    const NONE: Self = Self {
        type_info: &NO_TYPE,
        attention: usize::MAX,
        wanted: Wanted::All,
        places: Places::NONE,
        doubled: None,
    };
}

impl Writer {
    /// A writer with nothing written.
    pub fn new() -> Self {
        Self { out: Vec::new(), object: Object::NONE, kept: Kept::default(), extra: Extra::new() }
    }

    /// A writer that writes nothing of a model, but gets a copy of its extras.
    pub(crate) fn of_extra() -> Self {
        Self { object: Object { attention: 0, wanted: Wanted::Extra, ..Object::NONE }, ..Self::new() }
    }

    /// The extras of the model that was written.
    pub(crate) fn into_extra(self) -> Extra {
        self.extra
    }

    /// A writer of a text that is likely to have some length.
    pub(crate) fn with_capacity(length: usize) -> Self {
        Self { out: Vec::with_capacity(length), ..Self::new() }
    }

    /// The text written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes a declared property, which is given by its index in [`TypeInfo::properties`], if its field is set.
    /// Properties are written in the order of their indices.
    #[inline]
    pub fn write<T: Value>(&mut self, property: usize, field: &Option<T>) {
        if let Some(value) = field {
            self.write_set(property, value);
        }
    }

    /// Apart from [`write`](Self::write), so that a row of many fields that are not set stays short.
    #[inline(never)]
    fn write_set<T: Value>(&mut self, property: usize, value: &T) {
        if property < self.object.attention || self.attend(property) {
            self.begin_property(property);
            value.write(self);
        }
    }

    // ---- models

    /// Begins the object of a model; gives what surrounds it.
    pub(crate) fn enter(&mut self, type_info: &'static TypeInfo) -> Object {
        self.begin_object();
        std::mem::replace(&mut self.object, Object { type_info, ..Object::NONE })
    }

    /// Writes what a model carries beyond its fields, before these: its type annotation first, as OData demands, and
    /// everything else that no property is declared for. Nulls, and what is kept under declared names, follow in their
    /// places.
    pub fn extra(&mut self, extra: &Extra) {
        match self.object.wanted {
            Wanted::All if extra.is_empty() => {}
            Wanted::All => self.begin_extra(extra),
            Wanted::Property(_) => {}
            Wanted::Extra => self.extra.clone_from(extra),
        }
    }

    fn begin_extra(&mut self, extra: &Extra) {
        match extra.undeclared() {
            "" => {}
            members => self.member(members),
        }
        let mut places = Places::of(extra.nulls());
        for member in extra::members(extra.declared()) {
            match self.object.type_info.index(&member.name) {
                Some(property) => places.keep(property, &member, &mut self.kept),
                None => self.raw_member(&member),
            }
        }
        self.object.attention = places.next(&self.kept);
        self.object.places = places;
    }

    /// Ends the object of a model with what is still to be written, and goes back to what surrounds it.
    pub(crate) fn leave(&mut self, outer: Object) {
        if self.object.attention != usize::MAX {
            self.fill(self.object.type_info.properties.len());
        }
        self.object = outer;
        self.end_object();
    }

    /// The properties of a type that `write` writes, or only one of them.
    pub(crate) fn declared(
        &mut self,
        type_info: &'static TypeInfo,
        only: Option<usize>,
        write: impl FnOnce(&mut Self),
    ) {
        let mut object = Object { type_info, ..Object::NONE };
        if let Some(property) = only {
            (object.attention, object.wanted) = (0, Wanted::Property(property));
        }
        let outer = std::mem::replace(&mut self.object, object);
        write(self);
        self.object = outer;
    }

    /// What is to be done before a property is written; whether it is to be written at all.
    #[cold]
    fn attend(&mut self, property: usize) -> bool {
        match self.object.wanted {
            Wanted::All => self.fill(property),
            Wanted::Property(wanted) => return wanted == property,
            Wanted::Extra => return false,
        }
        true
    }

    /// Writes what stands before a property whose field is set: nulls, and members that are kept where no field is set.
    fn fill(&mut self, property: usize) {
        self.settle_doubled();
        let mut places = self.object.places;
        let mut kept = std::mem::take(&mut self.kept);
        let names = self.object.type_info.properties;
        while places.next(&kept) < property {
            let unset = places.next(&kept);
            if places.take_null(unset) {
                self.begin_property(unset);
                self.raw("null");
                places.take_kept(unset, names[unset], &mut kept, |_| {});
            } else {
                places.take_kept(unset, names[unset], &mut kept, |member| self.raw_member(member));
            }
        }
        // What is set is not null any more.
        places.take_null(property);
        if places.is_kept(property, &kept) {
            let comma = usize::from(self.out.last() != Some(&b'{'));
            self.object.doubled = Some((property, self.out.len() + comma));
            self.object.attention = property + 1;
        } else {
            self.object.attention = places.next(&kept);
        }
        self.object.places = places;
        self.kept = kept;
    }

    /// Gives a member that was written from its field back the spelling that is kept, if that says the same.
    fn settle_doubled(&mut self) {
        let Some((property, begin)) = self.object.doubled.take() else { return };
        let name = self.object.type_info.properties[property];
        let out = &mut self.out;
        self.object.places.take_kept(property, name, &mut self.kept, |kept| {
            // Two quotes and a colon stand beside the name.
            let value = std::str::from_utf8(&out[begin + name.len() + 3..]).unwrap_or_default();
            if same_value(value, kept.value) {
                out.truncate(begin);
                out.extend_from_slice(kept.text.as_bytes());
            }
        });
    }

    fn begin_property(&mut self, property: usize) {
        let name = self.object.type_info.properties[property];
        self.comma();
        // Declared names come from the service's metadata; they hold nothing that needs escaping.
        self.out.reserve(name.len() + 3);
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    // ---- objects in general

    pub(crate) fn begin_object(&mut self) {
        self.out.push(b'{');
    }

    pub(crate) fn end_object(&mut self) {
        self.out.push(b'}');
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.out.truncate(length);
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// A comma, unless the object has just begun.
    fn comma(&mut self) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
    }

    fn member(&mut self, text: &str) {
        self.comma();
        self.raw(text);
    }

    /// Writes a member as it was read: its name and value in their original spelling.
    pub(crate) fn raw_member(&mut self, member: &Member<'_>) {
        self.member(member.text);
    }

    /// Writes a member's name; a value must follow.
    pub(crate) fn name(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.out.push(b':');
    }

    // ---- values

    /// Writes JSON text as it stands.
    pub(crate) fn raw(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    pub(crate) fn integer(&mut self, value: i64) {
        self.raw(itoa::Buffer::new().format(value));
    }

    /// Writes the shortest text that reads back as the same number, which is finite: `0.1`, `3`, `1e300`.
    pub(crate) fn float(&mut self, value: &dyn std::fmt::Debug) {
        use std::io::Write;
        // Writing to a vector cannot fail.
        let _ = write!(self.out, "{value:?}");
        if self.out.ends_with(b".0") {
            self.out.truncate(self.out.len() - 2);
        }
    }

    pub(crate) fn begin_array(&mut self) {
        self.out.push(b'[');
    }

    pub(crate) fn element(&mut self, first: bool) {
        if !first {
            self.out.push(b',');
        }
    }

    pub(crate) fn end_array(&mut self) {
        self.out.push(b']');
    }

    /// Writes a string that displays without anything to escape.
    pub(crate) fn display(&mut self, value: &dyn std::fmt::Display) {
        use std::io::Write;
        // Writing to a vector cannot fail.
        let _ = write!(self.out, "\"{value}\"");
    }

    /// Writes a string of ASCII characters none of which is to be escaped.
    pub(crate) fn plain(&mut self, text: &[u8]) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    /// Writes a string, escaping what RFC 8259 demands and no more.
    pub(crate) fn string(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        let mut run = 0;
        loop {
            let end = plain_until(bytes, run);
            self.out.extend_from_slice(&bytes[run..end]);
            let Some(byte) = bytes.get(end) else { break };
            self.escape(*byte);
            run = end + 1;
        }
        self.out.push(b'"');
    }

    fn escape(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                self.out.extend_from_slice(b"\\u00");
                self.out.push(HEX[usize::from(byte >> 4)]);
                self.out.push(HEX[usize::from(byte & 15)]);
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether two JSON texts say the same: numbers by their value, enumerations and sets of their members without regard to
/// case and spaces, other scalars as they are read from other spellings, and lists by their elements, nulls left out.
pub(super) fn same_value(written: &str, read: &str) -> bool {
    match (written.parse::<f64>(), read.parse::<f64>()) {
        (Ok(written), Ok(read)) => written == read,
        _ => letters(written).eq(letters(read)) || spelled::says(written, read),
    }
}

fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| byte.to_ascii_lowercase())
}
