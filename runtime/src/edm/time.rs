//! `Edm.Date`, `Edm.TimeOfDay` and `Edm.DateTimeOffset`: small `Copy` values that remember how many
//! fraction digits and which offset they were written with. The calendar itself is jiff's.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::spelled;
use super::text::text_value;
use crate::json::Writer;

/// A calendar day (`Edm.Date`), such as `2026-08-31`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// A time of day (`Edm.TimeOfDay`), such as `07:59:00` or `07:59:00.000`.
///
/// Equality and order include the number of fraction digits; compare [`time`](Self::time) to ignore it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    time: civil::Time,
    digits: u8,
}

/// An instant with the offset it was given in (`Edm.DateTimeOffset`), such as `2026-08-31T09:30:00.5Z`.
///
/// Equality includes the notation (offset and fraction digits), as it decides what is written back;
/// compare [`timestamp`](Self::timestamp) to ask for the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTimeOffset {
    /// Day and time at the offset: unlike an instant it also holds the last day of the year 9999, which
    /// services use for "never".
    local: civil::DateTime,
    offset_minutes: i16,
    digits: u8,
    zone: Zone,
}

/// How an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Zone {
    /// `Z`
    Utc,
    /// `+02:00`, and also `+00:00`.
    Numeric,
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let (date, rest) = parse_date(text.as_bytes())?;
        rest.is_empty().then_some(Self(date))
    }

    /// A midnight, whose day is certain.
    fn respelled(text: &str) -> Option<Self> {
        let instant = DateTimeOffset::parse(text).or_else(|| DateTimeOffset::respelled(text))?;
        let is_midnight = instant.local.time() == civil::Time::midnight() && !text.starts_with('/');
        is_midnight.then(|| Self(instant.local.date()))
    }

    /// The day in jiff's terms.
    pub fn date(self) -> civil::Date {
        self.0
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        Self(date)
    }
}

impl Short for Date {
    fn text(&self) -> Text {
        let mut text = Text::new();
        text.date(self.0);
        text
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().show(f)
    }
}

text_value!(Date, "Edm.Date", "YYYY-MM-DD", write_text);

impl TimeOfDay {
    fn parse(text: &str) -> Option<Self> {
        let (time, digits, rest) = parse_time(text.as_bytes())?;
        rest.is_empty().then_some(Self { time, digits })
    }

    /// Without seconds, or with more digits of a second than are kept. 24:00:00 is no time of a day.
    fn respelled(text: &str) -> Option<Self> {
        Self::parse(&spelled::time(text)?)
    }

    /// The time in jiff's terms.
    pub fn time(self) -> civil::Time {
        self.time
    }
}

impl From<civil::Time> for TimeOfDay {
    fn from(time: civil::Time) -> Self {
        Self { time, digits: needed_digits(time.subsec_nanosecond()) }
    }
}

impl Short for TimeOfDay {
    fn text(&self) -> Text {
        let mut text = Text::new();
        text.time(self.time, self.digits);
        text
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().show(f)
    }
}

text_value!(TimeOfDay, "Edm.TimeOfDay", "HH:MM:SS[.fraction]", write_text);

impl DateTimeOffset {
    fn parse(text: &str) -> Option<Self> {
        let (date, rest) = parse_date(text.as_bytes())?;
        let (time, digits, rest) = parse_time(rest.strip_prefix(b"T")?)?;
        let (zone, offset_minutes) = parse_offset(rest)?;
        Some(Self { local: date.to_datetime(time), offset_minutes, digits, zone })
    }

    /// In one of the [spellings](spelled) that services write.
    fn respelled(text: &str) -> Option<Self> {
        if let Some(instant) = spelled::milliseconds(text) {
            return Some(instant.into());
        }
        let (text, next_day) = spelled::instant(text)?;
        let value = Self::parse(&text)?;
        let local =
            if next_day { value.local.checked_add(jiff::Span::new().days(1)).ok()? } else { value.local };
        Some(Self { local, ..value })
    }

    /// The instant, without the offset it was written in. Instants after `9999-12-30T22:00:00Z`, the last
    /// that jiff knows, are that one.
    pub fn timestamp(self) -> Timestamp {
        let limit = if self.local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.offset().to_timestamp(self.local).unwrap_or(limit)
    }

    /// The offset from UTC.
    pub fn offset(self) -> Offset {
        offset(self.offset_minutes)
    }

    /// Calendar day and time of day at the value's own offset.
    pub fn datetime(self) -> civil::DateTime {
        self.local
    }
}

fn offset(minutes: i16) -> Offset {
    Offset::from_seconds(i32::from(minutes) * 60).unwrap_or(Offset::UTC)
}

/// The instant in UTC, with as many fraction digits as it needs.
impl From<Timestamp> for DateTimeOffset {
    fn from(instant: Timestamp) -> Self {
        let local = Offset::UTC.to_datetime(instant);
        let digits = needed_digits(local.time().subsec_nanosecond());
        Self { local, offset_minutes: 0, digits, zone: Zone::Utc }
    }
}

impl From<DateTimeOffset> for Timestamp {
    fn from(value: DateTimeOffset) -> Self {
        value.timestamp()
    }
}

