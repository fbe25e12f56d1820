//! Scopes, and what can be known to be wrong with them before the sign-in service is asked
//! ([scopes and permissions](https://learn.microsoft.com/entra/identity-platform/scopes-oidc)).

use std::borrow::Cow;
use std::fmt;

use super::error::AuthError;
use crate::permission::{ApplicationPermission, DelegatedPermission};

/// Scopes of OpenID Connect, which may stand beside any others.
const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What the sign-in of a user asks for besides the scopes of the resource, as Microsoft's own libraries do:
/// who the user is, and a refresh token.
const RESERVED: [&str; 3] = ["openid", "profile", "offline_access"];

/// A scope to be asked for, and what is known of it.
///
/// ```
/// use msgraph_runtime::auth::Scope;
/// let scopes: [Scope; 2] = ["User.Read".into(), "https://graph.microsoft.com/Mail.Read".into()];
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Scope {
    text: Cow<'static, str>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Delegated,
    Application,
}

impl Scope {
    /// The scope as it is sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Scope {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned().into(), kind: Kind::Unknown }
    }
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        Self { text: text.into(), kind: Kind::Unknown }
    }
}

impl From<DelegatedPermission> for Scope {
    fn from(permission: DelegatedPermission) -> Self {
        Self { text: permission.name().into(), kind: Kind::Delegated }
    }
}

impl From<ApplicationPermission> for Scope {
    fn from(permission: ApplicationPermission) -> Self {
        Self { text: permission.name().into(), kind: Kind::Application }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The permissions that exist, so that scopes given as text can be checked as well. The generated crate has
/// the lists.
#[derive(Clone, Copy, Default)]
pub struct PermissionNames {
    delegated: &'static [DelegatedPermission],
    application: &'static [ApplicationPermission],
}

impl PermissionNames {
    /// Takes the lists.
    pub const fn new(
        delegated: &'static [DelegatedPermission],
        application: &'static [ApplicationPermission],
    ) -> Self {
        Self { delegated, application }
    }

    fn kind(&self, scope: &Scope) -> Kind {
        if scope.kind != Kind::Unknown {
            return scope.kind;
        }
        let name = short_name(scope.as_str());
        let delegated = self.delegated.iter().any(|permission| permission.name() == name);
        let application = self.application.iter().any(|permission| permission.name() == name);
        match (delegated, application) {
            (true, false) => Kind::Delegated,
            (false, true) => Kind::Application,
            _ => Kind::Unknown,
        }
    }

    fn has_application(&self, name: &str) -> bool {
        self.application.iter().any(|permission| permission.name() == name)
    }

    fn has_delegated(&self, name: &str) -> bool {
        self.delegated.iter().any(|permission| permission.name() == name)
    }
}

impl fmt::Debug for PermissionNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PermissionNames({} delegated, {} application)",
            self.delegated.len(),
            self.application.len()
        )
    }
}

/// A permission's own name: without the resource, if that is the service itself.
fn short_name(scope: &str) -> &str {
    match scope.strip_prefix("https://").and_then(|rest| rest.split_once('/')) {
        Some((host, name)) if host.contains("graph") => name,
        _ => scope,
    }
}

fn is_default(scope: &str) -> bool {
    scope == ".default" || scope.ends_with("/.default")
}

