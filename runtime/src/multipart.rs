//! Bodies of several parts ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), whatever the transport.

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::HeaderValue;

use crate::body::{Body, ByteStream, Opener};

/// The parts of a `multipart/form-data` body, in their order.
///
/// ```
/// use msgraph_runtime::Multipart;
///
/// let parts = Multipart::new()
///     .text("Presentation", "<html>…</html>")
///     .file("image1", "picture.png", "image/png", vec![0x89, b'P', b'N', b'G']);
/// # let _ = parts;
/// ```
#[derive(Debug, Default)]
#[must_use = "parts do nothing until they are sent"]
pub struct Multipart {
    parts: Vec<Part>,
    problems: Vec<String>,
}

#[derive(Debug)]
struct Part {
    /// The header section, without the empty line at its end.
    head: String,
    body: Body,
}

impl Multipart {
    /// No parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of text.
    pub fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.part(
            format!("Content-Disposition: form-data; name=\"{}\"", quoted(name)),
            Body::from(value.into()),
        )
    }

    /// Content of a media type, without a file name.
    pub fn content(mut self, name: &str, media_type: &str, content: impl Into<Body>) -> Self {
        let media_type = self.checked(media_type);
        let head = format!(
            "Content-Disposition: form-data; name=\"{}\"\r\nContent-Type: {media_type}",
            quoted(name)
        );
        self.part(head, content.into())
    }

    /// A file.
    pub fn file(mut self, name: &str, file_name: &str, media_type: &str, content: impl Into<Body>) -> Self {
        let (name, file_name, media_type) = (quoted(name), quoted(file_name), self.checked(media_type));
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {media_type}"
        );
        self.part(head, content.into())
    }

    fn part(mut self, head: String, body: Body) -> Self {
        self.parts.push(Part { head, body });
        self
    }

    /// A media type that cannot end its line.
    fn checked<'a>(&mut self, media_type: &'a str) -> &'a str {
        if HeaderValue::from_str(media_type).is_err() {
            self.problems.push(format!("{media_type:?} is not a media type"));
        }
        media_type
    }

    /// The whole body; it can be sent again if all parts can.
    pub(crate) fn into_body(self, boundary: &str) -> Result<Body, String> {
        if !self.problems.is_empty() {
            return Err(self.problems.join("; "));
        }
        let mut pieces = Vec::with_capacity(2 * self.parts.len() + 1);
        let mut start = "";
        for part in self.parts {
            pieces.push(Body::from(format!("{start}--{boundary}\r\n{}\r\n\r\n", part.head)));
            pieces.push(part.body);
            start = "\r\n";
        }
        pieces.push(Body::from(format!("{start}--{boundary}--\r\n")));
        Ok(concatenate(pieces))
    }
}

fn concatenate(pieces: Vec<Body>) -> Body {
    if let Some(bytes) = pieces.iter().map(Body::as_bytes).collect::<Option<Vec<&Bytes>>>() {
        let mut all = BytesMut::with_capacity(bytes.iter().map(|bytes| bytes.len()).sum());
        bytes.into_iter().for_each(|bytes| all.put_slice(bytes));
        return Body::from(all.freeze());
    }
    let length = pieces.iter().map(Body::length).sum();
    match pieces.iter().map(Body::opener).collect::<Option<Vec<Opener>>>() {
        Some(openers) => Body::source(move || in_turn(openers.iter().map(|open| open()).collect()), length),
        None => Body::stream(in_turn(pieces.into_iter().map(Body::into_stream).collect()), length),
    }
}

fn in_turn(streams: Vec<ByteStream>) -> ByteStream {
    Box::pin(stream::iter(streams).flatten())
}

/// A name between quotation marks, as browsers write it (HTML, section 4.10.21.8, "multipart form data").
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
