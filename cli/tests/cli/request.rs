//! `msgraph request`, against a service on loopback.

use std::process::Stdio;

use serde_json::json;

use crate::support::server::{Answer, Seen, gate};
use crate::support::{Desk, NOBODY};

/// A desk whose service always answers the same JSON.
fn answering(body: &'static str) -> Desk {
    Desk::new(move |_, _| Answer::new(200, body).header("content-type", "application/json"))
}

fn refusal(status: u16) -> Answer {
    let error = json!({"error": {"code": "itemNotFound", "message": "It is gone."}});
    Answer::json(status, &error).header("request-id", "11111111-2222-3333-4444-555555555555")
}

#[test]
fn an_answer_that_is_piped_is_written_as_it_came() {
    let desk = answering("{\"b\":1.10,\"a\":[ ]}");
    let done = desk.run(&["request", "get", "/me", "--select", "id,mail", "--query", "x=1+2"]).success();
    assert_eq!(done.text(), "{\"b\":1.10,\"a\":[ ]}\n");
    assert_eq!(done.err, "");
    let seen = desk.server.last();
    assert_eq!(seen.line(), "GET /v1.0/me?x=1%2B2&$select=id,mail");
    assert_eq!(seen.header("authorization"), Some("Bearer the-t0ken"));
    assert_eq!(seen.header("accept"), Some("application/json, */*;q=0.5"));
}

#[test]
fn every_query_option_arrives() {
    let desk = answering("{}");
    let line = "request GET /users --beta --filter accountEnabled --expand manager --orderby a,b --top 3 --skip 4 --count";
    let mut args: Vec<&str> = line.split(' ').collect();
    args.extend(["--search", "\"a:b\"", "-H", "Prefer: x=1", "-H", "accept: application/xml"]);
    desk.run(&args).success();
    let seen = desk.server.last();
    let expected = "GET /beta/users?$expand=manager&$filter=accountEnabled&$orderby=a,b&$search=%22a:b%22&$top=3&$skip=4&$count=true";
    assert_eq!(seen.line(), expected);
    assert_eq!(seen.header("consistencylevel"), Some("eventual"));
    assert_eq!((seen.header("prefer"), seen.header("accept")), (Some("x=1"), Some("application/xml")));
}

