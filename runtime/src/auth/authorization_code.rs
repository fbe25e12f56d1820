//! Sign-in with a browser: the authorization code grant with PKCE
//! ([RFC 6749, section 4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1), [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)).

use std::fmt;

use oauth2::{AuthUrl, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope as OAuthScope};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::application::Application;
use super::authority;
use super::client_authentication::ClientAuthentication;
use super::error::AuthError;
use super::exchange::{Exchange, Granted};
use super::refusal::Refusal;
use super::scope::{self, Scope};
use super::user::{UserCredential, UserCredentialBuilder};
use crate::network::Network;

/// A sign-in of a user with a browser, in two steps: [`begin`](Self::begin) gives the URL to send the browser
/// to, [`finish`](Self::finish) takes the URL that it comes back to.
///
/// Programs on a user's computer have it easier with
/// [`UserCredentialBuilder::browser`](super::UserCredentialBuilder::browser), which does both.
#[derive(Clone, Debug)]
pub struct AuthorizationCodeFlow {
    application: Application,
    authentication: ClientAuthentication,
    redirect_uri: RedirectUrl,
    scopes: Vec<Scope>,
    reserved: bool,
    parameters: Vec<(String, String)>,
}

impl AuthorizationCodeFlow {
    /// A flow that ends at a redirect URI which the app registration knows.
    ///
    /// # Errors
    /// If the redirect URI is not an absolute URL.
    pub fn new(application: Application, redirect_uri: &str) -> Result<Self, AuthError> {
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| {
            AuthError::configuration(format!("the redirect URI {redirect_uri:?} is not a URL: {error}"))
        })?;
        Ok(Self {
            application,
            authentication: ClientAuthentication::public(),
            redirect_uri,
            scopes: Vec::new(),
            reserved: true,
            parameters: Vec::new(),
        })
    }

    /// How the application proves which one it is when it exchanges the code (default: not at all; web
    /// applications must).
    #[must_use]
    pub fn authentication(self, authentication: ClientAuthentication) -> Self {
        Self { authentication, ..self }
    }

    /// What the user signs in for.
    #[must_use]
    pub fn scopes<S: Into<Scope>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// Asks for these scopes alone, without `openid`, `profile` and `offline_access`, which are added otherwise.
    #[must_use]
    pub fn without_reserved_scopes(self) -> Self {
        Self { reserved: false, ..self }
    }

    /// Adds a parameter to the authorization URL, such as `prompt`, `login_hint` or `domain_hint`.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What is unwise about the settings, one sentence each: a refresh token that will be missed.
    ///
    /// # Errors
    /// If the scopes cannot be right.
    pub fn warnings(&self) -> Result<Vec<String>, AuthError> {
        Ok(scope::of_user(&self.scopes, self.application.names(), self.reserved)?.warnings)
    }

    /// The URL to send the browser to, with a new state and code verifier.
    ///
    /// # Errors
    /// If the scopes cannot be right, or discovery is on and fails.
    pub async fn begin(&self, network: &Network) -> Result<AuthorizationRequest, AuthError> {
        let endpoints = self.application.endpoints(network, None).await?;
        let scopes = self.checked_scopes()?;
        let claims = self.application.claims(None)?;
        self.request(endpoints.authorize, &scopes, claims.as_deref())
    }

    fn checked_scopes(&self) -> Result<Vec<String>, AuthError> {
        let checked = scope::of_user(&self.scopes, self.application.names(), self.reserved)?;
        for warning in checked.warnings {
            tracing::warn!(target: "msgraph::auth", "{warning}");
        }
        Ok(checked.scopes)
    }

    pub(crate) fn request(
        &self,
        authorize: Url,
        scopes: &[String],
        claims: Option<&str>,
    ) -> Result<AuthorizationRequest, AuthError> {
        let client =
            oauth2::basic::BasicClient::new(oauth2::ClientId::new(self.application.client_id().to_owned()))
                .set_auth_uri(AuthUrl::from_url(authorize))
                .set_redirect_uri(self.redirect_uri.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes.iter().cloned().map(OAuthScope::new))
            .add_extra_param("response_mode", "query")
            .add_extra_param("client_info", "1")
            .set_pkce_challenge(challenge);
        if let Some(claims) = claims {
            request = request.add_extra_param("claims", claims);
        }
        for (name, value) in &self.parameters {
            request = request.add_extra_param(name, value);
        }
        let (url, state) = request.url();
        Ok(AuthorizationRequest {
            url,
            state: state.into_secret().into(),
            verifier: verifier.into_secret().into(),
        })
    }

    /// Exchanges what the browser came back with for a signed-in user. `answer` is the URL that was called at
    /// the redirect URI, or its query.
    ///
    /// # Errors
    /// If the answer is not one to this request, says that the user declined, or its code is refused.
    pub async fn finish(
        &self,
        request: &AuthorizationRequest,
        answer: &str,
        network: &Network,
    ) -> Result<UserCredential, AuthError> {
        self.finish_with(UserCredential::builder(self.application.clone()), request, answer, network).await
    }

    /// The same, with settings of the credential: a cache and an account name. Its scopes and authentication
    /// are those of this flow.
    ///
    /// # Errors
    /// As [`AuthorizationCodeFlow::finish`].
    pub async fn finish_with(
        &self,
        builder: UserCredentialBuilder,
        request: &AuthorizationRequest,
        answer: &str,
        network: &Network,
    ) -> Result<UserCredential, AuthError> {
        let scopes = scope::of_user(&self.scopes, self.application.names(), self.reserved)?.scopes;
        let answer = AuthorizationAnswer::parse(answer)?;
        answer.check_state(&request.state)?;
        let exchange = Exchange::begin(&self.application, &self.authentication, network, None, None).await?;
        let granted = self.exchange(&exchange, request, answer, &scopes).await?;
        let builder = builder.authentication(self.authentication.clone()).scopes(self.scopes.iter().cloned());
        let builder = if self.reserved { builder } else { builder.without_reserved_scopes() };
        let credential = builder.build(None, None)?;
        credential.adopt(granted, &scopes, network).await?;
        Ok(credential)
    }

    pub(crate) async fn exchange(
        &self,
        exchange: &Exchange<'_>,
        request: &AuthorizationRequest,
        answer: AuthorizationAnswer,
        scopes: &[String],
    ) -> Result<Granted, AuthError> {
        let code = answer.code(&exchange.endpoints.authorize)?;
        exchange.authorization_code(&code, &request.verifier, &self.redirect_uri, scopes).await
    }
}

