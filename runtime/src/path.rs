//! A path below the service's root that grows segment by segment, every piece that comes from outside
//! percent-encoded (RFC 3986, section 3.3), until a request is made of it.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::body::Body;
use crate::client::GraphClient;
use crate::json::{self, Value};
use crate::literal::ToLiteral;
use crate::operation::Operation;
use crate::patch::Update;
use crate::request::{Draft, Request};

/// What stays readable in a key: RFC 3986's unreserved characters and those that Graph's identifiers
/// contain. `'`, `(`, `)`, `$` and `;` mean something to OData, `+` to careless servers.
const KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'!')
    .remove(b',')
    .remove(b':')
    .remove(b'=');

/// What stays readable in a literal: a key's characters and the signs of OData's literals.
const LITERAL: &AsciiSet = &KEY.remove(b'\'').remove(b'[').remove(b']');

/// What stays readable in a query. `+` and `;` are encoded because some servers take them for a space and a
/// separator.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'$')
    .remove(b'@')
    .remove(b'!')
    .remove(b',')
    .remove(b':')
    .remove(b'/')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Name and value of a query option, neither percent-encoded.
pub(crate) type QueryOption = (Cow<'static, str>, String);

/// Appends query options to a path or URL.
pub(crate) fn push_query(url: &mut String, options: &[QueryOption]) {
    for (name, value) in options {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.extend(utf8_percent_encode(name, QUERY));
        url.push('=');
        url.extend(utf8_percent_encode(value, QUERY));
    }
}

/// A place in the service, from which generated request builders go on or make requests.
///
/// ```
/// use msgraph_runtime::{GraphClient, StaticToken};
///
/// let users = GraphClient::new(StaticToken::new("token")).root("users");
/// assert_eq!(users.key("Adele Vance/x").segment("messages").as_str(), "/users/Adele%20Vance%2Fx/messages");
/// let view = users.key("me").function("reminderView", &[("start", Some(&"a'b")), ("end", None)]);
/// assert_eq!(view.as_str(), "/users/me/reminderView(start='a''b')");
/// ```
#[derive(Clone)]
pub struct Path {
    client: GraphClient,
    path: String,
    /// What is wrong with the pieces so far; reported when a request is sent.
    problems: Vec<String>,
}

impl Path {
    pub(crate) fn new(client: GraphClient, path: String) -> Self {
        Self { client, path, problems: Vec::new() }
    }

    /// The client that requests go through.
    pub fn client(&self) -> &GraphClient {
        &self.client
    }

    /// The encoded path, such as `/users/adele@contoso.com/messages`.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// The path with a further segment from the service's metadata.
    pub fn segment(&self, segment: &'static str) -> Self {
        self.with_segment(segment)
    }

    /// The path with a key as its next segment.
    pub fn key(&self, key: &str) -> Self {
        let mut path = self.with_segment("");
        path.push_encoded("key", key);
        path
    }

    /// The path with a key that is not a string as its next segment.
    pub fn key_of(&self, key: &dyn ToLiteral) -> Self {
        let mut path = self.with_segment("");
        path.push_literal(key);
        path
    }

    /// The path with an alternate key: `(name='value')`, several names separated by commas.
    pub fn alternate_key(&self, key: &[(&str, &dyn ToLiteral)]) -> Self {
        let mut path = self.clone();
        path.path.push('(');
        path.push_pairs(key.iter().copied());
        path.path.push(')');
        path
    }

    /// The path with a key of several properties as its next segment: `name='value',name=1`.
    pub fn composite_key(&self, key: &[(&str, &dyn ToLiteral)]) -> Self {
        let mut path = self.with_segment("");
        path.push_pairs(key.iter().copied());
        path
    }

    /// The path with a call of a function: `/name(argument='value')`. Arguments without a value are left out.
    pub fn function(&self, name: &str, arguments: &[(&str, Option<&dyn ToLiteral>)]) -> Self {
        let mut path = self.with_segment(name);
        path.path.push('(');
        path.push_pairs(arguments.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        path.path.push(')');
        path
    }

    /// The path addressed by a file path below it: `:/folder/name:`.
    pub fn item_path(&self, item: &str) -> Self {
        let mut path = self.clone();
        path.path.push(':');
        for segment in item.trim_matches('/').split('/') {
            path.path.push('/');
            path.push_encoded("item path", segment);
        }
        path.path.push(':');
        path
    }

    fn with_segment(&self, segment: &str) -> Self {
        let mut path = String::with_capacity(self.path.len() + 1 + segment.len());
        path.push_str(&self.path);
        path.push('/');
        path.push_str(segment);
        Self { client: self.client.clone(), path, problems: self.problems.clone() }
    }

    /// Appends a piece from outside. An empty piece or one of dots would make another path of it, and
    /// percent-encoding does not change that: URL parsers read `%2e` as a dot.
    fn push_encoded(&mut self, what: &str, piece: &str) {
        if matches!(piece, "" | "." | "..") {
            self.problems
                .push(format!("the {what} after {:?} has the segment {piece:?}: give a name", self.path));
        }
        self.path.extend(utf8_percent_encode(piece, KEY));
    }

    fn push_literal(&mut self, value: &dyn ToLiteral) {
        self.path.extend(utf8_percent_encode(&value.to_literal(), LITERAL));
    }

    fn push_pairs<'a>(&mut self, pairs: impl Iterator<Item = (&'a str, &'a dyn ToLiteral)>) {
        for (index, (name, value)) in pairs.enumerate() {
            if index > 0 {
                self.path.push(',');
            }
            self.path.push_str(name);
            self.path.push('=');
            self.push_literal(value);
        }
    }

    // ---- requests. A text costs the compiler less than a value made of it, and there are thousands of calls.

    /// A request without a body. `operation` is the text of an [`Operation`], here and below.
    #[inline]
    pub fn call<T>(&self, operation: &'static str) -> Request<T> {
        Request::new(self.draft(operation, Body::empty()))
    }

    /// A request with a JSON body; method and path are the operation's and this path.
    #[inline]
    pub fn send<T>(&self, operation: &'static str, body: &impl Value) -> Request<T> {
        Request::new(self.json_draft(operation, json::to_vec(body)))
    }

    /// A request that changes an `M`.
    #[inline]
    pub fn update<T, M>(&self, operation: &'static str, changes: impl Update<M>) -> Request<T> {
        Request::new(self.json_draft(operation, changes.to_json()))
    }

    /// A request with a JSON array as its body, wrapped as `{"value": […]}`.
    #[inline]
    pub fn send_values<T>(&self, operation: &'static str, values: &[impl Value]) -> Request<T> {
        Request::new(self.json_draft(operation, json::wrapped_to_vec(values)))
    }

    /// A request with bytes as its body, of type `application/octet-stream` unless a header says otherwise.
    #[inline]
    pub fn send_bytes<T>(&self, operation: &'static str, body: impl Into<Body>) -> Request<T> {
        Request::new(self.bytes_draft(operation, body.into()))
    }

    fn draft(&self, operation: &'static str, body: Body) -> Draft {
        Draft::new(self.client.clone(), Operation(operation), &self.path, body, self.problems.clone())
    }

    fn json_draft(&self, operation: &'static str, json: Vec<u8>) -> Draft {
        self.draft(operation, Body::from(json)).content_type("application/json")
    }

    fn bytes_draft(&self, operation: &'static str, body: Body) -> Draft {
        self.draft(operation, body).content_type("application/octet-stream")
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}
