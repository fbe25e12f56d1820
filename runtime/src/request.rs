//! A request that is being put together, and the future that it becomes. Everything but the decoding of the
//! answer is done by [`Draft`], which does not know the answer's type.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::body::Body;
use crate::client::GraphClient;
use crate::error::{Error, RequestError};
use crate::json::Value;
use crate::operation::Operation;
use crate::options::CallOptions;
use crate::paging::{Items, Page, Pages};
use crate::path::{QueryOption, push_query};
use crate::pipeline::{Call, CallName};
use crate::prefer::Prefer;
use crate::query::{Expansion, Filter, Ordering, Selection, limits};
use crate::response::{Answer, Decode, Expected, Response};
use crate::retry::RetryPolicy;

const CONSISTENCY_LEVEL: HeaderName = HeaderName::from_static("consistencylevel");

/// A request to an operation whose answer is a `T`. Nothing is sent before it is awaited.
///
/// Whatever is wrong with it (an option that the operation does not take, a header that is none, an empty
/// key) is collected and reported together, before anything is sent.
#[must_use = "a request does nothing unless it is awaited"]
pub struct Request<T> {
    draft: Draft,
    answer: PhantomData<fn() -> T>,
}

/// A request without the type of its answer.
pub(crate) struct Draft {
    client: GraphClient,
    operation: Operation,
    method: Method,
    target: Target,
    /// Query options, in the order in which they were set.
    query: Vec<QueryOption>,
    headers: HeaderMap,
    body: Body,
    /// Whether an answer that the result is to be seen elsewhere is a success.
    keeps_see_other: bool,
    options: CallOptions,
    /// Whether the program wrote the request itself, so that it may set what the metadata does not have.
    is_raw: bool,
    problems: Vec<String>,
}

/// Where a request goes.
#[derive(Clone)]
enum Target {
    /// A path below the client's root, or below that of another version; one that the program wrote itself may hold
    /// a query.
    Path { path: String, version: Option<&'static str> },
    /// A link that came from the service and has been checked.
    Link(Url),
    /// A URL that the program wrote itself.
    Url { url: Url, may_be_elsewhere: bool },
}

impl Target {
    /// The path, without a query.
    fn path(&self) -> &str {
        match self {
            Self::Path { path, .. } => path.split('?').next().unwrap_or_default(),
            Self::Link(url) | Self::Url { url, .. } => url.path(),
        }
    }
}

impl<T> Request<T> {
    #[inline]
    pub(crate) fn new(draft: Draft) -> Self {
        Self { draft, answer: PhantomData }
    }

    pub(crate) fn into_draft(self) -> Draft {
        self.draft
    }

    pub(crate) fn draft_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// The operation that the request calls.
    pub fn operation(&self) -> Operation {
        self.draft.operation
    }

    /// Sends a header, in place of one of the same name that was set before.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.draft.header(name, value);
        self
    }

    /// Adds a query option that the operation's metadata does not speak of. Value and name are encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.draft.query(name.to_owned().into(), value.to_owned());
        self
    }

    /// Asks for at most `count` items, in pages of that size where there are pages (`$top`).
    pub fn top(mut self, count: u32) -> Self {
        self.draft.option("$top", count.to_string());
        self
    }

    /// Leaves out the first `count` items (`$skip`).
    pub fn skip(mut self, count: u32) -> Self {
        self.draft.option("$skip", count.to_string());
        self
    }

    /// Searches (`$search`), such as `"displayName:adele"` with the quotation marks. It asks for eventual
    /// consistency, without which the directory does not search.
    pub fn search(mut self, terms: impl AsRef<str>) -> Self {
        self.draft.option("$search", terms.as_ref().to_owned());
        self.draft.eventual_consistency();
        self
    }

    /// Asks for the number of all items, in [`Page::count`] (`$count=true`). It asks for eventual
    /// consistency, without which the directory does not count.
    pub fn count(mut self) -> Self {
        self.draft.option("$count", "true".to_owned());
        self.draft.eventual_consistency();
        self
    }
}

impl<T: Decode> Request<T> {
    /// Asks for these properties only (`$select`).
    pub fn select(mut self, properties: impl Selection<T::Item>) -> Self {
        let mut list = Vec::new();
        properties.add_to(&mut list);
        self.draft.list_option("$select", list);
        self
    }