impl Short for DateTimeOffset {
    fn text(&self) -> Text {
        let mut text = Text::new();
        text.date(self.local.date());
        text.byte(b'T');
        text.time(self.local.time(), self.digits);
        text.offset(self.zone, self.offset_minutes);
        text
    }
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().show(f)
    }
}

text_value!(DateTimeOffset, "Edm.DateTimeOffset", "YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)", write_text);

// ---- fixed-width parts

/// The value of a group of digits.
fn number(digits: &[u8]) -> Option<i16> {
    digits
        .iter()
        .try_fold(0_i16, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i16::from(digit - b'0')))
}

fn two(digits: &[u8]) -> Option<i8> {
    number(digits).and_then(|value| i8::try_from(value).ok())
}

/// `YYYY-MM-DD` and what follows it.
fn parse_date(text: &[u8]) -> Option<(civil::Date, &[u8])> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let date = civil::Date::new(number(&date[..4])?, two(&date[5..7])?, two(&date[8..])?).ok()?;
    Some((date, rest))
}

/// `HH:MM:SS` with up to nine fraction digits, their number, and what follows.
fn parse_time(text: &[u8]) -> Option<(civil::Time, u8, &[u8])> {
    let (time, mut rest) = text.split_first_chunk::<8>()?;
    if time[2] != b':' || time[5] != b':' {
        return None;
    }
    let (mut nanosecond, mut digits) = (0_i32, 0_u8);
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&length) {
            return None;
        }
        for digit in &fraction[..length] {
            nanosecond = nanosecond * 10 + i32::from(digit - b'0');
        }
        nanosecond *= 10_i32.pow(9 - length as u32);
        digits = length as u8;
        rest = &fraction[length..];
    }
    let time = civil::Time::new(two(&time[..2])?, two(&time[3..5])?, two(&time[6..])?, nanosecond).ok()?;
    Some((time, digits, rest))
}

/// `Z` or `±HH:MM`, as minutes east of UTC. `-00:00` is refused, as it would be written back as `+00:00`.
fn parse_offset(text: &[u8]) -> Option<(Zone, i16)> {
    match text {
        b"Z" => Some((Zone::Utc, 0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            let east = hours * 60 + minutes;
            let valid = hours <= 23 && minutes <= 59 && !(*sign == b'-' && east == 0);
            valid.then_some((Zone::Numeric, if *sign == b'-' { -east } else { east }))
        }
        _ => None,
    }
}

/// The longest text: a date, a time with nine fraction digits, an offset, and a sign before a year that
/// only arithmetic can yield.
const LONGEST: usize = 36;

/// A short text that is put together without allocating; formatting by `write!` costs several times as much.
struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    fn new() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }

    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// A number with leading zeros.
    fn number(&mut self, number: u32, width: u32) {
        for place in (0..width).rev() {
            self.byte(b'0' + (number / 10_u32.pow(place) % 10) as u8);
        }
    }

    fn date(&mut self, date: civil::Date) {
        if date.year() < 0 {
            self.byte(b'-');
        }
        self.number(u32::from(date.year().unsigned_abs()), 4);
        self.byte(b'-');
        self.number(u32::from(date.month().unsigned_abs()), 2);
        self.byte(b'-');
        self.number(u32::from(date.day().unsigned_abs()), 2);
    }

    fn time(&mut self, time: civil::Time, digits: u8) {
        self.number(u32::from(time.hour().unsigned_abs()), 2);
        self.byte(b':');
        self.number(u32::from(time.minute().unsigned_abs()), 2);
        self.byte(b':');
        self.number(u32::from(time.second().unsigned_abs()), 2);
        if digits > 0 {
            let digits = u32::from(digits.min(9));
            self.byte(b'.');
            self.number(time.subsec_nanosecond().unsigned_abs() / 10_u32.pow(9 - digits), digits);
        }
    }

    fn offset(&mut self, zone: Zone, minutes: i16) {
        if zone == Zone::Utc {
            return self.byte(b'Z');
        }
        self.byte(if minutes < 0 { b'-' } else { b'+' });
        let minutes = u32::from(minutes.unsigned_abs());
        self.number(minutes / 60, 2);
        self.byte(b':');
        self.number(minutes % 60, 2);
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only ASCII is put in.
        f.write_str(std::str::from_utf8(self.as_bytes()).unwrap_or_default())
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// What is written as a short text.
trait Short {
    fn text(&self) -> Text;
}

fn write_text(writer: &mut Writer, value: &impl Short) {
    writer.plain(value.text().as_bytes());
}

/// How many digits a fraction of a second needs: none, or as many as keep it exact.
fn needed_digits(nanosecond: i32) -> u8 {
    let mut digits = 9;
    let mut rest = nanosecond;
    while digits > 0 && rest % 10 == 0 {
        rest /= 10;
        digits -= 1;
    }
    digits
}

/// The difference between two instants.
impl std::ops::Sub for DateTimeOffset {
    type Output = SignedDuration;

    fn sub(self, earlier: Self) -> SignedDuration {
        self.timestamp().duration_since(earlier.timestamp())
    }
}
