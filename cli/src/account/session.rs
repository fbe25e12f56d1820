//! A client with the tokens that were decided on.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use msgraph_runtime::auth::{
    Application, AuthError, ClientAssertionCredential, ClientAuthentication, ClientCertificate,
    ClientCertificateCredential, ClientSecretCredential, TokenCacheKey, UserCredential,
};
use msgraph_runtime::{GraphClient, RetryPolicy, StaticToken, TokenCredential};
use secrecy::SecretString;

use super::access::{Access, Means, Proof, Variables};
use super::args::{AccountArgs, Cloud};
use super::remembered::{App, Folder};
use super::store::Store;
use crate::exit::{Exit, Failure};
use crate::service::failure;

/// A client, and where its tokens come from.
pub struct Session {
    pub client: GraphClient,
    pub access: Access,
}

impl Session {
    /// Opens the session that options, variables and what is remembered say.
    pub async fn open(args: &AccountArgs) -> Result<Self, Failure> {
        let folder = Folder::find()?;
        let login = folder.load()?;
        let access = args.access(&Variables::of_process(), login.as_ref())?;
        let credential = credential(&access.by, &folder).await?;
        let client = client(access.cloud, access.base_url.as_deref(), credential)?;
        Ok(Self { client, access })
    }
}

/// What gives the tokens.
pub async fn credential(means: &Means, folder: &Folder) -> Result<Arc<dyn TokenCredential>, Failure> {
    Ok(match means {
        Means::Token(token) => Arc::new(StaticToken::new(token.clone())),
        Means::Application(app, proof) => application(app, proof)?,
        Means::User { app, store, scopes } => user(app, *store, scopes, folder).await?,
    })
}

/// A client of a cloud, or of a root of its own.
pub fn client(
    cloud: Cloud,
    base_url: Option<&str>,
    credential: impl TokenCredential + 'static,
) -> Result<GraphClient, Failure> {
    let builder = GraphClient::builder().cloud(cloud.into()).credential(credential);
    let builder = builder.user_agent(concat!("msgraph-cli/", env!("CARGO_PKG_VERSION")));
    // Somebody waits for the answer.
    let builder = builder.retry(RetryPolicy::default().max_tries(4));
    let builder = match base_url {
        Some(url) => builder.base_url(url),
        None => builder,
    };
    builder.build().map_err(failure)
}

/// The app as credentials want it.
pub fn registered(app: &App) -> Result<Application, Failure> {
    let builder = Application::builder(&app.tenant, &app.client_id).cloud(app.cloud.into());
    let builder = match &app.authority {
        Some(authority) => builder.authority(authority),
        None => builder,
    };
    builder.build().map_err(wrong)
}

/// Settings that cannot be right.
pub fn wrong(error: AuthError) -> Failure {
    Failure::new(Exit::Usage, anyhow!("{error}"))
}

/// An app that signs in as itself.
fn application(app: &App, proof: &Proof) -> Result<Arc<dyn TokenCredential>, Failure> {
    let application = registered(app)?;
    let credential: Arc<dyn TokenCredential> = match proof {
        Proof::Secret(secret) => by_secret(application, secret.clone())?,
        Proof::SecretFile(path) => by_secret(application, read_secret(path)?)?,
        Proof::Certificate { path, password } => {
            let certificate = ClientCertificate::from_file(path, password.as_ref())
                .map_err(|error| Failure::new(Exit::SignIn, anyhow!("{error}")))?;
            Arc::new(ClientCertificateCredential::for_application(application, certificate).map_err(wrong)?)
        }
        Proof::AssertionFile(path) => {
            let assertion = ClientAuthentication::assertion_file(path);
            Arc::new(ClientAssertionCredential::for_application(application, assertion).map_err(wrong)?)
        }
    };
    Ok(credential)
}

fn by_secret(application: Application, secret: SecretString) -> Result<Arc<dyn TokenCredential>, Failure> {
    Ok(Arc::new(ClientSecretCredential::for_application(application, secret).map_err(wrong)?))
}

fn read_secret(path: &Path) -> Result<SecretString, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read the client secret in {}", path.display()));
    let text = text.map_err(|error| Failure::new(Exit::SignIn, error))?;
    Ok(text.trim().into())
}

/// A user who has signed in before.
async fn user(
    app: &App,
    store: Store,
    scopes: &[String],
    folder: &Folder,
) -> Result<Arc<dyn TokenCredential>, Failure> {
    let application = registered(app)?;
    let (key, cache) = (key(&application)?, store.open(folder));
    let kept = cache.load(&key).await;
    if kept.map_err(|error| Failure::new(Exit::SignIn, anyhow!("{error}")))?.is_none() {
        return Err(Failure::new(
            Exit::SignIn,
            anyhow!(
                "nobody is signed in to app {} in tenant {}: run `msgraph login` for it",
                app.client_id,
                app.tenant
            ),
        ));
    }
    let builder = UserCredential::builder(application).scopes(scopes.iter().cloned()).cache(cache);
    Ok(Arc::new(builder.from_cache().map_err(wrong)?))
}

/// The place of an app's refresh token in a store.
pub fn key(application: &Application) -> Result<TokenCacheKey, Failure> {
    Ok(TokenCacheKey {
        authority: application.authority(None).map_err(wrong)?.into(),
        client_id: application.client_id().to_owned(),
        account: String::new(),
    })
}
