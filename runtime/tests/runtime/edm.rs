//! OData's primitive types: every accepted text is written back as it was read, every other one is refused.

use jiff::civil::{date, time};
use jiff::{SignedDuration, Timestamp};
use msgraph_runtime::ToLiteral;
use msgraph_runtime::edm::{Binary, Date, DateTimeOffset, Decimal, Duration, Guid, Json, TimeOfDay};
use msgraph_runtime::json::{self, Value};

/// Strictly reads a JSON text as a `T` and writes it again.
fn round_trip<T: Value>(text: &str) -> Option<String> {
    let value: T = json::from_slice_strict(text.as_bytes()).ok()?;
    Some(String::from_utf8(json::to_vec(&value)).expect("UTF-8"))
}

fn accepts<T: Value>(texts: &[&str]) {
    for text in texts {
        assert_eq!(round_trip::<T>(text).as_deref(), Some(*text));
    }
}

fn refuses<T: Value>(texts: &[&str]) {
    for text in texts {
        assert_eq!(round_trip::<T>(text), None, "{text}");
    }
}

#[test]
fn instants_keep_offset_and_fraction_digits() {
    accepts::<DateTimeOffset>(&[
        r#""0001-01-01T00:00:00Z""#,
        r#""9999-12-31T23:59:59.9999999Z""#,
        r#""2024-02-29T12:00:00.000Z""#,
        r#""2026-08-31T09:30:12+00:00""#,
        r#""2026-08-31T09:30:12.5-09:30""#,
        r#""1969-12-31T23:59:59.123456789Z""#,
        r#""2026-03-29T02:30:00+14:00""#,
    ]);
    refuses::<DateTimeOffset>(&[
        r#""2023-02-29T12:00:00Z""#,
        r#""2026-08-31T24:00:00Z""#,
        r#""2026-08-31T09:30:60Z""#,
        r#""2026-08-31T09:30:12""#,
        r#""2026-08-31t09:30:12z""#,
        r#""2026-08-31 09:30:12Z""#,
        r#""2026-08-31T09:30Z""#,
        r#""2026-08-31T09:30:12.Z""#,
        r#""2026-08-31T09:30:12.1234567890Z""#,
        r#""2026-08-31T09:30:12-00:00""#,
        r#""2026-08-31T09:30:12+24:00""#,
        r#""2026-08-31T09:30:12+0100""#,
        r#""2026-08-31T09:30:12+01:00:00""#,
        r#""２０２６-08-31T09:30:12Z""#,
        r#""""#,
        "17",
    ]);
}

#[test]
fn an_instant_converts_to_and_from_jiff() {
    let value: DateTimeOffset = "2026-08-31T09:30:12.250+02:00".parse().expect("an instant");
    let instant: Timestamp = "2026-08-31T07:30:12.25Z".parse().expect("an instant");
    assert_eq!(value.timestamp(), instant);
    assert_eq!(value.offset().seconds(), 7200);
    assert_eq!(value.datetime(), date(2026, 8, 31).at(9, 30, 12, 250_000_000));
    assert_eq!(DateTimeOffset::from(instant).to_string(), "2026-08-31T07:30:12.25Z");
    assert_ne!(DateTimeOffset::from(instant), value);
    assert_eq!(value - DateTimeOffset::from(instant), SignedDuration::ZERO);
    let never: DateTimeOffset = "9999-12-31T23:59:59.9999999Z".parse().expect("an instant");
    assert_eq!(never.timestamp(), Timestamp::MAX);
    assert_eq!(never.datetime().year(), 9999);
    let before: Timestamp = "1969-12-31T23:59:59.9Z".parse().expect("an instant");
    assert_eq!(DateTimeOffset::from(before).to_string(), "1969-12-31T23:59:59.9Z");
    assert_eq!(DateTimeOffset::from(before).timestamp(), before);
}

