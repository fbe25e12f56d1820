//! Long-running operations ([Graph's pattern](https://learn.microsoft.com/graph/long-running-actions-overview)): the
//! service answers 202 at once and says where to ask how far it is. Which operations do so is not in the metadata, so
//! any request can be [started](Request::start) instead of awaited.

mod answer;
mod links;
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

use answer::{Outcome, Said, Verdict, judge, link};
use links::{locate, through_graph};

use crate::body::Body;
use crate::client::GraphClient;
use crate::error::{Error, GraphError, LinkError};
use crate::operation::Operation;
use crate::path::Path;
use crate::pipeline::CallName;
use crate::request::{Draft, Request};
use crate::response::{Answer, Decode, Expected, Response};
use crate::retry::RetryPolicy;
use crate::throttling::retry_after;
use crate::transfer::Patience;

/// How long the first wait is if the service does not say; every other is twice as long as the one before. No wait is
/// shorter, whatever the service says, unless the program sets an [interval](Poller::interval) that is.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How long the longest wait is that the service can ask for.
const LONGEST_TOLD: Duration = Duration::from_secs(3600);

/// How long a monitor, and the result after a success, may be unknown: neither is everywhere at once
/// (terraform-provider-azuread#1802, msgraph-sdk-java#2575).
const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(60);

/// How long waits become.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A long-running operation and where to ask for it.
///
/// As a stream it yields what the service says each time it is asked, the last being the success; a failure of the
/// operation is an error ([`OperationError`]). It waits between two questions for as long as the service says, but for
/// a second at least and for no longer than the [total](RetryPolicy::total) of the call's retry policy, or an hour; else
/// from one second to thirty. An error of a question, such as that of a lost connection, does not end the operation:
/// ask on, or [resume](GraphClient::resume_operation) it later. Dropping it stops asking, not the operation.
///
/// It ends only with what the service says in so many words: a status that is known, the result itself (a resource
/// with its id), 303 with a link to it, or 204. An answer that says nothing of this is asked for again, as often in a
/// row as the retry policy has tries, and is then an error ([`is_outcome_unknown`](OperationError::is_outcome_unknown)).
/// A monitor or a result that is not found is asked for again for a minute
/// ([`retry_not_found`](Request::retry_not_found) sets another time).
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
    /// The path of the drive that it works in, if it does.
    drive: Option<String>,
    /// The id of the result, if an answer has said it.
    resource_id: Option<String>,
    policy: RetryPolicy,
    interval: Option<Duration>,
    backoff: Duration,
    stage: Stage,
    status: OperationStatus,
}

