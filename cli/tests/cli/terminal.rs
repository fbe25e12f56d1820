//! Sessions on a pseudo-terminal: what people see.

use nix::sys::wait::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::json;

use crate::account::device_code;
use crate::support::server::{Answer, gate};
use crate::support::{Desk, granted, jwt, user_token};

/// How long something may fail to appear; a session that goes as it should never waits for it.
const PATIENCE: u64 = 60_000;

const MIB: usize = 1 << 20;

fn start(desk: &Desk, args: &[&str], variables: &[(&str, &str)]) -> PtySession {
    let mut command = desk.command(args, variables);
    command.env("TERM", "xterm-256color");
    spawn_command(command, Some(PATIENCE)).expect("it runs")
}

/// The end of a session: what was still written, and the exit code.
#[track_caller]
fn finish(mut session: PtySession) -> (String, i32) {
    let rest = session.exp_eof().expect("it ends");
    match session.process().wait().expect("it ends") {
        WaitStatus::Exited(_, code) => (rest, code),
        other => panic!("{other:?}: {rest}"),
    }
}

#[test]
fn a_user_reads_the_code_signs_in_elsewhere_and_is_signed_in() {
    let entered = gate();
    let seen = entered.clone();
    let desk = Desk::new(move |request, _| match request.is("devicecode") {
        true => device_code(),
        false if seen.try_acquire().is_ok() => granted(&user_token(), Some("r3fresh-token")),
        false => Answer::json(400, &json!({"error": "authorization_pending"})),
    });
    let args = ["login", "--device-code", "--tenant", "contoso.com", "--client-id", "app"];
    let mut session = start(&desk, &args, &[]);
    session.exp_string("Open https://microsoft.com/devicelogin and enter ABCD.").expect("the prompt");
    entered.add_permits(1);
    session.exp_string("Signed in as adele@contoso.com.").expect("the end");
    assert_eq!(finish(session).1, 0);

    entered.add_permits(1);
    let (shown, code) = finish(start(&desk, &["whoami"], &[]));
    assert_eq!(code, 0, "{shown}");
    for line in
        ["signed in:    adele@contoso.com", "app:          My app", "permissions:  User.Read, Mail.Read"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn json_on_a_terminal_is_indented_and_coloured_unless_nobody_wants_colours() {
    let desk = Desk::new(|_, _| Answer::json(200, &json!({"id": "1"})));
    let token = ("GRAPH_TOKEN", "the-t0ken");
    let (shown, code) = finish(start(&desk, &["request", "GET", "/me"], &[token]));
    assert_eq!(code, 0);
    assert!(shown.contains("\u{1b}[") && shown.contains("\"id\""), "{shown:?}");
    let (plain, _) = finish(start(&desk, &["request", "GET", "/me"], &[token, ("NO_COLOR", "1")]));
    assert_eq!(plain, "{\r\n  \"id\": \"1\"\r\n}\r\n");
}

#[test]
fn bytes_are_not_written_to_a_terminal() {
    let desk = Desk::new(|_, _| Answer::new(200, &b"\x00"[..]).header("content-type", "image/jpeg"));
    let (shown, code) = finish(start(&desk, &["request", "GET", "/photo"], &[("GRAPH_TOKEN", "the-t0ken")]));
    assert_eq!(code, 1);
    assert!(shown.contains("write it to a file with --output"), "{shown}");
}

#[test]
fn a_test_is_told_in_lines() {
    let desk = Desk::new(|_, _| Answer::json(403, &json!({"error": {"code": "denied", "message": "No."}})));
    let (shown, code) = finish(start(&desk, &["test"], &[("GRAPH_TOKEN", &user_token())]));
    assert_eq!(code, 5);
    for line in [
        "tokens come from: GRAPH_TOKEN",
        "permissions granted: User.Read, Mail.Read",
        "the service knows the token",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_download_shows_how_far_it_is() {
    let half = gate();
    let opened = half.clone();
    let desk = Desk::new(move |_, _| Answer::halves(vec![1; MIB], opened.clone(), vec![2; MIB]));
    let args = ["request", "GET", "/content", "--output", "file.bin"];
    let mut session = start(&desk, &args, &[("GRAPH_TOKEN", "the-t0ken")]);
    session.exp_string("received 1.00 MiB of 2.00 MiB").expect("the bar");
    half.add_permits(1);
    assert_eq!(finish(session).1, 0);
    assert_eq!(desk.read("file.bin").len(), 2 * MIB);
}

#[test]
fn a_download_that_is_interrupted_leaves_nothing_behind() {
    let desk = Desk::new(move |_, _| Answer::halves(vec![1; MIB], gate(), vec![2; MIB]));
    let args = ["request", "GET", "/content", "--output", "file.bin"];
    let mut session = start(&desk, &args, &[("GRAPH_TOKEN", "the-t0ken")]);
    session.exp_string("received 1.00 MiB").expect("the bar");
    session.send_control('c').expect("it is sent");
    let (shown, code) = finish(session);
    assert_eq!(code, 130, "{shown}");
    assert_eq!(std::fs::read_dir(desk.path("")).expect("the folder").count(), 0);
}

#[test]
fn an_upload_shows_how_far_it_is() {
    let read = gate();
    let opened = read.clone();
    let desk = Desk::new(move |_, _| Answer::new(204, "").after(opened.clone()));
    desk.write("file.bin", &vec![1; 32 * MIB]);
    let args = ["request", "PUT", "/content", "--data-file", "file.bin"];
    let mut session = start(&desk, &args, &[("GRAPH_TOKEN", "the-t0ken")]);
    session.exp_regex(r"sent [0-9.]+ [KM]iB of 32\.00 MiB").expect("the bar");
    read.add_permits(1);
    assert_eq!(finish(session).1, 0);
    assert_eq!(desk.server.last().body.len(), 32 * MIB);
}

#[test]
fn long_pagings_show_how_many_items_there_are() {
    let second = gate();
    let opened = second.clone();
    let desk = Desk::new(move |seen, before| match before {
        0 => Answer::json(200, &json!({"value": [1, 2], "@odata.nextLink": seen.link("/users?p=2")})),
        _ => Answer::json(200, &json!({"value": [3]})).after(opened.clone()),
    });
    let args = ["request", "GET", "/users", "--all-pages", "--output", "users.json"];
    let mut session = start(&desk, &args, &[("GRAPH_TOKEN", "the-t0ken")]);
    session.exp_string("received 2 items").expect("the count");
    second.add_permits(1);
    assert_eq!(finish(session).1, 0);
}

/// What a terminal would obey, and what must be seen of it.
const OBEYED: &str = "\u{1b}]0;title\u{7}\u{9b}2J\u{7f}\u{202e}\u{200b}";
const SEEN: &str = "\\u001b]0;title\\u0007\\u009b2J\\u007f\\u202e\\u200b";

/// What is shown without colours, which must hold nothing that a terminal obeys.
#[track_caller]
fn shown_plainly(desk: &Desk, args: &[&str], token: &str) -> (String, i32) {
    let (shown, code) = finish(start(desk, args, &[("GRAPH_TOKEN", token), ("NO_COLOR", "1")]));
    // What was read came byte by byte.
    let bytes = shown.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
    let shown = String::from_utf8(bytes).expect("text");
    // A bar that was there is wiped away.
    let before_bar = |part: &str| part.split("received ").next().unwrap_or_default().to_owned();
    let parts: Vec<_> = shown.split("\r\u{1b}[2K").collect();
    let (last, wiped) = parts.split_last().expect("there is one");
    let text = wiped.iter().map(|part| before_bar(part)).collect::<String>() + last;
    let obeyed = |c: char| c.is_control() && !matches!(c, '\r' | '\n') || "\u{202e}\u{200b}".contains(c);
    assert!(!text.contains(obeyed), "{shown:?}");
    (text, code)
}

#[test]
fn text_and_markup_that_a_terminal_would_obey_are_made_visible() {
    for media_type in ["text/plain", "text/html", "application/xml"] {
        let desk = Desk::new(move |_, _| {
            Answer::new(200, OBEYED).header("content-type", media_type).header("request-id", "1")
        });
        let (shown, code) = shown_plainly(&desk, &["request", "GET", "/x"], "t");
        assert_eq!((shown.as_str(), code), (SEEN, 0), "{media_type}");
        let args = ["request", "GET", "/x", "--response", "binary"];
        assert!(shown_plainly(&desk, &args, "t").0.contains(SEEN));
        assert_eq!(desk.run(&["request", "GET", "/x"]).success().out, OBEYED.as_bytes(), "in a pipe");
    }
}

#[test]
fn json_that_a_terminal_would_obey_is_made_visible_and_stays_json() {
    // What JSON lets through unescaped.
    let hostile = "\u{9b}2J\u{7f}\u{202e}\u{200b}";
    let body = json!({hostile: [hostile], "value": [hostile], "@odata.nextLink": hostile});
    let text = body.to_string();
    let desk = Desk::new(move |_, _| Answer::json(200, &body));
    let (shown, code) = shown_plainly(&desk, &["request", "GET", "/x"], "t");
    assert_eq!(code, 0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON").to_string(), text);
    let (shown, code) = shown_plainly(&desk, &["request", "GET", "/x", "--all-pages"], "t");
    assert_ne!(code, 0, "{shown}");
    assert!(shown.contains("\\u009b2J\\u007f\\u202e\\u200b"), "{shown}");
    shown_plainly(&desk, &["request", "GET", "/x", "--debug"], "t");
    assert_eq!(desk.run(&["request", "GET", "/x"]).success().text(), text + "\n", "in a pipe");
}

#[test]
fn errors_and_names_that_a_terminal_would_obey_are_made_visible() {
    let desk = Desk::new(|_, _| Answer::json(404, &json!({"error": {"code": OBEYED, "message": OBEYED}})));
    assert_eq!(shown_plainly(&desk, &["request", "GET", "/x"], "t").1, 5);
    let name = format!("no{OBEYED}file\n");
    for args in [
        &["request", "PUT", "/x", "--data-file", &name][..],
        &["request", "GET", "/x", "--output", &format!("missing/{name}")],
        &["permissions", "lint", &name, "--scheme", "application"],
        &["permissions", "show", &name],
        &["permissions", "audit", &name],
    ] {
        let (shown, code) = shown_plainly(&desk, args, "t");
        assert!(code != 0 && shown.contains(SEEN), "{shown}");
    }
    // The parser of arguments leaves out some of it by itself.
    assert_eq!(shown_plainly(&desk, &["request", "GET", "/x", "--response", &name], "t").1, 2);
}

#[test]
fn claims_that_a_terminal_would_obey_are_made_visible_on_their_line() {
    let user = format!("{OBEYED}\nsigned in:    root");
    let token = jwt(&json!({"tid": user, "app_displayname": user, "appid": "a", "scp": OBEYED, "upn": user}));
    let desk = Desk::new(|_, _| Answer::json(200, &json!({"displayName": OBEYED})));
    for args in [["whoami"], ["test"]] {
        let (shown, code) = shown_plainly(&desk, &args, &token);
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains(SEEN) && !shown.contains("\nsigned in:    root"), "{shown}");
    }
}

#[test]
fn the_prompt_for_a_code_is_made_visible() {
    let desk = Desk::new(|request, _| match request.is("devicecode") {
        true => Answer::json(
            200,
            &json!({"device_code": "d3vice-code", "user_code": "A", "verification_uri": "https://a.example",
                "expires_in": 900, "interval": 1, "message": OBEYED}),
        ),
        false => Answer::json(400, &json!({"error": "access_denied", "error_description": OBEYED})),
    });
    let args = ["login", "--device-code", "--tenant", "contoso.com", "--client-id", "app"];
    let (shown, code) = shown_plainly(&desk, &args, "");
    assert_eq!(code, 4, "{shown}");
    assert!(shown.contains(SEEN), "{shown}");
}

#[test]
fn json_that_nests_without_end_is_shown_flat() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let desk =
        Desk::new(move |_, _| Answer::new(200, deep.clone()).header("content-type", "application/json"));
    let (shown, code) = shown_plainly(&desk, &["request", "GET", "/x", "--debug"], "t");
    assert_eq!(code, 0);
    assert!((200_000..400_000).contains(&shown.len()), "{}", shown.len());
}
