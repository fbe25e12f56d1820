//! Many requests in few calls ([JSON batching](https://learn.microsoft.com/graph/json-batching)): a [`Batch`]
//! collects any mix of typed requests, plans them into calls of at most twenty, sends those, and hands out an
//! answer of each request's own type.
//!
//! In comes a list of requests, some of which must wait for others; out comes one answer or error for each. A
//! failed part fails only itself and what depends on it. Parts that were throttled are sent again without the
//! others, each after the time that it was told to wait.
//!
//! `plan` decides which parts share a call, `wire` writes and reads the calls, `exchange` sends one call until
//! all its parts are settled.

mod answers;
mod error;
mod exchange;
mod plan;
mod wire;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::StreamExt;
use http::Method;

pub use answers::BatchAnswers;
pub use error::BatchError;

use crate::client::GraphClient;
use crate::error::{Error, RequestError};
use crate::operation::Operation;
use crate::pipeline::CallName;
use crate::request::{Draft, Request};
use crate::response::{Decode, Expected};
use crate::retry::RetryPolicy;

/// The most requests that one call takes.
const CALL_LIMIT: usize = 20;

/// How many calls are under way at a time unless the batch is told otherwise: as many as services accept of one
/// app for one mailbox.
const CONCURRENCY: usize = 4;

/// The call that carries the parts. Without `op:`, as it is nothing that takes a permission of its own.
const BATCH: Operation = Operation("POST /$batch;;");

/// The name of that call.
fn batch_name() -> CallName {
    CallName::of(Method::POST, BATCH, "")
}

/// Requests that are sent together.
///
/// ```
/// use http::{Request, Response};
/// use msgraph_runtime::{Body, GraphClient, Page, StaticToken};
///
/// const LIST: &str = "op:GET /me/messages;select top;";
/// const DELETE: &str = "op:DELETE /me/messages/{message-id};;";
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let answer = r#"{"responses": [{"id": "2", "status": 204}, {"id": "1", "status": 200, "body": {"value": ["a"]}}]}"#;
/// # let transport = move |_: Request<Body>| async move { Ok(Response::new(Body::from(answer))) };
/// # let client = GraphClient::builder().credential(StaticToken::new("token")).transport(transport).build()?;
/// let messages = client.root("me").segment("messages");
/// let mut batch = client.batch();
/// let list = batch.add(messages.call::<Page<String>>(LIST));
/// let deletion = batch.add(messages.key("4711").call::<()>(DELETE));
/// batch.depends_on(&deletion, &list);
///
/// let mut answers = batch.send().await?;
/// assert_eq!(answers.take(list)?.value, ["a"]);
/// answers.take(deletion)?;
/// # Ok::<(), msgraph_runtime::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a batch does nothing unless it is sent"]
pub struct Batch {
    client: GraphClient,
    entries: Vec<Entry>,
    concurrency: usize,
    identity: Identity,
}

/// One request of a [`Batch`], whose answer is asked for with it.
#[must_use = "the answer of a part is taken with it"]
pub struct Part<T> {
    index: usize,
    batch: Identity,
    answer: PhantomData<fn() -> T>,
}

/// What tells the parts of one batch from those of another.
#[derive(Clone)]
struct Identity(Arc<()>);

/// A request without the type of its answer.
struct Entry {
    name: CallName,
    operation: Option<Operation>,
    retry: RetryPolicy,
    /// Whether what the answer is to be read as has a property `error` of its own.
    declares_error: bool,
    /// The request for a link that the answer may hold, with the headers of this one.
    later: Draft,
    /// Method, URL, headers and body as members of a JSON object.
    members: String,
    /// The parts that must have succeeded before this one is begun; all of them are earlier ones.
    after: Vec<usize>,
    problems: Vec<String>,
}

impl GraphClient {
    /// An empty batch, for requests of this client.
    pub fn batch(&self) -> Batch {
        Batch {
            client: self.clone(),
            entries: Vec::new(),
            concurrency: CONCURRENCY,
            identity: Identity(Arc::new(())),
        }
    }
}

impl Batch {
    /// Adds a request of the batch's own client. Its body must be there as bytes, not as a stream.
    pub fn add<T: Decode>(&mut self, request: Request<T>) -> Part<T> {
        self.push(wire::entry(&self.client, request.into_draft(), Expected::of::<T>()))
    }

    fn push<T>(&mut self, entry: Entry) -> Part<T> {
        self.entries.push(entry);
        Part { index: self.entries.len() - 1, batch: self.identity.clone(), answer: PhantomData }
    }

    /// Has a part begun only after an earlier part has succeeded; if that one fails, this one fails with status
    /// 424. All parts that depend on each other share one call, so that there can be at most twenty of them.
    /// The service wants a call to be either wholly in sequence or wholly parallel: parts that depend on nothing
    /// travel in other calls.
    pub fn depends_on<T, U>(&mut self, part: &Part<T>, earlier: &Part<U>) {
        let own = self.identity.is(&part.batch) && self.identity.is(&earlier.batch);
        if own && earlier.index < part.index {
            let after = &mut self.entries[part.index].after;
            if !after.contains(&earlier.index) {
                after.push(earlier.index);
            }
            return;
        }
        let problem = if own {
            format!(
                "it cannot wait for part {}, which was added later: add that one first",
                earlier.index + 1
            )
        } else {
            "it was given a part of another batch to wait for".to_owned()
        };
        if let Some(entry) = self.entries.get_mut(part.index) {
            entry.problems.push(problem);
        }
    }

    /// How many calls are under way at a time (default: 4; at least 1).
    pub fn concurrency(self, calls: usize) -> Self {
        Self { concurrency: calls.max(1), ..self }
    }

    /// The number of requests.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no request.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sends all requests. What happened to each is in the answers.
    ///
    /// # Errors
    /// [`Error::Request`] if a request could not be right, or more than twenty depend on each other; nothing has
    /// been sent then, and everything that is wrong is named.
    pub async fn send(self) -> Result<BatchAnswers, Error> {
        let calls = self.plan()?;
        let Self { client, entries, concurrency, identity } = self;
        let mut answers: Vec<_> = entries.iter().map(|_| None).collect();
        let sent = calls.into_iter().map(|parts| exchange::exchange(&client, &entries, parts));
        let mut sent = futures_util::stream::iter(sent).buffer_unordered(concurrency);
        while let Some(settled) = sent.next().await {
            for (part, answer) in settled {
                answers[part] = Some(answer);
            }
        }
        drop(sent);
        Ok(BatchAnswers::new(entries, answers, identity))
    }

    fn plan(&self) -> Result<Vec<Vec<usize>>, Error> {
        let mut problems: Vec<String> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            problems.extend(entry.problems.iter().map(|problem| {
                let name = &entry.name;
                format!("part {} ({name}): {problem}", index + 1)
            }));
        }
        let (calls, too_long) = plan::plan(&self.entries, CALL_LIMIT);
        problems.extend(too_long.iter().map(|group| {
            let names = group.iter().map(|part| format!("part {} ({})", part + 1, self.entries[*part].name));
            let names: Vec<String> = names.collect();
            let (count, names) = (names.len(), names.join(", "));
            format!("{count} parts depend on each other, but one call takes {CALL_LIMIT}: {names}")
        }));
        if problems.is_empty() { Ok(calls) } else { Err(RequestError::new(batch_name(), problems).into()) }
    }
}

impl Identity {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} requests)", self.entries.len())
    }
}

impl<T> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({})", self.index + 1)
    }
}
