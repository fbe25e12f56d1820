//! The one way that every request goes: a chain of policies, compiled once, that ends at the transport.
//!
//! The order, from the caller to the network:
//! 1. `client-request-id` and `User-Agent`, the same for every try;
//! 2. the span of the call, and the limit on its time;
//! 3. errors: an answer that is not a success becomes an [`Error`];
//! 4. the user's policies per call;
//! 5. retry: waits while calls are throttled, sends, reads the answer unless it is wanted as a stream, and sends
//!    again as the [`RetryPolicy`](crate::RetryPolicy) allows;
//! 6. the user's policies per try;
//! 7. redirects;
//! 8. for each redirect anew, authorization: a token, if the request goes to the client's own host; a refusal that
//!    asks for another token is answered once;
//! 9. the transport, with a limit on the time without progress.
//!
//! The steps of its own are functions that call each other, and take one future together; only policies of users take one
//! each. A try borrows the call, so that it need not be copied for the next one.

mod authorization;
mod challenge;
mod errors;
mod headers;
mod redirects;
mod retry;
mod timeouts;
mod whole;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method, Uri};
use jiff::Timestamp;
use tracing::Span;
use url::Url;

pub(crate) use authorization::token;
pub(crate) use redirects::location;
pub(crate) use retry::after_broken;
pub(crate) use timeouts::exchange;

use crate::body::Body;
use crate::client::{GraphClient, Shared};
use crate::clock::{Clock, Randomness};
use crate::error::{DeliveryError, Error};
use crate::operation::Operation;
use crate::options::CallOptions;
use crate::response::Answer;
use crate::transport::{Phase, TransportError};

/// A request on its way through the pipeline: a pointer to its parts, because each policy moves it into a future
/// of its own.
pub struct Call(Box<Parts>);

/// What a [`Call`] consists of.
pub struct Parts {
    /// The HTTP method.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
    operation: Option<Operation>,
    /// Method and path template, which errors and spans of every try need.
    name: CallName,
    /// Whether the URL itself is the permission, so that no token goes with it.
    anonymous: bool,
    /// Whether an answer that the result is to be seen elsewhere is a success, and not followed.
    pub(crate) keeps_see_other: bool,
    pub(crate) options: CallOptions,
    /// Whether the answer's body is wanted as a whole.
    pub(crate) buffered: bool,
    /// Whether what the answer is to be read as has a property `error` of its own.
    pub(crate) declares_error: bool,
    /// When the call began.
    pub(crate) began: Option<Timestamp>,
    /// Before when this try must not be sent.
    pub(crate) not_before: Option<Timestamp>,
    /// Which try of the call this is.
    pub(crate) tries: u32,
    /// The span of the whole call.
    pub(crate) span: Span,
}

impl Call {
    pub(crate) fn new(
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Body,
        operation: Option<Operation>,
    ) -> Self {
        let name = CallName::of(method.clone(), operation.unwrap_or(Operation::UNKNOWN), url.path());
        Self(Box::new(Parts {
            name,
            method,
            url,
            headers,
            body,
            operation,
            anonymous: false,
            keeps_see_other: false,
            options: CallOptions::default(),
            buffered: false,
            declares_error: false,
            began: None,
            not_before: None,
            tries: 1,
            span: Span::none(),
        }))
    }

    /// The same call, whose answer's body is wanted as a whole.
    pub(crate) fn buffered(mut self) -> Self {
        self.buffered = true;
        self
    }

    /// The same call without a token: its URL is the permission.
    pub(crate) fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// The operation that is called, if it is one that the metadata knows.
    pub fn operation(&self) -> Option<Operation> {
        self.operation
    }

    /// The settings of this call that differ from the client's.
    pub fn options(&self) -> &CallOptions {
        &self.options
    }

    /// Which try this is: 1 at first.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// The name of its span: one for each operation, so without keys.
    pub(crate) fn span_name(&self) -> String {
        self.operation.map_or_else(|| self.method.to_string(), |operation| operation.to_string())
    }

    /// Method and path template, or path where there is no template: without keys and query. Redirects do not change it.
    pub fn name(&self) -> CallName {
        self.name.clone()
    }

    /// Whether there is a body for another try.
    pub(crate) fn can_be_sent_again(&self) -> bool {
        self.body.try_clone().is_some()
    }

    /// The same call once more; `None` if its body can be read only once.
    pub fn try_clone(&self) -> Option<Self> {
        self.body.try_clone().map(|body| self.with_body(body))
    }

    /// The same call once more; a body that can be read only once is taken.
    pub(crate) fn again(&mut self) -> Self {
        let body = self.take_body();
        self.with_body(body)
    }

    /// The body, which stays if it can be read again.
    fn take_body(&mut self) -> Body {
        self.body.try_clone().unwrap_or_else(|| std::mem::take(&mut self.body))
    }

