use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use http::{HeaderMap, HeaderValue};

use super::names::{is_secret, is_secret_field};
use super::{Headers, Link, lines, link, masked};

#[test]
fn json_stands_line_by_line_without_its_secrets() {
    let json = r#"{"a":[1,{}],"password":"x","pass\u0077ord":7,"token":{"a":1},"hasToken":true,"secret":null,"b":[]}"#;
    let shown = r#"{
  "a": [
    1,
    {}
  ],
  "password": "[hidden]",
  "password": "[hidden]",
  "token": "[hidden]",
  "hasToken": true,
  "secret": null,
  "b": []
}"#;
    assert_eq!(lines(json, usize::MAX).as_deref(), Some(shown));
    assert_eq!(lines("{\"password\":\"x\"", usize::MAX), None);
}

#[test]
fn long_and_deep_json_is_not_blown_up() {
    const ENOUGH: usize = 64 * 1024;
    let json = format!("{}{}1{}", "[".repeat(100), "1,".repeat(ENOUGH), "]".repeat(100));
    assert!(lines(&json, ENOUGH).expect("it is JSON").len() < 5 * ENOUGH);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(lines(&deep, ENOUGH), None);
    assert_eq!(masked(None, deep.as_bytes()), "\"***\"");
}

#[test]
fn a_name_that_says_nothing_counts_by_what_has_it() {
    for (kind, json, shown) in [
        (Some("bitlockerRecoveryKey"), r#"{"key":"k"}"#, r#"{"key":"***"}"#),
        (None, r#"{"value":[{"id":"1","key":"k"}]}"#, r#"{"value":[{"id":"1","key":"***"}]}"#),
        (Some("keyValue"), r#"{"key":"colour","value":"red"}"#, r#"{"key":"colour","value":"red"}"#),
        (Some("settings"), r#"{"key":"AppKey","value":"k"}"#, r#"{"key":"AppKey","value":"***"}"#),
        (Some("error"), r#"{"code":"denied"}"#, r#"{"code":"denied"}"#),
        (None, r#"{"pin":{"id":"1","code":"123456"}}"#, r#"{"pin":"***"}"#),
        (
            Some("permission"),
            r#"{"link":{"type":"view","webUrl":"u"}}"#,
            r#"{"link":{"type":"view","webUrl":"***"}}"#,
        ),
        (
            None,
            r##"{"x":{"@odata.type":"#microsoft.graph.omaSettingString","value":"v"}}"##,
            r##"{"x":{"@odata.type":"#microsoft.graph.omaSettingString","value":"***"}}"##,
        ),
        (
            Some("header"),
            r#"{"name":"Authorization","value":"Basic x"}"#,
            r#"{"name":"Authorization","value":"***"}"#,
        ),
    ] {
        assert_eq!(masked(kind, json.as_bytes()), shown, "{kind:?}");
    }
}

#[test]
fn links_keep_everything_but_their_secrets() {
    for (text, shown) in [
        ("https://a.example/x?tempauth=s&v=1", "https://a.example/x?tempauth=***&v=1"),
        (
            "https://a.example/x?v=1&si%67=s#access_token=t",
            "https://a.example/x?v=1&si%67=***#access_token=***",
        ),
        ("https://a.example/x?code=s", "https://a.example/x?code=***"),
        ("https://a.example/x?$select=id", "https://a.example/x?$select=id"),
        ("is it a token=1?sig=2", "is it a token=1?sig=2"),
    ] {
        assert_eq!(link(text, "***"), shown);
    }
    let json = r#"{"url":"https:\/\/a.example\/x?v=1\u0026sig=s","plain":"a\/b?"}"#;
    assert_eq!(masked(None, json.as_bytes()), r#"{"url":"https://a.example/x?v=1&sig=***","plain":"a\/b?"}"#);
}

#[test]
fn headers_and_links_are_shown_without_their_secrets() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", "Bearer s3cret"),
        ("set-cookie", "a=s3cret"),
        ("x-ms-token", "s3cret"),
        ("location", "https://user:s3cret@a.example/s3cret?tempauth=s3cret"),
        ("operation-location", "/monitor/s3cret"),
        ("x-original-url", "https://a.example/?sig=s3cret"),
        ("request-id", "visible"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let shown = format!("{:?}", Headers(&headers));
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("visible") && shown.contains("\"https://a.example/***\""), "{shown}");
    assert_eq!(format!("{:?}", Link("/x?s3cret".to_owned())), "\"***\"");
}

#[test]
fn what_authorizes_is_secret_in_a_header_or_a_query() {
    for name in [
        "Authorization",
        "Cookie",
        "tempauth",
        "sig",
        "code",
        "$skiptoken",
        "x-api-key",
        "Proxy-Authorization",
    ] {
        assert!(is_secret_field(name), "{name}");
    }
    for name in ["$select", "request-id", "content-type", "etag", "sv", "se"] {
        assert!(!is_secret_field(name), "{name}");
    }
}

/// A property, or a parameter of an action, that the service declares: what has it, its name and its type.
type Property = (String, String, String);

/// Everything of the inventory that has a name and a value.
fn properties() -> BTreeSet<Property> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/inventory/types.txt");
    let text = std::fs::read_to_string(&file).expect("the generated crate is in the repository");
    let short = |name: &str| name.trim_start_matches("microsoft.graph.").to_owned();
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let line = line.split(" | ").next().unwrap_or_default();
        if let Some((name, rest)) = line.split_once('(').filter(|(name, _)| !name.contains(' ')) {
            let parameters = rest.split(") ").next().unwrap_or_default();
            for (parameter, kind) in parameters.split(", ").filter_map(|one| one.split_once(": ")) {
                found.insert((short(name) + "()", parameter.to_owned(), short(kind)));
            }
        } else if let Some((has, rest)) = line.split_once('/').filter(|(has, _)| !has.contains(' ')) {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, ""));
            if !kind.starts_with("= ") {
                let kind = kind.trim_start_matches("→ ").split(' ').next().unwrap_or_default();
                found.insert((short(has), name.to_owned(), short(kind)));
            }
        }
    }
    found
}

/// Whether the values can be told: they are never hidden, or say nothing.
fn is_harmless(kind: &str) -> bool {
    let kind = kind.trim_start_matches("Collection(").trim_end_matches(')');
    let plain = [
        "Boolean",
        "Byte",
        "Date",
        "DateTimeOffset",
        "Double",
        "Duration",
        "Int16",
        "Int32",
        "Int64",
        "Single",
    ];
    kind.strip_prefix("Edm.").is_some_and(|kind| plain.contains(&kind))
}

fn is_masked((has, name, _): &Property) -> bool {
    let has = has.trim_end_matches("()");
    is_secret(Some(has.rsplit('.').next().unwrap_or(has)), name)
}

/// Compares a list with the one that was reviewed. `MSGRAPH_REVIEW=1` writes it anew.
fn review(file: &str, list: impl Iterator<Item = Property>) {
    let head = match file {
        "masked.txt" => {
            "# Declared properties and parameters whose values are not shown. A new one is to be reviewed.\n"
        }
        _ => {
            "# Declared properties and parameters whose names sound secret, and whose values are shown: reviewed.\n"
        }
    };
    let lines: BTreeMap<_, _> = list.map(|(has, name, kind)| (format!("{has}/{name}"), kind)).collect();
    let text: String = lines.iter().map(|(name, kind)| format!("{name} {kind}\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/json/redact").join(file);
    let text = head.to_owned() + &text;
    if std::env::var_os("MSGRAPH_REVIEW").is_some() {
        std::fs::write(&path, &text).expect("the list can be written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let (reviewed, now): (BTreeSet<_>, BTreeSet<_>) = (reviewed.lines().collect(), text.lines().collect());
    let differing: Vec<_> = reviewed.symmetric_difference(&now).collect();
    assert!(
        differing.is_empty(),
        "{} differs: review these, then run this test with MSGRAPH_REVIEW=1\n{differing:#?}",
        path.display()
    );
}

#[test]
fn every_declared_property_that_is_masked_has_been_reviewed() {
    let properties = properties();
    assert!(properties.len() > 10_000, "the inventory is read");
    review("masked.txt", properties.into_iter().filter(|one| !is_harmless(&one.2) && is_masked(one)));
}

#[test]
fn every_declared_property_that_sounds_secret_is_masked_or_has_been_reviewed() {
    const SUSPICIOUS: [&str; 20] = [
        "accesspass",
        "assertion",
        "authorization",
        "bypass",
        "clientstate",
        "connectionstring",
        "cookie",
        "credential",
        "joinurl",
        "joinweb",
        "key",
        "passcode",
        "passphrase",
        "passw",
        "pkcs12",
        "recoverycode",
        "sas",
        "secret",
        "token",
        "unlock",
    ];
    // Words that are short are looked for as words.
    const WORDS: [&str; 4] = ["pin", "otp", "psk", "pwd"];
    let sounds_secret = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let word = |word: &str| {
            let capital = word[..1].to_ascii_uppercase() + &word[1..];
            lower == word || name.ends_with(&capital)
        };
        SUSPICIOUS.iter().any(|part| lower.contains(part)) || WORDS.iter().any(|one| word(one))
    };
    let shown = |one: &Property| !is_harmless(&one.2) && sounds_secret(&one.1) && !is_masked(one);
    review("shown.txt", properties().into_iter().filter(shown));
}
