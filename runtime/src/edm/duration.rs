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
        let known = length(text).or_else(|| long(text).filter(|_| !text.contains('Y') && !has_months(text)));
        (iso && known.is_some()).then(|| Self(text.into()))
    }

    /// With years and months, which ISO 8601 knows and OData does not.
    fn respelled(text: &str) -> Option<Self> {
        long(text).map(|_| Self(text.into()))
    }

    /// The length; a day has 24 hours. Years and months, which OData does not have but services write, count 365 and 30
    /// days, as in .NET's `XmlConvert.ToTimeSpan`; the calendar's are to be had from [`as_str`](Self::as_str).
    pub fn signed(&self) -> SignedDuration {
        // The text was checked when the value was made.
        length(&self.0).or_else(|| long(&self.0)).unwrap_or_default()
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

fn has_months(text: &str) -> bool {
    text.split('T').next().is_some_and(|date| date.contains('M'))
}

/// The length of a duration that is longer than jiff's spans are, such as the longest that services know
/// (`P10675199DT2H48M5.4775807S`), or has years or months.
fn long(text: &str) -> Option<SignedDuration> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let text = text.strip_prefix('P')?;
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let days = parts(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('W', 7 * DAY), ('D', DAY)])?;
    let rest = time.map_or(Some(SignedDuration::ZERO), |time| {
        if time.is_empty() { None } else { parts(time, &[('H', 3600), ('M', 60), ('S', 1)]) }
    });
    let length = days.checked_add(rest?).filter(|_| !text.is_empty())?;
    Some(if negative { -length } else { length })
}

const DAY: i64 = 86_400;

/// The sum of numbers with their units, of which each comes at most once and in this order; only seconds have fractions.
fn parts(mut text: &str, units: &[(char, i64)]) -> Option<SignedDuration> {
    let (mut sum, mut units) = (SignedDuration::ZERO, units.iter());
    while let Some(end) = text.find(|character: char| character.is_ascii_alphabetic()) {
        let unit = text[end..].chars().next()?;
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        let (whole, fraction) = text[..end].split_once('.').unwrap_or((&text[..end], "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (unit != 'S' && text[..end].contains('.')) {
            return None;
        }
        let seconds = whole.parse::<i64>().ok()?.checked_mul(*seconds)?;
        // What is shorter than a nanosecond is left out.
        let nanoseconds = format!("{:0<9}", &fraction[..fraction.len().min(9)]).parse().ok()?;
        sum = sum.checked_add(SignedDuration::new(seconds, nanoseconds))?;
        text = &text[end + 1..];
    }
    text.is_empty().then_some(sum)
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
