//! What the resource behind a monitor URL says, in the several shapes that Graph has for it.

use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

use crate::graph_error::{SHOWN, one_line};
use crate::pipeline::CallName;

/// How far a long-running operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperationState {
    /// It waits to begin.
    NotStarted,
    /// It is under way. So is whatever says something else than the words known here.
    Running,
    /// It has succeeded.
    Succeeded,
    /// It has ended, and only a part of it has succeeded: [`OperationStatus::document`] may say which.
    PartlySucceeded,
    /// It has ended without success: it failed, was cancelled or was not done at all.
    Failed,
}

/// What the service says of a long-running operation: Graph's `longRunningOperation`, `asyncJobStatus`,
/// `teamsAsyncOperation`, `workbookOperation` and their like.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationStatus {
    state: OperationState,
    document: Value,
}

impl OperationStatus {
    /// What a document says; `None` if it says nothing of an operation.
    pub(super) fn read(document: Value) -> Option<Self> {
        let state = state_of(word(&document)?);
        Some(Self { state, document })
    }

    /// An operation of which nothing else is known.
    pub(super) fn bare(state: OperationState) -> Self {
        Self { state, document: Value::Null }
    }

    /// How far the operation is.
    pub fn state(&self) -> OperationState {
        self.state
    }

    /// The service's own word for it, such as `inProgress`.
    pub fn text(&self) -> Option<&str> {
        word(&self.document)
    }

    /// How much of it is done, from 0 to 100, if the service says it.
    pub fn percentage(&self) -> Option<f64> {
        let names = ["percentageComplete", "percentComplete", "percentProgress"];
        names.iter().find_map(|name| self.document.get(name)?.as_f64())
    }

    /// The id of what the operation has made.
    pub fn resource_id(&self) -> Option<&str> {
        first_text(&self.document, &["resourceId", "targetResourceId"])
    }

    /// Where that is, as the service says it: nothing has been checked.
    pub fn resource_location(&self) -> Option<&str> {
        first_text(&self.document, &["resourceLocation", "targetResourceLocation"])
    }

    /// All that the service says.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The failure that the document tells of.
    pub(super) fn failure(&self, call: CallName) -> OperationError {
        let nested =
            ["error", "resultInfo"].iter().find_map(|name| self.document.get(name).filter(|v| v.is_object()));
        let nested = nested.unwrap_or(&Value::Null);
        let text = |text: Option<&str>| text.map(str::to_owned);
        OperationError {
            call,
            status: text(self.text()).unwrap_or_default(),
            code: text(first_text(nested, &["code"]).or(first_text(&self.document, &["errorCode"]))),
            message: text(
                first_text(nested, &["message"]).or(first_text(&self.document, &["statusDescription"])),
            ),
            is_unknown: false,
        }
    }
}

/// The word for the state. Print operations have it in an object.
fn word(document: &Value) -> Option<&str> {
    let status = document.get("status")?;
    let word = status.as_str().or_else(|| first_text(status, &["state", "processingState"]));
    word.filter(|word| !word.trim().is_empty())
}

fn first_text<'a>(document: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| document.get(name)?.as_str())
}

/// What services call the states of operations and jobs, in small letters without hyphens and the like: the members of
/// all such enumerations of the metadata, and a few words that only the answers have.
const WORDS: [(OperationState, &[&str]); 5] = [
    (
        OperationState::NotStarted,
        &[
            "added",
            "draft",
            "initialized",
            "notstarted",
            "pending",
            "queued",
            "scheduled",
            "scheduling",
            "unspecified",
            "waiting",
        ],
    ),
    (
        OperationState::Running,
        &[
            "activating",
            "active",
            "calculating",
            "canceling",
            "cancelling",
            "inprogress",
            "loadingdata",
            "paused",
            "processing",
            // A job that failed several times and is tried again more seldom.
            "quarantined",
            "running",
            // A printer that waits for somebody to mend it.
            "stopped",
            "unknown",
            "unknownfuturevalue",
            "updating",
        ],
    ),
    (OperationState::Succeeded, &["complete", "completed", "done", "succeeded", "success", "successful"]),
    (
        OperationState::PartlySucceeded,
        &[
            "completedwitherror",
            "completedwitherrors",
            "completedwithwarnings",
            "entrylevelerrors",
            "partial",
            "partiallycompleted",
            "partiallysucceeded",
            "partiallysuccessful",
            "partialsuccess",
            "succeededwitherrors",
        ],
    ),
    (
        OperationState::Failed,
        &[
            "abandoned",
            "aborted",
            "canceled",
            "cancelled",
            "deletefailed",
            "error",
            "expired",
            "failed",
            "failure",
            "invalid",
            "noupload",
            "skipped",
            "submissionfailed",
            "timedout",
        ],
    ),
];

