//! What an upload has led to.

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};

use crate::error::Error;
use crate::response::{Answer, Decode};

/// Content that the service has: it has said so, and what it says of the content is true of the one that was sent.
///
/// Not every service gives the value: for an attachment there is only its [`location`](Self::location).
#[derive(Debug)]
pub struct Uploaded<T> {
    status: StatusCode,
    headers: HeaderMap,
    value: Option<T>,
    unreadable: Option<Error>,
    length: u64,
    is_hash_verified: bool,
}

impl<T> Uploaded<T> {
    /// Reads the answer that says so. It is decoded only if it `is_item`: an empty object is no item.
    pub(super) fn of<R: Decode<Output = T>>(
        mut answer: Answer,
        is_item: bool,
        length: u64,
        is_hash_verified: bool,
    ) -> Self {
        let decoded = if is_item {
            R::decode(&mut answer).map(Some).map_err(|error| answer.unreadable(error))
        } else {
            Ok(None)
        };
        // The content is there, whatever is to be said of the answer.
        let (value, unreadable) = decoded.map_or_else(|error| (None, Some(error)), |value| (value, None));
        Self { status: answer.status, headers: answer.headers, value, unreadable, length, is_hash_verified }
    }

    /// The item, if the service gave it.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The item alone, if the service gave it.
    pub fn into_value(self) -> Option<T> {
        self.value
    }

    /// Why the item that the service gave is not among these, if it could not be read. The content is uploaded
    /// nevertheless.
    pub fn unreadable(&self) -> Option<&Error> {
        self.unreadable.as_ref()
    }

    /// Where the service says that it is, such as an attachment (`Location`).
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// The number of bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether the service gave a hash of what it has, which is that of what was sent. If not, only the size was
    /// compared, or what is in its place: that the service took each byte and said that it was the last.
    pub fn is_hash_verified(&self) -> bool {
        self.is_hash_verified
    }

    /// The HTTP status of the answer that says so: that to the last slice, or that of the item if it was looked at.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers of that answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The text of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