    /// Asks for related values to be included (`$expand`).
    pub fn expand(mut self, properties: impl Expansion<T::Item>) -> Self {
        let mut list = Vec::new();
        properties.add_to(&mut list);
        self.draft.list_option("$expand", list);
        self
    }

    /// Asks for what satisfies a condition (`$filter`). Conditions of several calls must all hold. For one that the
    /// directory answers with [eventual consistency](crate::query::Expression::is_advanced) only, that is asked for.
    pub fn filter(mut self, condition: impl Filter<T::Item>) -> Self {
        self.draft.filter(condition.text());
        if condition.is_advanced() {
            self.draft.advance();
        }
        self
    }

    /// Asks for an order (`$orderby`), such as `displayName desc`; several calls order by the first, then by the next.
    pub fn order_by(mut self, order: impl Ordering<T::Item>) -> Self {
        let mut list = Vec::new();
        order.add_to(&mut list);
        self.draft.list_option("$orderby", list);
        self
    }

    /// Sends the request; the future yields the value with status and headers.
    pub fn send(self) -> Sending<T> {
        Sending { answer: self.draft.send(Expected::of::<T>()), value: PhantomData }
    }
}

impl<T: Value + 'static> Request<Page<T>> {
    /// All items of all pages, each page fetched when the items before it are used up. An error ends the stream.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use msgraph_runtime::{Error, Page, Request};
    ///
    /// async fn print(request: Request<Page<String>>) -> Result<(), Error> {
    ///     let mut items = request.stream();
    ///     while let Some(item) = items.try_next().await? {
    ///         println!("{item}");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn stream(self) -> Items<T> {
        Items::new(self.pages())
    }

    /// All pages, each fetched when it is asked for. An error ends the stream.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self.draft)
    }
}

impl<T: Decode> IntoFuture for Request<T> {
    type Output = Result<T::Output, Error>;
    type IntoFuture = Receiving<T>;

    fn into_future(self) -> Receiving<T> {
        Receiving(self.send())
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({})", self.draft.name())
    }
}

/// The future of a request that yields the value with status and headers.
#[must_use = "a request does nothing unless it is awaited"]
pub struct Sending<T> {
    answer: BoxFuture<'static, Result<Answer, Error>>,
    value: PhantomData<fn() -> T>,
}

impl<T: Decode> Future for Sending<T> {
    type Output = Result<Response<T::Output>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut answer = ready!(self.answer.as_mut().poll(context))?;
            match T::decode(&mut answer) {
                Ok(value) => return Poll::Ready(Ok(answer.with(value))),
                Err(error) => self.answer = answer.again(error)?,
            }
        }
    }
}

/// The future of a request that yields the value alone.
#[must_use = "a request does nothing unless it is awaited"]
pub struct Receiving<T>(Sending<T>);

impl<T: Decode> Future for Receiving<T> {
    type Output = Result<T::Output, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut answer = ready!(self.0.answer.as_mut().poll(context))?;
            // Values are large: they are not moved into a response first, to be taken out again.
            match T::decode(&mut answer) {
                Ok(value) => return Poll::Ready(Ok(value)),
                Err(error) => self.0.answer = answer.again(error)?,
            }
        }
    }
}

impl Draft {
    pub(crate) fn new(
        client: GraphClient,
        operation: Operation,
        path: &str,
        body: Body,
        problems: Vec<String>,
    ) -> Self {
        let target = Target::Path { path: path.to_owned(), version: None };
        let mut draft = Self {
            client,
            operation,
            method: operation.method(),
            target,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body,
            keeps_see_other: false,
            options: CallOptions::default(),
            is_raw: false,
            problems,
        };
        if operation.template().ends_with("/$count") {
            draft.eventual_consistency();
        }
        draft
    }

    /// A request that the program wrote itself.
    pub(crate) fn raw(client: GraphClient, method: Method, path_or_url: &str) -> Self {
        let target = match Url::parse(path_or_url) {
            Ok(url) if url.has_host() => Target::Url { url, may_be_elsewhere: false },
            _ => Target::Path { path: format!("/{}", path_or_url.trim_start_matches('/')), version: None },
        };
        let operation = match &target {
            Target::Path { path, .. } => client.operation(&method, path),
            _ => client.operation(&method, path_or_url),
        };
        let operation = operation.unwrap_or(Operation::UNKNOWN);
        let mut draft = Self::new(client, operation, "", Body::empty(), Vec::new());
        (draft.method, draft.target, draft.is_raw) = (method, target, true);
        if path_or_url.contains('#') {
            draft.problem("its path has a fragment: a # that belongs to the path is written %23".to_owned());
        }
        draft
    }

