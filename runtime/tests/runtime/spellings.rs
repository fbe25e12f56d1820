//! Values in spellings that OData does not prescribe but services write: read where their meaning is certain, and written
//! back as they came.

use crate::support::models::User;
use msgraph_runtime::edm::{Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};
use msgraph_runtime::json::{self, Value};
use msgraph_runtime::{Extra, Model, ReadError, Reader, TypeInfo, Writer};

/// One property of each type, and lists.
#[derive(Default)]
struct Spelled {
    date: Option<Date>,
    dates: Option<Vec<DateTimeOffset>>,
    decimal: Option<Decimal>,
    duration: Option<Duration>,
    flag: Option<bool>,
    float: Option<f64>,
    guid: Option<Guid>,
    instant: Option<DateTimeOffset>,
    int64: Option<i64>,
    texts: Option<Vec<String>>,
    time: Option<TimeOfDay>,
    users: Option<Vec<User>>,
    extra: Extra,
}

impl Model for Spelled {
    const TYPE: &'static TypeInfo = &TypeInfo {
        name: "test.spelled",
        bases: &[],
        properties: &[
            "date", "dates", "decimal", "duration", "flag", "float", "guid", "instant", "int64", "texts",
            "time", "users",
        ],
    };

    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.date),
            1 => reader.read(&mut self.dates),
            2 => reader.read(&mut self.decimal),
            3 => reader.read(&mut self.duration),
            4 => reader.read(&mut self.flag),
            5 => reader.read(&mut self.float),
            6 => reader.read(&mut self.guid),
            7 => reader.read(&mut self.instant),
            8 => reader.read(&mut self.int64),
            9 => reader.read(&mut self.texts),
            10 => reader.read(&mut self.time),
            11 => reader.read(&mut self.users),
            _ => reader.rest(&mut self.extra),
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.date);
        writer.write(1, &self.dates);
        writer.write(2, &self.decimal);
        writer.write(3, &self.duration);
        writer.write(4, &self.flag);
        writer.write(5, &self.float);
        writer.write(6, &self.guid);
        writer.write(7, &self.instant);
        writer.write(8, &self.int64);
        writer.write(9, &self.texts);
        writer.write(10, &self.time);
        writer.write(11, &self.users);
    }
}

msgraph_runtime::models!(Spelled);

fn read(text: &str) -> Spelled {
    json::from_slice(text.as_bytes()).expect("an object")
}

fn written(value: &impl Value) -> String {
    String::from_utf8(json::to_vec(value)).expect("UTF-8")
}