#[test]
fn dates_and_times_of_day_are_calendar_values() {
    accepts::<Date>(&[r#""2026-08-31""#, r#""0001-01-01""#]);
    refuses::<Date>(&[r#""2026-8-31""#, r#""2026-13-01""#, r#""2026-08-31T""#, r#""20260831""#]);
    accepts::<TimeOfDay>(&[r#""00:00:00""#, r#""23:59:59.9999999""#, r#""07:00:00.000""#]);
    refuses::<TimeOfDay>(&[r#""24:00:00""#, r#""07:00""#, r#""07:00:00Z""#]);
    assert_eq!("2026-08-31".parse::<Date>().map(Date::date), Ok(date(2026, 8, 31)));
    assert_eq!(TimeOfDay::from(time(7, 0, 0, 500)).to_string(), "07:00:00.0000005");
    assert_eq!(Date::from(date(5, 1, 2)).to_string(), "0005-01-02");
}

#[test]
fn durations_may_be_negative_and_keep_their_notation() {
    accepts::<Duration>(&[
        r#""-PT15M""#,
        r#""PT0S""#,
        r#""P1DT2H3M4.5S""#,
        r#""PT60M""#,
        r#""P90D""#,
        r#""P2W""#,
        r#""P10675199DT2H48M5.4775807S""#,
        r#""-P10675199DT2H48M5.4775808S""#,
    ]);
    refuses::<Duration>(&[r#""5 days""#, r#""P1Y""#, r#""P1M""#, r#""PT""#, r#""P""#, r#""1:00:00""#, "15"]);
    let signed = |text: &str| text.parse::<Duration>().map(|duration| duration.signed());
    assert_eq!(signed("-PT15M"), Ok(SignedDuration::from_mins(-15)));
    assert_eq!(signed("P1DT1H"), Ok(SignedDuration::from_hours(25)));
    let longest = SignedDuration::new(i64::MAX / 10_000_000, (i64::MAX % 10_000_000) as i32 * 100);
    assert_eq!(signed("P10675199DT2H48M5.4775807S"), Ok(longest), "the longest that .NET has");
    assert_eq!(Duration::from(SignedDuration::from_mins(-15)).to_string(), "-PT15M");
    assert_eq!(
        Duration::from(std::time::Duration::from_millis(1500)).signed(),
        SignedDuration::from_millis(1500)
    );
}

#[test]
fn identifiers_keep_their_case_and_compare_without_it() {
    accepts::<Guid>(&[
        r#""87d349ed-44d7-43e1-9a83-5f2406dee5bd""#,
        r#""87D349ED-44D7-43E1-9A83-5F2406DEE5BD""#,
        r#""00000000-0000-0000-0000-000000000000""#,
    ]);
    refuses::<Guid>(&[
        r#""87d349ED-44d7-43e1-9a83-5f2406dee5bd""#,
        r#""87d349ed44d743e19a835f2406dee5bd""#,
        r#""{87d349ed-44d7-43e1-9a83-5f2406dee5bd}""#,
        r#""urn:uuid:87d349ed-44d7-43e1-9a83-5f2406dee5bd""#,
        r#""87d349ed-44d7-43e1-9a83-5f2406dee5bg""#,
    ]);
    let lower: Guid = "87d349ed-44d7-43e1-9a83-5f2406dee5bd".parse().expect("a Guid");
    let upper: Guid = "87D349ED-44D7-43E1-9A83-5F2406DEE5BD".parse().expect("a Guid");
    assert_eq!(lower, upper);
    assert_eq!(lower, Guid::from(upper.uuid()));
    assert_eq!(
        "nonsense".parse::<Guid>().expect_err("no Guid").to_string(),
        "expected Edm.Guid in the form 8-4-4-4-12 hexadecimal digits, found \"nonsense\""
    );
}

#[test]
fn binary_values_are_decoded_on_demand() {
    accepts::<Binary>(&[r#""""#, r#""AP8=""#, r#""AP8""#, r#""_-8=""#, r#""not base64!""#]);
    let decode = |text: &str| json::from_slice::<Binary>(text.as_bytes()).expect("a string").decode();
    assert_eq!(decode(r#""AP8=""#), Ok(vec![0, 255]));
    assert_eq!(decode(r#""AP8""#), Ok(vec![0, 255]));
    assert_eq!(decode(r#""_-8=""#), Ok(vec![255, 239]));
    assert!(decode(r#""not base64!""#).is_err());
    assert_eq!(Binary::from_bytes([0, 255]).as_str(), "AP8=");
    assert!(!format!("{:?}", Binary::from_bytes("secret")).contains("c2Vj"));
}

#[test]
fn decimals_keep_every_digit() {
    accepts::<Decimal>(&["12.50", "-0", "1E+2", "0.1234567890123456789012345678901234567890"]);
    refuses::<Decimal>(&["01", "+1", ".5", "1.", "\"1\"", "NaN"]);
    assert_eq!("12.50".parse::<Decimal>().map(|decimal| decimal.to_f64()), Ok(12.5));
    assert!("12.50 ".parse::<Decimal>().is_err() && "twelve".parse::<Decimal>().is_err());
}

#[test]
fn untyped_values_are_any_json() {
    accepts::<Json>(&["null", "[1, 2 ]", r#"{"a":{"b":"\ud800"}}"#, "1e999"]);
    let json: Json = r#"{"a":[1,{"b":null}]}"#.parse().expect("JSON");
    assert_eq!(json.to_value()["a"][0], 1);
    assert_eq!(Json::from(json.to_value()), json);
    assert_eq!(Json::encode(&vec![1, 2]).decode::<Vec<i64>>(), Ok(vec![1, 2]));
    assert!(json.decode::<String>().is_err());
}

#[test]
fn literals_follow_the_type() {
    assert_eq!("O'Neil".to_literal(), "'O''Neil'");
    assert_eq!("".to_literal(), "''");
    assert_eq!("''".to_literal(), "''''''");
    assert_eq!(
        (true.to_literal(), 7_i32.to_literal(), (-1.5_f64).to_literal()),
        ("true".into(), "7".into(), "-1.5".into())
    );
    assert_eq!((f64::NAN.to_literal(), f32::NEG_INFINITY.to_literal()), ("NaN".into(), "-INF".into()));
    let guid: Guid = "87d349ed-44d7-43e1-9a83-5f2406dee5bd".parse().expect("a Guid");
    assert_eq!(guid.to_literal(), "87d349ed-44d7-43e1-9a83-5f2406dee5bd");
    let day: Date = "2026-08-31".parse().expect("a day");
    assert_eq!(day.to_literal(), "2026-08-31");
    let quarter: Duration = "PT15M".parse().expect("a duration");
    assert_eq!(quarter.to_literal(), "'PT15M'");
    assert_eq!(vec!["a", "b'"].to_literal(), "['a','b''']");
}

#[test]
fn edm_values_go_through_serde_as_text() {
    let instant: DateTimeOffset = "2026-08-31T09:30:12.250+02:00".parse().expect("an instant");
    let json = serde_json::to_string(&instant).expect("JSON");
    assert_eq!(json, "\"2026-08-31T09:30:12.250+02:00\"");
    assert_eq!(serde_json::from_str::<DateTimeOffset>(&json).expect("an instant"), instant);
    let bytes = postcard::to_allocvec(&instant).expect("bytes");
    assert_eq!(postcard::from_bytes::<DateTimeOffset>(&bytes).expect("an instant"), instant);
}
