//! The permissions in an access token. They are read, not believed: only the service can validate a token that is
//! for it.

use super::Scheme;
use crate::json::{ReadError, Reader};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest token that is read.
const LIMIT: usize = 256 * 1024;

/// The tenant of all personal accounts.
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// What a token says that was granted. Use it to explain, never to decide what somebody may do.
///
/// ```
/// use msgraph_runtime::Scheme;
/// use msgraph_runtime::permissions::Granted;
///
/// // {"alg":"none"} . {"scp":"Mail.Read User.Read","wids":[]}
/// let token = "eyJhbGciOiJub25lIn0.eyJzY3AiOiJNYWlsLlJlYWQgVXNlci5SZWFkIiwid2lkcyI6W119.";
/// let granted = Granted::from_token(token).expect("it is a JWT");
/// assert_eq!(granted.scheme(), Scheme::DelegatedWork);
/// assert!(granted.has("Mail.Read") && !granted.has("Mail.ReadWrite"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    scheme: Scheme,
    permissions: Vec<String>,
    directory_roles: Vec<String>,
}

#[derive(Default)]
struct Claims {
    tid: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
    roles: Option<Vec<String>>,
    wids: Option<Vec<String>>,
}

impl Claims {
    fn read(json: &str) -> Result<Self, ReadError> {
        let mut claims = Self::default();
        let mut reader = Reader::new(json);
        reader.peek();
        reader.enter_object("claims")?;
        let mut first = true;
        while let Some(name) = reader.next_name(&mut first)? {
            match &*name {
                // A null is as good as nothing.
                _ if reader.peek() == Some(b'n') => reader.skip()?,
                "tid" => reader.read(&mut claims.tid)?,
                "idtyp" => reader.read(&mut claims.idtyp)?,
                "scp" => reader.read(&mut claims.scp)?,
                "roles" => reader.read(&mut claims.roles)?,
                "wids" => reader.read(&mut claims.wids)?,
                _ => reader.skip()?,
            }
        }
        reader.end()?;
        Ok(claims)
    }
}

impl Granted {
    /// Reads a token; `None` if it cannot be read, as those of personal accounts mostly cannot, or says nothing of
    /// permissions.
    pub fn from_token(token: &str) -> Option<Self> {
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        if token.len() > LIMIT {
            return None;
        }
        let mut parts = token.split('.');
        let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        let claims = Claims::read(std::str::from_utf8(&claims).ok()?).ok()?;
        Self::from_claims(claims)
    }

    /// `idtyp` says whose token it is where it is there; else only users have scopes.
    fn from_claims(claims: Claims) -> Option<Self> {
        let is_application = match claims.idtyp.as_deref() {
            Some(kind) => kind == "app",
            None => claims.scp.is_none(),
        };
        let says_something =
            is_application && (claims.idtyp.is_some() || claims.roles.iter().flatten().next().is_some());
        let permissions = match claims.scp {
            Some(scopes) if !is_application => scopes.split_whitespace().map(str::to_owned).collect(),
            _ if says_something => claims.roles.unwrap_or_default(),
            _ => return None,
        };
        let directory_roles = claims.wids.unwrap_or_default();
        let scheme = match claims.tid.as_deref() {
            _ if is_application => Scheme::Application,
            Some(PERSONAL_ACCOUNTS) => Scheme::DelegatedPersonal,
            _ => Scheme::DelegatedWork,
        };
        Some(Self { scheme, permissions, directory_roles })
    }

    /// Whose token it is.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The names of the permissions, in the token's order: the claim `scp` of users, `roles` of applications.
    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// The template ids of the directory roles that the user or the application has (`wids`), in the
    /// token's order.
    pub fn directory_roles(&self) -> &[String] {
        &self.directory_roles
    }

    /// Whether a permission is among them.
    pub fn has(&self, permission: &str) -> bool {
        self.permissions.iter().any(|granted| granted == permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claims: &str) -> Option<Granted> {
        Granted::from_token(&format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims)))
    }

    fn scheme(claims: &str) -> Option<Scheme> {
        read(claims).map(|granted| granted.scheme())
    }

    #[test]
    fn users_have_scopes_and_applications_have_roles() {
        let user = read(r#"{"scp": "Mail.Read  User.Read", "roles": ["ignored"], "wids": ["1"]}"#).unwrap();
        assert_eq!(user.scheme(), Scheme::DelegatedWork);
        assert!(user.has("User.Read") && !user.has("ignored") && user.directory_roles() == ["1"]);
        let app = read(r#"{"idtyp": "app", "roles": ["Mail.Read"]}"#).unwrap();
        assert!(app.scheme() == Scheme::Application && app.has("Mail.Read"));
        assert_eq!(scheme(r#"{"roles": ["Mail.Read"]}"#), Some(Scheme::Application));
        assert_eq!(scheme(r#"{"idtyp": "app"}"#), Some(Scheme::Application), "nothing is granted");
    }

    #[test]
    fn the_tenant_of_personal_accounts_is_known() {
        let claims = format!(r#"{{"scp": "User.Read", "tid": "{PERSONAL_ACCOUNTS}"}}"#);
        assert_eq!(scheme(&claims), Some(Scheme::DelegatedPersonal));
    }

    #[test]
    fn a_null_is_as_good_as_nothing() {
        let user = read(r#" {"tid": null, "scp": "User.Read", "wids": null}"#).expect("it is a token");
        assert_eq!(
            (user.permissions(), user.scheme()),
            (&["User.Read".to_owned()][..], Scheme::DelegatedWork)
        );
        assert_eq!(read(r#"{"roles": []}"#), None);
    }

    #[test]
    fn what_says_nothing_of_permissions_is_not_guessed_at() {
        for claims in ["{}", r#"{"aud": "x"}"#, r#"{"idtyp": "user"}"#, "[]", "no JSON", r#"{"scp": 5}"#] {
            assert_eq!(read(claims), None, "{claims}");
        }
        for token in ["", "opaque", "a.b", "a.b.c", "..", "Bearer "] {
            assert_eq!(Granted::from_token(token), None, "{token}");
        }
        assert_eq!(Granted::from_token(&"a".repeat(LIMIT + 1)), None);
    }
}
