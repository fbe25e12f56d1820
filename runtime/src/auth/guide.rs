//! # Guide to signing in
//!
//! ## Registering an app
//!
//! Every program that signs in needs an app registration in a tenant: open the
//! [Microsoft Entra admin center](https://entra.microsoft.com), *App registrations*, *New registration*.
//!
//! 1. **Supported account types** decide the tenant that you name later: one organization, its GUID or domain
//!    name; any organization, `organizations`; personal accounts too, `common`; those alone, `consumers`.
//! 2. Write down the **Application (client) ID** and the **Directory (tenant) ID**.
//! 3. Under **Authentication** add what the program needs:
//!    - desktop and command line: the platform *Mobile and desktop applications* with the redirect URI
//!      `http://localhost`, without a port;
//!    - device code: *Allow public client flows*, yes;
//!    - web application: the platform *Web* with the exact redirect URI.
//! 4. Under **Certificates & secrets**, for programs that can keep one: upload a certificate (better), create a
//!    client secret (take its *Value*, not its *Secret ID*), or add a federated credential (best: nothing to keep).
//! 5. Under **API permissions** add what the program calls: *Delegated* where a user is signed in, *Application*
//!    where none is. Every operation of this crate says what it takes.
//!
//! ## Which credential for which program
//!
//! | program | credential | permissions |
//! |---|---|---|
//! | runs in Azure (VM, App Service, Functions, Kubernetes) | managed or workload identity through [`AzureCredential`](super::AzureCredential) (feature `azure-identity`) | application |
//! | service or job elsewhere | [`ClientCertificateCredential`](super::ClientCertificateCredential) (feature `certificate`; PKCS#12: `pkcs12`), else [`ClientSecretCredential`](super::ClientSecretCredential) | application |
//! | job in a CI system or cloud with its own identities | [`ClientAssertionCredential`](super::ClientAssertionCredential) | application |
//! | what its environment describes | [`EnvironmentCredential`](super::EnvironmentCredential) | application |
//! | desktop program | [`UserCredential`](super::UserCredential) by [browser](super::UserCredentialBuilder::browser) (feature `interactive`) | delegated |
//! | command line without a browser, device | [`UserCredential`](super::UserCredential) by [device code](super::UserCredentialBuilder::device_code) | delegated |
//! | web application | [`AuthorizationCodeFlow`](super::AuthorizationCodeFlow) | delegated |
//! | web API that acts for its callers | [`OnBehalfOf`](super::OnBehalfOf) | delegated |
//! | developer's computer and production alike | [`CredentialChain`](super::CredentialChain) | both |
//!
//! A service with a secret:
//!
//! ```
//! # #[cfg(feature = "hyper")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use msgraph_runtime::{GraphClient, auth::ClientSecretCredential};
//!
//! let (tenant, client_id) = ("contoso.onmicrosoft.com", "00001111-aaaa-2222-bbbb-3333cccc4444");
//! # let secret_from_your_vault = "…".to_owned();
//! let client = GraphClient::new(ClientSecretCredential::new(tenant, client_id, secret_from_your_vault)?);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "hyper"))]
//! # fn main() {}
//! ```
//!
//! A service with a certificate, and a command-line program that remembers its user between runs:
//!
//! ```no_run
//! # #[cfg(feature = "certificate")]
//! # fn certificate() -> Result<(), Box<dyn std::error::Error>> {
//! use msgraph_runtime::auth::{ClientCertificate, ClientCertificateCredential};
//!
//! let certificate = ClientCertificate::from_pem(&std::fs::read("daemon.pem")?)?;
//! let daemon = ClientCertificateCredential::new("contoso.onmicrosoft.com", "client-id", certificate)?;
//! # Ok(())
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use msgraph_runtime::auth::{Application, DeviceCodeSignIn, FileTokenCache, UserCredential};
//!
//! let user = UserCredential::builder(Application::new("common", "client-id")?)
//!     .scopes(["User.Read", "Mail.Read"])
//!     .cache(FileTokenCache::new("/home/adele/.local/state/my-program/tokens.json"))
//!     .device_code(DeviceCodeSignIn::printing())?;
//! # Ok(())
//! # }
//! ```
//!
//! A web application sends the browser away and takes it back. State and verifier wait in the session:
//!
//! ```no_run
//! # use msgraph_runtime::{GraphClient, Network, auth::*};
//! # async fn handlers(network: Network, session: (), callback_url: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let application = Application::new("contoso.onmicrosoft.com", "client-id")?;
//! let flow = AuthorizationCodeFlow::new(application, "https://app.example/signed-in")?
//!     .authentication(ClientAuthentication::secret("client secret"))
//!     .scopes(["User.Read"]);
//!
//! // the handler of "sign in": redirect to request.url()
//! let request = flow.begin(&network).await?;
//!
//! // the handler of the redirect URI
//! let user = flow.finish(&request, callback_url, &network).await?;
//! # Ok(())
//! # }
//! ```
//!
//! What runs in Azure, and otherwise whatever the developer is signed in with:
//!
//! ```
//! # #[cfg(feature = "azure-identity")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use azure_core::http::{ClientOptions, Transport};
//! use azure_identity::{AzureCliCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions};
//! use msgraph_runtime::Network;
//! use msgraph_runtime::auth::{AzureCredential, AzureHttpClient, CredentialChain};
//!
//! let transport = Transport::new(std::sync::Arc::new(AzureHttpClient::new(Network::system()?)));
//! let client_options = ClientOptions { transport: Some(transport), ..Default::default() };
//! let options = ManagedIdentityCredentialOptions { client_options, ..Default::default() };
//! let credential = CredentialChain::new()
//!     .with("managed identity", AzureCredential::new(ManagedIdentityCredential::new(Some(options))?))
//!     .with("Azure CLI", AzureCredential::new(AzureCliCredential::new(None)?));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "azure-identity"))]
//! # fn main() {}
//! ```
//!
//! Any async closure from scopes to a token is a credential, and [`StaticToken`](crate::StaticToken) is one for a
//! token that is there already.
//!
//! ## National clouds
//!
//! Each cloud has its own tenants, sign-in service and Graph hosts ([`Cloud`](crate::Cloud)). Set it once, at
//! the client: the scopes and, unless the application says otherwise, the authority follow.
//!
//! ```
//! # #[cfg(feature = "hyper")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use msgraph_runtime::{Cloud, GraphClient, auth::ClientSecretCredential};
//!
//! let credential = ClientSecretCredential::new("contoso.onmicrosoft.us", "client-id", "client secret")?;
//! let client = GraphClient::builder().cloud(Cloud::UsGovernment).credential(credential).build()?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "hyper"))]
//! # fn main() {}
//! ```
//!
//! Where a URL is needed before there is a client, for [`AuthorizationCodeFlow`](super::AuthorizationCodeFlow) and
//! [`AdminConsent`](super::AdminConsent), set it at the application too
//! ([`ApplicationBuilder::cloud`](super::ApplicationBuilder::cloud)); if the two differ, that is an error. Another
//! authority than Entra ID's is set with [`ApplicationBuilder::authority`](super::ApplicationBuilder::authority),
//! and read from its OpenID document with [`discover`](super::ApplicationBuilder::discover).
//!
//! ## Consent
//!
//! - A user consents at the first sign-in to delegated permissions that need no administrator.
//! - Application permissions, and delegated ones that need an administrator, are granted once per tenant: send
//!   an administrator to [`AdminConsent::url`](super::AdminConsent::url), and read the answer with
//!   [`AdminConsent::parse`](super::AdminConsent::parse). The answer is a claim; get a token to be sure.
//! - `https://graph.microsoft.com/.default` stands for everything that the app is registered for. It is the only
//!   scope of an application that signs in as itself, and cannot be mixed with others.
//! - Scopes such as `User.Read` are for users. With `offline_access`, which is added unless you say otherwise,
//!   there is a refresh token and the user need not come back.
//!
//! ## When it does not work
//!
//! [`GraphClient::test_connection`](crate::GraphClient::test_connection) gets a token, says what is in it, and
//! calls the service. [`AuthError`](super::AuthError) keeps the service's code, correlation and trace id, and says what to do
//! about the common ones; [`AuthError::of`](super::AuthError::of) finds it in the error of a call.
//!
//! ## What is promised about secrets
//!
//! - Secrets, keys' passwords and tokens are never in `Debug`, in errors or in trace output, not even where the
//!   service repeats them.
//! - What a credential holds is overwritten when it is dropped, and so are the forms that are sent. The
//!   buffers of the HTTP, TLS and JSON libraries are out of reach.
//! - They are sent over TLS only, or to this machine; redirects are not followed; and a discovered endpoint
//!   must be at the authority's own host.
//! - Requests for tokens use the transport of the client that asks, so that one proxy and TLS setting serves
//!   both. The credentials of the Azure SDK bring their own, unless they are given an
//!   [`AzureHttpClient`](super::AzureHttpClient).
