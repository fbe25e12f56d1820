//! An app registration as the credentials see it: which app, in which tenant, of which cloud.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::lock::Mutex;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use url::Url;

use super::authority::{self, Endpoints};
use super::discovery::discover;
use super::error::AuthError;
use super::scope::PermissionNames;
use crate::cloud::Cloud;
use crate::network::Network;

/// How long a discovered document is used: keys and endpoints change rarely.
const DISCOVERY_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// An app registration: tenant, client ID, and where it signs in. Cloning is cheap.
///
/// ```
/// # fn main() -> Result<(), msgraph_runtime::auth::AuthError> {
/// use msgraph_runtime::{Cloud, auth::Application};
/// let worldwide = Application::new("contoso.onmicrosoft.com", "00001111-aaaa-2222-bbbb-3333cccc4444")?;
/// let china = Application::builder("contoso.partner.onmschina.cn", "00001111-aaaa-2222-bbbb-3333cccc4444")
///     .cloud(Cloud::China)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Application(Arc<Settings>);

struct Settings {
    tenant: String,
    client_id: String,
    cloud: Option<Cloud>,
    authority: Option<Url>,
    authorize_url: Option<Url>,
    token_url: Option<Url>,
    device_code_url: Option<Url>,
    discover: bool,
    capabilities: Vec<String>,
    names: PermissionNames,
    discovered: Mutex<BTreeMap<Url, (Timestamp, Endpoints)>>,
}

impl Application {
    /// An app in a tenant: the tenant's GUID or a domain name of it, or `common`, `organizations` or
    /// `consumers` where users of many tenants sign in. It signs in at the cloud of the client that asks.
    ///
    /// # Errors
    /// If tenant or client ID cannot be one.
    pub fn new(tenant: &str, client_id: &str) -> Result<Self, AuthError> {
        Self::builder(tenant, client_id).build()
    }

    /// An app with settings of its own.
    pub fn builder(tenant: &str, client_id: &str) -> ApplicationBuilder {
        ApplicationBuilder {
            tenant: tenant.to_owned(),
            client_id: client_id.to_owned(),
            cloud: None,
            authority: None,
            authorize_url: None,
            token_url: None,
            device_code_url: None,
            discover: false,
            capabilities: Vec::new(),
            names: PermissionNames::default(),
        }
    }

    /// The tenant as it was given.
    pub fn tenant(&self) -> &str {
        &self.0.tenant
    }

    /// The client ID.
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    pub(crate) fn names(&self) -> PermissionNames {
        self.0.names
    }

    /// The authority with the tenant, for an application that was asked from a client of a cloud.
    ///
    /// # Errors
    /// If the application belongs to another cloud.
    pub fn authority(&self, cloud: Option<Cloud>) -> Result<Url, AuthError> {
        let settings = &*self.0;
        if let (Some(own), Some(other)) = (settings.cloud, cloud)
            && own.authority() != other.authority()
        {
            return Err(AuthError::configuration(format!(
                "the application signs in at {}, but the client talks to {}: select the same cloud for both",
                own.authority(),
                other.endpoint()
            )));
        }
        let root = match &settings.authority {
            Some(authority) => authority.clone(),
            None => authority::of_cloud(settings.cloud.or(cloud).unwrap_or_default())?,
        };
        Ok(authority::below(&root, &[&settings.tenant]))
    }

    /// The endpoints to sign in at. If discovery is on, the authority's document is fetched once a day.
    ///
    /// # Errors
    /// If the application belongs to another cloud, or discovery fails.
    pub async fn endpoints(&self, network: &Network, cloud: Option<Cloud>) -> Result<Endpoints, AuthError> {
        let authority = self.authority(cloud)?;
        let mut endpoints = if self.0.discover {
            self.discovered(network, &authority).await?
        } else {
            Endpoints::of_entra(&authority)
        };
        self.override_with(&mut endpoints);
        Ok(endpoints)
    }

    /// The endpoint for browsers, which needs no request unless discovery is on.
    pub(crate) fn override_with(&self, endpoints: &mut Endpoints) {
        let settings = &*self.0;
        for (own, place) in [
            (&settings.authorize_url, &mut endpoints.authorize),
            (&settings.token_url, &mut endpoints.token),
            (&settings.device_code_url, &mut endpoints.device_code),
        ] {
            if let Some(own) = own {
                *place = own.clone();
            }
        }
    }

