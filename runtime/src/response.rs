//! Answers: what comes back from the pipeline, and how it becomes the value that the operation promises.
//! This is the only place where the type of an answer plays a role.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::body::{Body, ByteStream};
use crate::classify::{self, Damage};
use crate::client::GraphClient;
use crate::error::{DecodeError, Error, GraphError, Outcome};
use crate::extra::Extra;
use crate::json::redact::Headers;
use crate::json::{self, JsonError, REST, ReadError, Reader, Value, Writer};
use crate::model::{Model, TypeInfo};
use crate::path::Path;
use crate::pipeline::{Call, CallName, after_broken};
use crate::query::AnyType;

/// A successful answer: status, headers and body, and which call it answers. It is what a
/// [request by path](crate::GraphClient::request) gives.
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Method and path template, for errors.
    pub(crate) call: CallName,
    pub(crate) strict: bool,
    /// The most bytes that are read into memory.
    pub(crate) limit: usize,
    /// The call that it answers, to make it again if it is broken.
    pub(crate) sent: Option<(GraphClient, Call)>,
}

/// A value with the status and headers it came with.
#[derive(Clone)]
pub struct Response<T> {
    status: StatusCode,
    headers: HeaderMap,
    value: T,
}

/// What an operation's answer can be.
pub trait Decode {
    /// The value that the answer becomes.
    type Output;

    /// The type whose properties the request's query options name; [`AnyType`] if the answer does not tell.
    type Item;

    /// The media type to ask for.
    const ACCEPT: &'static str = "application/json";

    /// Whether the whole body is read before decoding.
    const BUFFERED: bool = true;

    /// Whether the type has a property `error` of its own, so that an object with only that is a value. Of any other it
    /// is the service's error, whatever the status says.
    fn declares_error() -> bool {
        false
    }

    /// Decodes an answer, and may take its body.
    ///
    /// # Errors
    /// If the body is not what the operation promises.
    fn decode(answer: &mut Answer) -> Result<Self::Output, JsonError>;
}

/// What is expected of an answer, whatever its type.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    /// The media type to ask for.
    pub(crate) accept: &'static str,
    /// Whether the whole body is read.
    pub(crate) buffered: bool,
    /// Whether the type has a property `error`.
    pub(crate) declares_error: bool,
}

impl Expected {
    /// JSON of any shape.
    pub(crate) const JSON: Self = Self { accept: "application/json", buffered: true, declares_error: false };

    pub(crate) fn of<T: Decode>() -> Self {
        Self { accept: T::ACCEPT, buffered: T::BUFFERED, declares_error: T::declares_error() }
    }
}

impl Answer {
    /// The body, as far as it has been read.
    pub fn bytes(&self) -> &[u8] {
        self.body.as_bytes().map_or(&[], |bytes| bytes)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All response headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The text of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; what is not UTF-8 is replaced by U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(classify::without_mark(self.bytes()))
    }

