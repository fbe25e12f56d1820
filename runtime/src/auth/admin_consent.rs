//! The page on which an administrator grants an application its permissions in a tenant
//! ([admin consent](https://learn.microsoft.com/entra/identity-platform/v2-admin-consent)).

use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::application::Application;
use super::authority;
use super::error::AuthError;
use super::refusal::Refusal;
use super::scope::Scope;

/// What an administrator answered. It came with a redirect that anybody can make: take the tenant as a
/// claim, and get a token for it before acting on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConsent {
    /// The GUID of the tenant that consented, as the redirect says.
    pub tenant: String,
    /// What was consented to, if the redirect says.
    pub scopes: Vec<String>,
}

impl AdminConsent {
    /// The page for an administrator of the application's tenant, or of any with `organizations`. `scopes`
    /// are what is asked for: `.default` of the service for everything that the app is registered for. The
    /// answer repeats `state`.
    ///
    /// # Errors
    /// If there is no scope, or the redirect URI is not a URL.
    pub fn url<S: Into<Scope>>(
        application: &Application,
        redirect_uri: &str,
        scopes: impl IntoIterator<Item = S>,
        state: &SecretString,
    ) -> Result<Url, AuthError> {
        let mut problems = Vec::new();
        if let Err(error) = Url::parse(redirect_uri) {
            problems.push(format!("the redirect URI {redirect_uri:?} is not a URL: {error}"));
        }
        if application.tenant().eq_ignore_ascii_case("consumers") {
            problems
                .push("personal accounts have no administrator: name a tenant, or organizations".to_owned());
        }
        let scopes: Vec<String> = scopes.into_iter().map(|scope| scope.into().as_str().to_owned()).collect();
        if scopes.is_empty() {
            problems.push("no scope is asked for: ask for https://graph.microsoft.com/.default".to_owned());
        }
        AuthError::unless_none(problems)?;
        let mut url = authority::below(&application.authority(None)?, &["v2.0", "adminconsent"]);
        url.query_pairs_mut()
            .append_pair("client_id", application.client_id())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", state.expose_secret());
        Ok(url)
    }

    /// Reads the URL that the browser came back to, or its query.
    ///
    /// # Errors
    /// If it does not answer the request with this state, or the administrator declined.
    pub fn parse(answer: &str, state: &SecretString) -> Result<Self, AuthError> {
        let query = answer.split('#').next().unwrap_or_default().rsplit('?').next().unwrap_or_default();
        let field = |name: &str| {
            let mut fields = form_urlencoded::parse(query.as_bytes());
            fields.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
        };
        if field("state").as_deref() != Some(state.expose_secret()) {
            let problem =
                "the answer belongs to another request for consent (its state differs): begin again";
            return Err(AuthError::Interaction(problem.to_owned()));
        }
        if let Some(error) = field("error") {
            return Err(AuthError::Refused(Refusal::new(error, field("error_description")).into()));
        }
        let granted = field("admin_consent").is_some_and(|granted| granted.eq_ignore_ascii_case("true"));
        match field("tenant") {
            Some(tenant) if granted && authority::check_tenant(&tenant).is_ok() => {
                let scopes = field("scope").unwrap_or_default();
                Ok(Self { tenant, scopes: scopes.split_whitespace().map(str::to_owned).collect() })
            }
            _ => {
                let problem =
                    "the answer says neither that consent was given for a tenant nor why not: begin again";
                Err(AuthError::Interaction(problem.to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Cloud;

    fn state() -> SecretString {
        SecretString::from("12 345&")
    }

    #[test]
    fn the_page_is_that_of_the_tenant_in_its_cloud() {
        let application = Application::builder("contoso.onmicrosoft.us", "app").cloud(Cloud::UsGovernment);
        let application = application.build().expect("right");
        let url = AdminConsent::url(
            &application,
            "http://localhost/permissions",
            ["https://graph.microsoft.us/User.Read.All", "https://graph.microsoft.us/Mail.Read"],
            &state(),
        );
        assert_eq!(
            url.expect("right").as_str(),
            "https://login.microsoftonline.us/contoso.onmicrosoft.us/v2.0/adminconsent?client_id=app\
             &redirect_uri=http%3A%2F%2Flocalhost%2Fpermissions\
             &scope=https%3A%2F%2Fgraph.microsoft.us%2FUser.Read.All+https%3A%2F%2Fgraph.microsoft.us%2FMail.Read\
             &state=12+345%26"
        );
    }

    #[test]
    fn everything_that_is_wrong_with_a_request_is_named() {
        let application = Application::new("consumers", "app").expect("right");
        let error =
            AdminConsent::url(&application, "nonsense", [""; 0], &state()).expect_err("wrong").to_string();
        for part in ["redirect URI", "no administrator", "no scope"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn consent_and_refusal_are_read_from_the_redirect() {
        let answer = "http://localhost/permissions?admin_consent=True&tenant=fa00d692-e9c7-4460-a743-29f2956fd429\
                      &scope=https%3a%2f%2fgraph.microsoft.com%2fUser.Read.All+openid&state=12+345%26#_=_";
        let consent = AdminConsent::parse(answer, &state()).expect("granted");
        assert_eq!(consent.tenant, "fa00d692-e9c7-4460-a743-29f2956fd429");
        assert_eq!(consent.scopes, ["https://graph.microsoft.com/User.Read.All", "openid"]);
        let declined =
            "error=access_denied&error_description=AADSTS65004%3A+User+declined+to+consent.&state=12+345%26";
        let error = AdminConsent::parse(declined, &state()).expect_err("declined");
        assert_eq!(error.refusal().and_then(Refusal::code), Some(65004));
        for foreign in [
            "",
            "?state=12+345%26",
            "state=other&admin_consent=True&tenant=x",
            "state=12+345%26&admin_consent=True&tenant=a/b",
        ] {
            assert!(
                matches!(AdminConsent::parse(foreign, &state()), Err(AuthError::Interaction(_))),
                "{foreign}"
            );
        }
    }
}
