//! Sessions on a pseudo-terminal: what people see.

use nix::sys::wait::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::json;

use crate::account::device_code;
use crate::support::server::{Answer, gate};
use crate::support::{Desk, granted, user_token};

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
