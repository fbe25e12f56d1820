//! What an access token says. It is read, not believed: only the service that it is for can validate it
//! ([access token claims](https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference)).

use std::fmt;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use crate::credential::AccessToken;

/// The longest token that is read.
const LIMIT: usize = 256 * 1024;

/// What an access token says about itself. Use it to explain, never to decide what somebody may do.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenClaims {
    /// The GUID of the tenant (`tid`).
    pub tenant_id: Option<String>,
    /// The client ID of the application (`appid` or `azp`).
    pub app_id: Option<String>,
    /// The application's name (`app_displayname`).
    pub app_name: Option<String>,
    /// What the token is for (`aud`).
    pub audience: Option<String>,
    /// The object that is signed in (`oid`, or `sub`).
    pub object_id: Option<String>,
    /// The user's name, such as a mail address; never for applications.
    pub user_name: Option<String>,
    /// Whether a user is signed in, or the application as itself.
    pub identity: Identity,
    /// The delegated permissions (`scp`) or the application permissions (`roles`).
    pub permissions: Vec<String>,
    /// Until when the token is valid (`exp`).
    pub expires_on: Option<Timestamp>,
}

/// Who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// A user.
    User,
    /// The application as itself.
    Application,
}

#[derive(Deserialize)]
struct Raw {
    tid: Option<String>,
    appid: Option<String>,
    azp: Option<String>,
    client_id: Option<String>,
    app_displayname: Option<String>,
    aud: Option<Value>,
    oid: Option<String>,
    sub: Option<String>,
    upn: Option<String>,
    preferred_username: Option<String>,
    unique_name: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
    scope: Option<String>,
    roles: Option<Vec<String>>,
    exp: Option<i64>,
}

impl TokenClaims {
    /// Reads a token; `None` if it cannot be read, as those of personal accounts cannot.
    pub fn read(token: &AccessToken) -> Option<Self> {
        let token = token.secret().expose_secret();
        if token.len() > LIMIT {
            return None;
        }
        let raw: Raw = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
        let identity = raw.identity();
        let permissions = match (identity, &raw.scp, &raw.scope, raw.roles) {
            (Identity::Application, _, _, Some(roles)) => roles,
            (_, Some(scopes), _, _) | (_, None, Some(scopes), _) => words(scopes),
            (_, None, None, roles) => roles.unwrap_or_default(),
        };
        let user_name = raw.upn.or(raw.preferred_username).or(raw.unique_name);
        Some(Self {
            tenant_id: raw.tid,
            app_id: raw.appid.or(raw.azp).or(raw.client_id),
            app_name: raw.app_displayname,
            audience: raw.aud.and_then(|audience| audience.as_str().map(str::to_owned)),
            object_id: raw.oid.or(raw.sub),
            user_name: user_name.filter(|_| identity == Identity::User),
            identity,
            permissions,
            expires_on: raw.exp.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        })
    }
}

impl Raw {
    /// `idtyp` says it where it is there; else only users have scopes, and an application is its own subject.
    fn identity(&self) -> Identity {
        let own = [&self.appid, &self.azp, &self.client_id].into_iter().flatten();
        let is_own_subject = self.sub.is_some() && own.into_iter().any(|id| Some(id) == self.sub.as_ref());
        match self.idtyp.as_deref() {
            Some("app") => Identity::Application,
            Some(_) => Identity::User,
            None if self.scp.is_some() => Identity::User,
            None if is_own_subject || self.roles.is_some() || self.sub.is_none() => Identity::Application,
            None => Identity::User,
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What concerns the application, without the user's name.
impl fmt::Debug for TokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenClaims")
            .field("tenant_id", &self.tenant_id)
            .field("app_id", &self.app_id)
            .field("audience", &self.audience)
            .field("identity", &self.identity)
            .field("permissions", &self.permissions)
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Option<TokenClaims> {
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.c2lnbmF0dXJl", part(json!({"alg": "RS256", "typ": "JWT"})), part(claims));
        TokenClaims::read(&AccessToken::new(token))
    }

    #[test]
    fn a_users_token_has_scopes_and_an_applications_roles() {
        let user = read(
            json!({"tid": "t", "appid": "a", "scp": "User.Read Mail.Read", "upn": "adele@contoso.com", "exp": 1_800_000_000, "aud": "https://graph.microsoft.com"}),
        );
        let user = user.expect("claims");
        assert_eq!((user.identity, user.permissions.len()), (Identity::User, 2));
        assert_eq!(user.user_name.as_deref(), Some("adele@contoso.com"));
        assert_eq!(user.expires_on, Timestamp::from_second(1_800_000_000).ok());
        let application = read(
            json!({"tid": "t", "azp": "a", "idtyp": "app", "roles": ["User.Read.All"], "app_displayname": "Daemon"}),
        );
        let application = application.expect("claims");
        assert_eq!(application.identity, Identity::Application);
        assert_eq!(application.permissions, ["User.Read.All"]);
        let nothing_granted = read(json!({"appid": "a", "idtyp": "app"})).expect("claims");
        assert!(nothing_granted.permissions.is_empty());
    }

    #[test]
    fn tokens_that_cannot_be_read_are_none() {
        for token in ["", "opaque", "a.b", "a.b.c", "EwBgA8l6BAAU.x", "e30.W10.x"] {
            assert_eq!(TokenClaims::read(&AccessToken::new(token)), None, "{token}");
        }
        assert_eq!(read(json!({"scp": 5})), None);
        assert_eq!(TokenClaims::read(&AccessToken::new("a.".repeat(LIMIT))), None);
    }
}