/// The one scope that an application asks for as itself: the resource's `.default`.
pub(crate) fn of_application(scopes: &[Scope], names: PermissionNames) -> Result<String, AuthError> {
    let mut problems = Vec::new();
    let (defaults, others): (Vec<&Scope>, Vec<&Scope>) =
        scopes.iter().partition(|scope| is_default(scope.as_str()));
    let resource = others.iter().find_map(|scope| resource_of(scope.as_str()));
    let resource = resource.unwrap_or("https://graph.microsoft.com");
    for scope in others {
        let name = short_name(scope.as_str());
        problems.push(if OPENID.contains(&name) {
            format!("{name} is for signed-in users, and an application that signs in as itself has none: leave it out")
        } else if names.kind(scope) == Kind::Delegated {
            let other = if names.has_application(name) { "the application permission of that name" } else { "an application permission" };
            format!("{name} is a delegated permission, which needs a signed-in user: grant the app {other} and ask for {resource}/.default, or sign a user in")
        } else {
            format!("client credentials cannot ask for {scope:?} alone: grant it to the app as an application permission and ask for {resource}/.default, which stands for all that is granted")
        });
    }
    match defaults[..] {
        [scope] if problems.is_empty() => Ok(scope.as_str().to_owned()),
        [_, _, ..] => {
            problems.push("a token is for one resource: ask for one .default at a time".to_owned());
            Err(AuthError::Configuration(problems.into()))
        }
        _ => {
            if problems.is_empty() {
                problems.push(format!("no scope is asked for: ask for {resource}/.default"));
            }
            Err(AuthError::Configuration(problems.into()))
        }
    }
}

/// The resource that a scope names with a URL.
fn resource_of(scope: &str) -> Option<&str> {
    scope.starts_with("https://").then(|| scope.rsplit_once('/')).flatten().map(|(resource, _)| resource)
}

/// The scopes that a user is signed in for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserScopes {
    /// What is sent.
    pub(crate) scopes: Vec<String>,
    /// What is unwise but possible.
    pub(crate) warnings: Vec<String>,
}

/// The scopes that a user is signed in for: those of the resource, with those of OpenID Connect if `reserved`.
pub(crate) fn of_user(
    scopes: &[Scope],
    names: PermissionNames,
    reserved: bool,
) -> Result<UserScopes, AuthError> {
    let mut problems = Vec::new();
    let of_resource = |scope: &&Scope| !OPENID.contains(&scope.as_str());
    let (defaults, others): (Vec<&Scope>, Vec<&Scope>) =
        scopes.iter().filter(of_resource).partition(|scope| is_default(scope.as_str()));
    if let (Some(default), false) = (defaults.first(), others.is_empty()) {
        let others = list(&others);
        problems.push(format!("{default:?} stands for everything that the app is registered for and cannot be mixed with {others}: ask for one or the other"));
    }
    if defaults.len() > 1 {
        problems.push(format!("a token is for one resource: ask for one of {} at a time", list(&defaults)));
    }
    for scope in others.iter().filter(|scope| names.kind(scope) == Kind::Application) {
        let name = short_name(scope.as_str());
        let mend = if names.has_delegated(name) {
            "ask for the delegated permission of that name"
        } else {
            "ask for a delegated permission"
        };
        problems.push(format!("{name} is an application permission, which no user can consent to: {mend}, or sign in as the application with .default"));
    }
    for scope in scopes
        .iter()
        .filter(|scope| scope.as_str().is_empty() || scope.as_str().contains(char::is_whitespace))
    {
        problems.push(format!("{:?} is not a scope: give each scope by itself", scope.as_str()));
    }
    AuthError::unless_none(problems)?;
    let mut all: Vec<String> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
    let mut warnings = Vec::new();
    if reserved {
        let missing = RESERVED.iter().filter(|name| !scopes.iter().any(|scope| scope.as_str() == **name));
        all.extend(missing.map(|name| (*name).to_owned()));
    } else if !all.iter().any(|scope| scope == "offline_access") {
        warnings.push("offline_access is not among the scopes, so there will be no refresh token and the user must sign in again when the access token expires: add it".to_owned());
    }
    if all.is_empty() {
        return Err(AuthError::configuration(
            "no scope is asked for: ask for a permission such as User.Read, or for .default of the resource",
        ));
    }
    Ok(UserScopes { scopes: all, warnings })
}