    async fn discovered(&self, network: &Network, authority: &Url) -> Result<Endpoints, AuthError> {
        // Held while the document is fetched, so that it is fetched once.
        let mut known = self.0.discovered.lock().await;
        let now = network.clock().now();
        if let Some((since, endpoints)) = known.get(authority)
            && now.duration_since(*since).abs() < DISCOVERY_LIFETIME
        {
            return Ok(endpoints.clone());
        }
        let endpoints = discover(network, authority, &self.0.tenant).await?;
        known.insert(authority.clone(), (now, endpoints.clone()));
        Ok(endpoints)
    }

    /// The `claims` parameter: what the app can handle, and what a challenge asks for.
    pub(crate) fn claims(&self, challenge: Option<&str>) -> Result<Option<String>, AuthError> {
        if self.0.capabilities.is_empty() {
            return Ok(challenge.map(str::to_owned));
        }
        let mut claims: Map<String, Value> = match challenge {
            Some(text) => serde_json::from_str(text).map_err(|_| {
                AuthError::configuration("the claims of the challenge are not a JSON object, so no token can be asked for with them")
            })?,
            None => Map::new(),
        };
        let access_token = claims.entry("access_token").or_insert_with(|| json!({}));
        if let Some(access_token) = access_token.as_object_mut() {
            access_token.insert("xms_cc".to_owned(), json!({ "values": self.0.capabilities }));
        }
        Ok(Some(Value::Object(claims).to_string()))
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Application({} in {})", self.0.client_id, self.0.tenant)
    }
}

/// Settings of an [`Application`].
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until they are built"]
pub struct ApplicationBuilder {
    tenant: String,
    client_id: String,
    cloud: Option<Cloud>,
    authority: Option<String>,
    authorize_url: Option<String>,
    token_url: Option<String>,
    device_code_url: Option<String>,
    discover: bool,
    capabilities: Vec<String>,
    names: PermissionNames,
}

impl ApplicationBuilder {
    /// The cloud to sign in at (default: that of the client that asks, or the worldwide one).
    pub fn cloud(self, cloud: Cloud) -> Self {
        Self { cloud: Some(cloud), ..self }
    }

    /// An authority of your own in place of the cloud's, without tenant, such as `https://login.example`.
    pub fn authority(self, url: &str) -> Self {
        Self { authority: Some(url.to_owned()), ..self }
    }

    /// The authorization endpoint, in place of the authority's.
    pub fn authorize_url(self, url: &str) -> Self {
        Self { authorize_url: Some(url.to_owned()), ..self }
    }

    /// The token endpoint, in place of the authority's.
    pub fn token_url(self, url: &str) -> Self {
        Self { token_url: Some(url.to_owned()), ..self }
    }

    /// The device authorization endpoint, in place of the authority's.
    pub fn device_code_url(self, url: &str) -> Self {
        Self { device_code_url: Some(url.to_owned()), ..self }
    }

    /// Learns the endpoints from the authority's OpenID document instead of knowing them. Needed only for
    /// authorities that are not built like Entra ID.
    pub fn discover(self) -> Self {
        Self { discover: true, ..self }
    }

    /// What the app can handle. `cp1` says that it answers claims challenges, which a
    /// [`GraphClient`](crate::GraphClient) does: tokens then live up to 28 hours and are revoked when
    /// something happens (continuous access evaluation).
    pub fn capabilities<S: Into<String>>(self, capabilities: impl IntoIterator<Item = S>) -> Self {
        Self { capabilities: capabilities.into_iter().map(Into::into).collect(), ..self }
    }

    /// The permissions that exist, so that scopes given as text are checked before anything is sent.
    pub fn permission_names(self, names: PermissionNames) -> Self {
        Self { names, ..self }
    }

