//! What an answer's headers say about throttling.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;

/// What an answer means for the calls that come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The service refused because there were too many: nobody should call for this time.
    Closed(Duration),
    /// Nothing is left until then; nothing was refused yet.
    Exhausted(Duration),
    /// The limit is near: calls should be this far apart.
    Near(Duration),
    /// Nothing about limits.
    Fine,
}

static PERCENTAGE: HeaderName = HeaderName::from_static("x-ms-throttle-limit-percentage");
static LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// What Azure's services send beside `Retry-After`, in milliseconds.
static RETRY_AFTER_MS: [HeaderName; 2] =
    [HeaderName::from_static("x-ms-retry-after-ms"), HeaderName::from_static("retry-after-ms")];

/// From which share of a limit on calls are slowed down; the service reports from here on.
const NEAR: f64 = 0.8;

/// How long calls wait that were throttled without being told how long.
const UNTOLD: Duration = Duration::from_secs(1);

impl Signal {
    /// Reads an answer.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Self {
        let told = match status.as_u16() {
            429 => Some(retry_after(headers, now).unwrap_or(UNTOLD)),
            503 | 509 => retry_after(headers, now),
            _ => None,
        };
        if let Some(told) = told {
            return Self::Closed(told);
        }
        match (percentage(headers), window(headers)) {
            (_, Some(exhausted @ Self::Exhausted(_))) => exhausted,
            (Some(share), _) => Self::Near(share),
            (None, Some(near)) => near,
            (None, None) => Self::Fine,
        }
    }
}

/// `x-ms-throttle-limit-percentage`: 0.8 to 1.8, the share of the limit that is used up
/// ([throttling guidance](https://learn.microsoft.com/graph/throttling)). Calls are a twentieth of a second apart
/// at 0.8, a quarter at 1.0, and a second at 1.8.
fn percentage(headers: &HeaderMap) -> Option<Duration> {
    let share = number(headers, &PERCENTAGE)?;
    (share >= NEAR).then(|| Duration::from_secs_f64(0.05 + (share.min(1.8) - NEAR)))
}

/// `RateLimit-Limit`, `-Remaining` and `-Reset`: calls per window, those left, and seconds until the next
/// ([draft-ietf-httpapi-ratelimit-headers-06](https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06)).
fn window(headers: &HeaderMap) -> Option<Signal> {
    let remaining = number(headers, &REMAINING)?;
    let reset = number(headers, &RESET)?;
    if remaining < 1.0 {
        return Duration::try_from_secs_f64(reset).ok().map(Signal::Exhausted);
    }
    let limit = number(headers, &LIMIT)?;
    let near = (limit - remaining) / limit >= NEAR;
    near.then(|| Duration::try_from_secs_f64(reset / remaining).ok().map(Signal::Near)).flatten()
}

/// A header that is a number of zero or more; parameters behind it (`10;w=60`) are left out.
fn number(headers: &HeaderMap, name: &HeaderName) -> Option<f64> {
    let text = headers.get(name)?.to_str().ok()?;
    let number: f64 = text.split([';', ',']).next()?.trim().parse().ok()?;
    (number >= 0.0 && number.is_finite()).then_some(number)
}

/// How long the service asked to wait: the longest of what `Retry-After` and its variants in milliseconds say.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // The service's date is by the service's clock.
    let now = text(DATE).and_then(http_date).unwrap_or(now);
    let milliseconds = RETRY_AFTER_MS
        .iter()
        .filter_map(|name| Duration::try_from_secs_f64(number(headers, name)? / 1000.0).ok());
    milliseconds.chain(text(RETRY_AFTER).and_then(|text| parse_retry_after(text, now))).max()
}

/// `Retry-After` as seconds, with or without decimals, or as a date (RFC 9110, section 10.2.3).
fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    Some(http_date(text)?.duration_since(now).try_into().unwrap_or(Duration::ZERO))
}

fn http_date(text: &str) -> Option<Timestamp> {
    let time: SystemTime = httpdate::parse_http_date(text).ok()?;
    time.try_into().ok()
}