fn list(scopes: &[&Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &str = "https://graph.microsoft.com/.default";
    const NAMES: PermissionNames = PermissionNames::new(
        &[
            DelegatedPermission::new("User.Read", None, Some(false), Some(1), false, true, false),
            DelegatedPermission::new("Mail.Read", None, Some(false), Some(1), false, true, false),
        ],
        &[
            ApplicationPermission::new("Mail.Read", None, Some(true), Some(3), false, true, false),
            ApplicationPermission::new("Sites.Selected", None, Some(true), Some(1), false, true, false),
        ],
    );

    fn scopes(texts: &[&str]) -> Vec<Scope> {
        texts.iter().map(|text| Scope::from(*text)).collect()
    }

    fn user(texts: &[&str]) -> Result<UserScopes, String> {
        of_user(&scopes(texts), NAMES, true).map_err(|error| error.to_string())
    }

    fn application(texts: &[&str]) -> Result<String, String> {
        of_application(&scopes(texts), NAMES).map_err(|error| error.to_string())
    }

    #[test]
    fn default_may_stand_with_the_scopes_of_openid_but_with_no_other() {
        assert_eq!(
            user(&[DEFAULT, "email"]).expect("right").scopes,
            [DEFAULT, "email", "openid", "profile", "offline_access"]
        );
        let error = user(&[DEFAULT, "User.Read"]).expect_err("mixed");
        assert!(error.contains("cannot be mixed with User.Read: ask for one or the other"), "{error}");
        let error = user(&[DEFAULT, "https://vault.azure.net/.default"]).expect_err("two resources");
        assert!(error.contains("one resource"), "{error}");
    }

    #[test]
    fn client_credentials_take_default_only_and_the_error_says_so() {
        assert_eq!(application(&[DEFAULT]).as_deref(), Ok(DEFAULT));
        for (texts, mend) in [
            (&["Group.Read.All"][..], "ask for https://graph.microsoft.com/.default"),
            (&["https://graph.microsoft.us/Group.Read.All"], "ask for https://graph.microsoft.us/.default"),
            (&[DEFAULT, "offline_access"], "leave it out"),
            (&[], "no scope is asked for: ask for https://graph.microsoft.com/.default"),
            (&[DEFAULT, "https://vault.azure.net/.default"], "one .default at a time"),
        ] {
            let error = application(texts).expect_err("wrong");
            assert!(error.contains(mend), "{texts:?}: {error}");
        }
    }

    #[test]
    fn a_permission_of_the_wrong_kind_is_found_by_its_type_and_by_its_name() {
        let error = user(&["Sites.Selected"]).expect_err("application only");
        assert!(error.contains("Sites.Selected is an application permission"), "{error}");
        assert!(user(&["Mail.Read"]).is_ok(), "a name of both kinds is right as text");
        let typed = [Scope::from(NAMES.application[0])];
        let error = of_user(&typed, PermissionNames::default(), true).expect_err("by type").to_string();
        assert!(error.contains("Mail.Read is an application permission"), "{error}");
        let error = of_user(&typed, NAMES, true).expect_err("by type").to_string();
        assert!(error.contains("ask for the delegated permission of that name"), "{error}");
        let error = application(&["User.Read"]).expect_err("delegated only");
        assert!(error.contains("User.Read is a delegated permission"), "{error}");
        let typed = [Scope::from(NAMES.delegated[1])];
        let error = of_application(&typed, NAMES).expect_err("by type").to_string();
        assert!(error.contains("grant the app the application permission of that name"), "{error}");
    }

    #[test]
    fn every_problem_is_named() {
        let error = user(&[DEFAULT, "Sites.Selected", "a b", ""]).expect_err("wrong");
        for part in
            ["cannot be mixed", "application permission", "\"a b\" is not a scope", "\"\" is not a scope"]
        {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_missing_offline_access_is_a_warning() {
        let own = of_user(&scopes(&["User.Read"]), NAMES, false).expect("possible");
        assert_eq!(own.scopes, ["User.Read"]);
        assert!(own.warnings[0].contains("offline_access"), "{own:?}");
        let own = of_user(&scopes(&["User.Read", "offline_access"]), NAMES, false).expect("right");
        assert!(own.warnings.is_empty());
        assert!(of_user(&[], NAMES, false).is_err());
    }
}
