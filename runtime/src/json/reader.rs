//! A pull reader over JSON text: one concrete type, so that the code generated for three thousand models
//! is checked once and not once per format. In: UTF-8 text that nobody vouches for. Out: values, exact raw
//! slices, errors with their offset. It follows RFC 8259 strictly and at most [`DEPTH`] levels deep.

mod scalars;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU16, Ordering};

use super::Value;
use super::error::{CONTROL_CHARACTER, JsonError, Kind, ReadError};
use super::scan::plain_until;
use crate::extra::Extra;
use crate::model::TypeInfo;

/// How deep objects and arrays may nest.
pub(crate) const DEPTH: u32 = 128;

/// For a property just read (by type and index), the index of the one that followed it last time.
///
/// Services write all values of a type in the same order, so the guess is nearly always right, and a wrong
/// one only costs a search; hence a clash of two types is harmless, and so is sharing the table between
/// threads without any order.
static GUESSES: [AtomicU16; 4096] = [const { AtomicU16::new(0) }; 4096];

/// Reads one JSON text from front to back.
///
/// A reader is *lenient* unless told otherwise: a property whose value is not of its declared type is kept
/// as raw text in the model's [`Extra`]; a strict reader makes it an error.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    limit: u32,
    strict: bool,
    /// Where strings with escapes are put together, so that each costs one allocation of its size.
    scratch: String,
    /// Set by a value that was read but would be written in another spelling.
    respelled: bool,
    /// What [`rest`](Self::rest) gets to do next.
    rest: Rest,
}

/// The index of no property: a model that reads it hands its extras to [`Reader::rest`].
pub(crate) const REST: usize = usize::MAX;

