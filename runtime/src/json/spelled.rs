//! Scalars in spellings that OData does not prescribe but services write, as far as their meaning is certain: in a text
//! without the white space around it, out the value. And whether two texts say the same in such spellings.

use super::{Reader, Value};
use crate::edm::{Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};

/// `"true"` in any case, and 1 and 0, as XML Schema has them.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An integer as text, or as a number with a fraction of zeros or an exponent.
pub(super) fn integer(text: &str) -> Option<i64> {
    let number: Decimal = text.parse().ok()?;
    let text = number.as_str();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !text.contains(['e', 'E']) {
        return fraction.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok()).flatten();
    }
    /// Up to here binary floating point holds every integer, and no other number looks like one.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number.to_f64();
    (value.fract() == 0.0 && value.abs() < EXACT).then_some(value as i64)
}

/// A number as text, such as Rust reads it.
pub(super) fn float(text: &str) -> Option<&str> {
    text.parse::<Decimal>().is_ok().then_some(text)
}

/// Whether a text reads as the one that was written, in one of the types that are read from other spellings.
pub(super) fn says(written: &str, read: &str) -> bool {
    if written.starts_with('[') {
        return same_elements(written, read).unwrap_or(false);
    }
    same::<DateTimeOffset>(written, read)
        || same::<Date>(written, read)
        || same::<TimeOfDay>(written, read)
        || same::<Guid>(written, read)
        || same::<Duration>(written, read)
        || same::<bool>(written, read)
        || same::<i64>(written, read)
        || same::<f64>(written, read)
        || same::<Decimal>(written, read)
}

/// Whether a text reads as what was written as a `T`.
fn same<T: Value>(written: &str, read: &str) -> bool {
    let written_as = |text: &str| super::from_slice::<T>(text.as_bytes()).map(|value| super::to_vec(&value));
    super::from_slice_strict::<T>(written.as_bytes()).is_ok()
        && written_as(read).is_ok_and(|read| read == written.as_bytes())
}

/// Whether two lists have the same elements, apart from nulls.
fn same_elements(written: &str, read: &str) -> Option<bool> {
    let (written, read) = (elements(written)?, elements(read)?);
    let all = written.len() == read.len();
    Some(all && written.iter().zip(&read).all(|(written, read)| super::writer::same_value(written, read)))
}

fn elements(text: &str) -> Option<Vec<&str>> {
    let mut reader = Reader::new(text);
    reader.peek();
    reader.enter_array("a list").ok()?;
    let (mut elements, mut first) = (Vec::new(), true);
    while reader.next_element(std::mem::take(&mut first)).ok()? {
        let element = reader.raw().ok()?;
        elements.extend((element != "null").then_some(element));
    }
    Some(elements)
}
