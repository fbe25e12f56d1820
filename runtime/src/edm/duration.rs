//! `Edm.Duration`: signed days, hours, minutes and seconds in ISO 8601's notation.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::text::text_value;

/// A signed length of time (`Edm.Duration`), such as `P1DT2H` or `-PT15M`.
///
/// The notation is kept (`PT60M` is not rewritten as `PT1H`), so equality is that of the text; compare
/// [`signed`](Self::signed) to compare lengths.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Duration(Box<str>);

impl Duration {
    fn parse(text: &str) -> Option<Self> {
        // jiff also reads a notation for people ("5 days"); OData has only ISO 8601's.
        let iso = text.strip_prefix('-').unwrap_or(text).starts_with('P');
        (iso && length(text).is_some()).then(|| Self(text.into()))
    }

    /// The length; a day has 24 hours.
    pub fn signed(&self) -> SignedDuration {
        // The text was checked when the value was made.
        length(&self.0).unwrap_or_default()
    }

    /// The length in ISO 8601's notation, as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The length of an ISO 8601 duration without years and months, whose lengths vary.
fn length(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

impl From<SignedDuration> for Duration {
    fn from(length: SignedDuration) -> Self {
        Self(length.to_string().into())
    }
}

impl From<std::time::Duration> for Duration {
    fn from(length: std::time::Duration) -> Self {
        SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX).into()
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_value!(Duration, "Edm.Duration", "[-]P[nD][T[nH][nM][n[.n]S]]");
