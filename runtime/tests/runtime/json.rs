//! Models through JSON and back, as generated code uses the runtime.

use crate::support::models::{AgeGroup, Message, User};
use msgraph_runtime::edm::Json;
use msgraph_runtime::{Extra, Flags, Model, ReadError, Reader, TypeInfo, Writer, json};

/// Everything unusual at once, in the order in which it is written.
const USER: &str = r##"{"@odata.type":"#microsoft.graph.user","@odata.etag":"W/\"1\"","unknown":{"deep": [1, 2]},"aboutMe":"x\ny","accountEnabled":null,"ageGroup":"ADULT","anything":{"a": 1},"businessPhones":["1","2"],"created":"2026-08-31T01:02:03.50+02:00","days":"many","id":"87D349ED-44D7-43E1-9A83-5F2406DEE5BD","manager":{"aboutMe":"boss"},"messages":[{"x":0,"isRead":true,"subject":null}],"notCompiledIn":[1],"rights":"minor, ADULT,other","score":1.0}"##;

fn read(text: &str) -> User {
    json::from_slice(text.as_bytes()).expect("a user")
}

fn write(user: &User) -> String {
    String::from_utf8(json::to_vec(user)).expect("UTF-8")
}

#[test]
fn a_model_round_trips_through_json_without_loss() {
    let user = read(USER);
    assert_eq!(user.about_me.as_deref(), Some("x\ny"));
    assert_eq!(user.age_group, Some(AgeGroup::Adult));
    assert_eq!(user.days, None);
    assert_eq!(user.score, Some(1.0));
    assert_eq!(user.manager.as_ref().and_then(|manager| manager.about_me.as_deref()), Some("boss"));
    assert_eq!(user.messages.as_deref().and_then(|messages| messages[0].is_read), Some(true));
    assert_eq!(write(&user), USER);
}

