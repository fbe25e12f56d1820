//! Signing in: every way in which a client of the service gets its tokens.
//!
//! Start with the [`guide`]: registering an app, which credential for which program, national clouds, consent.
//!
//! - An application as itself: [`ClientSecretCredential`], `ClientCertificateCredential` (feature
//!   `certificate`), [`ClientAssertionCredential`].
//! - A user: [`UserCredential`] by browser (feature `interactive`), by device code, with a refresh token;
//!   [`AuthorizationCodeFlow`] for web applications.
//! - A web API for its callers: [`OnBehalfOf`].
//! - What runs in Azure: `AzureCredential` (feature `azure-identity`), for every credential of that crate.
//! - What the environment's variables describe: [`EnvironmentCredential`].
//! - Several of them: [`CredentialChain`]. A token from elsewhere: [`StaticToken`](crate::StaticToken), or any
//!   async closure.
//!
//! All of them send their requests over the client's own [`Network`](crate::Network), keep their tokens in
//! memory, and fail with an [`AuthError`] that says what to do.

mod admin_consent;
mod application;
mod authority;
mod authorization_code;
#[cfg(feature = "azure-identity")]
mod azure;
#[cfg(feature = "interactive")]
mod browser;
#[cfg(feature = "certificate")]
mod certificate;
mod chain;
mod claims;
mod client_authentication;
mod client_credentials;
mod connection;
mod device_code;
mod discovery;
mod environment;
mod error;
mod exchange;
pub mod guide;
mod on_behalf_of;
mod refusal;
mod scope;
mod token_cache;
mod tokens;
mod user;
mod wire;

pub use admin_consent::AdminConsent;
pub use application::{Application, ApplicationBuilder};
pub use authority::Endpoints;
pub use authorization_code::{AuthorizationCodeFlow, AuthorizationRequest};
#[cfg(feature = "azure-identity")]
pub use azure::{AzureCredential, AzureHttpClient};
#[cfg(feature = "interactive")]
pub use browser::BrowserSignIn;
#[cfg(feature = "certificate")]
pub use certificate::{ClientCertificate, Signature};
pub use chain::CredentialChain;
pub use claims::{Identity, TokenClaims};
pub use client_authentication::ClientAuthentication;
#[cfg(feature = "certificate")]
pub use client_credentials::ClientCertificateCredential;
pub use client_credentials::{ClientAssertionCredential, ClientSecretCredential};
pub use connection::{ConnectionReport, ConnectionStep};
pub use device_code::{DeviceCodePrompt, DeviceCodeSignIn};
pub use environment::EnvironmentCredential;
pub use error::AuthError;
pub use on_behalf_of::{OnBehalfOf, OnBehalfOfCredential};
pub use refusal::Refusal;
pub use scope::{PermissionNames, Scope};
#[cfg(feature = "keyring")]
pub use token_cache::KeyringTokenCache;
pub use token_cache::{CacheResult, FileTokenCache, MemoryTokenCache, TokenCache, TokenCacheKey};
pub use user::{UserCredential, UserCredentialBuilder};
