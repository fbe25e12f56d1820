//! Fetching from a server on this machine, which keeps to the protocol or does not.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::{FetchArgs, fetch_with};

const CSDL: &str = r#"<Edmx><DataServices><Schema Namespace="ns">
<EntityType Name="user"><Property Name="id" Type="Edm.String"/><Property Name="mail" Type="Edm.String"/></EntityType>
<EntityContainer Name="Service"><EntitySet Name="users" EntityType="ns.user"/></EntityContainer>
</Schema></DataServices></Edmx>"#;

const PERMISSIONS: &str = r#"{"permissions": {"User.Read": {"schemes": {"DelegatedWork": {}},
    "pathSets": [{"schemeKeys": ["DelegatedWork"], "methods": ["GET"], "paths": {"/users/{id}": ""}}]}}}"#;

const PROVISIONING: &str = r#"{"permissionDeployments": {}}"#;

const CLEAN: &str = "/microsoftgraph/msgraph-metadata/HEAD/clean_v10_metadata/cleanMetadata.xml";

const PERMISSIONS_PATH: &str =
    "/microsoftgraph/microsoft-graph-devx-content/HEAD/permissions/new/permissions.json";

/// How the server answers for one path, instead of properly; one answer is used up by each request.
type Faults = BTreeMap<&'static str, Vec<fn(&str, &str) -> Vec<u8>>>;

/// A server on loopback with upstream's documents; it knows entity tags and ranges.
struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    documents: BTreeMap<String, String>,
    faults: Faults,
    /// The heads of all requests.
    requests: Vec<String>,
}

impl Server {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let schema = |cloud: &str| format!("/microsoftgraph/msgraph-metadata/HEAD/schemas/v1.0-{cloud}.csdl");
        let provisioning = PERMISSIONS_PATH.replace("permissions.json", "provisioningInfo.json");
        let without_mail = CSDL.replace(r#"<Property Name="mail" Type="Edm.String"/>"#, "");
        let documents = BTreeMap::from([
            (CLEAN.to_owned(), CSDL.to_owned()),
            (PERMISSIONS_PATH.to_owned(), PERMISSIONS.to_owned()),
            (provisioning, PROVISIONING.to_owned()),
            (schema("Prod"), CSDL.to_owned()),
            (schema("Fairfax"), CSDL.to_owned()),
            (schema("Mooncake"), without_mail),
        ]);
        let state = Arc::new(Mutex::new(State { documents, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|connection| serve(connection, &shared));
        });
        Self { address, state }
    }

    fn fault(&self, path: &'static str, answers: &[fn(&str, &str) -> Vec<u8>]) {
        self.state.lock().expect("no test panics in it").faults.insert(path, answers.to_vec());
    }

    fn change(&self, path: &str, text: &str) {
        self.state.lock().expect("no test panics in it").documents.insert(path.to_owned(), text.to_owned());
    }

    fn requests(&self, path: &str) -> Vec<String> {
        let start = format!("GET {path} ");
        let requests = &self.state.lock().expect("no test panics in it").requests;
        requests.iter().filter(|request| request.starts_with(&start)).cloned().collect()
    }
}

fn serve(mut connection: TcpStream, state: &Mutex<State>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let mut state = state.lock().expect("no test panics in it");
    state.requests.push(head.clone());
    let document = state.documents.get(path).cloned();
    let faults = state.faults.get_mut(path).filter(|faults| !faults.is_empty());
    let answer = match (document, faults.map(|faults| faults.remove(0))) {
        (Some(document), Some(fault)) => fault(&head, &document),
        (Some(document), None) => proper(&head, &document),
        (None, _) => answer("404 Not Found", "", ""),
    };
    let _ = connection.write_all(&answer);
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
        .into_bytes()
}

fn etag(document: &str) -> String {
    format!("\"{}-{}\"", document.len(), document.matches("mail").count())
}

fn headers(document: &str) -> String {
    let dates = "Date: Sat, 22 Aug 2026 10:00:00 GMT\r\nLast-Modified: Thu, 20 Aug 2026 23:59:59 GMT\r\n";
    format!("ETag: {}\r\nContent-Type: text/plain; charset=utf-8\r\n{dates}", etag(document))
}

/// What a server that keeps to the protocol answers.
fn proper(head: &str, document: &str) -> Vec<u8> {
    if header(head, "if-none-match") == Some(&etag(document)) {
        return answer("304 Not Modified", "", "");
    }
    let range =
        header(head, "range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match range.filter(|_: &usize| header(head, "if-range") == Some(&etag(document))) {
        Some(start) => {
            let range = format!("Content-Range: bytes {start}-{}/{}\r\n", document.len() - 1, document.len());
            answer("206 Partial Content", &(range + &headers(document)), &document[start..])
        }
        None => answer("200 OK", &headers(document), document),
    }
}