    /// Asks another version of the service, of which the client knows no operations.
    pub(crate) fn version(&mut self, name: &'static str) {
        match &mut self.target {
            Target::Path { version, .. } => *version = Some(name),
            _ => self.problem(format!("{name} cannot be chosen for a URL, which has its version")),
        }
        if !self.client.has_version(name) {
            self.operation = Operation::UNKNOWN;
        }
    }

    pub(crate) fn allow_other_host(&mut self) {
        if let Target::Url { may_be_elsewhere, .. } = &mut self.target {
            *may_be_elsewhere = true;
        }
    }

    /// Sends a body of a media type, unless a header has said another.
    pub(crate) fn content(&mut self, media_type: &str, body: Body) {
        self.body = body;
        if !self.headers.contains_key(CONTENT_TYPE) {
            self.add_header(CONTENT_TYPE.as_str(), media_type);
        }
    }

    pub(crate) fn remove_header(&mut self, name: &HeaderName) {
        self.headers.remove(name);
    }

    pub(crate) fn content_type(mut self, media_type: &'static str) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        self
    }

    pub(crate) fn client(&self) -> &GraphClient {
        &self.client
    }

    /// Method and path, to recognize what belongs to this request by. The metadata has spelled calls of functions
    /// with and without parentheses.
    pub(crate) fn identity(&self) -> String {
        format!("{} {}", self.method, self.target.path().trim_end_matches("()"))
    }