/// The state that a word names; `None` if it is not among those that are known.
fn known_state(word: &str) -> Option<OperationState> {
    let letters = word.chars().filter(char::is_ascii_alphanumeric);
    let word: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(state, _)| *state)
}

fn state_of(word: &str) -> OperationState {
    known_state(word).unwrap_or(OperationState::Running)
}

/// A long-running operation that was accepted, but failed afterwards, or of which nobody can say how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationError {
    call: CallName,
    status: String,
    code: Option<String>,
    message: Option<String>,
    is_unknown: bool,
}

impl OperationError {
    pub(super) fn new(call: CallName, status: &str, message: String) -> Self {
        Self { call, status: status.to_owned(), code: None, message: Some(message), is_unknown: false }
    }

    /// Of an operation whose monitor gives answers that say nothing.
    pub(super) fn unknown(call: CallName, message: String) -> Self {
        Self { is_unknown: true, ..Self::new(call, "", message) }
    }

    /// Whether it is not known if the operation has ended, and how: what the monitor answers is not understood. It
    /// may have succeeded. The [poller](crate::Poller) can be asked again, and says
    /// [where](crate::Poller::monitor) to go on asking later.
    pub fn is_outcome_unknown(&self) -> bool {
        self.is_unknown
    }

    /// Method and path template of the call that began the operation, or of its monitor if it was resumed.
    pub fn call(&self) -> &CallName {
        &self.call
    }

    /// The service's word for the operation's state.
    pub fn status(&self) -> &str {
        &self.status
    }

    /// The service's error code.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What the service says for people.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unknown {
            write!(f, "{} was accepted, but what became of it is unknown", self.call)?;
        } else {
            let status = one_line(&self.status, SHOWN);
            write!(f, "{} was accepted, then the operation ended as {status}", self.call)?;
        }
        if let Some(code) = self.code() {
            write!(f, ", {}", one_line(code, SHOWN))?;
        }
        match self.message() {
            Some(message) => write!(f, ": {}", one_line(message, SHOWN)),
            None => Ok(()),
        }
    }
}

impl StdError for OperationError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a property says how far something is that runs by itself.
    fn is_state_of_operation(owner: &str, property: &str) -> bool {
        let kinds = ["Operation", "Job", "Async", "Run", "Restore", "Recovery", "Export", "Execution"];
        let owner = owner.rsplit('.').next().unwrap_or_default();
        let kind_is_there =
            kinds.iter().any(|kind| owner.contains(kind) || owner.starts_with(&kind.to_ascii_lowercase()));
        let is_state = ["status", "state", "processingState", "processingStatus"].contains(&property);
        is_state && kind_is_there
    }

    #[test]
    fn every_state_of_operations_and_jobs_that_the_metadata_names_is_classified() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../generated/inventory/types.txt");
        let inventory = std::fs::read_to_string(path).expect("the inventory");
        let names: Vec<_> = inventory.lines().filter_map(|line| line.split(" |").next()).collect();
        let states = names.iter().filter_map(|name| {
            let (property, kind) = name.split_once(' ')?;
            let (owner, property) = property.split_once('/')?;
            is_state_of_operation(owner, property).then_some(kind.split(' ').next()?)
        });
        let kinds: std::collections::HashSet<_> = states.collect();
        let (mut enumerations, mut members) = (0, 0);
        for enumeration in names.iter().filter_map(|name| name.split_once(" enum").map(|(name, _)| name)) {
            if !kinds.contains(enumeration) {
                continue;
            }
            enumerations += 1;
            let own = names.iter().filter_map(|name| name.strip_prefix(enumeration)?.strip_prefix('/'));
            for member in own.filter_map(|member| member.split(" = ").next()) {
                assert!(known_state(member).is_some(), "{enumeration}/{member}");
                members += 1;
            }
        }
        assert!(enumerations > 15 && members > 80, "{enumerations} {members}");
    }

    #[test]
    fn a_word_has_one_meaning_however_it_is_written() {
        let words: Vec<_> = WORDS.iter().flat_map(|(_, words)| *words).collect();
        for word in &words {
            assert_eq!(words.iter().filter(|other| *other == word).count(), 1, "{word}");
        }
        for word in ["completedWithErrors", "Completed with errors", "COMPLETED_WITH_ERRORS"] {
            assert_eq!(known_state(word), Some(OperationState::PartlySucceeded), "{word}");
        }
    }
}
