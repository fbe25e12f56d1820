//! Long-running operations ([Graph's pattern](https://learn.microsoft.com/graph/long-running-actions-overview)): the
//! service answers 202 at once and says where to ask how far it is. Which operations do so is not in the metadata, so
//! any request can be [started](Request::start) instead of awaited.

mod monitor;
mod status;

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

pub use monitor::Monitor;
pub use status::{OperationError, OperationState, OperationStatus};

use crate::body::Body;
use crate::client::GraphClient;
use crate::error::{Error, LinkError};
use crate::operation::Operation;
use crate::path::Path;
use crate::pipeline::CallName;
use crate::request::{Draft, Request};
use crate::response::{Answer, Decode, Expected, Response};
use crate::throttling::retry_after;

/// How long the first wait is if the service does not say; every other is twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How long waits become.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A long-running operation and where to ask for it.
///
/// As a stream it yields what the service says each time it is asked, the last being the success; a failure of the
/// operation is an error ([`OperationError`]). It waits between two questions for as long as the service says, else
/// from one second to thirty. An error of a question, such as that of a lost connection, does not end the operation:
/// ask on, or [resume](GraphClient::resume_operation) it later. Dropping it stops asking, not the operation.
///
/// A monitor on another host gets no token and none of the request's headers, and must be reached over TLS.
///
/// ```
/// use futures_util::TryStreamExt;
/// use msgraph_runtime::{Error, Model, Request};
///
/// async fn copy<T: Model>(request: Request<T>) -> Result<T, Error> {
///     let mut operation = request.start().await?;
///     let stored = operation.monitor();
///     while let Some(status) = operation.try_next().await? {
///         println!("{:?} %", status.percentage());
///     }
///     operation.result().await
/// }
/// ```
#[must_use = "an operation goes on by itself, but says nothing unless it is asked"]
pub struct Poller<T> {
    watch: Watch,
    value: PhantomData<fn() -> T>,
}

/// Everything about an operation that does not depend on its result.
struct Watch {
    /// The request that began it, without its body: what all others have their client and headers from.
    origin: Draft,
    monitor: Url,
    /// The call that began the operation.
    call: CallName,
    /// Where the result is, if the first answer said it.
    result: Option<String>,
    interval: Option<Duration>,
    backoff: Duration,
    stage: Stage,
    status: OperationStatus,
}

enum Stage {
    /// To wait, then to ask.
    Due(Duration),
    Asking(BoxFuture<'static, Result<Answer, Error>>),
    /// The end is known, and has been said or not.
    Ended {
        outcome: Outcome,
        is_said: bool,
    },
}

/// How an operation has ended.
enum Outcome {
    /// With an answer that is the result itself.
    Answered(Answer),
    /// With a result that is to be had at a link, which is not checked.
    At(String),
    /// With nothing but its success.
    Done,
    Failed,
}

impl<T: Decode> Request<T> {
    /// Sends the request and, if the service accepts it as a long-running operation (202 with `Location` or
    /// `Operation-Location`), gives what asks for its progress and result. If the service answers at once, so does
    /// that.
    ///
    /// # Errors
    /// Those of the request, and a link to the monitor that is missing or not to be followed. The operation then runs
    /// all the same.
    pub async fn start(self) -> Result<Poller<T>, Error> {
        let mut request = self.into_draft();
        let answer = request.again().send(Expected::of::<T>()).await?;
        Watch::start(&request, answer).map(Poller::new)
    }
}

impl GraphClient {
    /// Goes on asking for an operation that was started before, maybe by another process.
    ///
    /// # Errors
    /// If the monitor's link is not to be followed.
    pub fn resume_operation<T: Decode>(&self, monitor: &Monitor) -> Result<Poller<T>, Error> {
        Watch::resume(self, monitor).map(Poller::new)
    }
}

impl<T> Poller<T> {
    fn new(watch: Watch) -> Self {
        Self { watch, value: PhantomData }
    }

    /// Waits as long as this between two questions where the service does not say how long.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.watch.interval = Some(interval);
        if matches!(self.watch.stage, Stage::Due(wait) if wait == FIRST_WAIT) {
            self.watch.stage = Stage::Due(interval);
        }
        self
    }

    /// What the service said last.
    pub fn status(&self) -> &OperationStatus {
        &self.watch.status
    }

    /// Where to ask for the operation, to be stored; `None` once it has ended.
    pub fn monitor(&self) -> Option<Monitor> {
        let watch = &self.watch;
        (!matches!(watch.stage, Stage::Ended { .. }))
            .then(|| Monitor::new(&watch.monitor, watch.result.clone(), &watch.origin))
    }

