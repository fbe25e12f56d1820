//! Places in a collection that a program can store and go on from, also after it has crashed.

use std::fmt;

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_LANGUAGE};
use serde::{Deserialize, Serialize};

use crate::request::Draft;

/// A place between two pages of a collection, to go on from in another process.
///
/// It holds the link to the next page and those headers of the request that decide what pages contain: `Accept`,
/// `Accept-Language`, `ConsistencyLevel` and `Prefer`; never a token. The link can hold what was searched for, so
/// store it like the data itself.
///
/// It is safe to read one from a place that others can write to: a link to a foreign host is refused before
/// anything is sent, and so is a checkpoint of another path.
///
/// ```
/// use msgraph_runtime::Checkpoint;
///
/// let start = Checkpoint::default();
/// let stored = serde_json::to_string(&start)?;
/// assert_eq!(serde_json::from_str::<Checkpoint>(&stored)?, start);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Method and path of the request; `None` fits every request.
    call: Option<String>,
    position: Position,
    headers: StoredHeaders,
}

/// How far a collection has been delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Position {
    /// Nothing has been.
    #[default]
    Start,
    /// Everything before the page at this link.
    Next(String),
    /// Everything; changes since then are at this link.
    Delta(String),
    /// Everything.
    End,
}

impl Position {
    pub(crate) fn link(&self) -> Option<&str> {
        match self {
            Self::Next(link) | Self::Delta(link) => Some(link),
            Self::Start | Self::End => None,
        }
    }
}

impl Checkpoint {
    pub(crate) fn new(draft: &Draft, position: Position) -> Self {
        Self { call: Some(draft.identity()), position, headers: StoredHeaders::of(draft.headers()) }
    }

    /// The place at a link that was stored as text, such as a next link or delta link that another program got.
    pub fn from_link(link: impl Into<String>) -> Self {
        Self { position: Position::Next(link.into()), ..Self::default() }
    }

    /// Where the service goes on; `None` before the first page and after the last.
    pub fn link(&self) -> Option<&str> {
        self.position.link()
    }

    /// Whether nothing is left to go on with: all pages were delivered.
    pub fn is_end(&self) -> bool {
        matches!(self.position, Position::End | Position::Delta(_))
    }

    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// Gives a request the stored headers, or says why the checkpoint is not one of this request.
    pub(crate) fn prepare(&self, draft: &mut Draft) {
        let own = draft.identity();
        match &self.call {
            Some(call) if *call != own => draft
                .problem(format!("the checkpoint is one of {call}: resume it with a request to that path")),
            _ => self.headers.restore(draft),
        }
    }
}

/// Without the link's query, which can hold what was searched for.
impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.position {
            Position::Start => "start",
            Position::Next(_) => "next page",
            Position::Delta(_) => "next changes",
            Position::End => "end",
        };
        write!(f, "Checkpoint({}, {state})", self.call.as_deref().unwrap_or("any request"))
    }
}

/// The headers that go into what a program stores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoredHeaders(Vec<(String, String)>);

impl StoredHeaders {
    /// A list of what may be stored, as anything else can be a secret.
    fn may_be_stored(name: &str) -> bool {
        [ACCEPT.as_str(), ACCEPT_LANGUAGE.as_str(), "consistencylevel", "prefer"].contains(&name)
    }

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let stored = headers
            .iter()
            .filter(|(name, value)| Self::may_be_stored(name.as_str()) && !value.is_sensitive());
        Self(
            stored
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect(),
        )
    }

    /// Sets the stored headers, unless the request has headers of these names.
    pub(crate) fn restore(&self, draft: &mut Draft) {
        let set = draft.headers().clone();
        for (name, value) in &self.0 {
            if Self::may_be_stored(name) && !set.contains_key(name) {
                draft.add_header(name, value);
            }
        }
    }
}
