//! What Graph and those on the way to it were seen to answer, each row named after the public report (repository#number)
//! that tells of it: the answers that the server gives one after the other, and what the program gets. Every row is
//! tried over every transport.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::TryStreamExt;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName};
use msgraph_runtime::{
    Answer, Count, Effect, Error, GraphClient, Model, Outcome, Page, RetryPolicy, StaticToken, Wrapped,
};

use crate::support::models::{Message, User};
use crate::support::server::{AnswerBody, Server, full};

/// What a row asks for, and how its answer is shown.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Get,
    /// A type that declares a property `error`.
    GetJob,
    List,
    Count,
    Create,
    /// Made without [`Effect`].
    CreatePlain,
    Update,
    Delete,
    Action,
    Raw,
    RawPost,
    RawDelete,
    /// A read, a creation and a deletion in a batch; the server answers the batch.
    Batch,
}

/// A report, what is asked for, what the server answers (status, header, body), and what the program gets.
type Row = (&'static str, Ask, &'static [Given], &'static str);
type Given = (u16, &'static str, &'static str);

const JSON: &str = "content-type: application/json";
const HTML: &str = "content-type: text/html";
const LOCATION: &str = "location: /teams('1')/operations('2')";
const ERROR: &str = r#"{"error":{"code":"UnknownError","message":"try later"}}"#;
const FINAL: &str = r#"{"error":{"code":"ErrorItemNotFound","message":"no"}}"#;
const PAGE: &str = "<!DOCTYPE html><html><title>Sign in</title></html>";
const GOOD: Given = (200, JSON, r#"{"subject":"good"}"#);
const USERS: Given = (200, JSON, r#"{"value":[{"subject":"1"},{"subject":"2"}]}"#);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // ---- a success that is an error
    ("UnknownError with 200, passes",     Ask::Get,         &[(200, JSON, ERROR), GOOD],             "good after 2"),
    ("UnknownError with 200, stays",      Ask::Get,         &[(200, JSON, ERROR)],                   "error UnknownError, try later, Unknown after 3"),
    ("an error that does not pass",       Ask::Get,         &[(200, JSON, FINAL)],                   "error ErrorItemNotFound, no, Unknown after 1"),
    ("with a list",                       Ask::List,        &[(200, JSON, FINAL)],                   "error ErrorItemNotFound, no, Unknown after 1"),
    ("with a creation",                   Ask::Create,      &[(200, JSON, ERROR)],                   "error UnknownError, try later, Unknown after 1"),
    ("with an update",                    Ask::Update,      &[(200, JSON, ERROR)],                   "error UnknownError, try later, Unknown after 1"),
    ("with a deletion",                   Ask::Delete,      &[(200, JSON, ERROR)],                   "error UnknownError, try later, Unknown after 1"),
    ("with an action",                    Ask::Action,      &[(202, JSON, ERROR)],                   "error UnknownError, try later, Unknown after 1"),
    ("with a request by path",            Ask::RawPost,     &[(200, JSON, ERROR)],                   "error UnknownError, try later, Unknown after 1"),
    ("behind a mark and a context",       Ask::Get,         &[(200, JSON, "\u{feff}{\"@odata.context\":\"x,y\",\"error\":{\"code\":\"x\"}}")], "error x, , Unknown after 1"),
    ("msgraph-sdk-java#2386, null",       Ask::Get,         &[(200, JSON, r#"{"subject":"good","error":null}"#)], "good after 1"),
    ("msgraph-sdk-java#2386, beside",     Ask::Get,         &[(200, JSON, r#"{"subject":"good","error":{"code":"x"}}"#)], "good after 1"),
    ("a type that declares it",           Ask::GetJob,      &[(200, JSON, FINAL)],                   "a job with an error after 1"),
    // ---- texts that come to harm
    ("msgraph-sdk-dotnet#1701",           Ask::List,        &[(200, JSON, r#"{"value":[{"subject":"1"},{"subject":"2"}{"error":{"code":"ApplicationThrottled","message":"slow"}}"#), USERS], "1 2 after 2"),
    ("msgraph-sdk-dotnet#2328, stays",    Ask::List,        &[(200, JSON, r#"{"value":[{"subject":"1"},{"error":{"code":"ApplicationThrottled","message":"slow"}}"#)], "error ApplicationThrottled, slow, Unknown after 3"),
    ("in the middle of a text",           Ask::Get,         &[(200, JSON, r#"{"subject":"go{"error":{"code":"ApplicationThrottled","message":"slow"}}"#), GOOD], "good after 2"),
    ("msgraph-sdk-dotnet#1048",           Ask::Get,         &[(200, JSON, r#"{"subject":"go"#), (200, JSON, r#"{"subject":"good""#), GOOD], "good after 3"),
    ("a list breaks off between items",   Ask::List,        &[(200, JSON, r#"{"value":[{"subject":"1"}"#), USERS], "1 2 after 2"),
    ("nothing at all came",               Ask::Get,         &[(200, JSON, ""), GOOD],                "good after 2"),
    ("a number that is not there",        Ask::Count,       &[(200, "content-type: text/plain", ""), (200, "content-type: text/plain", "\u{feff}17")], "17 after 2"),
    ("a request by path breaks off",      Ask::Raw,         &[(200, JSON, r#"{"subject":"go"#), GOOD], r#"{"subject":"good"} after 2"#),
    ("and says nothing",                  Ask::Raw,         &[(200, JSON, ""), GOOD],                r#"{"subject":"good"} after 2"#),
    ("and breaks off every time",         Ask::Raw,         &[(200, JSON, r#"{"subject":"go"#)],     "unreadable, Done after 3"),
    ("a creation that breaks off",        Ask::Create,      &[(201, JSON, r#"{"subject":"go"#)],     "unreadable, Done after 1"),
    ("JSON that is wrong stays wrong",    Ask::Get,         &[(200, JSON, r#"{"subject":go}"#)],     "unreadable, Done after 1"),
    // ---- bodies that are not there
    ("graph-rs-sdk#364",                  Ask::Create,      &[(202, LOCATION, "")],                  "202 not given, at /teams('1')/operations('2') after 1"),
    ("softeria#94",                       Ask::Create,      &[(201, "content-location: /teams('1')", "")], "201 not given, at /teams('1') after 1"),
    ("msgraph-sdk-python#448",            Ask::Create,      &[(204, "request-id: 1", "")],           "204 not given, at - after 1"),
    ("a body of white space",             Ask::Create,      &[(201, JSON, " \r\n")],                 "201 not given, at - after 1"),
    ("a creation that is answered",       Ask::Create,      &[(201, LOCATION, r#"{"subject":"good"}"#)], "201 good after 1"),
    ("made without the type for it",      Ask::CreatePlain, &[(202, LOCATION, "")],                  "unreadable, Done, at /teams('1')/operations('2') after 1"),
    ("core#155773",                       Ask::Update,      &[(204, "request-id: 1", "")],           "none after 1"),
    ("an update of a mark only",          Ask::Update,      &[(200, JSON, "\u{feff}")],              "none after 1"),
    ("an action without its value",       Ask::Action,      &[(202, "request-id: 1", "")],           "unreadable, Done after 1"),
    ("microsoft-graph-docs#679",          Ask::Get,         &[(200, JSON, "\u{feff}{\"subject\":\"good\"}")], "good after 1"),
    ("an error behind a mark",            Ask::Get,         &[(404, JSON, "\u{feff}{\"error\":{\"code\":\"x\",\"message\":\"y\"}}")], "error x, y, NotDone after 1"),
    // ---- answers of somebody else
    ("a network's sign-in page",          Ask::Get,         &[(200, HTML, PAGE)],                    "unreadable, Unknown after 1"),
    ("for a deletion",                    Ask::Delete,      &[(200, HTML, PAGE)],                    "unreadable, Unknown after 1"),
    ("for an update",                     Ask::Update,      &[(200, HTML, PAGE)],                    "unreadable, Unknown after 1"),
    ("for a creation",                    Ask::Create,      &[(200, HTML, PAGE)],                    "unreadable, Unknown after 1"),
    ("for a request by path",             Ask::RawDelete,   &[(200, HTML, PAGE)],                    "unreadable, Unknown after 1"),
    ("without saying what it is",         Ask::RawDelete,   &[(200, "server: proxy", PAGE)],         "unreadable, Unknown after 1"),
    ("a page that the service gives",     Ask::Raw,         &[(200, "request-id: 1", PAGE)],         "<!DOCTYPE html><html><title>Sign in</title></html> after 1"),
    // ---- batches
    ("msgraph-sdk-php-core#103, text",    Ask::Batch,       &[(200, JSON, r#"{"responses":[{"id":"1","status":200,"headers":{"Content-Type":"application/json"},"body":"{\"subject\":\"good\"}"},{"id":"2","status":201,"body":{}},{"id":"3","status":204}]}"#)], "good, 201, done after 1"),
    ("docs#4754, Base64",                 Ask::Batch,       &[(200, JSON, r#"{"responses":[{"id":"1","status":200,"body":"eyJzdWJqZWN0IjoiZ29vZCJ9"},{"id":"2","status":202},{"id":"3","status":204}]}"#)], "good, 202, done after 1"),
    ("numbers and texts changed places",  Ask::Batch,       &[(200, JSON, r#"{"responses":[{"id":1,"status":"200","body":{"subject":"good"}},{"id":2,"status":"201"},{"id":3,"status":204}]}"#)], "good, 201, done after 1"),
    ("a part that is nothing but an error", Ask::Batch,     &[(200, JSON, r#"{"responses":[{"id":"1","status":200,"body":{"error":{"code":"x"}}},{"id":"2","status":201,"body":{"error":{"code":"y"}}},{"id":"3","status":200,"body":{"error":{"code":"z"}}}]}"#)], "error x, Unknown, error y, Unknown, error z, Unknown after 1"),
    ("pnpjs#3177, without Location",      Ask::Batch,       &[(200, JSON, r#"{"responses":[{"id":"1","status":302},{"id":"2","status":302},{"id":"3","status":302}]}"#)], "error -, NotDone, error -, NotDone, error -, NotDone after 1"),
    ("a batch that breaks off",           Ask::Batch,       &[(200, JSON, r#"{"responses":[{"id":"2","status":201},{"id":"3","status":204},{"id":"1","sta"#)], "batch, Unknown, 201, done after 1"),
    ("a batch that is an error",          Ask::Batch,       &[(200, JSON, ERROR)],                   "batch, Unknown, batch, Unknown, batch, Unknown after 1"),
    ("a batch of somebody else",          Ask::Batch,       &[(200, HTML, PAGE)],                    "batch, Unknown, batch, Unknown, batch, Unknown after 1"),
];

#[tokio::test]
async fn what_was_reported_is_what_it_is_over_hyper() {
    check(|url| client(url, |builder| builder)).await;
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn what_was_reported_is_what_it_is_over_reqwest() {
    use msgraph_runtime::ReqwestTransport;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls =
        tls.expect("versions").with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let http =
        reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
    check(|url| client(url, |builder| builder.transport(ReqwestTransport::from_client(http.clone())))).await;
}

fn client(
    url: &str,
    set: impl FnOnce(msgraph_runtime::GraphClientBuilder) -> msgraph_runtime::GraphClientBuilder,
) -> GraphClient {
    let retry = RetryPolicy::default().max_tries(3).fixed(Duration::from_millis(1));
    let builder = GraphClient::builder().base_url(url).credential(StaticToken::new("t")).retry(retry);
    set(builder).build().expect("a client")
}

async fn check(client: impl Fn(&str) -> GraphClient) {
    let mut problems = Vec::new();
    for (report, ask, given, expected) in ROWS {
        let number = Mutex::new(0);
        let server = Server::start(move |_| {
            let mut number = number.lock().expect("no panic elsewhere");
            *number += 1;
            respond(given[(*number - 1).min(given.len() - 1)])
        })
        .await;
        let shown = run(*ask, &client(&server.url())).await;
        let shown = format!("{shown} after {}", server.seen().len());
        if shown != *expected {
            problems.push(format!("{report}: {shown}\n    instead of {expected}"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn respond((status, header, body): Given) -> http::Response<AnswerBody> {
    let mut response = full(status, body);
    let (name, value) = header.split_once(": ").expect("a header");
    let name = HeaderName::try_from(name).expect("a name");
    let is_typed = name == CONTENT_TYPE;
    response.headers_mut().insert(name, value.parse().expect("a value"));
    if !is_typed && body.starts_with('{') {
        response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("a value"));
    }
    response
}

async fn run(ask: Ask, client: &GraphClient) -> String {
    let me = client.root("me");
    let body = Message::default();
    let subject = |message: Message| message.subject.unwrap_or_default();
    let raw = |answer: Answer| answer.text().into_owned();
    let shown = match ask {
        Ask::Get => me.call::<Message>("op:GET /me/messages/{message-id};;").await.map(subject),
        Ask::GetJob => me.call::<Job>("op:GET /jobs/{job-id};;").await.map(|job| job.shown()),
        Ask::List => {
            let request = me.call::<Page<Message>>("op:GET /me/messages;;");
            let messages: Result<Vec<Message>, Error> = request.stream().try_collect().await;
            messages.map(|messages| messages.into_iter().map(subject).collect::<Vec<_>>().join(" "))
        }
        Ask::Count => me.call::<Count>("op:GET /me/messages/$count;;").await.map(|count| count.to_string()),
        Ask::Create => me.send::<Effect<Message>>("op:POST /teams;;", &body).await.map(effect),
        Ask::CreatePlain => me.send::<Message>("op:POST /teams;;", &body).await.map(subject),
        Ask::Update => {
            let updated = me.send::<Option<Message>>("op:PATCH /me;;", &body).await;
            updated.map(|message| message.map_or("none".to_owned(), subject))
        }
        Ask::Delete => me.call::<()>("op:DELETE /me;;").await.map(|()| "done".to_owned()),
        Ask::Action => me.send::<Wrapped<bool>>("op:POST /me/check;;", &body).await.map(|is| is.to_string()),
        Ask::Raw => client.request(Method::GET, "/me").await.map(raw),
        Ask::RawPost => client.request(Method::POST, "/me").model(&body).await.map(raw),
        Ask::RawDelete => client.request(Method::DELETE, "/me").await.map(raw),
        Ask::Batch => return batch(client, &body).await,
    };
    shown.unwrap_or_else(|error| failure(&error))
}

async fn batch(client: &GraphClient, body: &Message) -> String {
    let me = client.root("me");
    let mut batch = client.batch();
    let read =
        batch.add(me.call::<Message>("op:GET /me/messages/{message-id};;").retry(RetryPolicy::never()));
    let creation = batch.add(me.send::<Effect<User>>("op:POST /teams;;", body));
    let deletion = batch.add(me.call::<()>("op:DELETE /me;;"));
    let mut answers = batch.send().await.expect("it could be right");
    let brief = |error: Error| match &error {
        Error::Graph(error) => {
            format!("error {}, {:?}", error.code().unwrap_or("-"), Error::from((**error).clone()).outcome())
        }
        Error::Batch(_) => format!("batch, {:?}", error.outcome()),
        error => format!("{error}"),
    };
    let read = answers.take(read).map(|message| message.subject.unwrap_or_default()).unwrap_or_else(brief);
    let creation =
        answers.take(creation).map(|effect| effect.status().as_u16().to_string()).unwrap_or_else(brief);
    let deletion = answers.take(deletion).map(|()| "done".to_owned()).unwrap_or_else(brief);
    format!("{read}, {creation}, {deletion}")
}

fn effect(effect: Effect<Message>) -> String {
    let status = effect.status().as_u16();
    match effect.is_given() {
        true => format!("{status} {}", effect.subject.as_deref().unwrap_or_default()),
        false => format!("{status} not given, at {}", effect.location().unwrap_or("-")),
    }
}

fn failure(error: &Error) -> String {
    match error {
        Error::Graph(graph) => {
            let (code, message) = (graph.code().unwrap_or("-"), graph.message().unwrap_or_default());
            format!("error {code}, {message}, {:?}", error.outcome())
        }
        Error::Decode(decode) => {
            let place = decode.location().map(|place| format!(", at {place}")).unwrap_or_default();
            format!("unreadable, {:?}{place}", error.outcome())
        }
        error => format!("{error}, {:?}", error.outcome()),
    }
}

/// A type that declares a property `error`, as jobs and operations do.
#[derive(Default)]
struct Job {
    error: Option<msgraph_runtime::edm::Json>,
    extra: msgraph_runtime::Extra,
}

impl Job {
    fn shown(&self) -> String {
        if self.error.is_some() { "a job with an error".to_owned() } else { "a job".to_owned() }
    }
}

impl Model for Job {
    const TYPE: &'static msgraph_runtime::TypeInfo =
        &msgraph_runtime::TypeInfo { name: "a job", bases: &[], properties: &["error"] };

    fn read(
        &mut self,
        property: usize,
        reader: &mut msgraph_runtime::Reader<'_>,
    ) -> Result<(), msgraph_runtime::ReadError> {
        match property {
            0 => reader.read(&mut self.error),
            _ => reader.rest(&mut self.extra),
        }
    }

    fn write(&self, writer: &mut msgraph_runtime::Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.error);
    }
}

#[test]
fn a_request_that_was_not_sent_did_nothing() {
    assert_eq!(Error::credential("no token").outcome(), Outcome::NotDone);
}