    fn with_body(&self, body: Body) -> Self {
        Self(Box::new(Parts {
            name: self.name.clone(),
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body,
            operation: self.operation,
            anonymous: self.anonymous,
            keeps_see_other: self.keeps_see_other,
            options: self.options,
            buffered: self.buffered,
            declares_error: self.declares_error,
            began: self.began,
            not_before: self.not_before,
            tries: self.tries,
            span: self.span.clone(),
        }))
    }
}

impl Deref for Call {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Call {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

/// Without headers, one of which holds the token, and without the query.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({}, {:?})", self.name(), self.body)
    }
}

/// Method and path template of a call, for errors and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallName {
    method: Method,
    template: Template,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Template {
    Known(&'static str),
    Path(String),
}

impl CallName {
    /// The name of a call of an operation, by its path if it is none that is known.
    pub(crate) fn of(method: Method, operation: Operation, path: &str) -> Self {
        let template = match operation.template() {
            "" => Template::Path(path.to_owned()),
            template => Template::Known(template),
        };
        Self { method, template }
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path template.
    pub fn template(&self) -> &str {
        match &self.template {
            Template::Known(template) => template,
            Template::Path(path) => path,
        }
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template())
    }
}

/// A step of the pipeline: it may change the call, send it on with [`Next::send`] once, several times or
/// not at all, and change the answer. [`policy_per_call`](crate::GraphClientBuilder::policy_per_call) puts one before
/// retry, where answers are complete, [`policy_per_try`](crate::GraphClientBuilder::policy_per_try) after it.
///
/// A log of every try:
///
/// ```
/// use futures_util::future::BoxFuture;
/// use msgraph_runtime::pipeline::{Call, Next, Policy};
/// use msgraph_runtime::{Body, Error, GraphClient, StaticToken};
///
/// struct Log;
///
/// impl Policy for Log {
///     fn send<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
///         Box::pin(async move {
///             let (name, tries) = (call.name(), call.tries());
///             let outcome = next.send(call).await;
///             match &outcome {
///                 Ok(response) => eprintln!("{name}, try {tries}: {}", response.status()),
///                 Err(error) => eprintln!("{name}, try {tries}: {error}"),
///             }
///             outcome
///         })
///     }
/// }
///
/// let client = GraphClient::builder().credential(StaticToken::new("token")).policy_per_try(Log).build()?;
/// # Ok::<(), Error>(())
/// ```
///
/// Answers kept by their URL, for a client of one user:
///
/// ```
/// # use std::{collections::HashMap, sync::Mutex};
/// # use futures_util::future::BoxFuture;
/// # use msgraph_runtime::pipeline::{Call, Next, Policy};
/// # use msgraph_runtime::{Body, Error, GraphClient, StaticToken};
/// use bytes::Bytes;
///
/// #[derive(Default)]
/// struct Cache(Mutex<HashMap<String, Bytes>>);
///
/// impl Policy for Cache {
///     fn send<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
///         Box::pin(async move {
///             if call.method != http::Method::GET {
///                 return next.send(call).await;
///             }
///             let url = call.url.to_string();
///             let kept = self.0.lock().expect("no panic elsewhere").get(&url).cloned();
///             if let Some(bytes) = kept {
///                 return Ok(http::Response::new(Body::from(bytes)));
///             }
///             let response = next.send(call).await?;
///             // Streams have no bytes, and are not kept.
///             if let (true, Some(bytes)) = (response.status().is_success(), response.body().as_bytes()) {
///                 self.0.lock().expect("no panic elsewhere").insert(url, bytes.clone());
///             }
///             Ok(response)
///         })
///     }
/// }
///
/// let builder = GraphClient::builder().credential(StaticToken::new("token"));
/// let client = builder.policy_per_call(Cache::default()).build()?;
/// # Ok::<(), Error>(())
/// ```
///
/// Every third try fails, to see what a program makes of it:
///
/// ```
/// # use std::sync::atomic::{AtomicU32, Ordering};
/// # use futures_util::future::BoxFuture;
/// # use msgraph_runtime::pipeline::{Call, Next, Policy};
/// # use msgraph_runtime::{Body, Error, GraphClient, Phase, StaticToken, TransportError, error::DeliveryError};
/// struct Faults(AtomicU32);
///
/// impl Policy for Faults {
///     fn send<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
///         Box::pin(async move {
///             if self.0.fetch_add(1, Ordering::Relaxed) % 3 == 2 {
///                 let reset = TransportError::new(Phase::Exchange, "connection reset");
///                 return Err(DeliveryError::new(call.name(), reset).into());
///             }
///             next.send(call).await
///         })
///     }
/// }
///
/// let builder = GraphClient::builder().credential(StaticToken::new("token"));
/// let client = builder.policy_per_try(Faults(AtomicU32::new(0))).build()?;
/// # Ok::<(), Error>(())
/// ```
pub trait Policy: Send + Sync {
    /// Handles a call.
    fn send<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<http::Response<Body>, Error>>;
}

/// Sends a call through the whole pipeline, and gives it back with its answer, so that it can be
/// [made again](Answer::again) if the answer turns out to be broken.
///
/// All futures of the pipeline that are put on the heap are put there in this module, as the compiler repeats a future's
/// code in each module that does so.
///
/// # Errors
/// Those of the policies, that no answer arrived, or an answer that is not a success.
pub(crate) fn send(client: GraphClient, mut call: Call) -> BoxFuture<'static, Result<Answer, Error>> {
    Box::pin(async move {
        let shared = client.shared();
        headers::set(&mut call, shared);
        call.began.get_or_insert_with(|| shared.clock.now());
        let (head, mut body) = whole::send(&mut call, shared).await?.into_parts();
        if call.buffered {
            // It is read already, unless a policy of the user put another one in its place.
            let bytes = body.collect(shared.response_limit).await;
            body = Body::from(bytes.map_err(|error| Error::body(call.name(), error))?);
        }
        let mut answer = shared.answer(call.name(), head.status, head.headers, body);
        answer.sent = call.buffered.then_some((client, call));
        Ok(answer)
    })
}