    /// Waits for the end of the operation, whose result is not fetched.
    ///
    /// # Errors
    /// Those of the operation, and of asking for it; after the latter it can be waited for again.
    pub async fn finish(&mut self) -> Result<&OperationStatus, Error> {
        while let Some(status) = self.watch.next().await {
            status?;
        }
        self.watch.check()?;
        Ok(&self.watch.status)
    }
}

impl<T: Decode> Poller<T> {
    /// Waits for the end of the operation and gives its result: the answer itself if it came at once, what the monitor
    /// leads to, or else nothing, for operations that have no result or may have none.
    ///
    /// # Errors
    /// Those of the operation, of asking for it, and of fetching the result; and a result that nothing leads to. Its
    /// id may then be known: [`finish`](Self::finish) gives all that the service says.
    pub async fn result(mut self) -> Result<T::Output, Error> {
        self.finish().await?;
        // What has no size says nothing, so it need not be fetched.
        let is_empty = size_of::<T::Output>() == 0;
        let answer = match self.watch.take_outcome() {
            Outcome::Answered(answer) => answer,
            Outcome::At(link) if !is_empty => self.watch.fetch(&link)?.send(Expected::of::<T>()).await?,
            _ => {
                let nothing = self.watch.nothing().decode::<T>();
                return nothing.map(Response::into_value).map_err(|_| self.watch.no_result());
            }
        };
        answer.decode::<T>().map(Response::into_value)
    }
}

impl<T> Unpin for Poller<T> {}

impl<T> Stream for Poller<T> {
    type Item = Result<OperationStatus, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.watch.poll_next_unpin(context)
    }
}

impl Watch {
    /// What the first answer begins.
    fn start(request: &Draft, answer: Answer) -> Result<Self, Error> {
        let (client, call) = (request.client(), request.name());
        let origin = request.follow(client.base_url().clone());
        if answer.status != StatusCode::ACCEPTED {
            let stage = Stage::Ended { outcome: Outcome::Answered(answer), is_said: false };
            // The end is there, so the monitor is never asked.
            return Ok(Self::new(origin, client.base_url().clone(), call, None, stage));
        }
        let link = |name: &str| answer.headers.get(name).and_then(|link| link.to_str().ok());
        // Where both are, one is the monitor and the other the result (Azure's REST guidelines).
        let (monitor, result) = match (link("operation-location"), link(LOCATION.as_str())) {
            (Some(monitor), result) => (monitor, result.map(str::to_owned)),
            (None, Some(monitor)) => (monitor, None),
            (None, None) => {
                let problem = "the service accepted the call, but does not say where to ask for its progress";
                return Err(LinkError::new(call, "", problem).into());
            }
        };
        let stage = Stage::Due(told_wait(client, &answer.headers).unwrap_or(FIRST_WAIT));
        let monitor = locate(client, client.base_url(), monitor, &call)?;
        Ok(Self::new(origin, monitor, call, result, stage))
    }

    fn resume(client: &GraphClient, monitor: &Monitor) -> Result<Self, Error> {
        let path = Path::new(client.clone(), String::new());
        let mut origin = path.call::<()>(Operation::UNKNOWN.0).into_draft();
        monitor.headers().restore(&mut origin);
        let call = CallName::of(Method::GET, Operation::UNKNOWN, "the monitor of an operation");
        let url = locate(client, client.base_url(), monitor.link(), &call)?;
        let call = CallName::of(Method::GET, Operation::UNKNOWN, url.path());
        Ok(Self::new(origin, url, call, monitor.result().map(str::to_owned), Stage::Due(Duration::ZERO)))
    }

    fn new(origin: Draft, monitor: Url, call: CallName, result: Option<String>, stage: Stage) -> Self {
        let state = match stage {
            Stage::Ended { .. } => OperationState::Succeeded,
            _ => OperationState::NotStarted,
        };
        let status = OperationStatus::bare(state);
        Self { origin, monitor, call, result, interval: None, backoff: FIRST_WAIT, stage, status }
    }