    /// The application.
    ///
    /// # Errors
    /// If something cannot be right; all of it is named.
    pub fn build(self) -> Result<Application, AuthError> {
        let mut problems = Vec::new();
        if let Err(problem) = authority::check_tenant(&self.tenant) {
            problems.push(problem);
        }
        if self.client_id.is_empty() || self.client_id.chars().any(|c| c.is_whitespace() || c.is_control()) {
            problems
                .push(format!("{:?} is not a client ID: copy it from the app registration", self.client_id));
        }
        let mut url = |what: &str, text: Option<String>| match authority::parse(what, &text?) {
            Ok(url) => Some(url),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let settings = Settings {
            authority: url("authority", self.authority),
            authorize_url: url("authorization endpoint", self.authorize_url),
            token_url: url("token endpoint", self.token_url),
            device_code_url: url("device authorization endpoint", self.device_code_url),
            tenant: self.tenant,
            client_id: self.client_id,
            cloud: self.cloud,
            discover: self.discover,
            capabilities: self.capabilities,
            names: self.names,
            discovered: Mutex::default(),
        };
        if settings.authority.as_ref().is_some_and(|url| url.query().is_some()) {
            problems.push("the authority must end with its path".to_owned());
        }
        AuthError::unless_none(problems)?;
        Ok(Application(Arc::new(settings)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cloud_selects_authority_and_service_together() {
        let application = Application::new("contoso.com", "app").expect("right");
        for (cloud, authority, service) in [
            (Cloud::Global, "https://login.microsoftonline.com/contoso.com", "https://graph.microsoft.com"),
            (
                Cloud::UsGovernment,
                "https://login.microsoftonline.us/contoso.com",
                "https://graph.microsoft.us",
            ),
            (
                Cloud::UsGovernmentDod,
                "https://login.microsoftonline.us/contoso.com",
                "https://dod-graph.microsoft.us",
            ),
            (
                Cloud::China,
                "https://login.chinacloudapi.cn/contoso.com",
                "https://microsoftgraph.chinacloudapi.cn",
            ),
        ] {
            assert_eq!(application.authority(Some(cloud)).expect("an authority").as_str(), authority);
            assert_eq!(cloud.endpoint(), service);
            let url = Url::parse(&format!("{service}/v1.0")).expect("a URL");
            assert_eq!(Cloud::of_service(&url), Some(cloud));
        }
        assert_eq!(Cloud::of_service(&Url::parse("https://graph.example").expect("a URL")), None);
    }

    #[test]
    fn a_client_of_another_cloud_is_an_error_that_names_both() {
        let application = Application::builder("contoso.com", "app").cloud(Cloud::UsGovernment).build();
        let application = application.expect("right");
        assert!(application.authority(Some(Cloud::UsGovernmentDod)).is_ok(), "L4 and L5 share an authority");
        let error = application.authority(Some(Cloud::China)).expect_err("another cloud").to_string();
        assert!(
            error.contains("login.microsoftonline.us") && error.contains("microsoftgraph.chinacloudapi.cn"),
            "{error}"
        );
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let error = Application::builder("a/b", "")
            .authority("http://login.example")
            .token_url("nonsense")
            .build()
            .expect_err("wrong")
            .to_string();
        for part in [
            "\"a/b\" is not a tenant",
            "\"\" is not a client ID",
            "http://login.example/ is not protected by TLS",
            "the token endpoint \"nonsense\" is not a URL",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn capabilities_and_a_challenge_become_one_claims_parameter() {
        let plain = Application::new("contoso.com", "app").expect("right");
        assert_eq!(plain.claims(None).expect("fine"), None);
        assert_eq!(plain.claims(Some("{}")).expect("fine").as_deref(), Some("{}"));
        let capable =
            Application::builder("contoso.com", "app").capabilities(["cp1"]).build().expect("right");
        assert_eq!(
            capable.claims(None).expect("fine").as_deref(),
            Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)
        );
        let merged = capable.claims(Some(r#"{"access_token":{"nbf":{"essential":true}}}"#)).expect("fine");
        let merged: Value = serde_json::from_str(&merged.expect("claims")).expect("JSON");
        assert_eq!(
            merged,
            json!({"access_token": {"nbf": {"essential": true}, "xms_cc": {"values": ["cp1"]}}})
        );
        assert!(capable.claims(Some("[]")).is_err());
    }
}
