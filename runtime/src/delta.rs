//! Change tracking ([delta query](https://learn.microsoft.com/graph/delta-query-overview)): what has changed in a
//! collection since it was last looked at.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::error::{Error, GraphError};
use crate::extra::Extra;
use crate::json::{ReadError, Reader, Value, Writer};
use crate::model::Model;
use crate::paging::{Checkpoint, Items, Page, Position};
use crate::request::Request;

/// Something that happened to a collection.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change<T> {
    /// An item is there, new or changed. In later rounds it may hold only its id and what has changed.
    Changed(T),
    /// An item is not there any more.
    Removed {
        /// Its key.
        id: String,
        /// Why: `changed` if it can be restored, `deleted` if it cannot be; drive items and list items give their
        /// own words, such as `softDeleted`.
        reason: Option<String>,
        /// All that the service says of it.
        item: T,
    },
    /// The service has forgotten what this client knows: everything that is there now follows, and what does not
    /// come again is gone. Only [`Changes`] gives this.
    Resync {
        /// The service's word for it. `resyncChangesApplyDifferences` asks to replace what is stored here with what
        /// follows, `resyncChangesUploadDifferences` to keep what differs and send it to the service.
        code: Option<String>,
    },
}

impl<T: Model> Value for Change<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let item: T = Value::read(reader)?;
        let extra = item.extra();
        Ok(match removal(&item, &extra) {
            Some(removal) => {
                let id = text(property(&item, &extra, "id")).unwrap_or_default();
                Self::Removed { id, reason: removal, item }
            }
            None => Self::Changed(item),
        })
    }

    /// [`Change::Resync`] is not a value of the service's and written as null.
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Changed(item) | Self::Removed { item, .. } => Value::write(item, writer),
            Self::Resync { .. } => writer.raw("null"),
        }
    }
}

/// Whether an item was removed, and why: `@removed` (OData 4.01 JSON, section 15.3), or the facet `deleted` that drive
/// items and list items have instead.
fn removal<T: Model>(item: &T, extra: &Extra) -> Option<Option<String>> {
    if let Some(annotation) = extra.get("@removed") {
        let annotation: serde_json::Value = serde_json::from_str(annotation).unwrap_or_default();
        return Some(text(annotation.get("reason").cloned()));
    }
    let facet = property(item, extra, "deleted").filter(serde_json::Value::is_object)?;
    Some(text(facet.get("state").cloned()))
}

/// The value of one property, if it is set, whether the model declares it or not.
fn property<T: Model>(item: &T, extra: &Extra, name: &str) -> Option<serde_json::Value> {
    let Some(index) = T::TYPE.index(name) else {
        return serde_json::from_str(extra.get(name)?).ok();
    };
    let mut writer = Writer::new();
    writer.begin_object();
    writer.declared(T::TYPE, Some(index), |writer| Model::write(item, writer));
    writer.end_object();
    let mut object: serde_json::Value = serde_json::from_slice(&writer.into_bytes()).ok()?;
    object.get_mut(name).map(serde_json::Value::take)
}

fn text(value: Option<serde_json::Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

/// Where to ask for the changes since a round of [`Changes`] has ended: to be stored together with what the round
/// gave, and resumed from in the next one.
///
/// What holds for a [`Checkpoint`] holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeltaToken(Checkpoint);

impl DeltaToken {
    /// The token of a delta link that was stored as text (`@odata.deltaLink`).
    pub fn from_link(link: impl Into<String>) -> Self {
        Self(Checkpoint::from_link(link))
    }

    /// The delta link.
    pub fn link(&self) -> &str {
        self.0.link().unwrap_or_default()
    }
}

impl From<DeltaToken> for Checkpoint {
    fn from(token: DeltaToken) -> Self {
        token.0
    }
}

impl<T: Model> Request<Page<Change<T>>> {
    /// The changes of one round: everything that is there in the first one, what has changed since then in one that
    /// is [resumed](Changes::resume) from the token of the one before.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use msgraph_runtime::{Change, DeltaToken, Error, Model, Page, Request};
    ///
    /// async fn synchronize<T: Model>(
    ///     request: Request<Page<Change<T>>>,
    ///     stored: Option<DeltaToken>,
    /// ) -> Result<Option<DeltaToken>, Error> {
    ///     let mut changes = request.changes();
    ///     if let Some(token) = stored {
    ///         changes = changes.resume(token);
    ///     }
    ///     while let Some(change) = changes.try_next().await? {
    ///         match change {
    ///             Change::Changed(item) => { /* store it */ }
    ///             Change::Removed { id, .. } => { /* forget it */ }
    ///             Change::Resync { .. } => { /* forget everything */ }
    ///             _ => {}
    ///         }
    ///     }
    ///     Ok(changes.token())
    /// }
    /// ```
    pub fn changes(self) -> Changes<T> {
        Changes { items: Items::new(self.pages()), resets: 0, is_led: false }
    }
}

/// The changes of a collection, page by page as [`Items`] gets them. At its end it has a [token](Self::token).
///
/// If the service has forgotten where this client stands (410 Gone, or an error that speaks of the state of
/// synchronization), the stream says so with [`Change::Resync`] and goes on with everything that is there, from where
/// the service says, or from the beginning if that place is missing, on a foreign host, or answers with an error. It does
/// so twice in a round at most; then the service's error is given, and says so.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Changes<T> {
    items: Items<Change<T>>,
    /// How often this round has begun anew.
    resets: u8,
    /// Whether nothing has come yet from the place to begin anew that the service gave.
    is_led: bool,
}

