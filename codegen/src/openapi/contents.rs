//! What requests and answers carry.

use super::api::Api;
use super::routes::{Route, Step};
use super::schema::{Content, one};
use super::yaml::Node;
use crate::csdl::TypeRef;
use crate::operations::spec::{Answer, CustomOption};
use crate::permissions::Method;

/// One verb at a path.
#[derive(Debug)]
pub struct Verb {
    /// The verb.
    pub method: Method,
    /// What the request carries.
    pub body: Body,
    /// What the answer carries.
    pub answer: Answer,
    /// The system query options it supports, without `$`, sorted.
    pub query: Vec<&'static str>,
    /// Other query options.
    pub options: Vec<CustomOption>,
    /// Headers.
    pub headers: Vec<CustomOption>,
}

/// What a request carries; as [`crate::operations::spec::Body`], which names an action by its place.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// One value as JSON.
    Value(TypeRef),
    /// An array in `{"value": […]}`.
    Values(TypeRef),
    /// The parameters of the action that is called.
    Parameters,
    /// `{"@odata.id": …}`.
    Reference,
    /// Bytes of any media type.
    Bytes,
}

/// OData's system query options.
const SYSTEM_OPTIONS: [&str; 8] = ["count", "expand", "filter", "orderby", "search", "select", "skip", "top"];

/// The system query options, other query options and headers among parameters.
pub fn options(parameters: &[&Node<'_>]) -> (Vec<&'static str>, Vec<CustomOption>, Vec<CustomOption>) {
    let (mut query, mut options, mut headers) = (Vec::new(), Vec::new(), Vec::new());
    for parameter in parameters {
        let Some(name) = parameter.text("name") else { continue };
        let custom = CustomOption { name: name.to_owned(), required: parameter.is_true("required") };
        match parameter.text("in") {
            Some("query") => {
                let system = name
                    .strip_prefix('$')
                    .and_then(|name| SYSTEM_OPTIONS.iter().find(|option| **option == name));
                match system {
                    Some(option) => query.push(*option),
                    // A name with `@` stands for an argument of a function, not for an option.
                    None if name.starts_with('@') && name != "@id" => (),
                    None => options.push(custom),
                }
            }
            Some("header") => headers.push(custom),
            _ => (),
        }
    }
    query.sort_unstable();
    query.dedup();
    for list in [&mut options, &mut headers] {
        list.sort();
        list.dedup();
    }
    (query, options, headers)
}

impl<'t> Api<'t> {
    /// The response to a request that succeeded: the first that carries something.
    fn success(&self, operation: &'t Node<'t>) -> Option<&'t Node<'t>> {
        let responses = operation.get("responses").map_or(&[][..], Node::entries);
        let successful = responses.iter().filter(|entry| entry.key.starts_with('2'));
        successful
            .filter_map(|entry| self.resolve(&entry.node))
            .find(|response| response.get("content").is_some())
    }

    /// The schema of the JSON that is carried, and whether anything but JSON is.
    fn carried(&self, carrier: Option<&'t Node<'t>>) -> (Option<&'t Node<'t>>, bool) {
        let media = carrier.and_then(|carrier| carrier.get("content")).map_or(&[][..], Node::entries);
        let json = media.iter().find(|entry| entry.key.contains("json"));
        let is_other = json.is_none() && !media.is_empty();
        (json.and_then(|entry| entry.node.get("schema")), is_other)
    }

    fn request_body(&self, operation: &'t Node<'t>) -> Option<&'t Node<'t>> {
        self.resolve(operation.get("requestBody")?)
    }

    /// The JSON that a request carries.
    pub fn request(&self, operation: &'t Node<'t>) -> Option<Content<'t>> {
        self.carried(self.request_body(operation)).0.map(|schema| self.content(schema))
    }

    /// Whether a request carries anything but JSON.
    pub fn sends_bytes(&self, operation: &'t Node<'t>) -> bool {
        self.carried(self.request_body(operation)).1
    }

    /// Whether a request or its answer carries anything but JSON.
    pub fn carries_bytes(&self, operation: &'t Node<'t>) -> bool {
        self.sends_bytes(operation) || self.carried(self.success(operation)).1
    }

    /// The type of what an operation answers, out of its envelope; a stream if it is not JSON.
    pub fn returned(&self, operation: &'t Node<'t>) -> Option<TypeRef> {
        match self.carried(self.success(operation)) {
            (None, true) => Some(one("Edm.Stream")),
            (None, false) => None,
            (Some(schema), _) => Some(match self.content(schema) {
                Content::Value(ty) | Content::Wrapped(ty) => ty,
                Content::Inline(_) => one("Edm.Untyped"),
            }),
        }
    }

    /// What an answer carries.
    pub fn answer(
        &self,
        operation: &'t Node<'t>,
        route: &Route,
        method: Method,
        is_structured: impl Fn(&str) -> bool,
    ) -> Answer {
        let (schema, is_other) = self.carried(self.success(operation));
        match (&route.step, schema) {
            (Step::Count, _) => return Answer::Count,
            (Step::Ref, Some(_)) if route.is_collection => return Answer::References,
            (Step::Ref, Some(_)) => return Answer::Reference,
            (_, None) if is_other => return Answer::Bytes,
            (_, None) => return Answer::None,
            _ => (),
        }
        let ty = self.returned(operation).unwrap_or_else(|| one("Edm.Untyped"));
        let element = one(&ty.name);
        let is_structured = is_structured(&ty.name) || ty.name == "Edm.Untyped";
        match method {
            _ if ty.is_collection => Answer::Page(element),
            Method::Patch | Method::Put if is_structured => Answer::Optional(element),
            _ if ty.name == "Edm.Stream" => Answer::Bytes,
            _ if is_structured => Answer::Value(element),
            _ => Answer::Scalar(element),
        }
    }
}
