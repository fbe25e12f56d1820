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
    /// It has succeeded, at least in part.
    Succeeded,
    /// It has failed or was cancelled.
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
        }
    }
}

/// The word for the state. Print operations have it in an object.
fn word(document: &Value) -> Option<&str> {
    let status = document.get("status")?;
    status.as_str().or_else(|| first_text(status, &["state", "processingState"]))
}

fn first_text<'a>(document: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| document.get(name)?.as_str())
}

fn state_of(word: &str) -> OperationState {
    match word.to_ascii_lowercase().as_str() {
        "notstarted" | "pending" | "queued" | "waiting" | "unspecified" => OperationState::NotStarted,
        "succeeded" | "completed" | "success" | "partiallysucceeded" | "skipped" => OperationState::Succeeded,
        "failed" | "cancelled" | "canceled" | "aborted" | "invalid" | "submissionfailed" | "deletefailed" => {
            OperationState::Failed
        }
        _ => OperationState::Running,
    }
}

/// A long-running operation that was accepted, but failed afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationError {
    call: CallName,
    status: String,
    code: Option<String>,
    message: Option<String>,
}

impl OperationError {
    pub(super) fn new(call: CallName, status: &str, message: String) -> Self {
        Self { call, status: status.to_owned(), code: None, message: Some(message) }
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
        write!(
            f,
            "{} was accepted, then the operation ended as {}",
            self.call,
            one_line(&self.status, SHOWN)
        )?;
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
