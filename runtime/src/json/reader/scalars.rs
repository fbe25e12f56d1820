//! Literals, numbers and strings ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259), sections 3, 6 and 7).

use std::borrow::Cow;

use super::Reader;
use crate::json::error::{CONTROL_CHARACTER, ReadError};
use crate::json::scan::plain_until;

impl<'a> Reader<'a> {
    /// Consumes `true`, `false` or `null`.
    pub(crate) fn literal(&mut self, literal: &'static str) -> Result<(), ReadError> {
        if !self.text.as_bytes()[self.at..].starts_with(literal.as_bytes()) {
            if literal.starts_with(&self.text[self.at..]) {
                self.at = self.text.len();
            }
            return self.syntax("expected a value");
        }
        self.at += literal.len();
        Ok(())
    }

    /// Consumes a boolean.
    pub(crate) fn boolean(&mut self) -> Result<bool, ReadError> {
        match self.byte() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.mismatch("Edm.Boolean", self.at)),
        }
    }

    /// Consumes a number and gives its text.
    pub(crate) fn number(&mut self, expected: &'static str) -> Result<&'a str, ReadError> {
        let start = self.at;
        if !matches!(self.byte(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.mismatch(expected, start));
        }
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        match self.byte() {
            Some(byte) if byte.is_ascii_alphanumeric() => self.syntax("malformed number"),
            _ => Ok(&self.text[start..self.at]),
        }
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at == start { self.syntax("expected a digit") } else { Ok(()) }
    }

    /// Consumes a string, whose opening quote must be there, and gives its content.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        let start = self.at + 1;
        self.at = plain_until(self.text.as_bytes(), start);
        match self.byte() {
            Some(b'"') => {
                let content = &self.text[start..self.at];
                self.at += 1;
                Ok(Cow::Borrowed(content))
            }
            _ => {
                self.read_escaped(start)?;
                Ok(Cow::Owned(self.scratch.as_str().to_owned()))
            }
        }
    }

    /// Consumes a string if there is one.
    pub(crate) fn expect_string(&mut self, expected: &'static str) -> Result<Cow<'a, str>, ReadError> {
        if self.byte() != Some(b'"') {
            return Err(self.mismatch(expected, self.at));
        }
        self.string()
    }

    /// The rest of a string that has an escape at the current position; its content, which began at `start`,
    /// is put together in `scratch`.
    fn read_escaped(&mut self, start: usize) -> Result<(), ReadError> {
        self.scratch.clear();
        self.scratch.push_str(&self.text[start..self.at]);
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let character = self.escape(start - 1)?;
                    self.scratch.push(character);
                }
                Some(_) => return self.syntax(CONTROL_CHARACTER),
                None => return self.syntax("unterminated string"),
            }
            let run = self.at;
            self.at = plain_until(self.text.as_bytes(), run);
            self.scratch.push_str(&self.text[run..self.at]);
        }
    }

    /// Consumes one escape sequence (two if they form a surrogate pair). A lone surrogate is well-formed
    /// JSON but no character: the string, which began at `string_at`, does not decode.
    fn escape(&mut self, string_at: usize) -> Result<char, ReadError> {
        let code = self.text.as_bytes().get(self.at + 1).copied();
        let character = match code {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(string_at),
            _ => return self.unknown_escape(),
        };
        self.at += 2;
        Ok(character)
    }

    /// What stands behind a backslash is no escape sequence, or nothing.
    #[cold]
    pub(super) fn unknown_escape<T>(&mut self) -> Result<T, ReadError> {
        if self.at + 1 == self.text.len() {
            self.at += 1;
        }
        self.syntax("unknown escape")
    }

    fn unicode_escape(&mut self, string_at: usize) -> Result<char, ReadError> {
        let first = self.hex4()?;
        if (0xD800..0xDC00).contains(&first) && self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            let second = self.hex4()?;
            if (0xDC00..0xE000).contains(&second) {
                let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(scalar).ok_or_else(|| self.mismatch("Edm.String", string_at));
            }
        }
        char::from_u32(first).ok_or_else(|| self.mismatch("Edm.String", string_at))
    }

    /// Consumes `\u` and four hexadecimal digits.
    pub(super) fn hex4(&mut self) -> Result<u32, ReadError> {
        let mut value = 0;
        for offset in 2..6 {
            let byte = self.text.as_bytes().get(self.at + offset);
            match byte.and_then(|byte| char::from(*byte).to_digit(16)) {
                Some(digit) => value = value * 16 + digit,
                None => {
                    if byte.is_none() {
                        self.at = self.text.len();
                    }
                    return self.syntax("expected four hexadecimal digits");
                }
            }
        }
        self.at += 6;
        Ok(value)
    }
}
