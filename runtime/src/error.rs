//! Everything that can go wrong with a call, as one type: each variant says what happened, to which
//! operation, and what a person needs to act on it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

pub use crate::batch::BatchError;
pub use crate::graph_error::{ErrorDetail, GraphError, InnerError};
use crate::json::JsonError;
use crate::json::redact::Link;
use crate::paging::FailedItem;
use crate::permissions::Explanation;
use crate::pipeline::CallName;
pub use crate::poller::OperationError;
pub use crate::transfer::{TransferError, TransferProblem};
use crate::transport::{Phase, TransportError};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client's settings are not complete or not valid.
    #[error(transparent)]
    Configuration(Box<ConfigurationError>),
    /// The request was not sent, because it could not be right.
    #[error(transparent)]
    Request(Box<RequestError>),
    /// The request was not sent, because its token lacks permissions ([`Preflight`](crate::permissions::Preflight)).
    #[error(transparent)]
    Permission(Box<PermissionError>),
    /// There was no token to send it with.
    #[error(transparent)]
    Credential(Box<CredentialError>),
    /// No complete response arrived.
    #[error(transparent)]
    Delivery(Box<DeliveryError>),
    /// The service answered with an error.
    #[error(transparent)]
    Graph(Box<GraphError>),
    /// The service answered with success, but not with what the operation promises.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// An item of a page is not what the operation promises. The other items are there.
    #[error(transparent)]
    Item(Box<ItemError>),
    /// The service gave a link that is not followed.
    #[error(transparent)]
    Link(Box<LinkError>),
    /// A part of a batch got no answer of its own.
    #[error(transparent)]
    Batch(Box<BatchError>),
    /// An upload or a download cannot be brought to its end.
    #[error(transparent)]
    Transfer(Box<TransferError>),
    /// A long-running operation failed after the service had accepted it.
    #[error(transparent)]
    Operation(Box<OperationError>),
    /// The request was not sent, because the service throttles for longer than it wants to wait.
    #[error(transparent)]
    Throttled(Box<ThrottledError>),
}

impl Error {
    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Graph(error) => Some(error.status()),
            Self::Decode(error) => Some(error.status),
            Self::Batch(error) => error.status(),
            _ => None,
        }
    }

    /// The service's error code, such as `Request_ResourceNotFound`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Graph(error) => error.code(),
            Self::Batch(error) => error.code(),
            Self::Operation(error) => error.code(),
            _ => None,
        }
    }

    /// How long the service asked to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Graph(error) => error.retry_after(),
            Self::Batch(error) => error.retry_after(),
            Self::Throttled(error) => Some(error.retry_after),
            Self::Credential(error) => error.retry_after,
            _ => None,
        }
    }

    /// The identifier that the service gave the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Graph(error) => error.request_id(),
            Self::Decode(error) => error.request_id.as_deref(),
            _ => None,
        }
    }

    /// The identifier that this client gave the request, if the service repeated it.
    pub fn client_request_id(&self) -> Option<&str> {
        match self {
            Self::Graph(error) => error.client_request_id(),
            _ => None,
        }
    }

    /// What kind of error it is, as OpenTelemetry's `error.type` wants it: few values, without details.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Configuration(_) => "configuration",
            Self::Request(_) => "request",
            Self::Permission(_) => "permission",
            Self::Credential(_) => "credential",
            Self::Delivery(error) => match error.phase() {
                Phase::Setup => "setup",
                Phase::Connect => "connect",
                Phase::Exchange => "exchange",
                Phase::Timeout => "timeout",
                Phase::Body => "body",
                Phase::TooLong => "too_long",
            },
            Self::Graph(_) => "status",
            Self::Decode(_) | Self::Item(_) => "decode",
            Self::Link(_) => "link",
            Self::Throttled(_) => "throttled",
            Self::Operation(_) => "operation",
            Self::Batch(_) => "batch",
            Self::Transfer(_) => "transfer",
        }
    }

    /// Whether the same request may succeed later: throttling, an overloaded or unreachable service, a
    /// timeout, a sign-in service that could not be reached. It does not say that sending it again is harmless.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Graph(error) => error.is_retryable(),
            Self::Batch(error) => error.is_retryable(),
            Self::Delivery(error) => !matches!(error.phase(), Phase::Setup | Phase::TooLong),
            Self::Credential(error) => error.retryable,
            Self::Throttled(_) => true,
            _ => false,
        }
    }

    /// What is known of what the request was to do: whether it was done, for programs that must not do it twice. It says
    /// nothing of whether sending it again helps; that does [`is_retryable`](Self::is_retryable).
    ///
    /// ```
    /// use msgraph_runtime::{Error, Outcome};
    ///
    /// fn report(error: &Error) -> &'static str {
    ///     match error.outcome() {
    ///         Outcome::NotDone => "nothing was changed",
    ///         Outcome::Done => "it was done, but what the service says of it cannot be used",
    ///         Outcome::Unknown => "it may have been done: look before it is sent again",
    ///     }
    /// }
    /// ```
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Configuration(_)
            | Self::Request(_)
            | Self::Permission(_)
            | Self::Credential(_)
            | Self::Throttled(_) => Outcome::NotDone,
            Self::Delivery(error) => match error.phase() {
                Phase::Setup | Phase::Connect => Outcome::NotDone,
                Phase::Exchange | Phase::Timeout | Phase::Body | Phase::TooLong => Outcome::Unknown,
            },
            Self::Graph(error) => error.outcome(),
            Self::Decode(error) => error.outcome,
            Self::Item(_) | Self::Link(_) => Outcome::Done,
            Self::Batch(error) => error.outcome(),
            Self::Transfer(error) => error.outcome(),
            Self::Operation(_) => Outcome::Unknown,
        }
    }

    /// An error of a credential that could not give a token.
    pub fn credential(message: impl Into<String>) -> Self {
        CredentialError::new(message.into(), None).into()
    }

    /// An error of a credential, with its cause.
    pub fn credential_caused_by(
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        CredentialError::new(message.into(), Some(source.into())).into()
    }

    /// A response body that could not be read to its end.
    pub(crate) fn body(call: CallName, error: io::Error) -> Self {
        let source = match error.downcast::<TransportError>() {
            Ok(source) => source,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                TransportError::new(Phase::TooLong, error)
            }
            Err(error) => TransportError::new(Phase::Body, error),
        };
        DeliveryError::new(call, source).into()
    }
}

