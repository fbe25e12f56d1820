//! The credentials of an application that signs in as itself (client credentials grant).

use std::fmt;
use std::future::Future;
use std::path::PathBuf;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::application::Application;
use super::authority::is_for_users_only;
#[cfg(feature = "certificate")]
use super::certificate::ClientCertificate;
use super::client_authentication::ClientAuthentication;
use super::error::AuthError;
use super::exchange::Exchange;
use super::scope::{self, Scope};
use super::tokens::{AccessTokens, TokenKey};
use crate::credential::{AccessToken, TokenCredential, TokenRequest};
use crate::error::Error;

/// What the three have in common.
struct ApplicationItself {
    application: Application,
    authentication: ClientAuthentication,
    tokens: AccessTokens,
}

impl ApplicationItself {
    fn new(application: Application, authentication: ClientAuthentication) -> Result<Self, AuthError> {
        authentication.check()?;
        if is_for_users_only(application.tenant()) {
            return Err(AuthError::configuration(format!(
                "an application signs in as itself in one tenant: give its GUID or domain name in place of {:?}",
                application.tenant()
            )));
        }
        Ok(Self { application, authentication, tokens: AccessTokens::default() })
    }

    async fn get_token(&self, request: TokenRequest<'_>) -> Result<AccessToken, AuthError> {
        let scopes: Vec<Scope> = request.scopes().iter().map(|scope| Scope::from(*scope)).collect();
        let scope = scope::of_application(&scopes, self.application.names())?;
        let authority = self.application.authority(request.service_cloud())?;
        let key = TokenKey::new(&authority, self.application.client_id(), None, &[&scope]);
        let (application, authentication) = (self.application.clone(), self.authentication.clone());
        let fetch = move |ask: super::tokens::Ask| {
            async move {
                let claims = ask.claims.as_deref();
                let exchange =
                    Exchange::begin(&application, &authentication, &ask.network, ask.cloud, claims).await?;
                exchange.client_credentials(&scope).await
            }
            .boxed()
        };
        self.tokens.get(key, request, fetch).await
    }
}

/// The three differ in their proof only.
macro_rules! credential {
    ($name:ident) => {
        impl TokenCredential for $name {
            fn get_token<'a>(
                &'a self,
                request: TokenRequest<'a>,
            ) -> BoxFuture<'a, Result<AccessToken, Error>> {
                Box::pin(async move { Ok(self.0.get_token(request).await?) })
            }
        }

        /// Without the proof.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0.application)
            }
        }
    };
}

/// An application that signs in as itself with a client secret.
pub struct ClientSecretCredential(ApplicationItself);

impl ClientSecretCredential {
    /// Takes the secret's value, not its ID.
    ///
    /// # Errors
    /// If something cannot be right: `common` for a tenant, an empty secret.
    pub fn new(tenant: &str, client_id: &str, secret: impl Into<SecretString>) -> Result<Self, AuthError> {
        Self::for_application(Application::new(tenant, client_id)?, secret)
    }

    /// The same for an application with settings of its own.
    ///
    /// # Errors
    /// As [`ClientSecretCredential::new`].
    pub fn for_application(
        application: Application,
        secret: impl Into<SecretString>,
    ) -> Result<Self, AuthError> {
        ApplicationItself::new(application, ClientAuthentication::secret(secret)).map(Self)
    }
}

credential!(ClientSecretCredential);

/// An application that signs in as itself with a certificate.
#[cfg(feature = "certificate")]
pub struct ClientCertificateCredential(ApplicationItself);

#[cfg(feature = "certificate")]
impl ClientCertificateCredential {
    /// Takes the certificate with its private key.
    ///
    /// # Errors
    /// If something cannot be right, such as `common` for a tenant.
    pub fn new(tenant: &str, client_id: &str, certificate: ClientCertificate) -> Result<Self, AuthError> {
        Self::for_application(Application::new(tenant, client_id)?, certificate)
    }

    /// The same for an application with settings of its own.
    ///
    /// # Errors
    /// As [`ClientCertificateCredential::new`].
    pub fn for_application(
        application: Application,
        certificate: ClientCertificate,
    ) -> Result<Self, AuthError> {
        ApplicationItself::new(application, ClientAuthentication::certificate(certificate)).map(Self)
    }
}

#[cfg(feature = "certificate")]
credential!(ClientCertificateCredential);

/// An application that signs in as itself with an assertion which another identity provider has signed
/// (workload identity federation).
pub struct ClientAssertionCredential(ApplicationItself);

impl ClientAssertionCredential {
    /// Calls an async function for an assertion before every token request.
    ///
    /// # Errors
    /// If something cannot be right, such as `common` for a tenant.
    pub fn new<F, T>(tenant: &str, client_id: &str, callback: F) -> Result<Self, AuthError>
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<SecretString, Error>> + Send + 'static,
    {
        Self::for_application(Application::new(tenant, client_id)?, ClientAuthentication::assertion(callback))
    }

    /// Reads the assertion from a file before every token request, as Kubernetes and others replace it.
    ///
    /// # Errors
    /// If something cannot be right, such as `common` for a tenant.
    pub fn from_file(tenant: &str, client_id: &str, path: impl Into<PathBuf>) -> Result<Self, AuthError> {
        Self::for_application(
            Application::new(tenant, client_id)?,
            ClientAuthentication::assertion_file(path),
        )
    }

    /// The same for an application with settings of its own.
    ///
    /// # Errors
    /// If something cannot be right, such as `common` for a tenant.
    pub fn for_application(
        application: Application,
        assertion: ClientAuthentication,
    ) -> Result<Self, AuthError> {
        ApplicationItself::new(application, assertion).map(Self)
    }
}

credential!(ClientAssertionCredential);
