//! The requests for tokens: each grant's form, made and read by the `oauth2` crate, with what Entra ID adds.

use std::borrow::Cow;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken as OAuthAccessToken, AuthType, AuthorizationCode, ClientId, EndpointNotSet, EndpointSet,
    HttpRequest, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, StandardRevocableToken, TokenResponse,
    TokenUrl,
};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use url::form_urlencoded;

use super::application::Application;
use super::authority::Endpoints;
use super::client_authentication::{ClientAuthentication, Parameters};
use super::error::AuthError;
use super::wire::{Wire, unreadable};
use crate::cloud::Cloud;
use crate::credential::AccessToken;
use crate::network::Network;

/// How long a token is taken to live if the answer does not say: as long as Entra ID's shortest.
const LIFETIME: u64 = 3_600;

/// The longest life that an answer is believed: a year.
const LONGEST: u64 = 366 * 24 * 3_600;

/// The `oauth2` client whose token answers are [`Answer`]s.
type BareClient = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// The same with a token endpoint.
pub(crate) type OAuthClient = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The answer of a token endpoint. `Debug` shows no secret: the types of its fields see to that.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Answer {
    access_token: OAuthAccessToken,
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    /// The same as a time since 1970, which services write that know no `expires_in`.
    #[serde(default, deserialize_with = "seconds")]
    expires_on: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
}

/// Seconds as services write them: a number, one with a fraction, or either as text, as AD FS and older endpoints do.
/// Null and empty text say nothing.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Whole(u64),
        Fraction(f64),
        Text(String),
    }
    let unreadable = || D::Error::custom("no number of seconds");
    let fraction = match Option::<Written>::deserialize(deserializer).map_err(|_| unreadable())? {
        None => return Ok(None),
        Some(Written::Whole(seconds)) => return Ok(Some(seconds)),
        Some(Written::Fraction(seconds)) => seconds,
        Some(Written::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Written::Text(text)) => text.trim().parse().map_err(|_| unreadable())?,
    };
    // The conversion saturates.
    if fraction.is_finite() && fraction >= 0.0 { Ok(Some(fraction as u64)) } else { Err(unreadable()) }
}

impl TokenResponse for Answer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &OAuthAccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// What a grant gave.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) access: AccessToken,
    pub(crate) refresh: Option<SecretString>,
    /// When a new token should be asked for, if the service says so.
    pub(crate) refresh_on: Option<Timestamp>,
    pub(crate) issued: Timestamp,
}

impl Granted {
    /// Takes an answer to a request that was sent at a time.
    pub(crate) fn new(answer: Answer, issued: Timestamp) -> Self {
        let after = |seconds: u64| {
            let seconds = i64::try_from(seconds.min(LONGEST)).unwrap_or(i64::MAX);
            issued.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
        };
        let until = |time: u64| time.saturating_sub(u64::try_from(issued.as_second()).unwrap_or_default());
        let expires_on = after(answer.expires_in.or(answer.expires_on.map(until)).unwrap_or(LIFETIME));
        Self {
            access: AccessToken::new(answer.access_token.into_secret()).expires_on(expires_on),
            refresh: answer.refresh_token.map(|token| token.into_secret().into()),
            refresh_on: answer.refresh_in.map(after),
            issued,
        }
    }
}

/// One conversation with the token endpoint: for whom, with what proof, over which network.
pub(crate) struct Exchange<'n> {
    pub(crate) application: &'n Application,
    pub(crate) network: &'n Network,
    pub(crate) endpoints: Endpoints,
    pub(crate) wire: Wire<'n>,
    proof: Parameters,
    claims: Option<String>,
}

impl<'n> Exchange<'n> {
    /// Finds the endpoints and proves who the application is.
    pub(crate) async fn begin(
        application: &'n Application,
        authentication: &ClientAuthentication,
        network: &'n Network,
        cloud: Option<Cloud>,
        challenge: Option<&str>,
    ) -> Result<Self, AuthError> {
        let claims = application.claims(challenge)?;
        let endpoints = application.endpoints(network, cloud).await?;
        let now = network.clock().now();
        let proof = authentication.parameters(application.client_id(), &endpoints.token, now).await?;
        Ok(Self { application, network, endpoints, wire: Wire::new(network), proof, claims })
    }