/// A sign-in that has begun. A web application keeps state and verifier with the browser's session, out of
/// the browser's reach, until the browser comes back.
#[derive(Clone)]
pub struct AuthorizationRequest {
    url: Url,
    state: SecretString,
    verifier: SecretString,
}

impl AuthorizationRequest {
    /// A request that was begun earlier, perhaps by another process.
    pub fn resume(url: Url, state: impl Into<SecretString>, verifier: impl Into<SecretString>) -> Self {
        Self { url, state: state.into(), verifier: verifier.into() }
    }

    /// Where to send the browser.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What the answer must repeat.
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// What proves, when the code is exchanged, that it was this program that asked.
    pub fn verifier(&self) -> &SecretString {
        &self.verifier
    }
}

/// Without state and verifier.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationRequest({})", authority::without_query(&self.url))
    }
}

/// What a browser came back with.
pub(crate) struct AuthorizationAnswer {
    code: Option<SecretString>,
    state: Option<SecretString>,
    issuer: Option<String>,
    refusal: Option<Refusal>,
}

impl AuthorizationAnswer {
    /// Reads a URL, or its query.
    pub(crate) fn parse(answer: &str) -> Result<Self, AuthError> {
        let query = match Url::parse(answer) {
            Ok(url) => url.query().unwrap_or_default().to_owned(),
            Err(_) => answer.rsplit('?').next().unwrap_or_default().to_owned(),
        };
        let (mut answer, mut error, mut description) =
            (Self { code: None, state: None, issuer: None, refusal: None }, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => answer.code = Some(value.into_owned().into()),
                "state" => answer.state = Some(value.into_owned().into()),
                "iss" => answer.issuer = Some(value.into_owned()),
                "error" => error = Some(value.into_owned()),
                "error_description" => description = Some(value.into_owned()),
                _ => {}
            }
        }
        answer.refusal = error.map(|error| Refusal::new(error, description));
        Ok(answer)
    }

    /// Fails unless the answer belongs to the request with this state: otherwise somebody else may have made it.
    pub(crate) fn check_state(&self, state: &SecretString) -> Result<(), AuthError> {
        match &self.state {
            Some(own) if own.expose_secret() == state.expose_secret() => Ok(()),
            Some(_) => Err(AuthError::Interaction(
                "the answer belongs to another sign-in (its state differs): begin again".to_owned(),
            )),
            None => Err(AuthError::Interaction("the answer has no state: begin again".to_owned())),
        }
    }

    /// Whether the user or the authority declined.
    #[cfg(feature = "interactive")]
    pub(crate) fn is_refusal(&self) -> bool {
        self.refusal.is_some()
    }

    /// The code, if the answer comes from the authority that was asked (RFC 9207) and is not a refusal.
    fn code(self, authorize: &Url) -> Result<SecretString, AuthError> {
        if let Some(refusal) = self.refusal {
            return Err(AuthError::Refused(refusal.into()));
        }
        if let Some(issuer) = &self.issuer
            && !Url::parse(issuer).is_ok_and(|issuer| authority::belongs(authorize, &issuer))
        {
            return Err(AuthError::Interaction(
                "the answer comes from another authority than was asked: begin again".to_owned(),
            ));
        }
        self.code.filter(|code| !code.expose_secret().is_empty()).ok_or_else(|| {
            AuthError::Interaction("the answer has neither code nor error: begin again".to_owned())
        })
    }
}
