//! When a call is sent again, and how long that waits: decisions only. The pipeline carries them out.

use std::time::Duration;

use http::{Method, StatusCode};

use crate::body::Body;
use crate::error::Error;
use crate::throttling::retry_after;
use crate::transport::Phase;

/// Which failed calls are sent again, how often, and after how long.
///
/// A call is sent again only if that cannot do anything twice:
/// - the service says that it did nothing (429, or 503 with `Retry-After`), or the request never reached it
///   (no connection, no token yet);
/// - or the failure is one that passes (408, 500, 502, 503, 504, 509, a broken connection, a timeout) and the
///   method is safe, as GET is ([RFC 9110, section 9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1)).
///   PUT and DELETE are not among them: a second PUT of content makes a second version, and a second DELETE
///   answers 404. [`idempotent`](Self::idempotent) says that they may be.
///
/// A body that can be read only once is never sent twice. If the service says how long to wait, the next try is
/// never earlier; otherwise the wait is drawn from zero to a bound that doubles with every try.
///
/// ```
/// use std::time::Duration;
/// use msgraph_runtime::{GraphClient, RetryPolicy, StaticToken};
///
/// let patient = RetryPolicy::default().max_tries(20).total(Duration::from_secs(3600));
/// let client = GraphClient::builder().credential(StaticToken::new("token")).retry(patient).build()?;
/// assert_eq!(client.retry_policy(), patient);
/// # Ok::<(), msgraph_runtime::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_tries: u32,
    backoff: Backoff,
    total: Duration,
    scope: Scope,
    /// How long after the call began 404 is taken for something that is not everywhere yet.
    not_found: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backoff {
    Fixed(Duration),
    Exponential { first: Duration, longest: Duration },
}

/// Which failures lead to another try, each level including the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Harmless,
    Passing,
    Every,
}

/// Eight tries within five minutes; waits of at most half a second at first, of at most thirty seconds later.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_tries: 8,
            backoff: Backoff::Exponential {
                first: Duration::from_millis(500),
                longest: Duration::from_secs(30),
            },
            total: Duration::from_secs(300),
            scope: Scope::Harmless,
            not_found: Duration::ZERO,
        }
    }
}

impl RetryPolicy {
    /// One try only.
    pub fn never() -> Self {
        Self::default().max_tries(1)
    }

    /// How many times a call is sent at most, the first time included. Zero means one.
    pub fn max_tries(self, max_tries: u32) -> Self {
        Self { max_tries, ..self }
    }

    /// Waits equally long before every further try, or as long as the service says if that is longer.
    pub fn fixed(self, delay: Duration) -> Self {
        Self { backoff: Backoff::Fixed(delay), ..self }
    }

    /// Waits for a random time of at most `first` before the second try, twice that before the third and so
    /// on, but of at most `longest`; as long as the service says if it says so.
    pub fn exponential(self, first: Duration, longest: Duration) -> Self {
        Self { backoff: Backoff::Exponential { first, longest }, ..self }
    }

    /// No try begins later than this after the call began; [`Duration::MAX`] is no limit. If the service
    /// asks for a longer wait, the call fails at once, and [`Error::retry_after`] says how long.
    pub fn total(self, total: Duration) -> Self {
        Self { total, ..self }
    }

    /// Promises that the calls may be sent twice, whatever their method: failures that pass are tried again.
    pub fn idempotent(self) -> Self {
        Self { scope: self.scope.max(Scope::Passing), ..self }
    }

    /// Tries again after every error, also after those that seldom pass, such as 404 while something that was
    /// just made is not everywhere yet. It promises that the calls may be sent twice, whatever their method.
    pub fn all_errors(self) -> Self {
        Self { scope: Scope::Every, ..self }
    }

    /// Reads that answer 404 are tried again until this time after the call began, because what was just made is
    /// not everywhere at once; never, if not set. It counts within [`max_tries`](Self::max_tries) and
    /// [`total`](Self::total), and only for methods that are safe, as GET is.
    pub fn retry_not_found(self, limit: Duration) -> Self {
        Self { not_found: limit, ..self }
    }