/// What is known of the effect of a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The service did nothing.
    NotDone,
    /// It may have done something: its answer was lost, is an error after which that is open, or is not its own.
    Unknown,
    /// It did what it was asked for. What is wrong is its answer.
    Done,
}

macro_rules! boxed {
    ($($variant:ident($error:ty);)+) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )+};
}

boxed! {
    Configuration(ConfigurationError);
    Request(RequestError);
    Permission(PermissionError);
    Credential(CredentialError);
    Delivery(DeliveryError);
    Graph(GraphError);
    Decode(DecodeError);
    Item(ItemError);
    Link(LinkError);
    Batch(BatchError);
    Transfer(TransferError);
    Operation(OperationError);
    Throttled(ThrottledError);
}

/// Settings of a client that are not complete or not valid, and everything that is wrong with them.
#[derive(Debug, thiserror::Error)]
#[error("the client cannot be built: {}", .problems.join("; "))]
pub struct ConfigurationError {
    problems: Vec<String>,
}

impl ConfigurationError {
    pub(crate) fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }

    /// Everything that is wrong, one sentence each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// A request that was not sent, and everything that is wrong with it.
#[derive(Debug)]
pub struct RequestError {
    call: CallName,
    problems: Vec<String>,
}

impl RequestError {
    pub(crate) fn new(call: CallName, problems: Vec<String>) -> Self {
        Self { call, problems }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// Everything that is wrong, one sentence each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was not sent: {}", self.call, self.problems.join("; "))
    }
}

impl StdError for RequestError {}

/// A request that was not sent, because its token lacks the permissions of the operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} was not sent: {explanation}", .explanation.operation())]
pub struct PermissionError {
    explanation: Explanation,
}

impl PermissionError {
    pub(crate) fn new(explanation: Explanation) -> Self {
        Self { explanation }
    }

    /// What is granted, what is needed, and what is missing.
    pub fn explanation(&self) -> &Explanation {
        &self.explanation
    }
}

/// A credential that could not give a token.
#[derive(Debug, thiserror::Error)]
#[error("no access token: {message}")]
pub struct CredentialError {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    retryable: bool,
    retry_after: Option<Duration>,
}

impl CredentialError {
    /// A failure that nothing but a change will mend, with its cause.
    pub fn new(message: String, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { message, source, retryable: false, retry_after: None }
    }