/// What is to happen to the extras of a model.
enum Rest {
    /// Nothing yet: the property that is being read has no field in this build.
    NoField,
    /// A declared property was null.
    Null(usize, &'static str),
    /// The member that begins here and ends where the reader is, is kept.
    Member { begin: usize, is_declared: bool },
    /// They are replaced.
    Extra(Extra),
}

/// Where the reader is in an object whose properties are looked up in a [`TypeInfo`].
pub(crate) struct ObjectCursor {
    first: bool,
    /// One more than the index of the property read last; 0 before the first.
    last: usize,
    seed: usize,
    /// Depth inside this object.
    depth: u32,
    /// Where the value of the property read last begins, and where its name does.
    value_at: usize,
    name_at: usize,
}

impl<'a> Reader<'a> {
    /// A lenient reader at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            limit: DEPTH,
            strict: false,
            scratch: String::new(),
            respelled: false,
            rest: Rest::NoField,
        }
    }

    /// Whether a property that does not decode into its declared type is an error (default: no).
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// A reader of what this program has written itself, which may nest as deep as its values do.
    pub(crate) fn trusting(text: &'a str) -> Self {
        Self { limit: u32::MAX, ..Self::new(text) }
    }

    /// A reader of nothing but the extras of a model.
    pub(crate) fn of_extra(extra: Extra) -> Self {
        Self { rest: Rest::Extra(extra), ..Self::new("") }
    }

    /// Reads the value of a declared property into its field.
    #[inline]
    pub fn read<T: Value>(&mut self, field: &mut Option<T>) -> Result<(), ReadError> {
        T::read_into(field, self)
    }

    /// Reads what has no field of its own into a model's extras.
    pub fn rest(&mut self, extra: &mut Extra) -> Result<(), ReadError> {
        match std::mem::replace(&mut self.rest, Rest::NoField) {
            // Its value is skipped and comes here again as a member.
            Rest::NoField => return Err(ReadError::new(Kind::Absent, self.at)),
            Rest::Null(property, name) => extra.note_null(property, name),
            Rest::Member { begin, is_declared } => extra.keep(&self.text[begin..self.at], is_declared),
            Rest::Extra(other) => *extra = other,
        }
        Ok(())
    }

    // ---- positions and errors

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    #[cold]
    pub(crate) fn syntax<T>(&self, what: &'static str) -> Result<T, ReadError> {
        Err(ReadError::new(Kind::Syntax(what), self.at))
    }

    /// The value at `offset` is not of the expected type.
    #[cold]
    pub(crate) fn mismatch(&self, expected: &'static str, offset: usize) -> ReadError {
        ReadError::new(Kind::Mismatch(expected), offset)
    }

    /// The value at `offset` in another spelling whose meaning is certain, which `read` makes of it, or the error. Its
    /// text is kept, so that it is written as it came.
    #[cold]
    pub(crate) fn respelled<T>(
        &mut self,
        expected: &'static str,
        offset: usize,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ReadError> {
        let error = self.mismatch(expected, offset);
        let depth = self.depth;
        if matches!(self.text.as_bytes().get(offset), Some(b'{' | b'[' | b'n') | None) {
            return Err(error);
        }
        let before = std::mem::replace(&mut self.at, offset);
        let text = match self.byte() {
            Some(b'"') => self.string()?,
            _ => Cow::Borrowed(self.raw()?),
        };
        match read(text.trim()).filter(|_| !self.strict) {
            Some(value) => {
                self.note_respelled();
                Ok(value)
            }
            None => {
                (self.at, self.depth) = (before, depth);
                Err(error)
            }
        }
    }

    /// Passes over a null where a value was expected, if the reader is lenient and there is one.
    #[cold]
    pub(crate) fn pass_null(&mut self) -> bool {
        !self.strict && self.byte() == Some(b'n') && self.literal("null").is_ok()
    }

    /// Notes that the value just read would be written differently from how it was spelled.
    pub(crate) fn note_respelled(&mut self) {
        self.respelled = true;
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space, not consumed.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Consumes the byte that was peeked at.
    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    /// Succeeds if nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), ReadError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.syntax("text after the end of the value"),
        }
    }

    fn enter(&mut self) -> Result<(), ReadError> {
        if self.depth >= self.limit {
            return Err(ReadError::new(Kind::Depth, self.at));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    // ---- objects of a known type

    /// Enters an object of a type.
    pub(crate) fn begin_object(&mut self, type_info: &'static TypeInfo) -> Result<ObjectCursor, ReadError> {
        if self.byte() != Some(b'{') {
            return Err(self.mismatch(type_info.name, self.at));
        }
        self.enter()?;
        self.respelled = false;
        // The address tells types apart well enough: a clash only costs a wrong guess.
        let address = std::ptr::from_ref(type_info).addr();
        let seed = address.wrapping_mul(0x9E37_79B9) >> 16;
        Ok(ObjectCursor { first: true, last: 0, seed, depth: self.depth, value_at: 0, name_at: 0 })
    }

    /// The index of the next declared property, the reader standing at its value; `None` at the end of the object.
    /// Of nulls and unknown properties it is [`REST`], the reader standing behind them.
    pub(crate) fn next_property(
        &mut self,
        type_info: &'static TypeInfo,
        object: &mut ObjectCursor,
    ) -> Result<Option<usize>, ReadError> {
        if !self.next_member(object.first)? {
            return Ok(None);
        }
        object.first = false;
        object.name_at = self.at;
        let found = self.property_index(type_info, object)?;
        self.colon()?;
        object.value_at = self.at;
        self.rest = match found {
            Some(index) if self.byte() == Some(b'n') => {
                self.literal("null")?;
                Rest::Null(index, type_info.properties[index])
            }
            Some(index) => return Ok(Some(index)),
            None => {
                self.skip()?;
                Rest::Member { begin: object.name_at, is_declared: false }
            }
        };
        Ok(Some(REST))
    }

    /// What follows the value of a declared property that did not read plainly: a value of another type is
    /// skipped, and the [`REST`] to be read is the member as it stands, as it is for one that would be written in
    /// another spelling.
    #[cold]
    pub(crate) fn settle(
        &mut self,
        result: Result<(), ReadError>,
        name: &'static str,
        object: &ObjectCursor,
    ) -> Result<(), ReadError> {
        self.respelled = false;
        if let Err(error) = result {
            let keep = match error.kind() {
                Kind::Absent => true,
                Kind::Mismatch(_) => !self.strict,
                Kind::Syntax(_) | Kind::Depth => false,
            };
            if !keep {
                return Err(error.in_property(name));
            }
            self.at = object.value_at;
            self.depth = object.depth;
            self.skip().map_err(|error| error.in_property(name))?;
        }
        self.rest = Rest::Member { begin: object.name_at, is_declared: true };
        Ok(())
    }

    /// Whether the value just read asked for its spelling to be kept.
    #[inline]
    pub(crate) fn was_respelled(&self) -> bool {
        self.respelled
    }

    fn property_index(
        &mut self,
        type_info: &'static TypeInfo,
        object: &mut ObjectCursor,
    ) -> Result<Option<usize>, ReadError> {
        let slot = &GUESSES[object.seed.wrapping_add(object.last) % GUESSES.len()];
        let guess = usize::from(slot.load(Ordering::Relaxed));
        let start = self.at + 1;
        if let Some(name) = type_info.properties.get(guess) {
            let rest = &self.text.as_bytes()[start..];
            if rest.starts_with(name.as_bytes()) && rest.get(name.len()) == Some(&b'"') {
                self.at = start + name.len() + 1;
                object.last = guess + 1;
                return Ok(Some(guess));
            }
        }
        let name = self.string()?;
        let found = type_info.properties.binary_search(&&*name).ok();
        if let Some(index) = found {
            slot.store(u16::try_from(index).unwrap_or(0), Ordering::Relaxed);
            object.last = index + 1;
        }
        Ok(found)
    }

    // ---- objects and arrays in general

    /// Enters an object; `expected` names what the caller wanted to see.
    pub(crate) fn enter_object(&mut self, expected: &'static str) -> Result<(), ReadError> {
        if self.byte() != Some(b'{') {
            return Err(self.mismatch(expected, self.at));
        }
        self.enter()
    }

    /// Moves to the next member's name, or past the end of the object (`false`).
    pub(crate) fn next_member(&mut self, first: bool) -> Result<bool, ReadError> {
        match self.peek() {
            Some(b'}') => {
                self.leave();
                return Ok(false);
            }
            Some(b'"') if first => return Ok(true),
            Some(b',') if !first => self.at += 1,
            _ => return self.syntax("expected a property or the end of an object"),
        }
        if self.peek() == Some(b'"') { Ok(true) } else { self.syntax("expected a property name") }
    }

    /// The name of the next member of an object, the reader then standing at its value.
    pub(crate) fn next_name(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>, ReadError> {
        if !self.next_member(std::mem::replace(first, false))? {
            return Ok(None);
        }
        self.member_name().map(Some)
    }

    /// Consumes a member's name, whose opening quote must be there, and the colon after it.
    pub(crate) fn member_name(&mut self) -> Result<Cow<'a, str>, ReadError> {
        let name = self.string()?;
        self.colon()?;
        Ok(name)
    }

    /// Consumes the colon after a name and the white space around it.
    #[inline]
    fn colon(&mut self) -> Result<(), ReadError> {
        if self.peek() != Some(b':') {
            return self.syntax("expected ':'");
        }
        self.at += 1;
        match self.peek() {
            Some(_) => Ok(()),
            None => self.syntax("expected a value"),
        }
    }

    /// Enters an array; `expected` names what the caller wanted to see.
    pub(crate) fn enter_array(&mut self, expected: &'static str) -> Result<(), ReadError> {
        if self.byte() != Some(b'[') {
            return Err(self.mismatch(expected, self.at));
        }
        self.enter()
    }

    /// Moves to the next element, or past the end of the array (`false`).
    pub(crate) fn next_element(&mut self, first: bool) -> Result<bool, ReadError> {
        match self.peek() {
            Some(b']') => {
                self.leave();
                return Ok(false);
            }
            Some(b',') if !first => self.at += 1,
            Some(_) if first => return Ok(true),
            _ => return self.syntax("expected ',' or ']'"),
        }
        match self.peek() {
            Some(b']') | None => self.syntax("expected a value"),
            Some(_) => Ok(true),
        }
    }

    /// Reads a value that may fail without the text around it failing: what is JSON but no value is skipped, and
    /// given as its text with the reason.
    pub(crate) fn attempt<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Result<T, (ReadError, &'a str)>, ReadError> {
        let (at, depth) = (self.at, self.depth);
        match read(self) {
            Ok(value) => Ok(Ok(value)),
            Err(error) if matches!(error.kind(), Kind::Mismatch(_) | Kind::Absent) => {
                (self.at, self.depth, self.respelled) = (at, depth, false);
                Ok(Err((error, self.raw()?)))
            }
            Err(error) => Err(error),
        }
    }

    /// The readable form of an error in this text.
    pub(crate) fn explain(&self, error: ReadError) -> JsonError {
        error.explain(self.text.as_bytes())
    }

    // ---- raw values

    /// Consumes any value and gives its exact text.
    pub(crate) fn raw(&mut self) -> Result<&'a str, ReadError> {
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    /// Consumes any value, checking that it is well-formed. Not recursive: the kinds of the open brackets
    /// fit into one word, because [`DEPTH`] is 128.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        let outside = self.depth;
        let mut objects: u128 = 0;
        loop {
            if self.depth - outside > DEPTH {
                return Err(ReadError::new(Kind::Depth, self.at));
            }
            let opened = self.skip_scalar_or_open(&mut objects)?;
            let mut first = opened;
            loop {
                if self.depth == outside {
                    return Ok(());
                }
                let more = if objects & 1 == 1 { self.skip_name(first)? } else { self.next_element(first)? };
                if more {
                    break;
                }
                objects >>= 1;
                first = false;
            }
        }
    }

    /// Consumes a scalar, or opens an object or array (`true`).
    fn skip_scalar_or_open(&mut self, objects: &mut u128) -> Result<bool, ReadError> {
        match self.byte() {
            Some(bracket @ (b'{' | b'[')) => {
                self.enter()?;
                *objects = *objects << 1 | u128::from(bracket == b'{');
                return Ok(true);
            }
            Some(b'"') => self.skip_string()?,
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            Some(b'-' | b'0'..=b'9') => {
                self.number("a number")?;
            }
            _ => return self.syntax("expected a value"),
        }
        Ok(false)
    }

    fn skip_name(&mut self, first: bool) -> Result<bool, ReadError> {
        if !self.next_member(first)? {
            return Ok(false);
        }
        self.skip_string()?;
        self.colon()?;
        Ok(true)
    }

    fn skip_string(&mut self) -> Result<(), ReadError> {
        self.at = plain_until(self.text.as_bytes(), self.at + 1);
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => match self.text.as_bytes().get(self.at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
                    Some(b'u') => {
                        self.hex4()?;
                    }
                    _ => return self.unknown_escape(),
                },
                Some(_) => return self.syntax(CONTROL_CHARACTER),
                None => return self.syntax("unterminated string"),
            }
            self.at = plain_until(self.text.as_bytes(), self.at);
        }
    }
}
