//! Carries the requests of the `oauth2` crate over the client's own transport: no redirects, bounded answers,
//! an identifier for support, and the service's errors kept whole.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, StatusCode};
use oauth2::{AsyncHttpClient, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError};
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};
use url::Url;

use super::authority::without_query;
use super::error::AuthError;
use super::refusal::Refusal;
use crate::body::Body;
use crate::network::Network;
use crate::throttling::retry_after;
use crate::transport::{Phase, TransportError};

/// The most that is read of an answer; real ones have a few thousand bytes.
const LIMIT: usize = 1 << 20;

/// The longest that a service is believed which says when to come again.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// The form fields that an error must never repeat.
const SECRET_FIELDS: [&str; 7] = [
    "client_secret",
    "client_assertion",
    "assertion",
    "refresh_token",
    "code",
    "code_verifier",
    "device_code",
];

/// One conversation with the sign-in service.
pub(crate) struct Wire<'n> {
    network: &'n Network,
    correlation_id: HeaderValue,
    /// What went wrong last, which `oauth2`'s own errors say only half of.
    failure: Mutex<Option<AuthError>>,
}

/// Stands for [`Wire::failure`] inside `oauth2`'s errors.
#[derive(Debug)]
pub(crate) struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request failed")
    }
}

impl std::error::Error for Failed {}

impl<'n> Wire<'n> {
    pub(crate) fn new(network: &'n Network) -> Self {
        Self { network, correlation_id: identifier(network), failure: Mutex::new(None) }
    }

    /// The error that a person needs, in place of `oauth2`'s.
    pub(crate) fn error<T: ErrorResponse>(
        &self,
        endpoint: &Url,
        error: RequestTokenError<Failed, T>,
    ) -> AuthError {
        let kept = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        let problem = match (kept, error) {
            (Some(kept), _) => return kept,
            (None, RequestTokenError::Parse(error, _)) => {
                unreadable(&error.path().to_string(), error.inner())
            }
            (None, RequestTokenError::Other(problem)) => problem,
            (None, _) => "it makes no sense".to_owned(),
        };
        AuthError::Answer { endpoint: without_query(endpoint), problem }
    }

    /// Sends a form and gives the answer, whatever its status; what is not a success is also remembered.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (mut head, body) = request.into_parts();
        let form = Zeroizing::new(body);
        let secrets = secrets(&form);
        head.headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        head.headers.insert("client-request-id", self.correlation_id.clone());
        let endpoint = head.uri.to_string().split('?').next().unwrap_or_default().to_owned();
        // The last owner of the bytes overwrites them.
        let request = http::Request::from_parts(head, Body::from(Bytes::from_owner(form)));
        let (status, headers, body) = match exchange(self.network, request, &endpoint).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.fail(error)),
        };
        let inside = error_inside(status, &body);
        let mut response = http::Response::new(with_numbers(Vec::from(body)));
        *response.status_mut() = status;
        if let Some(media_type) = headers.get(CONTENT_TYPE) {
            response.headers_mut().insert(CONTENT_TYPE, media_type.clone());
        }
        if inside.is_some() {
            // An error is never a token, whatever the status says.
            *response.status_mut() = StatusCode::BAD_REQUEST;
        }
        if status != StatusCode::OK || inside.is_some() {
            let retry_after =
                retry_after(&headers, self.network.clock().now()).map(|wait| wait.min(LONGEST_WAIT));
            let refusal = inside.or_else(|| Refusal::from_json(status, response.body()));
            let refusal = refusal.unwrap_or_else(|| Refusal::of_status(status)).retry_after_of(retry_after);
            let refusal = refusal.without(secrets.iter().map(|secret| secret.as_str()));
            tracing::debug!(target: "msgraph::auth", endpoint, error = refusal.error(), code = refusal.code(), "the sign-in service refused");
            self.fail(AuthError::Refused(refusal.into()));
        }
        Ok(response)
    }

    fn fail(&self, error: AuthError) -> Failed {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        Failed
    }
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = Failed;
    type Future = BoxFuture<'c, Result<HttpResponse, Failed>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The error in an answer that claims to be a success. Only one that names an error is looked into, so that no copy of
