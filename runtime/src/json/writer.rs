//! Writes JSON text into a byte vector: one concrete type, for the same reason as the reader.

use super::Value;
use super::scan::plain_until;
use crate::extra::{Extra, Member};
use crate::model::TypeInfo;

/// Builds one JSON text.
pub struct Writer {
    out: Vec<u8>,
    /// The name of the declared property that is being written.
    property: &'static str,
    /// Whether values whose names suggest a secret are masked, for output that people read.
    masked: bool,
}

impl Writer {
    /// A writer with nothing written.
    pub fn new() -> Self {
        Self { out: Vec::new(), property: "", masked: false }
    }

    /// A writer for logs: strings in properties that hold passwords and secrets are replaced.
    pub(crate) fn masked() -> Self {
        Self { masked: true, ..Self::new() }
    }

    /// A writer of a text that is likely to have some length.
    pub(crate) fn with_capacity(length: usize) -> Self {
        Self { out: Vec::with_capacity(length), ..Self::new() }
    }

    /// The text written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes a declared property if its field is set.
    #[inline]
    pub fn write<T: Value>(&mut self, field: &Option<T>) {
        if let Some(value) = field {
            self.write_set(value);
        }
    }

    /// Apart from [`write`](Self::write), so that the loop over many fields that are not set stays short.
    #[inline(never)]
    fn write_set<T: Value>(&mut self, value: &T) {
        self.begin_property();
        value.write(self);
    }

    // ---- objects

    pub(crate) fn begin_object(&mut self) {
        self.out.push(b'{');
    }

    pub(crate) fn end_object(&mut self) {
        self.out.push(b'}');
    }

    pub(crate) fn set_property(&mut self, name: &'static str) {
        self.property = name;
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.out.truncate(length);
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    fn begin_property(&mut self) {
        self.comma();
        // Declared names come from the service's metadata; they hold nothing that needs escaping.
        self.out.reserve(self.property.len() + 3);
        self.out.push(b'"');
        self.out.extend_from_slice(self.property.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A comma, unless the object has just begun.
    fn comma(&mut self) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
    }

    /// Writes a member as it was read: its name and value in their original spelling.
    pub(crate) fn raw_member(&mut self, member: &Member<'_>) {
        self.comma();
        if self.masked && is_secret(&member.name) {
            self.raw("\"***\":\"***\"");
        } else {
            self.raw(member.text);
        }
    }

    /// Writes a member's name; a value must follow.
    pub(crate) fn name(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.out.push(b':');
    }

    /// After a declared property of a model that carries nulls: a field that is not set gives way to the null.
    #[inline]
    pub(crate) fn settle_null(&mut self, before: usize, property: usize, extra: &Extra) {
        if extra.is_null(property) && self.out.len() == before {
            self.begin_property();
            self.out.extend_from_slice(b"null");
        }
    }

    /// After a declared property of a model that carries values under declared names: a field that is not set
    /// gives way to the raw value or null that was read, and one that says the same as the raw value gets back its
    /// spelling.
    pub(crate) fn settle(&mut self, before: usize, type_info: &TypeInfo, property: usize, extra: &Extra) {
        let name = type_info.properties[property];
        if self.out.len() == before {
            if extra.is_null(property) {
                self.settle_null(before, property, extra);
            } else if let Some(member) = extra.declared_member(name) {
                self.raw_member(&member);
            }
        } else if let Some(member) = extra.declared_member(name) {
            // A comma unless it is the first, two quotes and a colon stand before the value.
            let comma = usize::from(self.out[before] == b',');
            let value_at = before + comma + name.len() + 3;
            let written = std::str::from_utf8(&self.out[value_at..]).unwrap_or_default();
            if same_value(written, member.value) {
                self.out.truncate(before);
                self.raw_member(&member);
            }
        }
    }

    /// Writes the type annotation, which must come before the properties.
    pub(crate) fn write_type(&mut self, extra: &Extra) {
        if extra.plain_members().is_some() {
            return;
        }
        if let Some(member) = extra.members().find(|member| member.name == "@odata.type") {
            self.raw_member(&member);
        }
    }

    /// Writes what is kept under names that the type does not declare, but for the type annotation.
    pub(crate) fn write_rest(&mut self, type_info: &TypeInfo, extra: &Extra) {
        match extra.plain_members() {
            Some("") => return,
            Some(members) if !self.masked => {
                self.comma();
                return self.raw(members);
            }
            _ => {}
        }
        for member in extra.members() {
            if member.name != "@odata.type" && type_info.index(&member.name).is_none() {
                self.raw_member(&member);
            }
        }
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
        if self.masked && is_secret(self.property) {
            return self.raw("\"***\"");
        }
        // Writing to a vector cannot fail.
        let _ = write!(self.out, "\"{value}\"");
    }

    /// Writes a string, escaping what RFC 8259 demands and no more.
    pub(crate) fn string(&mut self, text: &str) {
        if self.masked && is_secret(self.property) {
            return self.raw("\"***\"");
        }
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

/// Whether two JSON texts say the same: numbers by their value, everything else without regard to case and
/// spaces, as only enumerations, sets of their members and lists of either are kept under another spelling.
fn same_value(written: &str, read: &str) -> bool {
    match (written.parse::<f64>(), read.parse::<f64>()) {
        (Ok(written), Ok(read)) => written == read,
        _ => letters(written).eq(letters(read)),
    }
}

fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| byte.to_ascii_lowercase())
}

/// Whether a property's name says that its value gives access to something.
fn is_secret(name: &str) -> bool {
    const ENDINGS: [&str; 8] =
        ["password", "secret", "secrettext", "token", "privatekey", "sharedkey", "downloadurl", "uploadurl"];
    let name = name.as_bytes();
    ENDINGS.iter().any(|ending| {
        let start = name.len().checked_sub(ending.len());
        start.is_some_and(|start| name[start..].eq_ignore_ascii_case(ending.as_bytes()))
    })
}