const CERTAIN: &[(&str, &str, &str)] = &[
    // msgraph-sdk-java#1815, #1785
    ("instant", r#""2026-08-31T09:30:12""#, r#""2026-08-31T09:30:12Z""#),
    ("instant", r#""2026-08-31T09:30:12.5""#, r#""2026-08-31T09:30:12.5Z""#),
    ("instant", r#""2026-08-31T09:30:12+0000""#, r#""2026-08-31T09:30:12+00:00""#),
    ("instant", r#""2026-08-31T09:30:12-0930""#, r#""2026-08-31T09:30:12-09:30""#),
    ("instant", r#""2026-08-31T09:30:12+02""#, r#""2026-08-31T09:30:12+02:00""#),
    ("instant", r#""2026-08-31T09:30:12-00:00""#, r#""2026-08-31T09:30:12Z""#),
    ("instant", r#""2026-08-31t09:30:12z""#, r#""2026-08-31T09:30:12Z""#),
    ("instant", r#"" 2026-08-31 09:30:12Z ""#, r#""2026-08-31T09:30:12Z""#),
    ("instant", r#""2026-08-31 09:30:12 +02:00""#, r#""2026-08-31T09:30:12+02:00""#),
    ("instant", r#""2026-08-31T09:30Z""#, r#""2026-08-31T09:30:00Z""#),
    ("instant", r#""2026-08-31""#, r#""2026-08-31T00:00:00Z""#),
    ("instant", r#""2026-12-31T24:00:00Z""#, r#""2027-01-01T00:00:00Z""#),
    ("instant", r#""2026-12-31T24:00:00.000+02:00""#, r#""2027-01-01T00:00:00.000+02:00""#),
    ("instant", r#""2026-08-31T09:30:12.1234567891Z""#, r#""2026-08-31T09:30:12.123456789Z""#),
    ("instant", r#""/Date(1234567890000)/""#, r#""2009-02-13T23:31:30Z""#),
    ("instant", r#""\/Date(-1000+0200)\/""#, r#""1969-12-31T23:59:59Z""#),
    ("date", r#""2026-08-31T00:00:00Z""#, r#""2026-08-31""#),
    ("date", r#""2026-08-31T00:00:00.0000000""#, r#""2026-08-31""#),
    ("date", r#"" 2026-08-31""#, r#""2026-08-31""#),
    ("time", r#""07:00""#, r#""07:00:00""#),
    ("time", r#""07:00:00.0000000000""#, r#""07:00:00.000000000""#),
    ("guid", r#""{87d349ed-44d7-43e1-9a83-5f2406dee5bd}""#, r#""87d349ed-44d7-43e1-9a83-5f2406dee5bd""#),
    ("guid", r#""87D349ED44D743E19A835F2406DEE5BD""#, r#""87d349ed-44d7-43e1-9a83-5f2406dee5bd""#),
    ("guid", r#""87d349ED-44d7-43e1-9a83-5f2406dee5bd""#, r#""87d349ed-44d7-43e1-9a83-5f2406dee5bd""#),
    ("int64", r#""9223372036854775807""#, "9223372036854775807"),
    ("int64", "1.0", "1"),
    ("int64", "9007199254740993.00", "9007199254740993"),
    ("int64", "1e3", "1000"),
    ("int64", "-0", "0"),
    ("decimal", r#""1.50""#, "1.50"),
    ("float", r#""1.5""#, "1.5"),
    ("flag", r#""true""#, "true"),
    ("flag", r#""FALSE""#, "false"),
    ("flag", "1", "true"),
    ("texts", r#"["1",null,"2"]"#, r#"["1","2"]"#),
    ("texts", r#"[null]"#, "[]"),
    ("dates", r#"[null, "2026-08-31T09:30:12"]"#, r#"["2026-08-31T09:30:12Z"]"#),
    ("users", r#"[null,{"days":1},{"aboutMe":null}]"#, r#"[{"days":1},{"aboutMe":null}]"#),
    ("users", r#"[{"days":"7"},null]"#, r#"[{"days":"7"}]"#),
];

#[test]
fn a_spelling_whose_meaning_is_certain_is_read_and_written_back_as_it_came() {
    for (property, spelled, plain) in CERTAIN {
        let text = format!("{{\"{property}\":{spelled}}}");
        let value = read(&text);
        assert_eq!(written(&value), text);
        assert_eq!(written(&read(&written(&value))), text);
        // Without the text that is kept, the value itself is seen.
        let mut bare = value;
        bare.extra = Extra::default();
        assert_eq!(written(&bare), format!("{{\"{property}\":{plain}}}"), "{spelled}");
        assert!(json::from_slice_strict::<Spelled>(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_spelling_whose_meaning_is_not_certain_is_kept_and_no_value() {
    for (property, spelled) in [
        ("instant", r#""""#),
        ("instant", r#""2026-W35-1""#),
        ("instant", r#""2026-08-31T24:00:01Z""#),
        ("instant", r#""2026-08-31T09:30:60Z""#),
        ("instant", r#""2026-08-31T09:30:12.Z""#),
        ("instant", r#""2026-08-31T09:30:12+1""#),
        ("instant", r#""2026-08-31T09:30:12CEST""#),
        ("instant", r#""31.08.2026""#),
        ("instant", r#""２０２６-08-31T09:30:12""#),
        ("instant", r#""/Date(x)/""#),
        ("instant", r#""/Date()/""#),
        ("instant", "1234567890"),
        ("date", r#""2026-08-31T22:00:00Z""#),
        ("date", r#""""#),
        ("time", r#""24:00:00""#),
        ("time", r#""7:00""#),
        ("time", r#""07:00:00Z""#),
        ("duration", r#""5 days""#),
        ("duration", r#""P""#),
        ("duration", r#""P1YT""#),
        ("duration", r#""P1M1Y""#),
        ("duration", r#""P1.5M""#),
        ("guid", r#""""#),
        ("int64", "1.5"),
        ("int64", "9223372036854775808"),
        ("int64", "9007199254740993e1"),
        ("int64", r#""""#),
        ("int64", r#""0x10""#),
        ("int64", "true"),
        ("decimal", r#""NaN""#),
        ("float", r#""1,5""#),
        ("float", r#""1e999""#),
        ("flag", r#""yes""#),
        ("flag", "2"),
        ("texts", r#"["1",2]"#),
    ] {
        let text = format!("{{\"{property}\":{spelled}}}");
        let mut value = read(&text);
        assert_eq!(written(&value), text);
        value.extra = Extra::default();
        assert_eq!(written(&value), "{}", "{text}");
    }
}

#[test]
fn a_value_that_is_set_wins_over_the_spelling_of_another_one() {
    let mut value = read(r#"{"flag":"true","instant":"2026-08-31T09:30:12","int64":"5","texts":["a",null]}"#);
    value.instant = Some("2026-08-31T09:30:13Z".parse().expect("an instant"));
    value.int64 = Some(6);
    value.texts = Some(vec!["b".to_owned()]);
    value.flag = Some(false);
    let expected = r#"{"flag":false,"instant":"2026-08-31T09:30:13Z","int64":6,"texts":["b"]}"#;
    assert_eq!(written(&value), expected);
}

#[test]
fn years_and_months_of_durations_are_kept_and_have_the_lengths_that_services_give_them() {
    for (text, days) in [("P1M", 30), ("P1Y", 365), ("-P1Y2M3D", -428), ("P1M1W", 37)] {
        let quoted = format!("\"{text}\"");
        let duration: Duration = json::from_slice(quoted.as_bytes()).expect("a duration");
        assert_eq!((duration.as_str(), duration.signed().as_hours()), (text, 24 * days));
        assert_eq!(written(&duration), quoted);
        assert!(json::from_slice_strict::<Duration>(quoted.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn the_type_of_a_value_is_known_in_every_spelling() {
    for name in [
        "microsoft.graph.user",
        "#microsoft.graph.user",
        "#graph.user",
        "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.user",
    ] {
        let text = format!("{{\"@odata.type\":\"{name}\"}}");
        let value = read(&text);
        assert_eq!(value.extra.odata_type().as_deref(), Some("microsoft.graph.user"), "{name}");
        assert_eq!(written(&value), text);
    }
}
