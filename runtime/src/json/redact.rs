//! What is shown to people, without the secrets in it: JSON for `Debug` and for the log of one call, headers, and links.
//!
//! [`names`] says what is secret. Values that are on, off or null are shown whatever their names, as they tell nothing; of
//! links, wherever they stand, the query options that are secret are hidden.

mod names;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::{self, Write};

use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use self::names::{is_secret, is_secret_field};
use super::{ReadError, Reader};
use crate::edm::Json;

/// What stands for a secret in `Debug`.
const MASK: &str = "***";

/// What stands for a secret in the log of one call.
pub(crate) const HIDDEN: &str = "[hidden]";

/// A JSON text on one line, for `Debug`. `kind` is the type that it is of, if that is known. A text that nests deeper than
/// the service's may is a secret as a whole.
pub(crate) fn masked(kind: Option<&str>, json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let form = Form { text: String::new(), mask: MASK, lines: false, enough: usize::MAX };
    form.show(&text, kind).unwrap_or_else(|| format!("\"{MASK}\""))
}

/// A JSON text, a value to a line; nothing if it is none. What comes after about `enough` bytes is left out.
pub(crate) fn lines(json: &str, enough: usize) -> Option<String> {
    Form { text: String::new(), mask: HIDDEN, lines: true, enough }.show(json, None)
}

/// A text in which the secret options of a URL's query are replaced by a mask; unchanged if it is no URL with one.
pub(crate) fn link<'t>(text: &'t str, mask: &str) -> Cow<'t, str> {
    let Some((place, query)) = text.split_once('?').filter(|(place, _)| place.contains("://")) else {
        return Cow::Borrowed(text);
    };
    let mut shown = place.to_owned();
    for (index, piece) in query.split_inclusive(['&', '#', '?']).enumerate() {
        if index == 0 {
            shown.push('?');
        }
        let (pair, separator) = match piece.strip_suffix(['&', '#', '?']) {
            Some(pair) => (pair, &piece[pair.len()..]),
            None => (piece, ""),
        };
        match pair.split_once('=') {
            Some((name, _)) if is_secret_field(&percent_decode_str(name).decode_utf8_lossy()) => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "{name}={mask}");
            }
            _ => shown.push_str(pair),
        }
        shown.push_str(separator);
    }
    Cow::Owned(shown)
}

/// Whether a header's value is secret.
pub(crate) fn is_secret_header(name: &HeaderName) -> bool {
    is_secret_field(name.as_str())
}

/// Whether a header's value is a link, which may need no sign-in.
pub(crate) fn is_link(name: &HeaderName) -> bool {
    [LOCATION, CONTENT_LOCATION].contains(name) || name == "operation-location"
}

/// Headers, for `Debug`: links only with their host, as where they lead may be a secret by itself.
pub(crate) struct Headers<'a>(pub &'a HeaderMap);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = match () {
                () if value.is_sensitive() || is_secret_header(name) => MASK.to_owned(),
                () if is_link(name) => host(&text) + MASK,
                () => link(&text, MASK).into_owned(),
            };
            (name.as_str(), text)
        });
        f.debug_map().entries(shown).finish()
    }
}

/// A link that shows only its host in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Link(pub String);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}{MASK}\"", host(&self.0))
    }
}

/// The scheme and host of a link, with the slash behind them and without a user; nothing if it has none.
fn host(link: &str) -> String {
    match url::Url::parse(link) {
        Ok(url) if url.has_host() => url.origin().ascii_serialization() + "/",
        _ => String::new(),
    }
}

/// How JSON is shown, and what has been shown of it.
struct Form {
    text: String,
    mask: &'static str,
    lines: bool,
    enough: usize,
}

/// What is known of the object that is being shown.
#[derive(Default)]
struct Object<'a> {
    kind: Option<Cow<'a, str>>,
    /// Whether a member `name` or `key` has named something secret, whose value is in `value`.
    names_secret: bool,
}