/// The answer ends in the middle of its body.
fn truncated(head: &str, document: &str) -> Vec<u8> {
    let whole = proper(head, document);
    whole[..whole.len() - 60].to_vec()
}

fn web_page(_: &str, _: &str) -> Vec<u8> {
    answer("200 OK", "Content-Type: text/html\r\n", "<html>Sign in to the proxy</html>")
}

fn web_page_that_denies_it(_: &str, _: &str) -> Vec<u8> {
    answer("200 OK", "Content-Type: text/plain\r\n", "<html>Sign in to the proxy</html>")
}

fn huge(_: &str, _: &str) -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n<Edmx>".to_vec()
}

fn failing(_: &str, _: &str) -> Vec<u8> {
    answer("500 Internal Server Error", "", "")
}

fn other_bytes(_: &str, document: &str) -> Vec<u8> {
    answer(
        "206 Partial Content",
        &format!("Content-Range: bytes 0-9/{}\r\n", document.len()),
        &document[..10],
    )
}

/// The folders of one test. They are removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        Self(std::env::temp_dir().join(format!("metadata-fetch-{}-{test}", std::process::id())))
    }

    fn fetch(&self, server: &Server) -> Result<String, String> {
        // Whatever proxies there are here, none of them is between this machine and itself.
        let client = reqwest::blocking::Client::builder().no_proxy();
        let client = client.tls_backend_preconfigured(super::tls().expect("TLS can be set up"));
        let client = client.build().expect("the client can be set up");
        let args = FetchArgs { from: format!("http://{}", server.address), ..FetchArgs::default() };
        let mut out = Vec::new();
        let fetched =
            fetch_with(&client, &args, &self.0.join("metadata"), &self.0.join("downloads"), &mut out);
        fetched.map_err(|problem| format!("{problem:#}"))?;
        Ok(String::from_utf8(out).expect("the report is UTF-8"))
    }

    fn metadata(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join("metadata").join(name)).unwrap_or_default()
    }

    fn downloads(&self) -> Vec<String> {
        fn names(folder: &Path) -> Vec<String> {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .flat_map(|entry| match entry.path() {
                    path if path.is_dir() => names(&path),
                    path => vec![path.file_name().unwrap_or_default().to_string_lossy().into_owned()],
                })
                .collect()
        }
        names(&self.0.join("downloads"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_fetch_imports_the_documents_and_notes_origin_etag_dates_and_hash() {
    let (server, folder) = (Server::new(), Folder::new("whole"));
    let report = folder.fetch(&server).expect("the server keeps to the protocol");
    assert!(report.contains("wrote v1.0/csdl.json"), "{report}");
    assert!(folder.metadata("v1.0/csdl.json").contains("\"mail\""));
    assert!(folder.metadata("permissions.json").contains("User.Read"));
    assert_eq!(
        folder.metadata("v1.0/clouds.json").split_whitespace().collect::<String>(),
        r#"{"us-government":[],"china":["ns.user/mail"]}"#
    );
    let sources: toml::Value = toml::from_str(&folder.metadata("sources.toml")).expect("it is TOML");
    let csdl = &sources["source"][0];
    let text = |field: &str| csdl[field].to_string();
    assert_eq!(text("origin"), format!("\"http://{}{CLEAN}\"", server.address));
    assert_eq!(csdl["etag"].as_str(), Some(etag(CSDL).as_str()));
    assert_eq!((text("date"), text("fetched")), ("2026-08-20".to_owned(), "2026-08-22".to_owned()));
    assert_eq!(csdl["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(sources["source"].as_array().map(Vec::len), Some(6));
    assert_eq!(folder.downloads(), Vec::<String>::new(), "what is imported need not be kept");
}

#[test]
fn a_second_fetch_asks_whether_there_is_something_new_and_leaves_all_as_it_is() {
    let (server, folder) = (Server::new(), Folder::new("second"));
    folder.fetch(&server).expect("the server keeps to the protocol");
    let before = folder.metadata("sources.toml");
    assert_eq!(folder.fetch(&server).as_deref(), Ok("upstream has nothing new\n"));
    assert_eq!(folder.metadata("sources.toml"), before);
    let requests = server.requests(CLEAN);
    assert_eq!(header(&requests[1], "if-none-match"), Some(etag(CSDL).as_str()));
}

#[test]
fn what_changed_is_fetched_with_those_that_belong_to_it_and_nothing_else() {
    let (server, folder) = (Server::new(), Folder::new("changed"));
    folder.fetch(&server).expect("the server keeps to the protocol");
    server.change(PERMISSIONS_PATH, &PERMISSIONS.replace("User.Read", "User.ReadAll"));
    let report = folder.fetch(&server).expect("the server keeps to the protocol");
    assert!(report.contains("provisioningInfo.json") && !report.contains("cleanMetadata.xml"), "{report}");
    assert!(folder.metadata("permissions.json").contains("User.ReadAll"));
}

#[test]
fn an_answer_that_breaks_off_is_taken_up_again_where_it_ended() {
    let (server, folder) = (Server::new(), Folder::new("resumed"));
    server.fault(CLEAN, &[truncated]);
    folder.fetch(&server).expect("the second attempt brings the rest");
    assert!(folder.metadata("v1.0/csdl.json").contains("\"mail\""));
    let requests = server.requests(CLEAN);
    assert_eq!(requests.len(), 2);
    assert_eq!(header(&requests[1], "range"), Some(format!("bytes={}-", CSDL.len() - 60).as_str()));
    assert_eq!(header(&requests[1], "if-range"), Some(etag(CSDL).as_str()));
}

#[test]
fn a_fetch_that_failed_is_taken_up_by_the_next_and_wrote_nothing() {
    let (server, folder) = (Server::new(), Folder::new("truncated"));
    server.fault(CLEAN, &[truncated, failing]);
    let problem = folder.fetch(&server).expect_err("the server gives up");
    assert!(problem.contains("500"), "{problem}");
    assert!(folder.metadata("sources.toml").is_empty() && folder.metadata("v1.0/csdl.json").is_empty());
    folder.fetch(&server).expect("the server is well again");
    assert!(header(&server.requests(CLEAN)[2], "range").is_some(), "the first part is not fetched again");
    assert!(folder.metadata("v1.0/csdl.json").contains("\"mail\""));
}

#[test]
fn an_answer_that_always_breaks_off_is_an_error_that_says_what_to_do() {
    let (server, folder) = (Server::new(), Folder::new("always"));
    let none: fn(&str, &str) -> Vec<u8> = |_, document| {
        let whole = answer("200 OK", "", document);
        whole[..whole.len() - 1].to_vec()
    };
    server.fault(CLEAN, &[none, none, none, none]);
    let problem = folder.fetch(&server).expect_err("it never comes whole");
    assert!(problem.contains(CLEAN) && problem.contains("run the command again"), "{problem}");
    assert!(folder.metadata("sources.toml").is_empty());
    assert_eq!(server.requests(CLEAN).len(), 3);
}

#[test]
fn a_document_that_changed_between_two_attempts_is_fetched_from_its_beginning() {
    let (server, folder) = (Server::new(), Folder::new("between"));
    server.fault(CLEAN, &[truncated, failing]);
    folder.fetch(&server).expect_err("the server gives up");
    server.change(CLEAN, &CSDL.replace("\"mail\"", "\"mail2\""));
    folder.fetch(&server).expect("the server is well again");
    assert!(folder.metadata("v1.0/csdl.json").contains("\"mail2\""));
}

#[test]
fn answers_that_are_no_documents_are_refused_and_nothing_is_written() {
    for (fault, part) in [
        (web_page as fn(&str, &str) -> Vec<u8>, "a web page"),
        (web_page_that_denies_it, "not CSDL XML"),
        (huge, "more than 64 MB"),
        (failing, "500 Internal Server Error"),
        (other_bytes, "206 Partial Content"),
        (|_, _| answer("304 Not Modified", "", ""), "304 Not Modified"),
        (|_, _| answer("200 OK", "", "<Edmx><oops></Edmx>"), "cleanMetadata.xml:1:"),
        (|_, _| Vec::new(), "cannot be reached"),
    ] {
        let (server, folder) = (Server::new(), Folder::new("refused"));
        server.fault(CLEAN, &[fault]);
        let problem = folder.fetch(&server).expect_err(part);
        assert!(problem.contains(part), "{problem}");
        assert!(folder.metadata("sources.toml").is_empty() && folder.metadata("permissions.json").is_empty());
    }
}

#[test]
fn a_resumed_answer_with_other_bytes_than_asked_for_is_refused_and_not_kept() {
    let (server, folder) = (Server::new(), Folder::new("other"));
    server.fault(CLEAN, &[truncated, other_bytes]);
    let problem = folder.fetch(&server).expect_err("the bytes do not fit");
    assert!(problem.contains("other bytes"), "{problem}");
    assert!(
        !folder.downloads().iter().any(|name| name.starts_with("cleanMetadata")),
        "{:?}",
        folder.downloads()
    );
}
