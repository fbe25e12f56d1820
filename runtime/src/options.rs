//! What can be set for one call, in place of the client's settings: retry, timeouts, preferences, conditions.

use std::time::Duration;

use http::header::{IF_MATCH, IF_NONE_MATCH};

use crate::prefer::Prefer;
use crate::request::Request;
use crate::retry::RetryPolicy;

/// The settings of one call that differ from the client's.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) try_timeout: Option<Duration>,
    pub(crate) debug: bool,
    pub(crate) not_found: Option<Duration>,
}

impl CallOptions {
    /// When the call is sent again, if not as the client says.
    pub fn retry(&self) -> Option<RetryPolicy> {
        self.retry
    }

    /// The policy of the call, in place of the client's or on top of it.
    pub(crate) fn policy(&self, default: RetryPolicy) -> RetryPolicy {
        let policy = self.retry.unwrap_or(default);
        self.not_found.map_or(policy, |limit| policy.retry_not_found(limit))
    }

    /// How long the whole call may take, if not as the client says.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How long a try may be without progress, if not as the client says.
    pub fn try_timeout(&self) -> Option<Duration> {
        self.try_timeout
    }

    /// Whether the call is shown in full, but for its secrets.
    pub fn debug(&self) -> bool {
        self.debug
    }
}

impl<T> Request<T> {
    /// Whether and when this request is sent again, in place of the client's policy.
    ///
    /// ```
    /// use msgraph_runtime::{Error, Path, RetryPolicy};
    ///
    /// const DELETE: &str = "op:DELETE /users/{user-id};;";
    ///
    /// async fn delete(user: &Path) -> Result<(), Error> {
    ///     let policy = user.client().retry_policy();
    ///     user.call::<()>(DELETE).retry(policy.idempotent().max_tries(3)).await
    /// }
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.draft_mut().options_mut().retry = Some(policy);
        self
    }

    /// Tries a read again that answers 404, until this time after it began: what was just made, such as a team, is
    /// not everywhere at once. See [`RetryPolicy::retry_not_found`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use msgraph_runtime::{Error, Path};
    ///
    /// const GET: &str = "op:GET /users/{user-id};;";
    ///
    /// async fn read_what_was_just_made(user: &Path) -> Result<(), Error> {
    ///     user.call::<()>(GET).retry_not_found(Duration::from_secs(30)).await
    /// }
    /// ```
    pub fn retry_not_found(mut self, limit: Duration) -> Self {
        self.draft_mut().options_mut().not_found = Some(limit);
        self
    }

    /// How long the whole call may take, with all its tries and waits, in place of the client's setting;
    /// [`Duration::MAX`] is no limit. For a stream it ends with the answer's head.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.draft_mut().options_mut().timeout = Some(limit);
        self
    }

    /// How long each try may be without any progress, in place of the client's setting; [`Duration::MAX`] is
    /// no limit. It covers connecting, sending, waiting for the answer and reading it, also as a stream.
    pub fn try_timeout(mut self, limit: Duration) -> Self {
        self.draft_mut().options_mut().try_timeout = Some(limit);
        self
    }

    /// Shows request and answer of every try, with headers and JSON, as events of the target
    /// `msgraph::debug`. Tokens, passwords and other secrets are left out.
    pub fn debug(mut self) -> Self {
        self.draft_mut().options_mut().debug = true;
        self
    }

    /// Does it only if the entity still has this entity tag; otherwise the answer is 412 (`If-Match`,
    /// [RFC 9110, section 13.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1)). The tag is that of
    /// [`Response::etag`](crate::Response::etag) or [`Extra::etag`](crate::Extra::etag); `*` is any.
    pub fn if_match(self, etag: &str) -> Self {
        self.header(IF_MATCH.as_str(), etag)
    }

    /// Does it only if the entity does not have this entity tag; otherwise the answer is 304 or 412
    /// (`If-None-Match`, [RFC 9110, section 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)).
    pub fn if_none_match(self, etag: &str) -> Self {
        self.header(IF_NONE_MATCH.as_str(), etag)
    }

    /// Adds a preference for how the service does it; several combine, of the same kind the last one counts.
    pub fn prefer(mut self, preference: Prefer) -> Self {
        self.draft_mut().prefer(&preference);
        self
    }

    /// Asks for a level of consistency (`ConsistencyLevel`). `eventual` is what advanced queries of the
    /// directory need; [`search`](Self::search) and [`count`](Self::count) ask for it by themselves.
    pub fn consistency_level(self, level: &str) -> Self {
        self.header("ConsistencyLevel", level)
    }
}