impl Form {
    fn show(mut self, json: &str, kind: Option<&str>) -> Option<String> {
        let mut reader = Reader::new(json);
        reader.peek();
        self.value(&mut reader, 1, kind).and_then(|()| reader.end()).ok()?;
        Some(self.text)
    }

    /// Shows a value. `kind` is its type, or the name of the member whose value it is.
    fn value(&mut self, reader: &mut Reader<'_>, depth: usize, kind: Option<&str>) -> Result<(), ReadError> {
        match reader.peek() {
            _ if self.is_enough() => reader.skip()?,
            Some(b'{') => {
                reader.enter_object("an object")?;
                self.text.push('{');
                let (mut first, mut object) =
                    (true, Object { kind: kind.map(Cow::Borrowed), names_secret: false });
                while let Some(name) = reader.next_name(&mut first)? {
                    self.begin(depth);
                    self.text.push_str(Json::encode(&name.to_string()).as_str());
                    self.text.push_str(if self.lines { ": " } else { ":" });
                    self.member(&name, &mut object, reader, depth)?;
                    self.text.push(',');
                }
                self.end(depth, '}');
            }
            Some(b'[') => {
                reader.enter_array("an array")?;
                self.text.push('[');
                let mut first = true;
                while reader.next_element(std::mem::replace(&mut first, false))? {
                    self.begin(depth);
                    self.value(reader, depth + 1, kind)?;
                    self.text.push(',');
                }
                self.end(depth, ']');
            }
            Some(b'"') => {
                let raw = reader.raw()?;
                self.string(raw);
            }
            _ => self.text.push_str(reader.raw()?),
        }
        Ok(())
    }

    fn member(
        &mut self,
        name: &str,
        object: &mut Object<'_>,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<(), ReadError> {
        let tells_nothing = matches!(reader.peek(), Some(b'n' | b't' | b'f'));
        let named = name == "value" && object.names_secret;
        if !tells_nothing && (named || is_secret(object.kind.as_deref(), name)) {
            object.learn(name, reader.raw()?);
            let _ = write!(self.text, "\"{}\"", self.mask);
            return Ok(());
        }
        if reader.peek() == Some(b'"') {
            let raw = reader.raw()?;
            object.learn(name, raw);
            self.string(raw);
            return Ok(());
        }
        // What is in `value` is what the whole is of, which nobody has told.
        self.value(reader, depth + 1, Some(name).filter(|name| *name != "value"))
    }

    /// Shows a string as it is spelled, unless it is a link with secrets.
    fn string(&mut self, raw: &str) {
        if raw.contains('?') {
            let text = decoded(raw);
            if let Cow::Owned(shown) = link(&text, self.mask) {
                self.text.push_str(Json::encode(&shown).as_str());
                return;
            }
        }
        self.text.push_str(raw);
    }

    /// Whether nobody would see more, however long it is.
    fn is_enough(&self) -> bool {
        self.text.len() > self.enough
    }

    fn begin(&mut self, depth: usize) {
        if self.lines && !self.is_enough() {
            let _ = write!(self.text, "\n{:width$}", "", width = 2 * depth);
        }
    }

    /// Ends an object or an array, on the line of its beginning if nothing is in it.
    fn end(&mut self, depth: usize, end: char) {
        if self.text.ends_with(',') {
            self.text.pop();
            self.begin(depth - 1);
        }
        self.text.push(end);
    }
}

impl Object<'_> {
    /// Takes in what a text in the object tells of the others.
    fn learn(&mut self, name: &str, raw: &str) {
        match name {
            "@odata.type" => {
                let text = decoded(raw);
                self.kind = Some(Cow::Owned(text.rsplit(['.', '#']).next().unwrap_or_default().to_owned()));
            }
            "key" | "name" => self.names_secret = is_secret_field(&decoded(raw)),
            _ => {}
        }
    }
}

/// The text of a string; nothing for another value.
fn decoded(raw: &str) -> String {
    Reader::new(raw).string().map(Cow::into_owned).unwrap_or_default()
}
