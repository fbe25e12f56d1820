//! Points in time in spellings that OData does not prescribe but services write, as far as their meaning is certain:
//! each is put into the prescribed form, which the types read.

use jiff::Timestamp;

/// A time of day with seconds, and at most nine digits of a fraction.
pub(super) fn time(text: &str) -> Option<String> {
    let (time, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = if time.len() == 5 { ":00" } else { "" };
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || fraction.is_empty() == text.contains('.') {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(9)];
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{time}{seconds}{point}{fraction}"))
}

/// An instant as `T` and `Z` separate it, and whether its day is the one before, as it is with 24:00:00. Without a zone
/// it is in UTC, in which Graph gives all its instants (msgraph-sdk-java#1815), and without a time the day's beginning.
pub(super) fn instant(text: &str) -> Option<(String, bool)> {
    let date = text.get(..10)?;
    let rest = match text.as_bytes().get(10) {
        None => "00:00:00",
        Some(b'T' | b't' | b' ') => text[11..].trim_start(),
        Some(_) => return None,
    };
    let end = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
    let (clock, zone) = (&rest[..end], zone(rest[end..].trim_start())?);
    let clock = time(clock)?;
    let at_end =
        clock.strip_prefix("24:00:00").filter(|rest| rest.bytes().all(|byte| matches!(byte, b'.' | b'0')));
    let begins = at_end.map(|rest| format!("00:00:00{rest}"));
    Some((format!("{date}T{}{zone}", begins.as_deref().unwrap_or(&clock)), begins.is_some()))
}

fn zone(text: &str) -> Option<String> {
    Some(match (text.as_bytes(), text.len()) {
        ([] | [b'Z' | b'z'], _) => "Z".to_owned(),
        ([b'-', ..], 6) if text == "-00:00" => "Z".to_owned(),
        ([b'-', ..], 5) if text == "-0000" => "Z".to_owned(),
        ([b'+' | b'-', ..], 6) => text.to_owned(),
        ([b'+' | b'-', ..], 5) => format!("{}:{}", text.get(..3)?, text.get(3..)?),
        ([b'+' | b'-', ..], 3) if text != "-00" => format!("{text}:00"),
        _ => return None,
    })
}

/// `/Date(1234567890000)/`: milliseconds since 1970 in UTC, whatever offset follows them.
pub(super) fn milliseconds(text: &str) -> Option<Timestamp> {
    let inside = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inside.get(1..)?.find(['+', '-']).map_or(inside.len(), |end| end + 1);
    let offset = &inside[end..];
    let is_offset =
        offset.is_empty() || offset.len() == 5 && offset[1..].bytes().all(|byte| byte.is_ascii_digit());
    Timestamp::from_millisecond(inside[..end].parse().ok().filter(|_| is_offset)?).ok()
}