    pub(crate) fn longest_total(&self) -> Duration {
        self.total
    }

    /// Whether there may be a try after this many.
    pub(crate) fn allows_after(&self, tries: u32) -> bool {
        tries < self.max_tries
    }

    /// Whether a failure leads to another try.
    pub(crate) fn covers(&self, failure: &Failure, method: &Method) -> bool {
        match failure.kind {
            Kind::Final => false,
            Kind::Untouched => true,
            Kind::Passing => self.may_repeat(method),
            Kind::NotFound | Kind::Lasting => self.scope == Scope::Every,
        }
    }

    /// Whether a failure leads to another try, so long after the call began.
    pub(crate) fn covers_after(&self, failure: &Failure, method: &Method, elapsed: Duration) -> bool {
        let is_new = failure.kind == Kind::NotFound && method.is_safe() && elapsed < self.not_found;
        is_new || self.covers(failure, method)
    }

    /// Whether doing it twice does no harm.
    pub(crate) fn may_repeat(&self, method: &Method) -> bool {
        method.is_safe() || self.scope >= Scope::Passing
    }

    /// How long to wait after a number of tries. `random` is any number, all being equally likely.
    pub(crate) fn delay(&self, tries: u32, failure: &Failure, random: u64) -> Duration {
        match (self.backoff, failure.told) {
            (Backoff::Fixed(delay), told) => delay.max(told.unwrap_or_default()),
            (Backoff::Exponential { .. }, Some(told)) if !told.is_zero() => told,
            // Anything up to a bound, so that many clients do not come back together ("full jitter").
            (Backoff::Exponential { first, longest }, _) => {
                let bound = first.saturating_mul(1 << tries.saturating_sub(1).min(31)).min(longest);
                bound.mul_f64(random as f64 / u64::MAX as f64)
            }
        }
    }
}

/// A try that failed: what it means for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    kind: Kind,
    /// How long the service asked to wait.
    pub(crate) told: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The service did nothing.
    Untouched,
    /// It may have done something, and the next try may succeed.
    Passing,
    /// What is asked for is not there, or not yet.
    NotFound,
    /// The service refused, and will most likely refuse again.
    Lasting,
    /// Another try makes no sense.
    Final,
}

impl Failure {
    /// A failure after which something is left to be done, by another request.
    pub(crate) fn passing(told: Option<Duration>) -> Self {
        Self { kind: Kind::Passing, told }
    }

    /// What went wrong with a try, if anything did.
    pub(crate) fn of(outcome: &Result<http::Response<Body>, Error>, now: jiff::Timestamp) -> Option<Self> {
        match outcome {
            Ok(response) if response.status().as_u16() < 400 => None,
            Ok(response) => Self::of_status(response.status(), retry_after(response.headers(), now)),
            Err(error) => Some(Self { kind: Kind::of_error(error), told: error.retry_after() }),
        }
    }

    pub(crate) fn of_status(status: StatusCode, told: Option<Duration>) -> Option<Self> {
        let kind = match status.as_u16() {
            ..400 => return None,
            429 => Kind::Untouched,
            503 if told.is_some() => Kind::Untouched,
            404 => Kind::NotFound,
            _ if passes(status) => Kind::Passing,
            _ => Kind::Lasting,
        };
        Some(Self { kind, told })
    }
}

impl Kind {
    fn of_error(error: &Error) -> Self {
        match error {
            Error::Credential(_) if error.is_retryable() => Self::Untouched,
            Error::Delivery(error) if error.phase() == Phase::Connect => Self::Untouched,
            Error::Throttled(_) => Self::Final,
            _ if error.is_retryable() => Self::Passing,
            _ => Self::Final,
        }
    }
}

/// Whether an error status is one that passes.
pub(crate) fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504 | 509)
}