impl<T> Changes<T> {
    /// Goes on from the token of the round before, or from a checkpoint within a round; see [`Items::resume`].
    pub fn resume(self, place: impl Into<Checkpoint>) -> Self {
        Self { items: self.items.resume(&place.into()), ..self }
    }

    /// Asks for the next page while the changes of the one before are in use; see [`Items::prefetch`].
    pub fn prefetch(self) -> Self {
        Self { items: self.items.prefetch(), ..self }
    }

    /// The token for the next round, once this one has ended.
    pub fn token(&self) -> Option<DeltaToken> {
        let checkpoint = self.checkpoint();
        matches!(checkpoint.position(), Position::Delta(_)).then_some(DeltaToken(checkpoint))
    }

    /// The place within the round, as of [`Items::checkpoint`]: a first round can be long.
    pub fn checkpoint(&self) -> Checkpoint {
        self.items.checkpoint()
    }

    /// Makes an event of an error by which the service says that it has forgotten where the client stands; of one that
    /// only tells that the place to begin anew is none, nothing.
    fn reset(&mut self, error: Error) -> Option<Result<Change<T>, Error>> {
        // A place that fails would fail in every run (onedrive-api-docs#249).
        if std::mem::take(&mut self.is_led) && is_of_place(&error) {
            self.items.restart(None);
            return None;
        }
        let went_on = self.resets > 0 || *self.items.position() != Position::Start;
        let error = match error {
            Error::Graph(error) if went_on && is_reset(&error) => error,
            error => return Some(Err(error)),
        };
        if self.resets == MOST_RESETS {
            let note =
                "the service has forgotten where this client stands after every fresh start of this round";
            return Some(Err(error.noted(note).into()));
        }
        self.resets += 1;
        self.is_led = self.items.restart(error.location());
        Some(Ok(Change::Resync { code: reset_code(&error) }))
    }
}

/// How often a round begins anew; a service that forgets each time would be asked without end.
const MOST_RESETS: u8 = 2;

/// Whether an error may be due to where the request led, and not to the way there or a limit.
fn is_of_place(error: &Error) -> bool {
    match error {
        Error::Graph(error) => error.status() != StatusCode::TOO_MANY_REQUESTS,
        Error::Link(_) | Error::Decode(_) => true,
        _ => false,
    }
}

/// Whether the service has forgotten a token. Not all say so with 410: Outlook, the directory and drives have codes of
/// their own for it (abraunegg/onedrive#1175).
fn is_reset(error: &GraphError) -> bool {
    let mut codes = error.inner().iter().filter_map(|inner| inner.code.as_deref()).chain(error.code());
    error.status() == StatusCode::GONE || (error.status().is_client_error() && codes.any(is_of_state))
}

/// Whether a code speaks of the state of synchronization, such as `SyncStateInvalid`, `Directory_ResyncRequired`,
/// `resyncChangesApplyDifferences` or `ErrorInvalidSyncStateData`.
fn is_of_state(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    ["resync", "syncstate", "deltatoken", "expiredpagetoken"].iter().any(|word| code.contains(word))
}

/// The most specific code that speaks of synchronization, else the code of the error.
fn reset_code(error: &GraphError) -> Option<String> {
    let inner = error.inner().iter().rev().filter_map(|inner| inner.code.as_deref());
    inner.chain(error.code()).find(|code| is_of_state(code)).or(error.code()).map(str::to_owned)
}

impl<T: Model> Stream for Changes<T> {
    type Item = Result<Change<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.items).poll_next(context)) {
                // An error of an item is one of a page that has come.
                Some(Err(error)) if !matches!(error, Error::Item(_)) => {
                    if let Some(change) = self.reset(error) {
                        return Poll::Ready(Some(change));
                    }
                }
                next => {
                    self.is_led = false;
                    return Poll::Ready(next);
                }
            }
        }
    }
}
