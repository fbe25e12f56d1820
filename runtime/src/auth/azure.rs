//! Every credential of the `azure_identity` crate: managed identity, Azure CLI, workload identity, environment.

use std::fmt;
use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::request::Body as AzureBody;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::error::AuthError;
use super::exchange::Granted;
use super::tokens::{AccessTokens, Ask, TokenKey};
use crate::body::Body;
use crate::credential::{AccessToken, TokenCredential, TokenRequest};
use crate::error::Error;
use crate::network::Network;
use crate::transport::Phase;

/// A credential of the Azure SDK. Its requests go over the transport that it was made with: give it an
/// [`AzureHttpClient`] for the same proxy and TLS settings as everything else.
///
/// The Azure SDK's interface has no claims: a claims challenge is answered with whatever token its credential
/// gives next.
#[derive(Clone)]
pub struct AzureCredential {
    inner: Arc<dyn azure_core::credentials::TokenCredential>,
    tokens: AccessTokens,
}

impl AzureCredential {
    /// Takes a credential of the Azure SDK.
    pub fn new(credential: Arc<dyn azure_core::credentials::TokenCredential>) -> Self {
        Self { inner: credential, tokens: AccessTokens::default() }
    }
}

impl TokenCredential for AzureCredential {
    fn get_token<'a>(&'a self, request: TokenRequest<'a>) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let inner = self.inner.clone();
        let scopes: Vec<String> = request.scopes().iter().map(|scope| (*scope).to_owned()).collect();
        let fetch = move |ask: Ask| async move { fetch(&*inner, &scopes, &ask).await }.boxed();
        Box::pin(async move {
            // One credential is one identity, so that its tokens differ by their scopes only.
            let authority = super::authority::of_cloud(request.service_cloud().unwrap_or_default())?;
            let key = TokenKey::new(&authority, "", None, request.scopes());
            Ok(self.tokens.get(key, request, fetch).await?)
        })
    }
}

async fn fetch(
    inner: &dyn azure_core::credentials::TokenCredential,
    scopes: &[String],
    ask: &Ask,
) -> Result<Granted, AuthError> {
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let issued = ask.network.clock().now();
    let token = inner
        .get_token(&scopes, None)
        .await
        .map_err(|error| AuthError::source("the Azure SDK gave no token", error))?;
    let expires_on = Timestamp::from_second(token.expires_on.unix_timestamp()).unwrap_or(issued);
    let access = AccessToken::new(token.token.secret()).expires_on(expires_on);
    Ok(Granted { access, refresh: None, refresh_on: None, issued })
}

impl fmt::Debug for AzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AzureCredential")
    }
}

/// The transport of a [`Network`] for the Azure SDK's credentials, which take it in their `ClientOptions`.
#[derive(Clone, Debug)]
pub struct AzureHttpClient(Network);

impl AzureHttpClient {
    /// Sends the Azure SDK's requests over a network.
    pub fn new(network: Network) -> Self {
        Self(network)
    }
}

// What `#[async_trait]` makes of the trait's async function.
impl HttpClient for AzureHttpClient {
    fn execute_request<'a, 'r, 'f>(
        &'a self,
        request: &'r Request,
    ) -> BoxFuture<'f, azure_core::Result<AsyncRawResponse>>
    where
        'a: 'f,
        'r: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let request = outgoing(request)?;
            let response = self.0.send(request).await.map_err(|error| {
                let kind =
                    if error.phase() == Phase::Connect { ErrorKind::Connection } else { ErrorKind::Io };
                azure_core::Error::with_error(kind, error, "the request was not answered")
            })?;
            Ok(incoming(response))
        })
    }
}

fn outgoing(request: &Request) -> azure_core::Result<http::Request<Body>> {
    let mut outgoing = http::Request::builder().method(request.method().as_ref()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        outgoing = outgoing.header(name.as_str(), value.as_str());
    }
    let AzureBody::Bytes(bytes) = request.body() else {
        return Err(azure_core::Error::with_message(ErrorKind::Other, "credentials send no streams"));
    };
    let body = Body::from(Bytes::clone(bytes));
    outgoing
        .body(body)
        .map_err(|error| azure_core::Error::with_error(ErrorKind::Other, error, "not a request"))
}

fn incoming(response: http::Response<Body>) -> AsyncRawResponse {
    let (head, body) = response.into_parts();
    let mut headers = Headers::new();
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    let chunks = body.into_stream();
    let chunks =
        chunks.map_err(|error| azure_core::Error::with_error(ErrorKind::Io, error, "the answer broke off"));
    AsyncRawResponse::new(head.status.as_u16().into(), headers, Box::pin(chunks))
}