    /// A failure that passes, such as that of the network: the same may succeed later, after a time that may
    /// be known. Calls are tried again after it, as nothing was sent yet.
    pub fn passing(self, retry_after: Option<Duration>) -> Self {
        Self { retryable: true, retry_after, ..self }
    }
}

/// A call that got no complete response.
#[derive(Debug, thiserror::Error)]
#[error("{call} got no answer: {source}")]
pub struct DeliveryError {
    call: CallName,
    source: TransportError,
}

impl DeliveryError {
    /// The failure of a call, for policies that make failures.
    pub fn new(call: CallName, source: TransportError) -> Self {
        Self { call, source }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// How far the request came.
    pub fn phase(&self) -> Phase {
        self.source.phase()
    }
}

/// A request that was not sent, because the service throttles for longer than it wants to wait.
#[derive(Debug, thiserror::Error)]
#[error("{call} was not sent: calls to {workload} are throttled for another {} s: wait, or allow more time", .retry_after.as_secs_f64().ceil())]
pub struct ThrottledError {
    call: CallName,
    workload: Cow<'static, str>,
    retry_after: Duration,
}

impl ThrottledError {
    pub(crate) fn new(call: CallName, workload: Cow<'static, str>, retry_after: Duration) -> Self {
        Self { call, workload, retry_after }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// The workload that is throttled, such as `outlook`.
    pub fn workload(&self) -> &str {
        &self.workload
    }
}

/// A successful answer that is not what the operation promises.
#[derive(Debug, thiserror::Error)]
#[error("{call} answered {} with something else than was expected: {source}{}{}", .status.as_u16(), show_id(.request_id), self.advice())]
pub struct DecodeError {
    call: CallName,
    status: StatusCode,
    request_id: Option<String>,
    location: Option<Link>,
    outcome: Outcome,
    source: JsonError,
}

fn show_id(request_id: &Option<String>) -> String {
    request_id.as_ref().map(|id| format!(" (request-id {id})")).unwrap_or_default()
}

impl DecodeError {
    pub(crate) fn new(call: CallName, status: StatusCode, headers: &HeaderMap, source: JsonError) -> Self {
        let text = |name: &str| headers.get(name).and_then(|text| text.to_str().ok()).map(str::to_owned);
        let location = text("location").or(text("content-location")).map(Link);
        Self { call, status, request_id: text("request-id"), location, outcome: Outcome::Done, source }
    }

    /// The error of an answer that does not say that the call was done.
    pub(crate) fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// What somebody who changes something with the call must know.
    fn advice(&self) -> &'static str {
        match self.outcome {
            _ if self.call.method().is_safe() => "",
            Outcome::Done => "; it was done all the same",
            _ => "; whether it was done is not known: look before it is sent again",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Where the service says that the result or its progress is (`Location`, else `Content-Location`), as it says it:
    /// nothing has been checked.
    pub fn location(&self) -> Option<&str> {
        self.location.as_ref().map(|link| link.0.as_str())
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// What is wrong with the body.
    pub fn json(&self) -> &JsonError {
        &self.source
    }
}

/// An item of a page that is not what the operation promises.
#[derive(Debug, thiserror::Error)]
#[error("an item that {call} gave cannot be read: {}", .failed.error())]
pub struct ItemError {
    call: CallName,
    failed: FailedItem,
}

impl ItemError {
    pub(crate) fn new(call: CallName, failed: FailedItem) -> Self {
        Self { call, failed }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// The item: its place, what is wrong with it, and its text.
    pub fn failed(&self) -> &FailedItem {
        &self.failed
    }
}

/// A link from the service that is not followed.
#[derive(Debug, thiserror::Error)]
#[error("the link that {call} gave is not followed: {problem}{}", show_link(.link))]
pub struct LinkError {
    call: CallName,
    link: String,
    problem: String,
}

fn show_link(link: &str) -> String {
    if link.is_empty() { String::new() } else { format!(" ({link})") }
}

impl LinkError {
    pub(crate) fn new(call: CallName, link: &str, problem: impl Into<String>) -> Self {
        // A link's query can hold anything; where it leads is what matters.
        let link = link.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
        Self { call, link, problem: problem.into() }
    }

    /// Method and path template of the call.
    pub fn call(&self) -> &CallName {
        &self.call
    }
}
