//! Makes an error of every answer that is not a success.

use super::redirects::is_see_other;
use super::{Call, Next};
use crate::body::Body;
use crate::client::Shared;
use crate::error::{Error, GraphError};
use crate::graph_error::LIMIT;
use crate::permissions::{Explanation, Granted};

pub(super) async fn send(call: &mut Call, client: &Shared) -> Result<http::Response<Body>, Error> {
    let (name, operation, keeps_see_other) = (call.name(), call.operation(), call.keeps_see_other);
    let response = Next::per_call(call, client).await?;
    let is_kept = keeps_see_other && is_see_other(response.status());
    if response.status().is_success() || is_kept {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    // The status is known; a body that breaks off does not make it less of an answer.
    let body = body.collect_up_to(LIMIT).await.map(|(bytes, _)| bytes).unwrap_or_default();
    let now = client.clock.now();
    let error = GraphError::new(name, head.status, &head.headers, &body, now);
    let granted = head.extensions.get::<Granted>().cloned();
    let explanation =
        operation.zip(granted).map(|(it, granted)| Explanation::new(it, granted, client.catalog));
    Err(error.explained(explanation).into())
}