enum Stage {
    /// To ask at once.
    Now,
    /// To wait as long as the service said, if it did, and then to ask.
    Due(Option<Duration>),
    Asking(BoxFuture<'static, Result<Said, Error>>),
    /// The end is known, and has been said or not.
    Ended {
        outcome: Outcome,
        /// The answer that told the end, if it is at hand.
        answer: Option<Box<Answer>>,
        is_said: bool,
    },
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

    /// Waits as long as this between two questions, or longer where the service says so.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.watch.interval = Some(interval);
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
    /// id may then be known: [`finish`](Self::finish) gives all that the service says. A success of a part only is an
    /// error too: [`finish`](Self::finish) gives it as a [status](OperationState::PartlySucceeded).
    pub async fn result(mut self) -> Result<T::Output, Error> {
        self.finish().await?;
        self.watch.check_whole()?;
        // What has no size says nothing, so it need not be fetched.
        let is_empty = size_of::<T::Output>() == 0;
        let answer = match self.watch.take_outcome() {
            (Outcome::Answered, Some(answer)) => *answer,
            (Outcome::At(link), _) if !is_empty => self.watch.fetch(&link, Expected::of::<T>()).await?,
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
        let drive = links::drive_of(&request.identity());
        let operation = link(&answer.headers, "operation-location");
        if answer.status != StatusCode::ACCEPTED && operation.is_none() {
            let stage =
                Stage::Ended { outcome: Outcome::Answered, answer: Some(Box::new(answer)), is_said: false };
            // The end is there, so the monitor is never asked.
            return Ok(Self { drive, ..Self::new(origin, client.base_url().clone(), call, None, stage) });
        }
        // Where both are, one is the monitor and the other the result (Azure's REST guidelines).
        let (monitor, result) = match (operation, link(&answer.headers, LOCATION.as_str())) {
            (Some(monitor), result) => (monitor, result),
            (None, Some(monitor)) => (monitor, None),
            (None, None) => {
                let problem = "the service accepted the call, but does not say where to ask for its progress";
                return Err(LinkError::new(call, "", problem).into());
            }
        };
        let stage = Stage::Due(told_wait(client, &answer.headers));
        let monitor = locate(client, client.base_url(), &monitor, &call)?;
        Ok(Self { drive, ..Self::new(origin, monitor, call, result, stage) })
    }

    fn resume(client: &GraphClient, monitor: &Monitor) -> Result<Self, Error> {
        let path = Path::new(client.clone(), String::new());
        let mut origin = path.call::<()>(Operation::UNKNOWN.0).into_draft();
        monitor.headers().restore(&mut origin);
        let call = CallName::of(Method::GET, Operation::UNKNOWN, "the monitor of an operation");
        let url = locate(client, client.base_url(), monitor.link(), &call)?;
        let call = CallName::of(Method::GET, Operation::UNKNOWN, url.path());
        Ok(Self::new(origin, url, call, monitor.result().map(str::to_owned), Stage::Now))
    }

    fn new(mut origin: Draft, monitor: Url, call: CallName, result: Option<String>, stage: Stage) -> Self {
        let state = match stage {
            Stage::Ended { .. } => OperationState::Succeeded,
            _ => OperationState::NotStarted,
        };
        let status = OperationStatus::bare(state);
        let policy = origin.retry_policy();
        origin.options_mut().not_found.get_or_insert(UNKNOWN_AT_FIRST);
        Self {
            origin,
            monitor,
            call,
            result,
            drive: None,
            resource_id: None,
            policy,
            interval: None,
            backoff: FIRST_WAIT,
            stage,
            status,
        }
    }

    /// How long to wait if the service said so or said nothing. It is trusted within reason: a wait of zero would
    /// never pause, and one of a year never ask again.
    fn pause(&self, told: Option<Duration>) -> Duration {
        let shortest = self.interval.unwrap_or(FIRST_WAIT);
        let longest = LONGEST_TOLD.min(self.policy.longest_total());
        told.map(|told| told.min(longest)).unwrap_or(self.backoff.min(longest)).max(shortest)
    }

    /// Asks after a wait, and again while the answers say nothing and the policy has patience.
    fn ask(&mut self, wait: Duration) -> BoxFuture<'static, Result<Said, Error>> {
        let client = self.origin.client().clone();
        let mut request = self.origin.visit(self.monitor.clone()).keep_see_other();
        // One that has answered is known.
        if self.status.state() != OperationState::NotStarted {
            request.options_mut().not_found = Some(Duration::ZERO);
        }
        let (result, call, again) = (self.result.clone(), self.call.clone(), self.pause(Some(FIRST_WAIT)));
        let mut patience = Patience::new(self.policy);
        Box::pin(async move {
            if !wait.is_zero() {
                client.network().clock().sleep(wait).await;
            }
            loop {
                let answer = request.again().send(Expected::JSON).await?;
                let why = match judge(answer.status, &answer.headers, answer.bytes(), result.as_deref()) {
                    Verdict::Said(status, outcome) => return Ok(Said { status, outcome, answer }),
                    Verdict::Refused => return Err(refusal(&client, &answer)),
                    Verdict::Unclear(why) => why,
                };
                if !patience.wait(&client, Some(again)).await {
                    let told = format!("the monitor answers with {why} (status {})", answer.status.as_u16());
                    return Err(OperationError::unknown(call, told).into());
                }
            }
        })
    }

    /// Takes an answer in, and gives what the stream yields.
    fn take_in(&mut self, said: Result<Said, Error>) -> Result<OperationStatus, Error> {
        let told = match &said {
            Ok(said) => told_wait(self.origin.client(), &said.answer.headers),
            Err(error) => error.retry_after(),
        };
        self.backoff = self.interval.unwrap_or((self.backoff * 2).min(LONGEST_WAIT));
        self.stage = Stage::Due(told);
        let Said { status, outcome, answer } = said?;
        self.status = status.clone();
        self.resource_id = status.resource_id().map(str::to_owned).or(self.resource_id.take());
        if let Some(outcome) = outcome {
            self.stage = Stage::Ended { outcome, answer: Some(Box::new(answer)), is_said: true };
            self.check()?;
        }
        Ok(status)
    }

    /// Whether the operation has not failed.
    fn check(&self) -> Result<(), Error> {
        match self.stage {
            Stage::Ended { outcome: Outcome::Failed, .. } => {
                Err(self.status.failure(self.call.clone()).into())
            }
            _ => Ok(()),
        }
    }

    /// Whether all of it has succeeded.
    fn check_whole(&self) -> Result<(), Error> {
        match self.status.state() {
            OperationState::PartlySucceeded => Err(self.status.failure(self.call.clone()).into()),
            _ => Ok(()),
        }
    }

    fn take_outcome(&mut self) -> (Outcome, Option<Box<Answer>>) {
        let ended = Stage::Ended { outcome: Outcome::Done, answer: None, is_said: true };
        match std::mem::replace(&mut self.stage, ended) {
            Stage::Ended { outcome, answer, .. } => (outcome, answer),
            _ => (Outcome::Done, None),
        }
    }

    /// Fetches the result at a link. Where another host wants a token, which it does not get, the result is to be had
    /// through the service if its id is known (onedrive-api-docs#545, #762).
    async fn fetch(&self, link: &str, expected: Expected) -> Result<Answer, Error> {
        let client = self.origin.client();
        let url = locate(client, &self.monitor, link, &self.call)?;
        let is_own = client.is_own(&url);
        let path = through_graph(&url, self.drive.as_deref(), self.resource_id.as_deref());
        let answer = self.origin.visit(url).send(expected).await;
        let is_refused =
            |error: &Error| error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 403));
        match (answer, path.and_then(|path| client.url(&path).ok())) {
            (Err(error), Some(url)) if !is_own && is_refused(&error) => {
                self.origin.visit(url).send(expected).await
            }
            (answer, _) => answer,
        }
    }

    /// An answer that says nothing, to decode what may be empty from.
    fn nothing(&self) -> Answer {
        let client = self.origin.client().shared();
        client.answer(self.call.clone(), StatusCode::NO_CONTENT, HeaderMap::new(), Body::empty())
    }

    fn no_result(&self) -> Error {
        let id = self.resource_id.as_deref().map(|id| format!("; its id is {id}")).unwrap_or_default();
        let message = format!("the service does not say where its result is{id}");
        OperationError::new(self.call.clone(), self.status.text().unwrap_or("succeeded"), message).into()
    }
}

/// The error that an answer is, although its status is a success.
fn refusal(client: &GraphClient, answer: &Answer) -> Error {
    let now = client.network().clock().now();
    GraphError::new(answer.call.clone(), answer.status, &answer.headers, answer.bytes(), now).into()
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
                Stage::Now => self.stage = Stage::Asking(self.ask(Duration::ZERO)),
                Stage::Due(told) => {
                    let wait = *told;
                    let wait = self.pause(wait);
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
