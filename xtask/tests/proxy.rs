//! Fetching through a proxy that the environment names.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

#[test]
fn a_fetch_goes_through_the_proxy_of_the_environment_and_names_what_it_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = listener.local_addr().expect("it is bound");
    let proxy = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a client comes");
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|count| count == 1) {
            head.push(byte[0]);
        }
        let refusal =
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        connection.write_all(refusal).expect("the client listens");
        String::from_utf8_lossy(&head).into_owned()
    });
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["metadata", "fetch", "--from", "http://upstream.invalid"])
        .env("http_proxy", format!("http://{address}"))
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .expect("the command can be run");
    let seen = proxy.join().expect("the proxy ends");
    assert!(seen.starts_with("GET http://upstream.invalid/microsoftgraph/"), "{seen}");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && problem.contains("407 Proxy Authentication Required"), "{problem}");
}
