//! The streams of pages and of their items.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use futures_util::future::BoxFuture;
use http::Method;
use url::Url;

use super::Page;
use super::checkpoint::{Checkpoint, Position};
use super::item::IntoContents;
use crate::error::{Error, ItemError, LinkError};
use crate::json::Value;
use crate::request::Draft;
use crate::response::{Answer, Decode};
use crate::telemetry;

/// The longest URL that an HTTP request can hold here; the crate `http` takes no longer one.
const LONGEST_LINK: usize = u16::MAX as usize - 1;

/// The pages of a collection, each fetched when it is asked for.
///
/// Every page is requested with the headers of the first request. The link to the next page must lead to the
/// client's own host or to one that it trusts ([`trust_host`](crate::GraphClientBuilder::trust_host)), or no token
/// would be safe with it; it may be relative to the page's own URL. A link that repeats is an error, but the end of the
/// collection if all pages in between are empty, as services end some collections so (msgraph-sdk-javascript#1656).
///
/// An error ends the stream. [`checkpoint`](Self::checkpoint) then still leads to the page that failed.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Pages<T> {
    walk: Walk,
    page: std::marker::PhantomData<fn() -> T>,
}

/// Everything about fetching pages that does not depend on their items.
struct Walk {
    draft: Draft,
    /// What has been delivered.
    position: Position,
    /// What had been delivered before the last page was.
    previous: Position,
    /// What to do when the next page is asked for.
    next: Step,
    prefetch: bool,
    /// How many pages were asked for.
    requested: u64,
    /// The URL of the page that is asked for; `None` if it is that of the request.
    current: Option<Url>,
    /// Hashes of the URLs of the last pages that were all empty.
    empty: HashSet<u64>,
    /// Hashes of the links that were followed: eight bytes per page, so that long collections stay cheap.
    followed: HashSet<u64>,
    hasher: RandomState,
}

enum Step {
    First,
    Follow(String),
    Wait(BoxFuture<'static, Result<Answer, Error>>),
    Ready(Box<Result<Answer, Error>>),
    End,
}

impl<T> Pages<T> {
    pub(crate) fn new(draft: Draft) -> Self {
        let walk = Walk {
            draft,
            position: Position::Start,
            previous: Position::Start,
            next: Step::First,
            prefetch: false,
            requested: 0,
            current: None,
            empty: HashSet::new(),
            followed: HashSet::new(),
            hasher: RandomState::new(),
        };
        Self { walk, page: std::marker::PhantomData }
    }

    /// The pages of a collection whose first page has been asked for already.
    pub(crate) fn begun(draft: Draft, first: Answer) -> Self {
        let mut pages = Self::new(draft);
        pages.walk.next = Step::Ready(Box::new(Ok(first)));
        pages
    }

    /// Goes on from a checkpoint instead of beginning with the first page: the pages before it do not come again,
    /// and all after it do. The query options of this request play no role, as the checkpoint's link has them; the
    /// headers of both are sent.
    ///
    /// If it is not a checkpoint of this request's path, or leads to another host, the stream's first item is an
    /// error, and nothing is sent.
    pub fn resume(mut self, checkpoint: &Checkpoint) -> Self {
        self.walk.resume(checkpoint);
        self
    }

    /// Asks for the page after the one that is delivered at once, not when it is needed. At most one page is fetched
    /// ahead; it is counted as delivered only when it is.
    pub fn prefetch(mut self) -> Self {
        self.walk.prefetch = true;
        self
    }

    /// The place after the pages that the stream has yielded. Take it once the last page is dealt with: whoever
    /// [resumes](Self::resume) from it gets every page after it, and none twice.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(&self.walk.draft, self.walk.position.clone())
    }

    /// Begins anew, at a link if it leads to where tokens may go, or else with the first request; which of them is the
    /// answer. Whoever resumes before the next page has come begins anew, too.
    pub(crate) fn restart(&mut self, link: Option<&str>) -> bool {
        self.walk.restart(link)
    }

    pub(crate) fn position(&self) -> &Position {
        &self.walk.position
    }
}

