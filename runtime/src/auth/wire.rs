//! Carries the requests of the `oauth2` crate over the client's own transport: no redirects, bounded answers,
//! an identifier for support, and the service's errors kept whole.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, StatusCode};
use oauth2::{AsyncHttpClient, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError};
use secrecy::zeroize::Zeroizing;
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
        let mut response = http::Response::new(Vec::from(body));
        *response.status_mut() = status;
        if let Some(media_type) = headers.get(CONTENT_TYPE) {
            response.headers_mut().insert(CONTENT_TYPE, media_type.clone());
        }
        if status != StatusCode::OK {
            let retry_after = retry_after(&headers, self.network.clock().now());
            let refusal = Refusal::from_json(status, response.body());
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
    Ok((head.status, head.headers, body))
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