    /// The operation, if it is one that is known.
    pub(crate) fn operation(&self) -> Option<Operation> {
        Some(self.operation).filter(|operation| *operation != Operation::UNKNOWN)
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Notes something that is wrong with the request.
    pub(crate) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Method and path template, for errors.
    pub(crate) fn name(&self) -> CallName {
        CallName::of(self.method.clone(), self.operation, self.target.path())
    }

    /// The request for a link that the service gave in its answer, such as that to the next page: the same
    /// headers, but those of a body and of conditions, and the link instead of path and query.
    pub(crate) fn follow(&self, link: Url) -> Self {
        let mut headers = self.headers.clone();
        for name in [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH] {
            headers.remove(name);
        }
        Self {
            client: self.client.clone(),
            operation: self.operation,
            method: Method::GET,
            target: Target::Link(link),
            query: Vec::new(),
            headers,
            body: Body::empty(),
            keeps_see_other: false,
            options: self.options,
            is_raw: false,
            problems: Vec::new(),
        }
    }

    /// The request for a link that may lead to another host, which gets none of the request's headers.
    pub(crate) fn visit(&self, link: Url) -> Self {
        let is_own = self.client.is_own(&link);
        let mut draft = self.follow(link);
        if !is_own {
            draft.headers.clear();
        }
        draft
    }

    /// The request, whose answer may be that the result is to be seen elsewhere.
    pub(crate) fn keep_see_other(mut self) -> Self {
        self.keeps_see_other = true;
        self
    }

    /// The request once more; a body that can be read only once is taken.
    pub(crate) fn again(&mut self) -> Self {
        let body = self.body.try_clone().unwrap_or_else(|| std::mem::take(&mut self.body));
        Self {
            client: self.client.clone(),
            operation: self.operation,
            method: self.method.clone(),
            target: self.target.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body,
            keeps_see_other: self.keeps_see_other,
            options: self.options,
            is_raw: self.is_raw,
            problems: self.problems.clone(),
        }
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        if let Ok(name) = HeaderName::try_from(name) {
            self.headers.remove(name);
        }
        self.add_header(name, value);
    }

    /// Sends a header, beside those of the same name that were set before.
    pub(crate) fn add_header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            (Err(_), _) => self.problems.push(format!("{name:?} is not the name of a header")),
            (_, Err(_)) => {
                self.problems
                    .push(format!("the value of the header {name} has characters that no header can have"));
            }
        }
    }

    /// When the request is sent again: as it says itself, or as its client says.
    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        self.options.retry.unwrap_or(self.client.retry_policy())
    }

    pub(crate) fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }

    /// Adds a preference to those that there are.
    pub(crate) fn prefer(&mut self, preference: &Prefer) {
        let earlier = self.headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let combined = preference.add_to(earlier);
        self.header("prefer", &combined);
    }

    fn query(&mut self, name: Cow<'static, str>, value: String) {
        self.query.push((name, value));
    }

    /// Sets a system query option, in place of an earlier value.
    fn option(&mut self, name: &'static str, value: String) {
        self.check_supported(name, &value);
        match self.option_mut(name) {
            Some(earlier) => *earlier = value,
            None => self.query(name.into(), value),
        }
    }

    /// Adds to a system query option that is a list.
    fn list_option(&mut self, name: &'static str, items: Vec<String>) {
        let items = items.join(",");
        self.check_supported(name, &items);
        match self.option_mut(name) {
            Some(earlier) => {
                earlier.push(',');
                earlier.push_str(&items);
            }
            None => self.query(name.into(), items),
        }
    }

    fn filter(&mut self, condition: &str) {
        self.check_supported("$filter", condition);
        match self.option_mut("$filter") {
            Some(earlier) => *earlier = format!("({earlier}) and ({condition})"),
            None => self.query("$filter".into(), condition.to_owned()),
        }
    }

    fn option_mut(&mut self, name: &str) -> Option<&mut String> {
        self.query.iter_mut().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    fn check_supported(&mut self, name: &'static str, value: &str) {
        if self.is_raw {
            return;
        }
        if self.operation.supports(&name[1..]) {
            self.problems.extend(limits::problem(&self.operation, &name[1..], value));
            return;
        }
        let supported: Vec<String> = self.operation.query().map(|name| format!("${name}")).collect();
        let supported = if supported.is_empty() {
            "no query options".to_owned()
        } else {
            format!("only {}", supported.join(", "))
        };
        self.problems.push(format!("{name} is not supported: the operation takes {supported}"));
    }

    /// Asks for what the directory's advanced queries need, as far as the operation takes it.
    fn advance(&mut self) {
        self.eventual_consistency();
        let counts = self.operation.supports("count") && !self.operation.template().ends_with("/$count");
        if counts && self.option_mut("$count").is_none() {
            self.query("$count".into(), "true".to_owned());
        }
    }

    fn eventual_consistency(&mut self) {
        self.headers.insert(CONSISTENCY_LEVEL, HeaderValue::from_static("eventual"));
    }

    /// Sends the request through the pipeline.
    pub(crate) fn send(mut self, expected: Expected) -> BoxFuture<'static, Result<Answer, Error>> {
        if !self.headers.contains_key(ACCEPT) {
            self.headers.insert(ACCEPT, HeaderValue::from_static(expected.accept));
        }
        let client = self.client.clone();
        match self.into_call() {
            Ok(mut call) => {
                call.buffered = expected.buffered;
                call.declares_error = expected.declares_error;
                client.call(call)
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    pub(crate) fn into_call(mut self) -> Result<Call, Error> {
        self.check_cloud();
        match self.url() {
            Ok(url) if self.problems.is_empty() => {
                let operation = self.operation();
                let mut call = Call::new(self.method, url, self.headers, self.body, operation);
                call.keeps_see_other = self.keeps_see_other;
                call.options = self.options;
                Ok(call)
            }
            url => {
                let name = self.name();
                self.problems.extend(url.err());
                Err(RequestError::new(name, self.problems).into())
            }
        }
    }

    /// Refuses what the client's cloud does not have: the service would answer with a puzzling 400 or 404.
    fn check_cloud(&mut self) {
        if let Some(cloud) = self.client.shared().cloud.filter(|cloud| !self.operation.exists_in(*cloud)) {
            self.problems.push(format!(
                "the operation does not exist in the cloud {cloud:?}; if it does by now, send the path with \
                 `GraphClient::request`"
            ));
        }
    }

    /// Where the request goes, or why it cannot go there.
    pub(crate) fn url(&self) -> Result<Url, String> {
        match &self.target {
            Target::Link(url) => Ok(url.clone()),
            Target::Path { path, version } => self.client.url_in(*version, path, &self.query),
            Target::Url { url, may_be_elsewhere } => {
                let is_allowed =
                    self.client.is_own(url) || (*may_be_elsewhere && self.client.shared().is_secure(url));
                if !is_allowed {
                    let origin = url.origin().ascii_serialization();
                    return Err(format!(
                        "{origin} is not the client's host: allow it for this request, over https://"
                    ));
                }
                let mut text = url.to_string();
                push_query(&mut text, &self.query);
                Url::parse(&text).map_err(|error| error.to_string())
            }
        }
    }
}
