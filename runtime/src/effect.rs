//! What a request that changes something has led to. That it was done is certain; the value that it made may not be given.

use std::fmt;
use std::ops::Deref;

use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, StatusCode};

use crate::classify;
use crate::json::JsonError;
use crate::json::redact::Headers;
use crate::model::Model;
use crate::response::{Answer, Decode};

/// The success of a request that makes or changes something, with the value that the service gives back, if it does.
///
/// Services accept work that they do later (202), or do it and say no more (204, or 201 without a body): the teams
/// service answers the creation of a team so. That is no failure, and doing it again would do it twice. An effect reads like
/// its value, all of whose properties are absent if it was [not given](Self::is_given); where the service says so,
/// [`location`](Self::location) is where the result is, or where its progress can be asked for. A request that may take
/// long is better [started](crate::Request::start), which waits for its end.
///
/// ```
/// use msgraph_runtime::{Effect, Error, Model, Request};
///
/// async fn create<T: Model>(request: Request<Effect<T>>) -> Result<T, Error> {
///     let created = request.await?;
///     if !created.is_given() {
///         println!("{}, to be found at {:?}", created.status(), created.location());
///     }
///     Ok(created.into_value())
/// }
/// ```
#[derive(Clone)]
pub struct Effect<T> {
    value: T,
    is_given: bool,
    status: StatusCode,
    headers: HeaderMap,
}

impl<T> Effect<T> {
    /// Whether the service gave the value.
    pub fn is_given(&self) -> bool {
        self.is_given
    }

    /// The value, if the service gave it.
    pub fn given(self) -> Option<T> {
        self.is_given.then_some(self.value)
    }

    /// The value; one without any property if the service did not give it.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The HTTP status, such as 201 for what is there now, and 202 for what will be.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All response headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where the service says that the result or its progress is (`Location`, else `Content-Location`), as it says it:
    /// nothing has been checked.
    pub fn location(&self) -> Option<&str> {
        [LOCATION, CONTENT_LOCATION].iter().find_map(|name| self.headers.get(name)?.to_str().ok())
    }
}

/// The headers without what is secret in them.
impl<T: fmt::Debug> fmt::Debug for Effect<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effect")
            .field("status", &self.status)
            .field("headers", &Headers(&self.headers))
            .field("is_given", &self.is_given)
            .field("value", &self.value)
            .finish()
    }
}

impl<T> Deref for Effect<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<M: Model> Decode for Effect<M> {
    type Output = Self;
    type Item = M;

    fn declares_error() -> bool {
        M::declares_error()
    }

    fn decode(answer: &mut Answer) -> Result<Self, JsonError> {
        let is_given = !classify::is_empty(answer.bytes());
        let value = if is_given { answer.value()? } else { M::default() };
        Ok(Self { value, is_given, status: answer.status, headers: answer.headers.clone() })
    }
}
