//! Sends one call of a batch, and again those of its parts that the service asks to send later, until every part
//! is settled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::error::Problem;
use super::wire::{self, PartAnswer};
use super::{BATCH, BatchError, Entry, batch_name};
use crate::body::Body;
use crate::classify;
use crate::client::{GraphClient, Shared};
use crate::error::{Error, GraphError, Outcome, RequestError};
use crate::permissions::{Explanation, Granted};
use crate::pipeline::Call;
use crate::response::Answer;
use crate::retry::Failure;
use crate::throttling::{later, retry_after};

/// The answers of a call by part, those of the same part together; `None` for one that cannot be read.
type ByPart = BTreeMap<usize, Vec<Option<PartAnswer>>>;

/// What happened to a part.
type Settled = (usize, Result<Answer, Error>);

/// A call of a batch while it is under way.
struct Exchange<'a> {
    client: &'a GraphClient,
    entries: &'a [Entry],
    begun: Timestamp,
    settled: Vec<Settled>,
    /// The parts that are not settled, with the time from which they may be sent.
    due: BTreeMap<usize, Timestamp>,
    tries: BTreeMap<usize, u32>,
}

/// Sends the parts of one call until each is settled.
pub(super) async fn exchange(client: &GraphClient, entries: &[Entry], parts: Vec<usize>) -> Vec<Settled> {
    let now = client.shared().clock.now();
    let due = parts.into_iter().map(|part| (part, now)).collect();
    let mut exchange =
        Exchange { client, entries, begun: now, settled: Vec::new(), due, tries: BTreeMap::new() };
    while let Some(&earliest) = exchange.due.values().min() {
        let parts = exchange.wait_until(earliest).await;
        exchange.send(parts).await;
    }
    exchange.settled
}

