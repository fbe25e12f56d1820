//! The item that an upload leads to: which it is, and whether it is there as it should be. It is looked at only if the
//! service's own answers do not say what became of the content.

use std::time::{Duration, SystemTime};

use http::header::DATE;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use url::Url;

use super::source::{Comparison, Source};
use super::unreadable;
use crate::body::Body;
use crate::client::GraphClient;
use crate::error::Error;
use crate::operation::Operation;
use crate::pipeline::Call;
use crate::request::Draft;
use crate::response::Answer;
use crate::retry::RetryPolicy;
use crate::throttling::later;
use crate::transfer::Patience;
use crate::transfer::receipt::{Receipt, member, object};

/// How looking at the item is named. Without `op:`, as the program does not call it.
const ITEM: Operation = Operation("GET {uploaded-item};;");

/// How often an item that should be there is looked for, as what was just written is not everywhere at once.
const LOOKS: u32 = 3;

/// How far the clocks of the service may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// What is looked at, and what it must be.
pub(super) struct Target {
    /// The item, if it is known.
    pub(super) url: Option<String>,
    /// When the upload began, by the service's clock, if it told: what was changed last before that is of before.
    pub(super) since: Option<Timestamp>,
    /// The number of bytes.
    pub(super) length: u64,
}

/// What was seen of the item.
pub(super) enum Sight {
    /// It has the size of the content, and its hash; if it says no hash, it was at least not changed before the upload.
    Proven(Box<Answer>),
    /// It is not there.
    Absent,
    /// It is there, with other content, such as that of before.
    Other,
    /// Nothing was seen.
    Unknown,
}

/// The URL of the item that a request to open a session is about: `…/items/{id}:/{name}:/createUploadSession`, or
/// `…/items/{id}/createUploadSession`. Of attachments it is not known before the service has said it; and the item of a
/// name is another one if the new one may get another name.
pub(super) fn of_session(draft: &Draft) -> Option<String> {
    if super::is_attachment(draft) || renames(draft) {
        return None;
    }
    let url = item_url(draft)?;
    Some(url.strip_suffix("/createUploadSession").unwrap_or(&url).to_owned())
}

/// The URL of the item whose content a request is: `…/items/{id}:/{name}:/content`.
pub(super) fn of_content(draft: &Draft) -> Option<String> {
    let renames = draft.url().ok()?.query_pairs().any(|(_, value)| value == RENAME);
    item_url(draft).filter(|_| !renames)?.strip_suffix("/content").map(str::to_owned)
}

const RENAME: &str = super::ConflictBehavior::Rename.as_str();

fn item_url(draft: &Draft) -> Option<String> {
    let mut url = draft.url().ok()?;
    url.set_query(None);
    Some(url.into())
}

/// Whether a request to open a session asks for another name if the name is taken.
fn renames(draft: &Draft) -> bool {
    let json = draft.body().as_bytes().and_then(|bytes| object(bytes));
    let behavior =
        json.as_ref().and_then(|json| member(member(json, "item")?, super::conflict::ANNOTATION)?.as_str());
    behavior == Some(RENAME)
}

/// The time that an answer was given.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let time: SystemTime = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    time.try_into().ok()
}

/// Looks at the item, several times while it is `expected` and not there as it should be.
pub(super) async fn look(
    client: &GraphClient,
    policy: RetryPolicy,
    target: &Target,
    source: &mut Source,
    expected: bool,
) -> Result<Sight, Error> {
    // A session that was stored may lead anywhere; the token goes to the service only.
    let url = target.url.as_ref().and_then(|url| client.own_link(url).ok());
    let Some(url) = url else { return Ok(Sight::Unknown) };
    let mut patience = Patience::new(policy);
    for look in 1.. {
        let sight = once(client, &url, target, source).await?;
        let may_change = matches!(sight, Sight::Absent | Sight::Other) && expected && look < LOOKS;
        if !may_change || !patience.wait(client, None).await {
            return Ok(sight);
        }
    }
    Ok(Sight::Unknown)
}

async fn once(client: &GraphClient, url: &Url, target: &Target, source: &mut Source) -> Result<Sight, Error> {
    let call = Call::new(Method::GET, url.clone(), HeaderMap::new(), Body::empty(), Some(ITEM));
    let answer = match client.clone().call(call.buffered()).await {
        Ok(answer) => answer,
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => return Ok(Sight::Absent),
        Err(_) => return Ok(Sight::Unknown),
    };
    let receipt = Receipt::of(answer.bytes());
    if !receipt.has_id {
        return Ok(Sight::Unknown);
    }
    let is_older = receipt.modified.zip(target.since).is_some_and(|(time, since)| later(time, SKEW) < since);
    Ok(match source.compare(&receipt, target.length).await.map_err(unreadable)? {
        Comparison::Same { hash: false, .. } if is_older => Sight::Other,
        Comparison::Same { size: true, .. } => Sight::Proven(Box::new(answer)),
        Comparison::Same { .. } => Sight::Unknown,
        Comparison::Differs(_) => Sight::Other,
    })
}