/// a token is made.
fn error_inside(status: StatusCode, body: &[u8]) -> Option<Refusal> {
    let names_error = status == StatusCode::OK && body.windows(ERROR.len()).any(|part| part == ERROR);
    names_error.then(|| Refusal::from_json(status, body)).flatten()
}

/// The name of OAuth's error as JSON has it.
const ERROR: &[u8] = b"\"error\"";

/// A device code's answer with its times as numbers, where a service writes them as text.
fn with_numbers(body: Vec<u8>) -> Vec<u8> {
    if !body.windows(DEVICE_CODE.len()).any(|part| part == DEVICE_CODE) {
        return body;
    }
    let Ok(mut answer) = serde_json::from_slice::<Map<String, Value>>(&body) else { return body };
    for name in ["expires_in", "interval"] {
        let seconds = answer.get(name).and_then(|value| match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        });
        if let Some(seconds) = seconds.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0) {
            answer.insert(name.to_owned(), (seconds as u64).into());
        }
    }
    serde_json::to_vec(&answer).unwrap_or(body)
}

/// What only the answer to a request for a device code has.
const DEVICE_CODE: &[u8] = b"\"device_code\"";

/// The text without the byte order mark that some servers begin it with.
fn without_mark(body: Bytes) -> Bytes {
    if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body }
}

const AGENT: &str = concat!("msgraph-rust/", env!("CARGO_PKG_VERSION"));

/// Fetches a public document.
pub(crate) async fn get(network: &Network, url: &Url) -> Result<Bytes, AuthError> {
    let endpoint = without_query(url);
    let failed = |problem: String| AuthError::Answer { endpoint: endpoint.clone(), problem };
    let request = http::Request::builder().method(Method::GET).uri(url.as_str()).header(USER_AGENT, AGENT);
    let request = request.body(Body::empty()).map_err(|error| failed(error.to_string()))?;
    let (status, _, body) = exchange(network, request, &endpoint).await?;
    if status != StatusCode::OK {
        return Err(match Refusal::from_json(status, &body) {
            Some(refusal) => AuthError::Refused(refusal.into()),
            None => AuthError::Refused(Refusal::of_status(status).into()),
        });
    }
    Ok(body)
}

/// Sends a request and reads a bounded answer, which must not be a redirect.
async fn exchange(
    network: &Network,
    request: http::Request<Body>,
    endpoint: &str,
) -> Result<(StatusCode, http::HeaderMap, Bytes), AuthError> {
    let delivery =
        |source: TransportError| AuthError::Delivery { endpoint: endpoint.to_owned(), source: source.into() };
    let response = network.send(request).await.map_err(delivery)?;
    let (head, body) = response.into_parts();
    if head.status.is_redirection() {
        let problem = format!(
            "it answers {}, and redirects are not followed here: correct the authority or endpoint",
            head.status
        );
        return Err(AuthError::Answer { endpoint: endpoint.to_owned(), problem });
    }
    let body =
        body.collect(LIMIT).await.map_err(|error| delivery(TransportError::new(Phase::Body, error)))?;
    Ok((head.status, head.headers, without_mark(body)))
}

/// The values of a form that must not be shown.
fn secrets(form: &[u8]) -> Vec<Zeroizing<String>> {
    let fields = url::form_urlencoded::parse(form).filter(|(name, _)| SECRET_FIELDS.contains(&&**name));
    fields.map(|(_, value)| Zeroizing::new(value.into_owned())).collect()
}

/// What is wrong with an answer, without its values: they may be tokens.
pub(crate) fn unreadable(path: &str, error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.to_string() {
        text if text.starts_with("missing field") => {
            text.split(" at line").next().unwrap_or_default().to_owned()
        }
        _ if error.is_data() => format!("{path:?} is not what OAuth 2.0 says it is ({place})"),
        _ => format!("it is not JSON ({place})"),
    }
}

/// A random identifier for one conversation.
pub(crate) fn identifier(network: &Network) -> HeaderValue {
    let randomness = network.randomness();
    let bits = u128::from(randomness.next()) << 64 | u128::from(randomness.next());
    let id = uuid::Builder::from_random_bytes(bits.to_ne_bytes()).into_uuid();
    // Hexadecimal digits and hyphens are fit for a header.
    HeaderValue::try_from(id.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