impl Exchange<'_> {
    /// Waits until the first parts may be sent, and takes them.
    async fn wait_until(&mut self, earliest: Timestamp) -> Vec<usize> {
        let clock = &self.client.shared().clock;
        let wait = Duration::try_from(earliest.duration_since(clock.now())).unwrap_or(Duration::ZERO);
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
        let until = earliest.max(clock.now());
        let ready: Vec<usize> =
            self.due.iter().filter(|(_, due)| **due <= until).map(|(part, _)| *part).collect();
        self.due.retain(|_, due| *due > until);
        ready
    }

    async fn send(&mut self, parts: Vec<usize>) {
        for part in &parts {
            *self.tries.entry(*part).or_default() += 1;
        }
        match self.post(&parts).await {
            Ok((answers, broken)) => self.settle(&parts, answers, broken).await,
            Err(error) => {
                let error = Arc::new(error);
                let failed = |part| (part, Err(self.problem(part, Problem::Call(error.clone()))));
                let failed: Vec<Settled> = parts.into_iter().map(failed).collect();
                self.settled.extend(failed);
            }
        }
    }

    /// The answers of a call by part, those of the same part together; and if the call's answer broke off, the error of
    /// the parts behind that.
    async fn post(&self, parts: &[usize]) -> Result<(ByPart, Option<Arc<Error>>), Error> {
        let url =
            self.client.url("/$batch").map_err(|problem| RequestError::new(batch_name(), vec![problem]))?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = Body::from(wire::call_body(self.entries, parts));
        let mut call = Call::new(Method::POST, url, headers, body, Some(BATCH)).buffered();
        let may_repeat =
            |part: &usize| self.entries[*part].retry.may_repeat(self.entries[*part].name.method());
        if parts.iter().all(may_repeat) {
            call.options.retry = Some(self.client.retry_policy().idempotent());
        }
        let (whole, broken) = self.read(call).await?;
        let part_of: BTreeMap<String, usize> = parts.iter().map(|part| (wire::id(*part), *part)).collect();
        let mut answers = ByPart::new();
        for (id, answer) in whole {
            if let Some(part) = part_of.get(&id) {
                answers.entry(*part).or_default().push(answer);
            }
        }
        Ok((answers, broken.map(Arc::new)))
    }

    /// Makes the call, and again if its answer breaks off and it may be made again.
    async fn read(&self, call: Call) -> Result<(Vec<(String, Option<PartAnswer>)>, Option<Error>), Error> {
        let mut answer = self.client.clone().call(call).await?;
        loop {
            let wire::Answers { whole, problem } = wire::read_answers(answer.bytes());
            let Some(problem) = problem else { return Ok((whole, None)) };
            match answer.again(problem) {
                Ok(again) => answer = again.await?,
                // That the call was answered does not say that its parts were done.
                Err(Error::Decode(error)) => {
                    return Ok((whole, Some(error.with_outcome(Outcome::Unknown).into())));
                }
                Err(error) => return Ok((whole, Some(error))),
            }
        }
    }

    async fn settle(&mut self, parts: &[usize], mut answers: ByPart, broken: Option<Arc<Error>>) {
        // Parts come in order, so that what a part depends on has been looked at before it.
        for &part in parts {
            let mut own = answers.remove(&part).unwrap_or_default();
            let own = (own.len(), own.pop().flatten());
            if let (1, Some(answer)) = &own {
                self.learn(part, answer);
            }
            let result = match own {
                (0, _) => {
                    let problem = broken.clone().map_or(Problem::Unanswered, Problem::Call);
                    Err(self.problem(part, problem))
                }
                (1, Some(answer)) => match self.again_at(part, &answer) {
                    Some(due) => {
                        self.due.insert(part, due);
                        continue;
                    }
                    None => self.result(part, answer).await,
                },
                (1, None) => Err(self.problem(part, Problem::Unreadable)),
                _ => Err(self.problem(part, Problem::Ambiguous)),
            };
            self.settled.push((part, result));
        }
    }

    fn problem(&self, part: usize, problem: Problem) -> Error {
        BatchError::new(self.entries[part].name.clone(), problem).into()
    }

    /// Lets the calls beside the batch know what an answer says about throttling.
    fn learn(&self, part: usize, answer: &PartAnswer) {
        let Shared { clock, governor, .. } = self.client.shared();
        governor.learn_from_part(&self.entries[part].name, (answer.status, &answer.headers), clock.now());
    }

    /// When a part is to be sent again, if it is.
    fn again_at(&self, part: usize, answer: &PartAnswer) -> Option<Timestamp> {
        if answer.status == StatusCode::FAILED_DEPENDENCY {
            // It was not tried, because one that it depends on will be tried again.
            return self.entries[part]
                .after
                .iter()
                .filter_map(|earlier| self.due.get(earlier))
                .max()
                .copied();
        }
        let Entry { retry, name, .. } = &self.entries[part];
        let Shared { clock, randomness, .. } = self.client.shared();
        let (now, tries) = (clock.now(), self.tries.get(&part).copied().unwrap_or_default());
        let told = retry_after(&answer.headers, now);
        let failure = match self.error(part, answer) {
            Some(error) if answer.status.is_success() => error.is_retryable().then(|| Failure::passing(told)),
            _ => Failure::of_status(answer.status, told),
        }?;
        if !retry.allows_after(tries) || !retry.covers(&failure, name.method()) {
            return None;
        }
        let due = later(now, retry.delay(tries, &failure, randomness.next()));
        (due <= later(self.begun, retry.longest_total())).then_some(due)
    }

    /// The answer of a part that is not sent again, as the pipeline would have given it.
    async fn result(&self, part: usize, answer: PartAnswer) -> Result<Answer, Error> {
        let entry = &self.entries[part];
        let shared = self.client.shared();
        let error = self.error(part, &answer);
        if let (None, true) = (&error, answer.status.is_success()) {
            return Ok(shared.answer(
                entry.name.clone(),
                answer.status,
                answer.headers,
                Body::from(answer.body),
            ));
        }
        if let Some(call) = redirected(self.client, entry, &answer) {
            return self.client.clone().call(call.buffered()).await;
        }
        let PartAnswer { status, headers, body } = answer;
        let error = GraphError::new(entry.name.clone(), status, &headers, &body, shared.clock.now());
        Err(error.explained(self.explanation(entry, status).await).into())
    }

    /// The error that a part's success is nothing but.
    fn error(&self, part: usize, answer: &PartAnswer) -> Option<GraphError> {
        let Entry { name, declares_error, .. } = &self.entries[part];
        let PartAnswer { status, headers, body } = answer;
        let is_error = status.is_success() && classify::is_error(body, *declares_error);
        let now = self.client.shared().clock.now();
        is_error.then(|| GraphError::new(name.clone(), *status, headers, body, now))
    }

    /// Why the service forbids a part, by the token that the batch was sent with.
    async fn explanation(&self, entry: &Entry, status: StatusCode) -> Option<Explanation> {
        let operation = entry.operation.filter(|_| status == StatusCode::FORBIDDEN)?;
        let token = self.client.token().await.ok()?;
        let granted = Granted::from_token(token.secret().expose_secret())?;
        Some(Explanation::new(operation, granted, self.client.shared().catalog))
    }
}

/// The call for the content that a part's answer leads to: a part cannot hold a file, only where it is.
fn redirected(client: &GraphClient, entry: &Entry, answer: &PartAnswer) -> Option<Call> {
    if entry.name.method() != Method::GET || !answer.status.is_redirection() {
        return None;
    }
    let location = answer.headers.get(LOCATION)?.to_str().ok()?;
    let url = client.base_url().join(location).ok().filter(|url| client.shared().is_secure(url))?;
    Some(Call::new(Method::GET, url, HeaderMap::new(), Body::empty(), entry.operation))
}