    pub(crate) fn client(&self) -> OAuthClient {
        BareClient::new(ClientId::new(self.application.client_id().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(self.endpoints.token.clone()))
    }

    /// What every token request has besides the grant's own fields. Values are lent, so that no copy of a
    /// secret is left behind.
    pub(crate) fn extra(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let proof = self.proof.iter().map(|(name, value)| (*name, value.expose_secret()));
        proof.chain(self.claims.iter().map(|claims| ("claims", claims.as_str())))
    }

    /// RFC 6749, section 4.4: a token for the application itself.
    pub(crate) async fn client_credentials(&self, scope: &str) -> Result<Granted, AuthError> {
        let client = self.client();
        let mut request = client.exchange_client_credentials().add_scope(Scope::new(scope.to_owned()));
        for (name, value) in self.extra() {
            request = request.add_extra_param(name, value);
        }
        let issued = self.network.clock().now();
        self.granted(request.request_async(&self.wire).await, issued)
    }

    /// RFC 6749, section 4.1.3, with the verifier of RFC 7636.
    pub(crate) async fn authorization_code(
        &self,
        code: &SecretString,
        verifier: &SecretString,
        redirect_uri: &RedirectUrl,
        scopes: &[String],
    ) -> Result<Granted, AuthError> {
        let client = self.client().set_redirect_uri(redirect_uri.clone());
        let scope = scopes.join(" ");
        let mut request = client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .add_extra_param("scope", &scope)
            .add_extra_param("client_info", "1");
        for (name, value) in self.extra() {
            request = request.add_extra_param(name, value);
        }
        let issued = self.network.clock().now();
        self.granted(request.request_async(&self.wire).await, issued)
    }

    /// RFC 6749, section 6.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, AuthError> {
        let client = self.client();
        let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let mut request = client.exchange_refresh_token(&token).add_extra_param("client_info", "1");
        request = request.add_scopes(scopes.iter().cloned().map(Scope::new));
        for (name, value) in self.extra() {
            request = request.add_extra_param(name, value);
        }
        let issued = self.network.clock().now();
        let answer = request.request_async(&self.wire).await;
        token.into_secret().zeroize();
        self.granted(answer, issued)
    }

    /// The on-behalf-of flow, which RFC 7523 describes and the `oauth2` crate does not have: the form is put
    /// together here, and sent and read as the others are.
    pub(crate) async fn on_behalf_of(
        &self,
        assertion: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, AuthError> {
        let request = self.on_behalf_of_request(assertion, &scopes.join(" "))?;
        let issued = self.network.clock().now();
        let response = self.wire.send(request).await.map_err(|failed| self.failed(failed))?;
        if response.status() != http::StatusCode::OK {
            return Err(self.failed(super::wire::Failed));
        }
        let body = Zeroizing::new(response.into_body());
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|error| self.unusable(unreadable("a field", &error)))?;
        self.granted::<BasicErrorResponse>(Ok(answer), issued)
    }

    fn on_behalf_of_request(&self, assertion: &SecretString, scope: &str) -> Result<HttpRequest, AuthError> {
        let own = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("client_id", self.application.client_id()),
            ("assertion", assertion.expose_secret()),
            ("scope", scope),
            ("client_info", "1"),
        ];
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(8 * 1024));
        form.extend_pairs(own).extend_pairs(self.extra());
        http::Request::post(self.endpoints.token.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish().into_bytes())
            .map_err(|error| self.unusable(error.to_string()))
    }

    fn failed(&self, failed: super::wire::Failed) -> AuthError {
        self.wire.error::<BasicErrorResponse>(&self.endpoints.token, failed.into())
    }

    pub(crate) fn unusable(&self, problem: String) -> AuthError {
        AuthError::Answer { endpoint: super::authority::without_query(&self.endpoints.token), problem }
    }

    /// The answer as what was granted, if it is a bearer token that can be used.
    pub(crate) fn granted<T: oauth2::ErrorResponse>(
        &self,
        answer: Result<Answer, oauth2::RequestTokenError<super::wire::Failed, T>>,
        issued: Timestamp,
    ) -> Result<Granted, AuthError> {
        let answer = answer.map_err(|error| self.wire.error(&self.endpoints.token, error))?;
        let token_type: Cow<'_, str> = answer.token_type.as_ref().into();
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(self.unusable("the token's type is not Bearer".to_owned()));
        }
        if answer.access_token.secret().is_empty() {
            return Err(self.unusable("the access token is empty".to_owned()));
        }
        tracing::debug!(
            target: "msgraph::auth",
            client_id = self.application.client_id(),
            expires_in = answer.expires_in,
            rotated = answer.refresh_token.is_some(),
            "a token was granted"
        );
        Ok(Granted::new(answer, issued))
    }
}