#[test]
fn properties_are_found_in_any_order_and_spelling() {
    let user = read(r#" { "score" : 2 , "days" : 7 , "\u0061boutMe" : "a" , "accountEnabled" : false } "#);
    assert_eq!((user.score, user.days, user.account_enabled), (Some(2.0), Some(7), Some(false)));
    assert_eq!(user.about_me.as_deref(), Some("a"));
    assert!(user.extra.is_empty());
}

#[test]
fn a_value_that_is_set_wins_over_what_was_kept() {
    let mut user = read(USER);
    user.days = Some(3);
    user.account_enabled = Some(true);
    user.age_group = Some(AgeGroup::Minor);
    user.score = Some(1.5);
    let written: serde_json::Value = serde_json::from_str(&write(&user)).expect("JSON");
    assert_eq!(written["days"], 3);
    assert_eq!(written["accountEnabled"], true);
    assert_eq!(written["ageGroup"], "minor");
    assert_eq!(written["score"], 1.5);
    assert_eq!(write(&user).matches("\"days\"").count(), 1);
}

#[test]
fn null_is_not_absent_and_can_be_asked_for_and_set() {
    let mut user = read(r#"{"aboutMe":null}"#);
    assert!(user.is_null("aboutMe") && !user.is_null("days") && !user.is_null("nonsense"));
    user.set_null("days", true);
    user.set_null("nonsense", true);
    assert_eq!(write(&user), r#"{"aboutMe":null,"days":null}"#);
    user.set_null("aboutMe", false);
    assert_eq!(write(&user), r#"{"days":null}"#);
    let mut kept = read(r#"{"aboutMe":7}"#);
    kept.set_null("aboutMe", false);
    assert_eq!(write(&kept), r#"{"aboutMe":7}"#, "what is kept was no null");
    assert_eq!(write(&User::default()), "{}");
}

#[test]
fn extras_can_be_read_changed_and_written() {
    let mut user = read(USER);
    assert_eq!(user.extra.odata_type().as_deref(), Some("microsoft.graph.user"));
    assert_eq!(user.extra.etag().as_deref(), Some("W/\"1\""));
    assert_eq!(user.extra.get("unknown"), Some(r#"{"deep": [1, 2]}"#));
    assert_eq!(user.extra.get("days"), Some("\"many\""));
    assert_eq!(user.extra.remove("unknown"), Some(r#"{"deep": [1, 2]}"#.parse().expect("JSON")));
    assert_eq!(user.extra.get("unknown"), None);
    user.extra.insert("@odata.etag", &"\"2\"".parse().expect("JSON"));
    user.extra.insert("wei\"rd", &Json::from(serde_json::json!([1])));
    let written: serde_json::Value = serde_json::from_str(&write(&user)).expect("JSON");
    assert_eq!(written["@odata.etag"], "2");
    assert_eq!(written["wei\"rd"], serde_json::json!([1]));
    let names: Vec<_> = user.extra.iter().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names.last().map(String::as_str), Some("wei\"rd"));
}

#[test]
fn extras_can_be_copied_and_replaced_without_knowing_the_type() {
    fn copied(model: &impl Model) -> Extra {
        model.extra()
    }
    let mut user = read(USER);
    assert_eq!(copied(&user), user.extra, "those of the value, and not of a value inside");
    assert_eq!(copied(&Box::new(user.clone())), user.extra);
    assert!(copied(&User::default()).is_empty());

    let mut other = Extra::new();
    other.insert("x", &Json::from(serde_json::json!(1)));
    let about_me = user.about_me.clone();
    user.set_extra(other.clone());
    assert_eq!((&user.extra, user.about_me), (&other, about_me), "the fields stay as they are");
}

#[test]
fn a_strict_reader_says_where_a_value_is_not_of_its_type() {
    let text = r#"{"manager":{"messages":[{},{"isRead":"odd"}]}}"#;
    let lenient = read(text);
    assert_eq!(write(&lenient), text);
    let error = json::from_slice_strict::<User>(text.as_bytes()).expect_err("strict");
    assert_eq!(error.path(), "$.manager.messages[1].isRead");
    assert_eq!((error.offset(), error.expected()), (37, Some("Edm.Boolean")));
    assert_eq!(
        error.to_string(),
        "expected Edm.Boolean at byte 37 ($.manager.messages[1].isRead), found \"odd\"}]}}"
    );
    let strict = json::from_slice_strict::<User>(br#"{"notCompiledIn":[1],"unknown":1}"#);
    assert!(strict.is_ok(), "what has no field is no error: {strict:?}");
}

#[test]
fn another_shape_at_the_top_is_an_error_with_its_place() {
    let error = |text: &str| json::from_slice::<User>(text.as_bytes()).expect_err("an error").to_string();
    assert_eq!(error("[1]"), "expected microsoft.graph.user at byte 0 ($), found [1]");
    assert_eq!(error("  null"), "expected microsoft.graph.user at byte 2 ($), found null");
    assert_eq!(error(""), "expected microsoft.graph.user at byte 0 ($), the text ends there");
    assert_eq!(error("{\"days\":1,}"), "not JSON: expected a property name at byte 10 ($), found }");
    assert_eq!(error("{} {}"), "not JSON: text after the end of the value at byte 3 ($), found {}");
    assert_eq!(error("{\"days\":01}"), "not JSON: malformed number at byte 9 ($.days), found 1}");
    assert_eq!(
        json::from_slice_strict::<User>(b"{\"aboutMe\":\"\xff\"}").expect_err("an error").to_string(),
        "not UTF-8 at byte 12 ($), found \u{fffd}\"}"
    );
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert_eq!(read("\u{feff}{\"days\":1}").days, Some(1));
}

#[test]
fn a_text_in_utf_16_is_an_error_that_says_so() {
    for text in [&b"\xFF\xFE{\0}\0"[..], b"\xFE\xFF\0{\0}"] {
        let error = json::from_slice::<User>(text).expect_err("an error");
        assert!(error.to_string().starts_with("UTF-16, as its byte order mark says"), "{error}");
        assert!(!error.is_truncated());
    }
}

#[test]
fn what_a_string_may_not_hold_costs_neither_the_string_nor_the_text() {
    let text = b"\xEF\xBB\xBF{\"messages\":[{\"subject\":\"x\"},{\"subject\":\"a\xFFb\\\"\"}],\"aboutMe\":\"a\nb\x00\xE2\x82\"}";
    let user: User = json::from_slice(text).expect("a user");
    assert_eq!(user.about_me.as_deref(), Some("a\nb\0\u{fffd}"));
    assert_eq!(user.messages.expect("messages")[1].subject.as_deref(), Some("a\u{fffd}b\""));
    let found: Vec<_> = json::repairs(text).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "bytes that are not UTF-8 in a string at byte 45 ($.messages[1].subject)",
            "a control character without escape in a string at byte 65 ($.aboutMe)",
            "a control character without escape in a string at byte 67 ($.aboutMe)",
            "bytes that are not UTF-8 in a string at byte 68 ($.aboutMe)",
        ]
    );
    assert!(json::from_slice_strict::<User>(text).is_err());
    assert!(json::repairs(USER.as_bytes()).is_empty());
    for broken in
        [&b"{\"days\":1}\xff"[..], b"{\"days\":\x001}", b"{\"aboutMe\":\"\\\n\"}", b"{\"aboutMe\":\"\xff\"]"]
    {
        let error = json::from_slice::<User>(broken).expect_err("no JSON for other reasons, too");
        assert!(!error.is_truncated(), "{error}");
    }
    let broken_off = json::from_slice::<User>(b"{\"aboutMe\":\"\xff\", \"days").expect_err("no JSON");
    assert!(broken_off.is_truncated());
}

#[test]
fn values_of_another_type_are_kept_as_they_stand() {
    for (property, value) in [
        ("days", "1.5"),
        ("days", "2147483648"),
        ("days", "-0"),
        ("days", "true"),
        ("aboutMe", "17"),
        ("aboutMe", r#""\ud800""#),
        ("accountEnabled", "\"true\""),
        ("businessPhones", r#"["1", 2]"#),
        ("businessPhones", r#"["1",null]"#),
        ("created", "\"yesterday\""),
        ("id", r#""{87d349ed-44d7-43e1-9a83-5f2406dee5bd}""#),
        ("ageGroup", "3"),
        ("manager", "[]"),
        ("messages", r#"[{"isRead":true},7]"#),
        ("score", "1e999"),
        ("score", "\"much\""),
    ] {
        let text = format!("{{\"{property}\":{value}}}");
        let user = read(&text);
        assert_eq!(user.extra.get(property), Some(value), "{text}");
        assert_eq!(write(&user), text);
        assert!(json::from_slice_strict::<User>(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn values_that_do_not_decode_do_not_add_to_the_depth_of_what_follows() {
    let text = format!("{{{}\"aboutMe\":\"x\"}}", "\"businessPhones\":[[1]],".repeat(200));
    assert_eq!(read(&text).about_me.as_deref(), Some("x"));
}

#[test]
fn what_is_kept_stands_in_its_place_at_every_level() {
    let inner =
        r##"{"@odata.type":"#microsoft.graph.guest","x":1,"aboutMe":7,"ageGroup":"ADULT","days":null}"##;
    let list = r#"[{"isRead":"no","subject":null},{"isRead":true},{"y":[],"isRead":1,"subject":"s"}]"#;
    let text = format!(
        r#"{{"z":{{}},"aboutMe":null,"accountEnabled":"yes","ageGroup":"MINOR","days":1,"manager":{inner},"messages":{list},"rights":"ADULT","score":2.0}}"#
    );
    let mut user = read(&text);
    assert_eq!(write(&user), text);
    assert_eq!(write(&user), text, "writing changes nothing");

    // Fields that are set take the places of what was kept or null, and keep the order.
    user.about_me = Some("x".to_owned());
    user.account_enabled = Some(false);
    user.age_group = Some("adult".into());
    let start = r#"{"z":{},"aboutMe":"x","accountEnabled":false,"ageGroup":"adult","days":1,"manager":"#;
    assert!(write(&user).starts_with(start), "{}", write(&user));
}

#[test]
fn a_model_with_kept_members_can_take_the_place_of_a_kept_member() {
    let mut user = read(r#"{"manager":5,"days":"x","rights":"ADULT"}"#);
    user.manager = Some(Box::new(read(r#"{"aboutMe":7,"days":"y","score":null}"#)));
    let expected = r#"{"days":"x","manager":{"aboutMe":7,"days":"y","score":null},"rights":"ADULT"}"#;
    assert_eq!(write(&user), expected);
}

#[test]
fn the_type_is_written_first_wherever_it_stood() {
    let user = read(r##"{"x":1,"days":"y","@odata.type":"#microsoft.graph.user","z":2}"##);
    let expected = r##"{"@odata.type":"#microsoft.graph.user","x":1,"z":2,"days":"y"}"##;
    assert_eq!(write(&user), expected);
    assert_eq!(user.extra.odata_type().as_deref(), Some("microsoft.graph.user"));
}

#[test]
fn of_a_name_that_comes_twice_one_is_written() {
    assert_eq!(write(&read(r#"{"days":"a","days":"b","score":1}"#)), r#"{"days":"a","score":1}"#);
}

#[test]
fn numbers_and_members_get_back_the_spelling_they_were_read_in() {
    for text in [
        r#"{"score":1.0}"#,
        r#"{"score":1.50}"#,
        r#"{"score":1e3}"#,
        r#"{"score":0.1}"#,
        r#"{"score":-7}"#,
        r#"{"score":-0.0}"#,
        r#"{"score":123456789012345678}"#,
        r#"{"score":"INF"}"#,
        r#"{"score":"-INF"}"#,
        r#"{"score":"NaN"}"#,
        r#"{"ageGroup":"MiNoR"}"#,
        r#"{"ageGroup":"somethingNew"}"#,
        r#"{"rights":""}"#,
        r#"{"rights":"adult,minor"}"#,
        r#"{"rights":"Adult, minor"}"#,
    ] {
        let user = read(text);
        assert!(user.score.is_some() || user.age_group.is_some() || user.rights.is_some(), "{text}");
        assert_eq!(write(&user), text);
    }
}

#[test]
fn enumerations_are_open_and_flags_are_sets() {
    assert_eq!(AgeGroup::from("ADULT"), AgeGroup::Adult);
    assert_eq!(AgeGroup::from("elder").as_str(), "elder");
    let mut set: Flags<AgeGroup> = "minor,elder".parse().expect("infallible");
    assert!(
        set.contains(&AgeGroup::Minor) && set.contains(&"elder".into()) && !set.contains(&AgeGroup::Adult)
    );
    set.insert(AgeGroup::Adult);
    set.insert(AgeGroup::Adult);
    assert!(set.remove(&AgeGroup::Minor) && !set.remove(&AgeGroup::Minor));
    assert_eq!((set.to_string().as_str(), set.len()), ("elder,adult", 2));
    assert_eq!([AgeGroup::Adult, AgeGroup::Adult].into_iter().collect::<Flags<_>>().len(), 1);
}

#[test]
fn debug_output_is_short_and_masks_secrets() {
    let mut user =
        read(r#"{"aboutMe":"x","accountEnabled":null,"password":"hunter2","clientSecret":"s3cret"}"#);
    user.manager = Some(Box::new(read(
        r#"{"password":"hunter3","x":[{"token":"t0ken"}],"anything":{"secret":"s3cond"}}"#,
    )));
    let shown = format!("{user:?}");
    assert!(shown.starts_with("user {\"clientSecret\":\"***\",\"aboutMe\":\"x\""), "{shown}");
    for secret in ["hunter2", "hunter3", "s3cret", "t0ken", "s3cond"] {
        assert!(!shown.contains(secret) && !format!("{:?}", user.extra).contains(secret), "{shown}");
        assert!(write(&user).contains(secret));
    }
}

#[cfg(feature = "serde")]
#[test]
fn models_go_through_any_serde_format() {
    let user = read(USER);
    let value = serde_json::to_value(&user).expect("a tree");
    assert_eq!(value, serde_json::from_str::<serde_json::Value>(USER).expect("JSON"));
    let back: User = serde_json::from_value(value).expect("a user");
    assert_eq!(
        (back.about_me, back.created, back.messages),
        (user.about_me.clone(), user.created, user.messages.clone())
    );
    assert_eq!(serde_json::from_str::<User>(USER).expect("a user").days, None);

    let bytes = postcard::to_allocvec(&user).expect("bytes");
    assert_eq!(postcard::from_bytes::<User>(&bytes).expect("a user"), user);
    assert!(postcard::from_bytes::<User>(&postcard::to_allocvec("[]").expect("bytes")).is_err());

    let text =
        toml::to_string(&read(r#"{"aboutMe":"x","days":3,"messages":[{"isRead":true}]}"#)).expect("TOML");
    assert_eq!(toml::from_str::<User>(&text).expect("a user").days, Some(3));
}

#[test]
fn nesting_is_followed_128_levels_deep_even_on_a_small_stack() {
    let nested =
        |levels: usize| format!("{}{{}}{}", "{\"manager\":".repeat(levels - 1), "}".repeat(levels - 1));
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let check = move || {
        let deepest = nested(128);
        assert_eq!(write(&read(&deepest)), deepest);
        let error = json::from_slice::<User>(nested(129).as_bytes()).expect_err("too deep").to_string();
        assert!(error.starts_with("nested deeper than 128 levels at byte 1408"), "{error}");
        for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "{\"days\":[".repeat(50_000)] {
            let error = json::from_slice::<Json>(text.as_bytes()).expect_err("too deep").to_string();
            assert!(error.starts_with("nested deeper"), "{error}");
        }
    };
    thread.spawn(check).expect("a thread").join().expect("no overflow");
}

#[test]
fn copies_are_equal_however_deep_and_changes_are_seen() {
    let mut user = read(USER);
    for _ in 0..500 {
        user = User { manager: Some(Box::new(user)), ..Default::default() };
    }
    let mut copy = user.clone();
    assert_eq!(copy, user);
    copy.set_null("days", true);
    assert_ne!(copy, user);
    assert_eq!(read(r#"{"days":1}"#), User { days: Some(1), ..Default::default() });
}

#[test]
fn extras_are_small_and_empty_ones_allocate_nothing() {
    assert_eq!(size_of::<Extra>(), 16);
    assert_eq!(size_of::<msgraph_runtime::edm::DateTimeOffset>(), 16);
    assert_eq!(size_of::<Option<msgraph_runtime::edm::DateTimeOffset>>(), 16);
    assert!(read(r#"{"aboutMe":"x"}"#).extra.is_empty());
    assert_eq!(Extra::default(), read("{}").extra);
}

/// A type with more properties than there are bits for nulls.
#[derive(Default)]
struct Wide {
    more: std::collections::BTreeMap<usize, i32>,
    extra: Extra,
}

macro_rules! ten_of_each {
    ($($row:literal)*) => {
        &[$(
            concat!($row, "0"), concat!($row, "1"), concat!($row, "2"), concat!($row, "3"), concat!($row, "4"),
            concat!($row, "5"), concat!($row, "6"), concat!($row, "7"), concat!($row, "8"), concat!($row, "9"),
        )*]
    };
}

impl Model for Wide {
    const TYPE: &'static TypeInfo = &TypeInfo {
        name: "test.wide",
        bases: &[],
        properties: ten_of_each!("a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n"),
    };

    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        if property >= Self::TYPE.properties.len() {
            return reader.rest(&mut self.extra);
        }
        let mut value = None;
        reader.read(&mut value)?;
        self.more.extend(value.map(|value| (property, value)));
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        for (property, value) in &self.more {
            writer.write(*property, &Some(*value));
        }
    }
}

msgraph_runtime::models!(Wide);

#[test]
fn nulls_of_wide_types_are_remembered_beyond_the_bits() {
    let text = r#"{"a0":1,"a1":null,"b0":2,"m7":null,"m8":null,"n9":null}"#;
    let mut wide: Wide = json::from_slice(text.as_bytes()).expect("a wide value");
    assert_eq!(String::from_utf8(json::to_vec(&wide)).expect("UTF-8"), text);
    assert!(wide.is_null("m7") && wide.is_null("m8") && wide.is_null("n9") && !wide.is_null("n8"));
    wide.set_null("n9", false);
    wide.set_null("n8", true);
    for property in ["a5", "g5", "n5"] {
        let mut other = Wide::default();
        other.set_null(property, true);
        assert!(other.is_null(property), "{property}");
        other.set_null(property, false);
        assert!(!other.is_null(property) && other.extra.is_empty(), "{property}");
        other.extra.insert(property, &Json::from(serde_json::json!(null)));
        other.set_null(property, false);
        assert!(other.extra.is_empty(), "{property}");
        let kept: Wide = json::from_slice(format!(r#"{{"a0":null,"h0":null,"{property}":"x"}}"#).as_bytes())
            .expect("wide");
        let mut same = kept.clone();
        same.set_null(property, false);
        assert_eq!(json::to_vec(&same), json::to_vec(&kept), "what is kept was no null");
    }
    wide.more.insert(128, 5);
    let written = String::from_utf8(json::to_vec(&wide)).expect("UTF-8");
    assert_eq!(written, r#"{"a0":1,"a1":null,"b0":2,"m7":null,"m8":5,"n8":null}"#);
}

#[test]
fn truncated_text_is_always_an_error() {
    for end in 0..USER.len() {
        assert!(json::from_slice::<User>(&USER.as_bytes()[..end]).is_err(), "{}", &USER[..end]);
    }
}

#[test]
fn a_text_that_breaks_off_is_told_from_one_that_is_no_json() {
    let numbers = r#"[0, -1.5e+10 ,12,null ,true,false,{}, [ ] , "é€😀\u00e9\ud83d\ude00\n\\", {"a" : "b"}]"#;
    for text in
        [USER, numbers, &format!("\u{feff}{USER}"), " \n{ \"x\" : [ 1 ] }", "true", "\"\\u0041\"", "-1.5e3"]
    {
        for end in 0..text.len() {
            let part = &text.as_bytes()[..end];
            match json::from_slice::<User>(part).map(drop).and(json::from_slice::<Json>(part).map(drop)) {
                Err(error)
                    if serde_json::from_str::<serde::de::IgnoredAny>(
                        &text[..text.floor_char_boundary(end)],
                    )
                    .is_ok() =>
                {
                    assert!(!error.is_truncated() && text.starts_with("-1"), "a shorter number: {error}");
                }
                Err(error) => assert!(error.is_truncated(), "{error} {}", String::from_utf8_lossy(part)),
                Ok(()) => panic!("{}", String::from_utf8_lossy(part)),
            }
        }
    }
    for text in [
        "{n",
        "[1 n",
        "{\\u00",
        "trux",
        "{\"a\":nul}",
        "\"\\x",
        "\"\\u00g",
        "1x",
        "01",
        "-x",
        "{},",
        "[,",
        "{} {",
        "7",
    ] {
        assert!(!json::from_slice::<User>(text.as_bytes()).expect_err("an error").is_truncated(), "{text}");
    }
    for text in [&b"tru\xe2"[..], b"{}\xe2", b"\"\\u00\xe2", b"\xff", b"{\"a\":\"\xff\"} x"] {
        assert!(!json::from_slice::<User>(text).expect_err("an error").is_truncated(), "{text:?}");
    }
    let strict = json::from_slice_strict::<User>(br#"{"days":"x","aboutMe":"and so"#).expect_err("an error");
    assert!(strict.is_truncated(), "whatever is wrong first");
}

/// The same sequence of numbers on every run.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

#[test]
fn mutilated_text_is_accepted_exactly_if_it_is_json_and_stays_json() {
    let mut number = numbers();
    let alphabet = b"{}[]\",:\\ 0123456789-+.eEtrufalsn/\x00\x1f\xe2\x82\xac\"\"";
    let mut accepted = 0;
    for _ in 0..8_000 {
        let mut text = USER.as_bytes().to_vec();
        for _ in 0..=number(3) {
            let at = number(text.len());
            match number(3) {
                0 => text[at] = alphabet[number(alphabet.len())],
                1 => drop(text.remove(at)),
                _ => text.insert(at, alphabet[number(alphabet.len())]),
            }
        }
        let theirs = serde_json::from_slice::<serde::de::IgnoredAny>(&text);
        let ours = json::from_slice_strict::<Json>(&text);
        let is_utf8 = std::str::from_utf8(&text).is_ok();
        if let (Err(theirs), Err(ours), true) = (&theirs, &ours, is_utf8) {
            // serde does not say of a number that it breaks off.
            let in_number = matches!(text.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'));
            let is_repaired = theirs.to_string().contains("control character");
            let same =
                ours.is_truncated() == theirs.is_eof() || is_repaired || ours.is_truncated() && in_number;
            assert!(same, "{ours} {theirs} {}", String::from_utf8_lossy(&text));
        }
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok() && is_utf8,
            "{ours:?} {theirs:?} {}",
            String::from_utf8_lossy(&text)
        );
        if let Ok(user) = json::from_slice::<User>(&text) {
            accepted += 1;
            let written = json::to_vec(&user);
            let again = json::from_slice::<User>(&written).expect("what was written reads");
            assert_eq!(json::to_vec(&again), written);
        }
    }
    assert!(accepted > 200, "{accepted}");
}

#[test]
fn strings_of_every_length_and_character_round_trip() {
    let mut number = numbers();
    let characters =
        ['a', '"', '\\', '\n', '\u{0}', '\u{1f}', '#', '!', ' ', 'é', '€', '😀', '\u{7f}', '\u{2028}'];
    for length in 0..80 {
        for _ in 0..20 {
            let text: String = (0..length)
                .map(|_| if number(4) == 0 { characters[number(characters.len())] } else { 'x' })
                .collect();
            let written = json::to_vec(&text);
            assert_eq!(written, serde_json::to_vec(&text).expect("JSON"));
            assert_eq!(json::from_slice::<String>(&written).expect("a string"), text);
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            assert_eq!(
                json::from_slice::<String>(format!("\"{escaped}\"").as_bytes()).expect("a string"),
                text
            );
        }
    }
}

#[test]
fn a_message_that_only_uses_known_names_leaves_nothing_over() {
    let message: Message = json::from_slice(br#"{"subject":"s","isRead":false}"#).expect("a message");
    assert_eq!(message, Message { subject: Some("s".into()), is_read: Some(false), ..Default::default() });
}
