//! Small content, which goes by one request, and must prove itself like any other.

use bytes::Bytes;
use http::StatusCode;

use super::target::{self, Sight, Target};
use super::{Upload, Uploaded, is_attachment, unreadable};
use crate::error::Error;
use crate::request::Request;
use crate::response::{Answer, Decode, Expected};
use crate::transfer::TransferError;
use crate::transfer::receipt::Receipt;

/// What makes of bytes the request that sends them, such as `|bytes| item.put_content(bytes)`: every function that
/// gives a [`Request`], whatever that would make of its answer.
pub trait Put: FnOnce(Bytes) -> Request<<Self as Put>::Answer> {
    /// What the request would make of its answer.
    type Answer;
}

impl<F: FnOnce(Bytes) -> Request<T>, T> Put for F {
    type Answer = T;
}

impl Upload {
    /// Sends small content (up to 4 MB; attachments: 3 MB) by one request, which a function makes of the bytes,
    /// and anything else as [`Upload::send`].
    ///
    /// ```
    /// use msgraph_runtime::{Error, Model, Request};
    /// use msgraph_runtime::upload::Upload;
    ///
    /// /// `open` is what a generated `create_upload_session` gives, `put` a generated `put_content`.
    /// async fn send<Session, Item: Model>(
    ///     open: Request<Session>,
    ///     put: impl FnOnce(bytes::Bytes) -> Request<Option<Item>>,
    ///     photo: Vec<u8>,
    /// ) -> Result<Option<Item>, Error> {
    ///     Ok(Upload::from_bytes(open, photo).send_or_put::<Item>(put).await?.into_value())
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of the request, or of [`Upload::send`]; also the request's answer must prove that the content is stored.
    pub async fn send_or_put<R: Decode>(&mut self, put: impl Put) -> Result<Uploaded<R::Output>, Error> {
        let length = self.length().await?;
        if length > self.limits.small || self.opened.is_some() {
            return self.send::<R>().await;
        }
        self.source.begin();
        let bytes = self.source.read(0..length).await.map_err(unreadable)?;
        self.source.note_sent(0, &bytes);
        let draft = put(bytes).into_draft();
        let (name, is_attachment) = (draft.name(), is_attachment(&draft) || self.is_for_attachment());
        let url = target::of_content(&draft);
        let answer = draft.send(Expected { buffered: true, ..Expected::of::<R>() }).await?;
        if is_proof(&answer) {
            return self.finish::<R>(answer, length, is_attachment).await;
        }
        let target = Target { url, since: target::date(&answer.headers), length };
        let sight = target::look(&self.client, self.policy, &target, &mut self.source, true);
        match sight.await? {
            Sight::Proven(answer) => self.finish::<R>(*answer, length, is_attachment).await,
            _ => Err(TransferError::unknown(name, None).into()),
        }
    }

    fn is_for_attachment(&self) -> bool {
        self.request.as_deref().is_some_and(is_attachment)
    }
}

/// Whether an answer can mean nothing else than that the content is stored: it says that something was made, that there
/// is nothing more to say, or gives the item.
fn is_proof(answer: &Answer) -> bool {
    matches!(answer.status, StatusCode::CREATED | StatusCode::NO_CONTENT)
        || Receipt::of(answer.bytes()).has_id
}