impl Walk {
    fn resume(&mut self, checkpoint: &Checkpoint) {
        checkpoint.prepare(&mut self.draft);
        self.position = checkpoint.position().clone();
        self.next = match &self.position {
            Position::Start => Step::First,
            // The request says what is wrong with the checkpoint when it is sent.
            _ if self.draft.has_problems() => Step::First,
            Position::Next(link) | Position::Delta(link) => Step::Follow(link.clone()),
            Position::End => Step::End,
        };
    }

    fn restart(&mut self, link: Option<&str>) -> bool {
        let link = link.map(|link| self.absolute(link));
        let link = link.filter(|link| self.draft.client().own_link(link).is_ok());
        self.followed.clear();
        self.empty.clear();
        self.current = None;
        (self.position, self.previous) = (Position::Start, Position::Start);
        let is_elsewhere = link.is_some();
        self.next = link.map_or(Step::First, Step::Follow);
        is_elsewhere
    }

    /// A link of the page that is asked for, resolved against its URL (RFC 3986, section 5).
    fn absolute(&self, link: &str) -> String {
        let is_relative = Url::parse(link) == Err(url::ParseError::RelativeUrlWithoutBase);
        // An empty reference would be the page itself; nobody means that.
        if !is_relative || link.trim().is_empty() {
            return link.to_owned();
        }
        let joined = self.own_url().and_then(|base| base.join(link).ok());
        joined.map_or_else(|| link.to_owned(), String::from)
    }

    /// The URL of the page that is asked for.
    fn own_url(&self) -> Option<Url> {
        self.current.clone().or_else(|| self.draft.url().ok())
    }

    /// Whether an empty page leads to itself, or to another one since which nothing has come.
    fn goes_round(&mut self, link: &str) -> bool {
        let (Ok(link), Some(own)) = (Url::parse(link), self.own_url()) else { return false };
        self.empty.insert(self.hasher.hash_one(own.as_str()));
        self.empty.contains(&self.hasher.hash_one(link.as_str()))
    }

    /// Notes the URL of the first request as one that was followed, once a page leads on.
    fn note_first(&mut self) {
        if self.current.is_none()
            && *self.draft.name().method() == Method::GET
            && let Ok(own) = self.draft.url()
        {
            self.followed.insert(self.hasher.hash_one(own.as_str()));
        }
    }

    /// Starts the request that is due, unless it is under way, and waits for its answer.
    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Answer, Error>>> {
        loop {
            match std::mem::replace(&mut self.next, Step::End) {
                Step::End => return Poll::Ready(None),
                Step::First => {
                    self.current = None;
                    let draft = self.draft.again();
                    self.send(draft);
                }
                Step::Follow(link) => match self.follow(&link) {
                    Ok(draft) => self.send(draft),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
                Step::Wait(mut answer) => match answer.as_mut().poll(context) {
                    Poll::Ready(answer) => return Poll::Ready(Some(answer)),
                    Poll::Pending => {
                        self.next = Step::Wait(answer);
                        return Poll::Pending;
                    }
                },
                Step::Ready(answer) => return Poll::Ready(Some(*answer)),
            }
        }
    }

    fn send(&mut self, draft: Draft) {
        self.requested += 1;
        self.next = Step::Wait(telemetry::in_page_span(draft, self.requested));
    }

    fn follow(&mut self, link: &str) -> Result<Draft, Error> {
        let refuse = |problem: String| LinkError::new(self.draft.name(), link, problem);
        let url = self.draft.client().own_link(link).map_err(refuse)?;
        if url.as_str().len() > LONGEST_LINK {
            let problem =
                format!("it has {} characters, and {LONGEST_LINK} are the most", url.as_str().len());
            return Err(refuse(problem).into());
        }
        if !self.followed.insert(self.hasher.hash_one(url.as_str())) {
            return Err(refuse("it has been followed before".to_owned()).into());
        }
        self.current = Some(url.clone());
        Ok(self.draft.follow(url))
    }

    /// Notes that a page with these links is being delivered.
    fn turn<T>(&mut self, page: &Page<T>, context: &mut Context<'_>) {
        let next_link = page.next_link.as_deref().map(|link| self.absolute(link));
        let delta_link = page.delta_link.as_deref().map(|link| self.absolute(link));
        let is_empty = page.value.is_empty() && page.failed.is_empty();
        if !is_empty {
            self.empty.clear();
        }
        let next_link = next_link.filter(|link| !is_empty || !self.goes_round(link));
        if next_link.is_some() {
            self.note_first();
        }
        let (position, next) = match (next_link, delta_link) {
            (Some(link), _) => (Position::Next(link.clone()), Step::Follow(link)),
            (None, Some(link)) => (Position::Delta(link), Step::End),
            (None, None) => (Position::End, Step::End),
        };
        self.previous = std::mem::replace(&mut self.position, position);
        self.next = next;
        self.fetch_ahead(context);
    }

    /// Has the next page come nearer while the one before is in use.
    fn fetch_ahead(&mut self, context: &mut Context<'_>) {
        if self.prefetch
            && matches!(self.next, Step::Follow(_) | Step::Wait(_))
            && let Poll::Ready(Some(answer)) = self.poll_answer(context)
        {
            self.next = Step::Ready(Box::new(answer));
        }
    }
}

impl<T: Value> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let page = loop {
            let Some(answer) = ready!(self.walk.poll_answer(context)) else { break None };
            let mut answer = match answer {
                Ok(answer) => answer,
                Err(error) => break Some(Err(error)),
            };
            match Page::decode(&mut answer) {
                Ok(page) => break Some(Ok(page)),
                Err(error) => match answer.again(error) {
                    Ok(again) => self.walk.next = Step::Wait(again),
                    Err(error) => break Some(Err(error)),
                },
            }
        };
        if let Some(Ok(page)) = &page {
            self.walk.turn(page, context);
        }
        Poll::Ready(page)
    }
}

