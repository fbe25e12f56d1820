//! One request by its number, and what must come of it.

use anyhow::{Result, bail, ensure};
use http::Method;
use msgraph::GraphClient;
use msgraph::models::{Event, User};
use msgraph::runtime::Error;

use super::fault::{self, Fault};

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A typed GET.
    Get,
    /// A GET by path.
    RawGet,
    /// A typed POST.
    Post,
    /// A POST by path.
    RawPost,
    /// A typed PATCH.
    Patch,
    /// A typed DELETE.
    Delete,
}

const KINDS: [Kind; 6] = [Kind::Get, Kind::RawGet, Kind::Post, Kind::RawPost, Kind::Patch, Kind::Delete];

impl Kind {
    /// The kind of a request.
    pub fn of(number: u32) -> Self {
        KINDS[number as usize % KINDS.len()]
    }

    /// Whether it may be sent twice.
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::RawGet)
    }
}

/// Whether a request must succeed in the end: it meets no fault, may be sent again, or has its answer in spite of it.
pub fn must_succeed(number: u32) -> bool {
    let kind = Kind::of(number);
    fault::of(number).is_none_or(|(fault, _)| kind.is_safe() || fault.is_refusal() || is_answer(fault, kind))
}

/// Whether what a fault leaves of an answer says all that there is to say: that it was done.
pub fn is_answer(fault: Fault, kind: Kind) -> bool {
    match fault {
        Fault::Empty => !kind.is_safe(),
        Fault::Truncated => kind == Kind::Delete,
        _ => false,
    }
}

/// Sends a request, and tells whether it succeeded.
///
/// # Errors
/// If it did not succeed and should have, or the other way round, or if it got the answer to another request.
pub async fn send(client: &GraphClient, number: u32) -> Result<bool> {
    let kind = Kind::of(number);
    match (answer(client, kind, number).await, must_succeed(number)) {
        (Ok(answered), true) => {
            ensure!(
                answered.is_none_or(|answered| answered == number.to_string()),
                "request {number} ({kind:?}) got the answer to another"
            );
            Ok(true)
        }
        (Err(_), false) => Ok(false),
        (Ok(_), false) => {
            bail!("request {number} ({kind:?}) succeeded in spite of {:?}", fault::of(number))
        }
        (Err(error), true) => {
            bail!("request {number} ({kind:?}) with {:?} failed: {error}", fault::of(number))
        }
    }
}

/// The request that the answer says it belongs to, if it has a body.
async fn answer(client: &GraphClient, kind: Kind, number: u32) -> Result<Option<String>, Error> {
    let id = number.to_string();
    let user = client.users().by_id(&id);
    match kind {
        Kind::Get => user.get().await.map(|user| user.id),
        Kind::RawGet => id_of(&client.request(Method::GET, &format!("/users/{id}")).await?),
        Kind::Post => user.events().create(&Event::default()).await.map(|event| event.into_value().id),
        Kind::RawPost => {
            let request = client.request(Method::POST, &format!("/users/{id}/events"));
            id_of(&request.json(&serde_json::json!({"subject": id})).await?)
        }
        Kind::Patch => user.update(&User::default()).await.map(|user| user.and_then(|user| user.id)),
        Kind::Delete => user.messages().by_id("1").delete().await.map(|()| None),
    }
}

fn id_of(answer: &msgraph::runtime::Answer) -> Result<Option<String>, Error> {
    if answer.bytes().is_empty() {
        return Ok(None);
    }
    answer.json::<serde_json::Value>().map(|json| json["id"].as_str().map(str::to_owned))
}