/// The rest of the pipeline, as a policy sees it.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    policies: &'a [Arc<dyn Policy>],
    /// What comes after these policies.
    rest: Rest,
    client: &'a Shared,
}

#[derive(Clone, Copy)]
enum Rest {
    Retry,
    Redirects,
}

impl<'a> Next<'a> {
    /// Sends a call through the user's policies per call and all that comes after them. Without such policies, which is
    /// the usual case, it takes no future on the heap.
    async fn per_call(call: &mut Call, client: &'a Shared) -> Result<http::Response<Body>, Error> {
        let policies = &*client.per_call;
        if policies.is_empty() {
            return retry::send(call, client).await;
        }
        Self { policies, rest: Rest::Retry, client }.send(call.again()).await
    }

    /// Sends a call through the user's policies per try and all that comes after them.
    async fn per_try(call: &mut Call, client: &'a Shared) -> Result<http::Response<Body>, Error> {
        let policies = &*client.per_try;
        if policies.is_empty() {
            return redirects::send(call, client).await;
        }
        Self { policies, rest: Rest::Redirects, client }.send(call.again()).await
    }

    /// The client's clock, for policies that wait.
    pub fn clock(self) -> &'a dyn Clock {
        &*self.client.clock
    }

    /// The client's randomness, for policies that wait.
    pub fn randomness(self) -> &'a dyn Randomness {
        &*self.client.randomness
    }

    /// Sends a call through the rest of the pipeline.
    ///
    /// # Errors
    /// Those of the policies, and that no response arrived.
    pub fn send(self, mut call: Call) -> BoxFuture<'a, Result<http::Response<Body>, Error>> {
        let Self { policies, rest, client } = self;
        match (policies.split_first(), rest) {
            (Some((policy, policies)), _) => policy.send(call, Self { policies, rest, client }),
            (None, Rest::Retry) => Box::pin(async move { retry::send(&mut call, client).await }),
            (None, Rest::Redirects) => Box::pin(async move { redirects::send(&mut call, client).await }),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Next({} policies)", self.policies.len())
    }
}

/// Hands a call to the transport, with a token in `authorization`. The call stays, for another try; a body that can be
/// read only once is taken.
async fn transmit(
    call: &mut Call,
    authorization: Option<HeaderValue>,
    client: &Shared,
) -> Result<http::Response<Body>, Error> {
    let mut headers = HeaderMap::with_capacity(call.headers.len() + 2);
    for (name, value) in &call.headers {
        headers.append(name.clone(), value.clone());
    }
    if let Some(length) = stated_length(call) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    let mut request = http::Request::new(call.take_body());
    *request.method_mut() = call.method.clone();
    *request.headers_mut() = headers;
    let limit = call.options.try_timeout.unwrap_or(client.try_timeout);
    let sent = match Uri::try_from(call.url.as_str()) {
        Ok(uri) => {
            *request.uri_mut() = uri;
            exchange(&client.clock, limit, request, |request| client.transport.send(request)).await
        }
        // The URL type is laxer. What both take is the same normalized text, so they agree on the host.
        Err(error) => Err(TransportError::new(Phase::Setup, error)),
    };
    sent.map_err(|source| DeliveryError::new(call.name(), source).into())
}

/// The length that a transport would not state by itself: of a stream, and of nothing where a body is
/// expected, without which some servers answer 411 (RFC 9110, section 8.6).
fn stated_length(call: &Call) -> Option<u64> {
    let expected = matches!(call.method, Method::POST | Method::PUT | Method::PATCH);
    match call.body.as_bytes() {
        None => call.body.length(),
        Some(bytes) => (bytes.is_empty() && expected).then_some(0),
    }
}
