//! The text of a batch: requests into the JSON of a call, and the JSON of its answer into the answers of the
//! parts (OData JSON Format 4.01, section 19).

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Entry;
use crate::classify;
use crate::client::GraphClient;
use crate::edm::{Binary, Json};
use crate::error::Error;
use crate::extra::Extra;
use crate::json::{self, JsonError, ReadError, Reader, Writer};
use crate::model::{Model, TypeInfo};
use crate::pipeline::Call;
use crate::request::Draft;
use crate::response::Expected;

const JSON: &str = "application/json";

/// The entry of a request, with whatever is wrong with it.
pub(super) fn entry(client: &GraphClient, draft: Draft, expected: Expected) -> Entry {
    let mut problems = Vec::new();
    if !client.is_same(draft.client()) {
        problems.push("it is of another client than the batch".to_owned());
    }
    let mut entry = Entry {
        name: draft.name(),
        operation: None,
        retry: draft.retry_policy(),
        declares_error: expected.declares_error,
        later: draft.follow(client.base_url().clone()),
        members: String::new(),
        after: Vec::new(),
        problems,
    };
    match draft.into_call() {
        Ok(call) => {
            entry.operation = call.operation();
            entry.members = members(client, call, expected.accept, &mut entry.problems);
        }
        Err(Error::Request(error)) => entry.problems.extend_from_slice(error.problems()),
        Err(error) => entry.problems.push(error.to_string()),
    }
    entry
}

/// The members of a request but `id` and `dependsOn`.
fn members(client: &GraphClient, mut call: Call, accept: &'static str, problems: &mut Vec<String>) -> String {
    // Without `Accept` the service answers JSON.
    if accept != JSON && !call.headers.contains_key(ACCEPT) {
        call.headers.insert(ACCEPT, HeaderValue::from_static(accept));
    }
    let mut writer = Writer::new();
    writer.begin_object();
    writer.name("method");
    writer.string(call.method.as_str());
    writer.name("url");
    match relative(client, &call) {
        Some(url) => writer.string(url),
        None => problems.push("its URL is not below the client's base URL".to_owned()),
    }
    match body(&call) {
        Ok(None) => {}
        Ok(Some(body)) => {
            call.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(JSON));
            writer.name("body");
            writer.raw(body.as_str());
        }
        Err(problem) => problems.push(problem.to_owned()),
    }
    if !call.headers.is_empty() {
        writer.name("headers");
        headers(&call.headers, &mut writer, problems);
    }
    String::from_utf8(writer.into_bytes()).unwrap_or_default().split_off(1)
}

/// Path and query below the version.
fn relative<'a>(client: &GraphClient, call: &'a Call) -> Option<&'a str> {
    let root = client.base_url().as_str().trim_end_matches('/');
    call.url.as_str().strip_prefix(root).filter(|rest| rest.starts_with('/'))
}

/// JSON stands in the call as it is, anything else as base64 in a string.
fn body(call: &Call) -> Result<Option<Json>, &'static str> {
    let bytes = call.body.as_bytes().ok_or("its body is a stream: give it as bytes")?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if call.headers.get(CONTENT_TYPE).is_none_or(classify::is_json) {
        return json::from_slice(bytes)
            .map(Some)
            .map_err(|_| "its body is not the JSON that it claims to be");
    }
    Ok(Some(Json::encode(&Binary::from_bytes(bytes))))
}

fn headers(headers: &HeaderMap, writer: &mut Writer, problems: &mut Vec<String>) {
    writer.begin_object();
    for name in headers.keys() {
        // Several values of a header are a list in one (RFC 9110, section 5.3).
        let values: Result<Vec<&str>, _> = headers.get_all(name).iter().map(HeaderValue::to_str).collect();
        match values {
            Ok(values) => {
                writer.name(name.as_str());
                writer.string(&values.join(", "));
            }
            Err(_) => problems.push(format!("the value of the header {name} is not text")),
        }
    }
    writer.end_object();
}

