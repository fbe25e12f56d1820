//! What the service would do if there were no faults: a function of its state and a request.

use std::collections::HashMap;
use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, LOCATION, RANGE};
use serde_json::{Value, json};

/// How many items there are, on pages of two.
pub const ITEMS: usize = 7;

/// How long the content is that is uploaded and downloaded.
pub const LENGTH: usize = 700_001;

/// The content of the file.
pub fn content() -> Bytes {
    static CONTENT: LazyLock<Bytes> =
        LazyLock::new(|| (0..LENGTH).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect());
    CONTENT.clone()
}

/// What the service has done so far.
#[derive(Default)]
pub struct Service {
    /// What must not be done twice, and how often it was.
    pub done: HashMap<String, u32>,
    pub uploaded: Vec<u8>,
}

/// An answer.
pub struct Given {
    pub status: u16,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Bytes,
}

impl Given {
    fn json(status: u16, body: &Value) -> Self {
        let headers = vec![(CONTENT_TYPE, "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into() }
    }
}

impl Service {
    /// Does what a request asks for, and answers it.
    pub fn give(&mut self, head: &http::request::Parts, body: &[u8], graph: &str, files: &str) -> Given {
        let path = head.uri.path().trim_start_matches("/v1.0");
        match (&head.method, path) {
            (&Method::GET, "/me") => Given::json(200, &json!({"id": "me"})),
            (&Method::GET, "/me/messages") => page(head.uri.query().unwrap_or_default(), graph),
            (&Method::GET, "/file") => file(head),
            (&Method::GET, path) if path.ends_with("/content") => Given {
                status: 302,
                headers: vec![(LOCATION, format!("{files}/file?key=1"))],
                body: Bytes::new(),
            },
            (&Method::POST, "/$batch") => self.batch(body),
            (&Method::POST, path) if path.ends_with("/createUploadSession") => {
                Given::json(200, &json!({"uploadUrl": format!("{files}/upload?key=1")}))
            }
            (&Method::PUT, "/upload") => self.slice(head, body),
            (&Method::GET, "/upload") => self.expected(200),
            (method, path) => self.change(method, path),
        }
    }

    fn change(&mut self, method: &Method, path: &str) -> Given {
        *self.done.entry(format!("{method} {path}")).or_default() += 1;
        match *method {
            Method::DELETE => Given { status: 204, headers: Vec::new(), body: Bytes::new() },
            _ => Given::json(200, &json!({"id": path})),
        }
    }

    fn batch(&mut self, body: &[u8]) -> Given {
        let batch: Value = serde_json::from_slice(body).expect("a batch is JSON");
        let parts = batch["requests"].as_array().expect("a batch has requests");
        let answers: Vec<Value> = parts
            .iter()
            .map(|part| {
                let url = part["url"].as_str().expect("a part has a URL");
                if part["method"] != "GET" {
                    self.change(&Method::POST, url);
                }
                json!({"id": part["id"], "status": 200, "body": {"id": url}})
            })
            .collect();
        Given::json(200, &json!({"responses": answers}))
    }

    /// Keeps what arrived of a slice before the connection broke.
    pub fn take_beginning(&mut self, head: &http::request::Parts, data: &[u8]) {
        if start_of_slice(head) == Some(self.uploaded.len()) {
            self.uploaded.extend_from_slice(data);
        }
    }

    fn slice(&mut self, head: &http::request::Parts, body: &[u8]) -> Given {
        if start_of_slice(head) != Some(self.uploaded.len()) {
            return Given::json(416, &json!({"error": {"code": "invalidRange"}}));
        }
        self.uploaded.extend_from_slice(body);
        self.expected(202)
    }

    /// What is missing, or the item if nothing is.
    fn expected(&self, status: u16) -> Given {
        if self.uploaded.len() >= LENGTH {
            return Given::json(201, &json!({"id": "item"}));
        }
        Given::json(status, &json!({"nextExpectedRanges": [format!("{}-", self.uploaded.len())]}))
    }
}

fn start_of_slice(head: &http::request::Parts) -> Option<usize> {
    let range = head.headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn page(query: &str, graph: &str) -> Given {
    let start: usize = query.split_once("skip=").map_or(0, |(_, start)| start.parse().expect("a number"));
    let items: Vec<Value> = (start..ITEMS.min(start + 2)).map(|id| json!({"id": id.to_string()})).collect();
    let mut page = json!({"value": items});
    if start + 2 < ITEMS {
        page["@odata.nextLink"] = json!(format!("{graph}/v1.0/me/messages?skip={}", start + 2));
    }
    Given::json(200, &page)
}

fn file(head: &http::request::Parts) -> Given {
    let range = head.headers.get(RANGE).and_then(|range| range.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let mut headers = vec![(ETAG, "\"1\"".to_owned())];
    let body = content().slice(start.unwrap_or(0)..);
    if let Some(start) = start {
        headers.push((CONTENT_RANGE, format!("bytes {start}-{}/{LENGTH}", LENGTH - 1)));
    }
    Given { status: if start.is_some() { 206 } else { 200 }, headers, body }
}
