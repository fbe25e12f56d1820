//! What an answer to the question how far an operation is says: decisions only. It is a success only if the service
//! proves it; whatever is not understood is told as such, so that it is asked again.

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::status::{OperationState, OperationStatus};
use crate::classify;
use crate::pipeline::location;
use crate::response::Answer;

/// What an answer says.
pub(super) enum Verdict {
    /// How far the operation is, and how it has ended if it has.
    Said(OperationStatus, Option<Outcome>),
    /// That the service could not answer the question (a lone `error`), which says nothing of the operation.
    Refused,
    /// Nothing that is understood, and why not.
    Unclear(&'static str),
}

/// How an operation has ended.
pub(super) enum Outcome {
    /// With an answer that is the result itself.
    Answered,
    /// With a result that is to be had at a link, which is not checked.
    At(String),
    /// With nothing but its success.
    Done,
    Failed,
}

/// Properties by which a document is one about an operation, not its result.
const OF_OPERATIONS: [&str; 8] = [
    "status",
    "percentageComplete",
    "percentComplete",
    "percentProgress",
    "resourceLocation",
    "targetResourceLocation",
    "targetResourceId",
    "operationType",
];

/// Judges an answer. `result` is where the result is, if the first answer said it.
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8], result: Option<&str>) -> Verdict {
    let success = || OperationStatus::bare(OperationState::Succeeded);
    if status.is_redirection() {
        return match location(headers) {
            Some(link) => Verdict::Said(success(), Some(Outcome::At(link))),
            None => Verdict::Unclear("a redirect that does not say where the result is"),
        };
    }
    // HTTP's own word for what is done and gives nothing; Azure's guidelines end operations with it.
    if status == StatusCode::NO_CONTENT {
        return Verdict::Said(success(), Some(at(result)));
    }
    match (read(body), status) {
        (Content::Status(status), _) => {
            let outcome = match status.state() {
                OperationState::Succeeded | OperationState::PartlySucceeded => {
                    Some(at(status.resource_location().or(result)))
                }
                OperationState::Failed => Some(Outcome::Failed),
                _ => None,
            };
            Verdict::Said(status, outcome)
        }
        (Content::Error, _) => Verdict::Refused,
        (_, StatusCode::ACCEPTED) => Verdict::Said(OperationStatus::bare(OperationState::Running), None),
        (Content::Resource, _) => Verdict::Said(success(), Some(Outcome::Answered)),
        (Content::Unclear(why), _) => Verdict::Unclear(why),
    }
}

fn at(link: Option<&str>) -> Outcome {
    link.map_or(Outcome::Done, |link| Outcome::At(link.to_owned()))
}

/// What a body is.
enum Content {
    Status(OperationStatus),
    /// A lone error.
    Error,
    /// What the operation has made.
    Resource,
    Unclear(&'static str),
}

fn read(body: &[u8]) -> Content {
    if classify::is_empty(body) {
        return Content::Unclear("an empty body");
    }
    let document = match serde_json::from_slice(classify::without_mark(body)) {
        Ok(document @ Value::Object(_)) => document,
        Ok(_) => return Content::Unclear("JSON that is no object"),
        Err(_) => return Content::Unclear("a body that is not JSON"),
    };
    let is_error = document.get("error").is_some_and(Value::is_object);
    let is_resource = document.get("id").and_then(Value::as_str).is_some_and(|id| !id.is_empty())
        && !OF_OPERATIONS.iter().any(|name| document.get(name).is_some());
    match OperationStatus::read(document) {
        Some(status) => Content::Status(status),
        None if is_error => Content::Error,
        None if is_resource => Content::Resource,
        None => Content::Unclear("a document that holds neither a status nor a resource with an id"),
    }
}

/// The link of a header that names a place: `Operation-Location`, or `Location` in whatever bytes it has.
pub(super) fn link(headers: &HeaderMap, name: &str) -> Option<String> {
    if name == LOCATION.as_str() {
        return location(headers);
    }
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The answer with how the operation has ended, if it has.
pub(super) struct Said {
    pub(super) status: OperationStatus,
    pub(super) outcome: Option<Outcome>,
    /// The answer, which may be the result.
    pub(super) answer: Answer,
}
