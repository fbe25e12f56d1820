//! Where a long-running operation is asked for, as a program can store it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::paging::StoredHeaders;
use crate::request::Draft;

/// The place at which a long-running operation says how far it is, to go on asking in another process
/// ([`resume_operation`](crate::GraphClient::resume_operation)).
///
/// Some services let everybody ask who has the link, so store it like the data itself. It holds no token; of the
/// request's headers it holds those that a [`Checkpoint`](crate::Checkpoint) does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    link: String,
    result: Option<String>,
    headers: StoredHeaders,
}

impl Monitor {
    pub(super) fn new(link: &Url, result: Option<String>, request: &Draft) -> Self {
        Self { link: link.to_string(), result, headers: StoredHeaders::of(request.headers()) }
    }

    /// The monitor at a link that was stored as text (`Location` or `Operation-Location` of the answer).
    pub fn from_link(link: impl Into<String>) -> Self {
        Self { link: link.into(), result: None, headers: StoredHeaders::default() }
    }

    /// Where to ask.
    pub fn link(&self) -> &str {
        &self.link
    }

    pub(super) fn result(&self) -> Option<&str> {
        self.result.as_deref()
    }

    pub(super) fn headers(&self) -> &StoredHeaders {
        &self.headers
    }
}

/// Without the link's query, which can let everybody in who has it.
impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Monitor({})", self.link.split(['?', '#']).next().unwrap_or_default())
    }
}