    /// Reads the body as JSON into a [`serde_json::Value`], or whatever deserializes; models are for
    /// [`value`](Self::value).
    ///
    /// # Errors
    /// [`Error::Decode`], if it is not JSON, or JSON of another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let bytes = classify::without_mark(self.bytes());
        serde_json::from_slice(bytes).map_err(|error| {
            let error = JsonError::of_serde(&error, bytes);
            DecodeError::new(self.call.clone(), self.status, &self.headers, error).into()
        })
    }

    /// Decodes the body as a value of the service, as strictly as the client was told to.
    ///
    /// # Errors
    /// Those of [`json::from_slice`], or [`json::from_slice_strict`].
    pub fn value<T: Value>(&self) -> Result<T, JsonError> {
        if self.strict { json::from_slice_strict(self.bytes()) } else { json::from_slice(self.bytes()) }
    }

    /// The error that the body is not what it should be. If the service's own error broke into it, that says why.
    pub(crate) fn unreadable(&self, error: JsonError) -> Error {
        match Damage::of(self.bytes(), &error) {
            Some(Damage::Error(range)) => {
                let Self { call, status, headers, .. } = self;
                GraphError::new(call.clone(), *status, headers, &self.bytes()[range], Timestamp::UNIX_EPOCH)
                    .into()
            }
            _ => {
                let is_foreign = classify::is_foreign(&self.headers, self.bytes());
                let outcome = if is_foreign { Outcome::Unknown } else { Outcome::Done };
                let error = DecodeError::new(self.call.clone(), self.status, &self.headers, error);
                error.with_outcome(outcome).into()
            }
        }
    }

    /// Makes the call again whose answer turned out to be broken, as after a lost connection.
    ///
    /// # Errors
    /// That it cannot be read, if that is not because it broke off, or the call may not be made again.
    pub(crate) fn again(
        mut self,
        error: JsonError,
    ) -> Result<BoxFuture<'static, Result<Self, Error>>, Error> {
        let is_broken = Damage::of(self.bytes(), &error).is_some();
        let again = self.sent.take().filter(|_| is_broken).and_then(|(client, call)| {
            let call = after_broken(call, client.shared())?;
            Some(client.call(call))
        });
        again.ok_or_else(|| self.unreadable(error))
    }

    pub(crate) fn decode<T: Decode>(mut self) -> Result<Response<T::Output>, Error> {
        let value = T::decode(&mut self).map_err(|error| self.unreadable(error))?;
        Ok(self.with(value))
    }

    /// A value that was read from it, with status and headers.
    pub(crate) fn with<T>(self, value: T) -> Response<T> {
        Response { status: self.status, headers: self.headers, value }
    }
}

/// The headers without what is secret in them.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &Headers(&self.headers))
            .field("body", &self.body)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// The headers without what is secret in them.
impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &Headers(&self.headers))
            .field("value", &self.value)
            .finish()
    }
}

impl<T> Response<T> {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All response headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The text of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The entity tag of the answer.
    pub fn etag(&self) -> Option<&str> {
        self.header(ETAG.as_str())
    }

    /// The identifier that the service gave the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.header("request-id")
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }
}

/// The answer as it came.
impl Decode for Answer {
    type Output = Self;
    type Item = AnyType;

    const ACCEPT: &'static str = "application/json, */*;q=0.5";

    fn decode(answer: &mut Answer) -> Result<Self, JsonError> {
        answer.refuse_foreign()?;
        answer.refuse_damaged()?;
        let (headers, call) = (answer.headers.clone(), answer.call.clone());
        Ok(Self { headers, call, body: std::mem::take(&mut answer.body), sent: None, ..*answer })
    }
}

impl Answer {
    /// A web page of somebody on the way is no answer of the service's.
    fn refuse_foreign(&self) -> Result<(), JsonError> {
        let body = self.bytes();
        if classify::is_foreign(&self.headers, body) {
            return Err(JsonError::not_json("a web page that the service did not write", body));
        }
        Ok(())
    }

    /// JSON that breaks off is refused, and so is none at all where something was to be read; what else is in it is the
    /// caller's.
    fn refuse_damaged(&self) -> Result<(), JsonError> {
        let body = self.bytes();
        let is_json = self.headers.get(CONTENT_TYPE).is_some_and(classify::is_json);
        let may_be_empty = !self.call.method().is_safe() || self.status != StatusCode::OK;
        if !is_json || (may_be_empty && classify::is_empty(body)) {
            return Ok(());
        }
        json::check(body)
            .or_else(|error| if Damage::of(body, &error).is_some() { Err(error) } else { Ok(()) })
    }
}

/// An object.
impl<M: Model> Decode for M {
    type Output = M;
    type Item = M;

    fn declares_error() -> bool {
        M::TYPE.index("error").is_some()
    }

    fn decode(answer: &mut Answer) -> Result<M, JsonError> {
        answer.value()
    }
}

/// Nothing: whatever the service sends is ignored.
impl Decode for () {
    type Output = ();
    type Item = AnyType;

    fn decode(answer: &mut Answer) -> Result<(), JsonError> {
        answer.refuse_foreign()
    }
}

/// An answer that may be empty, such as that of an update, which some services send back and some not.
impl<T: Decode> Decode for Option<T> {
    type Output = Option<T::Output>;
    type Item = T::Item;