    /// The request that asks, after a wait.
    fn ask(&self, wait: Duration) -> BoxFuture<'static, Result<Answer, Error>> {
        let request = self.origin.visit(self.monitor.clone()).keep_see_other();
        let network = self.origin.client().network();
        Box::pin(async move {
            if !wait.is_zero() {
                network.clock().sleep(wait).await;
            }
            request.send(Expected::JSON).await
        })
    }

    /// Takes an answer in, and gives what the stream yields.
    fn take_in(&mut self, answer: Result<Answer, Error>) -> Result<OperationStatus, Error> {
        let told = answer.as_ref().ok().and_then(|answer| told_wait(self.origin.client(), &answer.headers));
        self.backoff = (self.backoff * 2).min(LONGEST_WAIT);
        self.stage = Stage::Due(told.or(self.interval).unwrap_or(self.backoff));
        let (status, outcome) = judge(answer?, self.result.as_deref());
        self.status = status.clone();
        if let Some(outcome) = outcome {
            self.stage = Stage::Ended { outcome, is_said: true };
            self.check()?;
        }
        Ok(status)
    }

    /// Whether the operation has not failed.
    fn check(&self) -> Result<(), OperationError> {
        match self.stage {
            Stage::Ended { outcome: Outcome::Failed, .. } => Err(self.status.failure(self.call.clone())),
            _ => Ok(()),
        }
    }

    fn take_outcome(&mut self) -> Outcome {
        let ended = Stage::Ended { outcome: Outcome::Done, is_said: true };
        match std::mem::replace(&mut self.stage, ended) {
            Stage::Ended { outcome, .. } => outcome,
            _ => Outcome::Done,
        }
    }

    /// The request for the result at a link.
    fn fetch(&self, link: &str) -> Result<Draft, Error> {
        let url = locate(self.origin.client(), &self.monitor, link, &self.call)?;
        Ok(self.origin.visit(url))
    }

    /// An answer that says nothing, to decode what may be empty from.
    fn nothing(&self) -> Answer {
        let client = self.origin.client().shared();
        client.answer(self.call.clone(), StatusCode::NO_CONTENT, HeaderMap::new(), Body::empty())
    }

    fn no_result(&self) -> Error {
        let id = self.status.resource_id().map(|id| format!("; its id is {id}")).unwrap_or_default();
        let message = format!("the service does not say where its result is{id}");
        OperationError::new(self.call.clone(), self.status.text().unwrap_or("succeeded"), message).into()
    }
}

/// What an answer to the question says, and how the operation has ended if it has.
fn judge(answer: Answer, result: Option<&str>) -> (OperationStatus, Option<Outcome>) {
    let at = |link: Option<&str>| link.map_or(Outcome::Done, |link| Outcome::At(link.to_owned()));
    let success = OperationStatus::bare(OperationState::Succeeded);
    if answer.status.is_redirection() {
        let location = answer.headers.get(LOCATION).and_then(|link| link.to_str().ok());
        return (success, Some(at(location.or(result))));
    }
    let document = serde_json::from_slice(answer.bytes()).ok();
    match document.and_then(OperationStatus::read) {
        Some(status) => {
            let outcome = match status.state() {
                OperationState::Succeeded => Some(at(status.resource_location().or(result))),
                OperationState::Failed => Some(Outcome::Failed),
                _ => None,
            };
            (status, outcome)
        }
        None if answer.status == StatusCode::ACCEPTED => {
            (OperationStatus::bare(OperationState::Running), None)
        }
        None if answer.bytes().trim_ascii().is_empty() => (success, Some(at(result))),
        None => (success, Some(Outcome::Answered(answer))),
    }
}

/// The URL of a link that an answer from `base` gives, or why it is not followed. Teams gives paths below the
/// service's root without its version.
fn locate(client: &GraphClient, base: &Url, link: &str, call: &CallName) -> Result<Url, Error> {
    let refuse = |problem: String| LinkError::new(call.clone(), link, problem);
    let root = client.base_url().path();
    let below_root =
        link.starts_with('/') && !link.starts_with("//") && !link.starts_with(&format!("{root}/"));
    let url = if below_root && client.is_own(base) {
        client.url(link)
    } else {
        base.join(link).map_err(|e| e.to_string())
    };
    let url = url.map_err(refuse)?;
    if !client.shared().is_secure(&url) {
        return Err(refuse("it does not begin with https://, or holds a user name".to_owned()).into());
    }
    Ok(url)
}

/// How long an answer says to wait.
fn told_wait(client: &GraphClient, headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers, client.network().clock().now())
}

impl Stream for Watch {
    type Item = Result<OperationStatus, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match &mut self.stage {
                Stage::Due(wait) => {
                    let wait = *wait;
                    self.stage = Stage::Asking(self.ask(wait));
                }
                Stage::Asking(answer) => {
                    let answer = ready!(answer.as_mut().poll(context));
                    return Poll::Ready(Some(self.take_in(answer)));
                }
                Stage::Ended { is_said: true, .. } => return Poll::Ready(None),
                Stage::Ended { is_said, .. } => {
                    *is_said = true;
                    return Poll::Ready(Some(Ok(self.status.clone())));
                }
            }
        }
    }
}