/// The body of the call that carries some of the parts. A part depends only on those that travel with it: the
/// others have succeeded.
pub(super) fn call_body(entries: &[Entry], parts: &[usize]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw("{\"requests\":");
    writer.begin_array();
    for (at, &part) in parts.iter().enumerate() {
        writer.element(at == 0);
        writer.begin_object();
        writer.name("id");
        writer.string(&id(part));
        let mut after = entries[part].after.iter().filter(|earlier| parts.contains(earlier)).peekable();
        if after.peek().is_some() {
            writer.name("dependsOn");
            writer.begin_array();
            for (at, &earlier) in after.enumerate() {
                writer.element(at == 0);
                writer.string(&id(earlier));
            }
            writer.end_array();
        }
        writer.raw(",");
        writer.raw(&entries[part].members);
        writer.end_object();
    }
    writer.end_array();
    writer.raw("}");
    writer.into_bytes()
}

/// The identifier of a part: its number from 1.
pub(super) fn id(part: usize) -> String {
    (part + 1).to_string()
}

/// The answer to a part, as the service gave it.
pub(super) struct PartAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a call's answer has for its parts.
pub(super) struct Answers {
    /// The answers that came whole, with their identifiers; `None` for one that cannot be read.
    pub(super) whole: Vec<(String, Option<PartAnswer>)>,
    /// What is wrong with the text around them.
    pub(super) problem: Option<JsonError>,
}

/// The answers of a call. What came before it breaks off counts: those parts have been done.
pub(super) fn read_answers(text: &[u8]) -> Answers {
    let mut found = Vec::new();
    let problem = json::decode_utf8(text).and_then(|text| {
        let mut reader = Reader::new(text);
        find_answers(&mut reader, &mut found)
            .map_err(|error| reader.explain(error).in_document(text.as_bytes()))
    });
    let answers = found.iter().filter_map(|answer| json::from_slice::<RawAnswer>(answer.as_bytes()).ok());
    let whole = answers.filter_map(|mut answer| Some((answer.id.take().as_ref().map(plain)?, answer.read())));
    Answers { whole: whole.collect(), problem: problem.err() }
}

fn find_answers<'t>(reader: &mut Reader<'t>, found: &mut Vec<&'t str>) -> Result<(), ReadError> {
    reader.peek();
    reader.enter_object("the answer to a batch")?;
    let mut first = true;
    while let Some(name) = reader.next_name(&mut first)? {
        if name != "responses" || reader.peek() != Some(b'[') {
            reader.skip()?;
            continue;
        }
        reader.enter_array("the answers to the parts")?;
        let mut first = true;
        while reader.next_element(std::mem::take(&mut first))? {
            found.push(reader.raw()?);
        }
    }
    reader.end()
}

#[derive(Default)]
struct RawAnswer {
    body: Option<Json>,
    headers: Option<Json>,
    id: Option<Json>,
    status: Option<Json>,
    extra: Extra,
}

impl Model for RawAnswer {
    const TYPE: &'static TypeInfo = &TypeInfo {
        name: "the answer to a part",
        bases: &[],
        properties: &["body", "headers", "id", "status"],
    };

    fn read(&mut self, property: usize, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        match property {
            0 => reader.read(&mut self.body),
            1 => reader.read(&mut self.headers),
            2 => reader.read(&mut self.id),
            3 => reader.read(&mut self.status),
            _ => reader.rest(&mut self.extra),
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.extra(&self.extra);
        writer.write(0, &self.body);
        writer.write(1, &self.headers);
        writer.write(2, &self.id);
        writer.write(3, &self.status);
    }
}

impl RawAnswer {
    fn read(self) -> Option<PartAnswer> {
        let status = StatusCode::from_u16(plain(&self.status?).parse().ok()?).ok()?;
        let headers = self.headers.as_ref().map(read_headers).unwrap_or_default();
        let body = self.body.map(|body| classify::part_body(body.as_str(), &headers).into_owned());
        Some(PartAnswer { status, headers, body: body.unwrap_or_default().into() })
    }
}

/// A string, or the text of what should be one: services have written identifiers as numbers and numbers as strings.
fn plain(json: &Json) -> String {
    json.decode::<String>().unwrap_or_else(|_| json.as_str().to_owned())
}

/// The headers that are such; a service's mistake in one does not cost the answer.
fn read_headers(json: &Json) -> HeaderMap {
    let serde_json::Value::Object(members) = json.to_value() else { return HeaderMap::new() };
    let read = members.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(text).ok()?))
    });
    read.flatten().collect()
}