#[test]
fn data_is_json_and_a_file_has_the_type_of_its_name() {
    let desk = Desk::new(|_, _| Answer::new(204, ""));
    let done = desk.run(&["request", "PATCH", "/me", "--data", r#"{"a":1}"#]).success();
    assert_eq!((done.text(), done.err.as_str()), (String::new(), ""));
    desk.write("photo.jpg", b"\xFF\xD8");
    desk.run(&["request", "PUT", "/me/photo/$value", "--data-file", "photo.jpg"]).success();
    desk.run(&["request", "PUT", "/x", "--data-file", "photo.jpg", "-H", "Content-Type:image/x"]).success();
    desk.run_reading(&["request", "POST", "/me/messages", "--data-file", "-"], b"{}").success();
    desk.run_reading(&["request", "PUT", "/file", "--data-file", "-"], b"\x00").success();
    let seen = |seen: &Seen| (seen.header("content-type").unwrap_or_default().to_owned(), seen.body.to_vec());
    let seen: Vec<_> = desk.server.seen().iter().map(seen).collect();
    let expected = [
        ("application/json", &b"{\"a\":1}"[..]),
        ("image/jpeg", b"\xFF\xD8"),
        ("image/x", b"\xFF\xD8"),
        ("application/json", b"{}"),
        ("application/octet-stream", b"\x00"),
    ];
    assert_eq!(seen, expected.map(|(media_type, body)| (media_type.to_owned(), body.to_vec())));
}

#[test]
fn a_form_is_sent_as_one_and_with_files_in_several_parts() {
    let desk = answering("{}");
    desk.run(&["request", "POST", "/form", "--form", "a=1 2", "--form", "b=c=d"]).success();
    let seen = desk.server.last();
    assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!((seen.field("a"), seen.field("b")), (Some("1 2".to_owned()), Some("c=d".to_owned())));

    desk.write("a.png", b"image");
    let args = ["--form", "title=Page", "--file", "p=@a.png", "--file", "q=@a.png;type=text/html"];
    desk.run(&[&["request", "POST", "/pages"][..], &args].concat()).success();
    let seen = desk.server.last();
    assert!(
        seen.header("content-type").is_some_and(|value| value.starts_with("multipart/form-data; boundary="))
    );
    let text = seen.text();
    for part in [
        "name=\"title\"\r\n\r\nPage\r\n",
        "name=\"p\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nimage\r\n",
        "name=\"q\"; filename=\"a.png\"\r\nContent-Type: text/html\r\n\r\nimage\r\n",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn a_refusal_is_one_line_and_has_a_code_of_its_own() {
    let desk = Desk::new(|_, _| refusal(404));
    let done = desk.run(&["request", "GET", "/me/messages/1"]).fails_with(5);
    assert_eq!(done.text(), "");
    for part in ["404", "itemNotFound", "It is gone.", "11111111-2222-3333-4444-555555555555"] {
        assert!(done.error().contains(part), "{}", done.error());
    }
}

#[test]
fn a_service_that_cannot_be_reached_has_a_code_of_its_own() {
    let desk = answering("{}");
    let done = desk.run(&["request", "GET", "/me", "--base-url", NOBODY, "--max-retries", "0"]).fails_with(6);
    assert!(done.error().contains("could not connect"), "{}", done.error());
}

#[test]
fn an_answer_that_takes_too_long_is_not_waited_for() {
    let desk = Desk::new(|_, _| Answer::new(200, "{}").after(gate()));
    let done = desk.run(&["request", "GET", "/me", "--timeout", "0.2"]).fails_with(6);
    assert!(done.error().contains("took longer than 200ms"), "{}", done.error());
}

#[test]
fn what_cannot_be_right_is_a_wrong_argument_and_is_not_sent() {
    let desk = answering("{}");
    for args in [
        &["GET"][..],
        &["FETCH", "/me"],
        &["POST", "/me", "--data", "{a:1}"],
        &["POST", "/me", "--data", "{}", "--form", "a=b"],
        &["GET", "/me", "--header", "no colon"],
        &["GET", "/me", "--header", "no name: a"],
        &["GET", "/../me"],
        &["GET", "https://elsewhere.example/me"],
        &["GET", "/me", "--timeout", "soon"],
        &["GET", "/me", "--all-pages", "--response", "text"],
        &["GET", "/me", "--base-url", "http://graph.example/v1.0"],
    ] {
        let done = desk.run(&[&["request"][..], args].concat());
        assert_eq!(done.code, 2, "{args:?}: {done:?}");
    }
    assert_eq!(desk.server.lines(), [""; 0]);
}

#[test]
fn nobody_is_signed_in_at_first() {
    let desk = answering("{}");
    let done = desk.run_with(&["request", "GET", "/me"], &[]).fails_with(4);
    assert!(done.error().contains("run `msgraph login`, or set GRAPH_TOKEN"), "{}", done.error());
}

#[test]
fn tries_are_repeated_as_often_as_the_arguments_say() {
    let retries = |args: &[&str], status: u16| {
        let desk = Desk::new(move |_, _| refusal(status));
        let args = [&["request", "GET", "/me", "--retry-delay", "0"][..], args].concat();
        desk.run(&args).fails_with(5);
        desk.server.seen().len() - 1
    };
    assert_eq!(retries(&[], 503), 3);
    assert_eq!(retries(&["--max-retries", "5", "--backoff", "fixed"], 503), 5);
    assert_eq!(retries(&["--max-retries", "0"], 503), 0);
    assert_eq!(retries(&[], 404), 0);
    assert_eq!(retries(&["--retry-all-errors"], 404), 3);
}

#[test]
fn a_file_is_sent_again_from_its_beginning() {
    let desk = Desk::new(|_, before| match before {
        0 => Answer::new(429, "").header("retry-after", "0"),
        _ => Answer::json(201, &json!({"id": "1"})),
    });
    desk.write("file.bin", &[7; 200_000]);
    desk.run(&["request", "PUT", "/drive/content", "--data-file", "file.bin", "--retry-delay", "0"])
        .success();
    let lengths: Vec<_> = desk.server.seen().iter().map(|seen| seen.body.len()).collect();
    assert_eq!(lengths, [200_000; 2]);
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let ready = gate();
    let opened = ready.clone();
    let desk = Desk::new(move |_, _| Answer::new(200, vec![b' '; 500_000]).after(opened.clone()));
    let mut command =
        desk.command(&["request", "GET", "/me", "--response", "binary"], &[("GRAPH_TOKEN", "t")]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(process.stdout.take());
    ready.add_permits(1);
    let done = process.wait_with_output().expect("it ends");
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
}

/// Three pages, the last of which fails if that is wanted.
fn pages(fails: bool) -> Desk {
    Desk::new(move |seen, before| match before {
        0 => Answer::json(
            200,
            &json!({"@odata.count": 4, "value": [{"id": 1}, {"id": 2}], "@odata.nextLink": seen.link("/users?p=2")}),
        ),
        1 => Answer::json(200, &json!({"value": [], "@odata.nextLink": seen.link("/users?p=3")})),
        _ if fails => refusal(400),
        _ => Answer::json(
            200,
            &json!({"value": [{"id": 3}, "four"], "@odata.deltaLink": seen.link("/users?d=1")}),
        ),
    })
}

#[test]
fn all_pages_are_one_document() {
    let desk = pages(false);
    let done = desk.run(&["request", "GET", "/users", "--all-pages", "--top", "2"]).success();
    let expected = json!({
        "value": [{"id": 1}, {"id": 2}, {"id": 3}, "four"],
        "@odata.count": 4,
        "@odata.deltaLink": desk.server.url("/v1.0/users?d=1"),
    });
    assert_eq!(done.json(), expected);
    assert_eq!(done.text().lines().count(), 6, "one line for each item: {}", done.text());
    assert_eq!(desk.server.lines(), ["GET /v1.0/users?$top=2", "GET /v1.0/users?p=2", "GET /v1.0/users?p=3"]);
    let none = answering(r#"{"value":[]}"#).run(&["request", "GET", "/users", "--all-pages"]).success();
    assert_eq!(none.text(), "{\"value\":[]}\n");
}

#[test]
fn a_file_of_pages_is_not_there_if_one_page_fails() {
    let desk = pages(true);
    desk.run(&["request", "GET", "/users", "--all-pages", "--output", "users.json"]).fails_with(5);
    assert_eq!(std::fs::read_dir(desk.path("")).expect("the folder").count(), 0);
    let desk = pages(false);
    desk.run(&["request", "GET", "/users", "--all-pages", "--output", "users.json"]).success();
    assert!(desk.read("users.json").starts_with(b"{\"value\":["));
}

#[test]
fn a_link_to_another_host_is_not_followed() {
    let page = r#"{"value":[],"@odata.nextLink":"https://elsewhere.example/users"}"#;
    let done = answering(page).run(&["request", "GET", "/users", "--all-pages"]).fails_with(5);
    assert!(done.error().contains("does not lead to"), "{}", done.error());
}

#[test]
fn bytes_are_written_as_they_come() {
    let bytes = b"\x00\x1b[31m\xFF\r\n";
    let content =
        move |_: &Seen, _| Answer::new(200, &bytes[..]).header("content-type", "application/octet-stream");
    let desk = Desk::new(content);
    assert_eq!(desk.run(&["request", "GET", "/content"]).success().out, bytes);
    desk.write("old.bin", b"old");
    let done = desk.run(&["request", "GET", "/content", "--output", "old.bin"]).success();
    assert_eq!((desk.read("old.bin"), done.out), (bytes.to_vec(), Vec::new()));
}

#[test]
fn a_download_goes_on_where_it_broke_off() {
    let desk = Desk::new(|seen, _| match seen.header("range") {
        None => Answer::broken(b"first", 11).header("etag", "\"v1\""),
        Some(range) => {
            assert_eq!(range, "bytes=5-");
            let rest = Answer::new(206, "second").header("content-range", "bytes 5-10/11");
            rest.header("etag", "\"v1\"")
        }
    });
    let args = ["request", "GET", "/content", "--output", "file.bin", "--retry-delay", "0"];
    desk.run(&args).success();
    assert_eq!(desk.read("file.bin"), b"firstsecond");
}

#[test]
fn a_file_is_not_touched_by_a_download_that_fails() {
    let desk = Desk::new(|_, _| Answer::broken(b"first", 11));
    desk.write("file.bin", b"old");
    let args = ["request", "GET", "/content", "--output", "file.bin", "--max-retries", "0"];
    desk.run(&args).fails_with(6);
    assert_eq!(desk.read("file.bin"), b"old");
    assert_eq!(std::fs::read_dir(desk.path("")).expect("the folder").count(), 1);
}

#[test]
fn an_answer_that_is_not_what_it_must_be_is_an_error() {
    let desk = Desk::new(|_, _| Answer::new(200, "<html>").header("content-type", "application/json"));
    let done = desk.run(&["request", "GET", "/me"]).fails_with(5);
    assert!(
        done.error().contains("not JSON") && done.error().contains("--response text"),
        "{}",
        done.error()
    );
    assert_eq!(desk.run(&["request", "GET", "/me", "--response", "text"]).success().text(), "<html>");
    assert_eq!(desk.run(&["request", "GET", "/me", "--response", "binary"]).success().text(), "<html>");
}

#[test]
fn debug_shows_request_and_answer_without_secrets() {
    let desk =
        Desk::new(|_, _| Answer::json(200, &json!({"displayName": "Adele", "password": "cl1ent-secret"})));
    let args = ["POST", "/me", "--data", r#"{"refreshToken": "r3fresh-token"}"#, "--debug"];
    let done =
        desk.run(&[&["request"][..], &args, &["--response", "json", "--output", "answer.json"]].concat());
    let done = done.success();
    for part in ["POST http://127.0.0.1", "200 OK", "\"displayName\": \"Adele\"", "[hidden]"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
}

#[test]
fn a_count_has_no_byte_order_mark() {
    let desk = Desk::new(|_, _| Answer::new(200, "\u{feff}12").header("content-type", "text/plain"));
    assert_eq!(desk.run(&["request", "GET", "/users/$count"]).success().text(), "12");
    let args = ["request", "GET", "/users/$count", "--response", "binary"];
    assert_eq!(desk.run(&args).success().text(), "\u{feff}12", "bytes stay as they are");
}

#[test]
fn pages_that_break_off_are_an_error_though_some_were_written() {
    let done = pages(true).run(&["request", "GET", "/users", "--all-pages"]).fails_with(5);
    assert!(done.text().starts_with("{\"value\":[") && done.error().contains("It is gone."), "{done:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_an_error() {
    let desk = answering("{\"id\":1}");
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
    for args in [
        &["request", "GET", "/me"][..],
        &["request", "GET", "/me", "--all-pages"],
        &["whoami"],
        &["completions", "bash"],
    ] {
        let mut command = desk.command(args, &[("GRAPH_TOKEN", "t")]);
        let done = command.stdout(Stdio::from(full())).output().expect("it runs");
        let error = String::from_utf8_lossy(&done.stderr);
        assert_ne!(done.status.code(), Some(0), "{args:?}");
        assert!(error.starts_with("error: ") && error.lines().count() == 1, "{args:?}: {error}");
    }
    let done = desk.run(&["request", "GET", "/me", "--output", "/dev/full"]).fails_with(1);
    assert!(done.error().starts_with("cannot write /dev/full: "), "{}", done.error());
}

#[cfg(unix)]
#[test]
fn a_download_that_is_ended_from_outside_leaves_nothing_behind() {
    use std::io::Read;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let desk = Desk::new(move |_, _| Answer::halves(vec![1; 1 << 20], gate(), vec![2; 1 << 20]));
        let args = ["request", "GET", "/content", "--output", "file.bin", "--debug"];
        let mut command = desk.command(&args, &[("GRAPH_TOKEN", "t")]);
        let mut process = command.stderr(Stdio::piped()).spawn().expect("it runs");
        // It says what was answered before it waits for the rest.
        let (mut said, mut error) = (String::new(), process.stderr.take().expect("a pipe"));
        while !said.contains("200 OK") {
            let mut byte = [0];
            assert_eq!(error.read(&mut byte).expect("read"), 1, "{said}");
            said.push(char::from(byte[0]));
        }
        let files = || std::fs::read_dir(desk.path("")).expect("the folder").count();
        assert_eq!(files(), 1);
        kill(Pid::from_raw(i32::try_from(process.id()).expect("small")), signal).expect("sent");
        assert_eq!(process.wait().expect("it ends").code(), Some(code), "{signal}");
        assert_eq!(files(), 0, "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_no_files_to_send_or_to_write() {
    let desk = answering("{}");
    nix::unistd::mkfifo(&desk.path("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    for args in [
        ["request", "PUT", "/x", "--data-file", "pipe"],
        ["request", "PUT", "/x", "--data-file", "/dev/zero"],
        ["request", "GET", "/x", "--output", "pipe"],
        ["request", "GET", "/x", "--output", "."],
    ] {
        let done = desk.run(&args).fails_with(1);
        assert!(done.error().contains(args[4]), "{}", done.error());
    }
    for args in [
        &["permissions", "audit", "pipe"][..],
        &["permissions", "audit", "/dev/zero"],
        &["permissions", "audit", "."],
        &["permissions", "lint", "pipe", "--scheme", "application"],
        &["permissions", "manifest", "--from-lock", "/dev/zero"],
        &["permissions", "manifest", "--from-lock", "pipe"],
    ] {
        let done = desk.run(args).fails_with(1);
        assert!(done.error().contains("cannot read "), "{}", done.error());
    }
    assert_eq!(desk.server.lines(), [""; 0]);
}