/// The items of all pages of a collection; at most one page is in memory, with [`prefetch`](Self::prefetch) two.
///
/// An [item that does not decode](crate::FailedItem) is an error in its place ([`Error::Item`]), after which the stream
/// goes on; any other error ends it.
///
/// ```
/// use futures_util::TryStreamExt;
/// use msgraph_runtime::{Checkpoint, Error, Page, Request};
///
/// async fn go_on(request: Request<Page<String>>, stored: Checkpoint) -> Result<(), Error> {
///     let mut items = request.stream().resume(&stored).prefetch();
///     while let Some(item) = items.try_next().await? {
///         println!("{item}");
///         let to_be_stored = items.checkpoint();
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    page: IntoContents<T>,
}

impl<T> Items<T> {
    pub(crate) fn new(pages: Pages<T>) -> Self {
        Self { pages, page: IntoContents::none() }
    }

    /// Goes on from a checkpoint; see [`Pages::resume`].
    pub fn resume(self, checkpoint: &Checkpoint) -> Self {
        Self::new(self.pages.resume(checkpoint))
    }

    /// Asks for the next page while the items of the one before are in use; see [`Pages::prefetch`].
    pub fn prefetch(self) -> Self {
        Self { pages: self.pages.prefetch(), ..self }
    }

    /// The place after the last page whose items the stream has all yielded, which is the one before an item's page
    /// until the last item of that page has been yielded. Take it once the last item is dealt with: whoever
    /// [resumes](Self::resume) from it misses no item, and gets again only those of a page that was begun.
    pub fn checkpoint(&self) -> Checkpoint {
        let walk = &self.pages.walk;
        let position = if self.page.is_used_up() { &walk.position } else { &walk.previous };
        Checkpoint::new(&walk.draft, position.clone())
    }

    /// Drops what is left of the page and begins anew; see [`Pages::restart`].
    pub(crate) fn restart(&mut self, link: Option<&str>) -> bool {
        self.page = IntoContents::none();
        self.pages.restart(link)
    }

    /// How far the collection has been fetched.
    pub(crate) fn position(&self) -> &Position {
        self.pages.position()
    }
}

// Items are moved out of the page, never pinned.
impl<T> Unpin for Items<T> {}

impl<T: Value> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.page.next() {
                self.pages.walk.fetch_ahead(context);
                let call = || self.pages.walk.draft.name();
                return Poll::Ready(Some(item.map_err(|failed| ItemError::new(call(), failed).into())));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.page = page.into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
