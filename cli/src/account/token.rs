//! What an access token says, for people and for programs.

use msgraph_runtime::AccessToken;
use msgraph_runtime::auth::{Identity, TokenClaims};
use serde::Serialize;

/// What there is to say of a token. Nothing of it is secret.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// `user` or `application`; nothing if the token cannot be read.
    pub identity: Option<&'static str>,
    pub user_name: Option<String>,
    pub tenant_id: Option<String>,
    pub app_id: Option<String>,
    pub app_name: Option<String>,
    pub permissions: Vec<String>,
    pub expires_on: Option<String>,
}

impl Token {
    /// Reads a token. Those of personal accounts cannot be read.
    pub fn of(token: &AccessToken) -> Self {
        let expires_on = token.expiry().map(|time| time.to_string());
        match TokenClaims::read(token) {
            Some(claims) => Self { expires_on, ..Self::default() }.with(claims),
            None => Self { expires_on, ..Self::default() },
        }
    }

    /// Takes over what claims say.
    pub fn with(self, claims: TokenClaims) -> Self {
        let identity = match claims.identity {
            Identity::User => Some("user"),
            Identity::Application => Some("application"),
            _ => None,
        };
        Self {
            identity,
            user_name: claims.user_name,
            tenant_id: claims.tenant_id,
            app_id: claims.app_id,
            app_name: claims.app_name,
            permissions: claims.permissions,
            expires_on: claims.expires_on.map(|time| time.to_string()).or(self.expires_on),
        }
    }

    /// Who is signed in, in a few words.
    pub fn who(&self) -> String {
        match (self.identity, &self.user_name, &self.app_id) {
            (Some("application"), _, Some(app)) => format!("app {app}"),
            (Some("application"), ..) => "an app".to_owned(),
            (_, Some(user), _) => user.clone(),
            _ => "a user whose token cannot be read".to_owned(),
        }
    }
}