    fn declares_error() -> bool {
        T::declares_error()
    }

    fn decode(answer: &mut Answer) -> Result<Self::Output, JsonError> {
        if classify::is_empty(answer.bytes()) { Ok(None) } else { T::decode(answer).map(Some) }
    }
}

/// The answer of `/$count`: a number as plain text. The value is an `i64`.
#[derive(Debug)]
pub struct Count(());

impl Decode for Count {
    type Output = i64;
    type Item = AnyType;

    const ACCEPT: &'static str = "text/plain";

    fn decode(answer: &mut Answer) -> Result<i64, JsonError> {
        // The digits of a number read as JSON, as they may have white space or a byte order mark around them.
        answer.value()
    }
}

/// The answer `{"value": …}` of functions and actions that return something other than one object. The value
/// is what is inside.
#[derive(Debug)]
pub struct Wrapped<T>(std::marker::PhantomData<fn() -> T>);

impl<T: Value> Decode for Wrapped<T> {
    type Output = T;
    type Item = AnyType;

    fn decode(answer: &mut Answer) -> Result<T, JsonError> {
        answer.value::<Wrapper<T>>().map(|wrapper| wrapper.0)
    }
}

struct Wrapper<T>(T);

static WRAPPER: TypeInfo =
    TypeInfo { name: "an object with a \"value\"", bases: &[], properties: &["value"] };

impl<T: Value> Value for Wrapper<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let at = reader.offset();
        let mut object = reader.begin_object(&WRAPPER)?;
        let (mut value, mut rest) = (None, Extra::default());
        while let Some(property) = reader.next_property(&WRAPPER, &mut object)? {
            match property {
                REST => reader.rest(&mut rest)?,
                _ => reader.read(&mut value).map_err(|error| error.in_property("value"))?,
            }
        }
        value.map(Self).ok_or_else(|| reader.mismatch(WRAPPER.name, at))
    }

    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        writer.name("value");
        self.0.write(writer);
        writer.end_object();
    }
}

/// The content of a file or another stream. Nothing of it is read before it is asked for.
pub struct Content {
    headers: HeaderMap,
    body: Body,
    call: CallName,
    limit: usize,
}

impl Decode for Content {
    type Output = Self;
    type Item = AnyType;

    const ACCEPT: &'static str = "*/*";
    const BUFFERED: bool = false;

    fn decode(answer: &mut Answer) -> Result<Self, JsonError> {
        let (headers, call) = (answer.headers.clone(), answer.call.clone());
        Ok(Self { headers, body: std::mem::take(&mut answer.body), call, limit: answer.limit })
    }
}

impl Content {
    /// All response headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The media type that the service gives.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The number of bytes, if the service gives it.
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }

    /// The content as a stream of chunks, in constant memory.
    pub fn into_stream(self) -> ByteStream {
        self.body.into_stream()
    }

    /// The whole content.
    ///
    /// # Errors
    /// If it breaks off, or is longer than the client reads into memory.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        self.body.collect(self.limit).await.map_err(|error| Error::body(self.call, error))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} {:?})", self.content_type().unwrap_or("of unknown type"), self.body)
    }
}

/// A reference to an entity (`{"@odata.id": "https://…"}`), as `$ref` operations send and receive it.
#[derive(Default)]
pub struct Reference {
    /// The URL of the entity.
    pub odata_id: Option<String>,
    /// What else came with it.
    pub extra: Extra,
}

impl Reference {
    /// A reference to the entity at a URL.
    pub fn to_url(url: impl Into<String>) -> Self {
        Self { odata_id: Some(url.into()), extra: Extra::default() }
    }

    /// A reference to the entity at a path of the client.
    pub fn to(path: &Path) -> Self {
        Self::to_url(path.client().base_url().as_str().trim_end_matches('/').to_owned() + path.as_str())
    }
}

impl Model for Reference {
    const TYPE: &'static TypeInfo = &TypeInfo { name: "a reference", bases: &[], properties: &["@odata.id"] };

    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.odata_id),
            _ => reader.rest(&mut self.extra),
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.odata_id);
    }
}

crate::models!(Reference);
