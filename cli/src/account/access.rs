//! Decides where tokens come from: from options, variables and what is remembered to one way of having them.

use std::fmt;
use std::path::PathBuf;

use anyhow::anyhow;
use secrecy::SecretString;

use super::args::{AccountArgs, Cloud};
use super::remembered::{App, By, Login};
use super::store::Store;
use crate::exit::{Exit, Failure};

/// A token that somebody else obtained.
const TOKEN: &str = "GRAPH_TOKEN";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const ASSERTION: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// What signs in, where, and what said so.
#[derive(Debug)]
pub struct Access {
    pub by: Means,
    /// The option, variable or command that it comes from.
    pub source: &'static str,
    pub cloud: Cloud,
    pub base_url: Option<String>,
}

/// How tokens are had.
#[derive(Debug)]
pub enum Means {
    /// Somebody else has got one.
    Token(SecretString),
    /// The app signs in as itself.
    Application(App, Proof),
    /// A user has signed in.
    User { app: App, store: Store, scopes: Vec<String> },
}

/// How an app proves which one it is.
#[derive(Clone)]
pub enum Proof {
    Secret(SecretString),
    SecretFile(PathBuf),
    Certificate { path: PathBuf, password: Option<SecretString> },
    AssertionFile(PathBuf),
}

/// Without what is secret.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::SecretFile(_) => "SecretFile",
            Self::Certificate { .. } => "Certificate",
            Self::AssertionFile(_) => "AssertionFile",
        })
    }
}

/// The secrets that variables hold or lead to.
#[derive(Debug, Default)]
pub struct Variables {
    token: Option<SecretString>,
    proof: Option<(Proof, &'static str)>,
    password: Option<SecretString>,
}

impl Variables {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables; an empty one is none.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| {
            variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let password = set(PASSWORD).map(SecretString::from);
        let secret = set(SECRET).map(|secret| (Proof::Secret(secret.into()), SECRET));
        let certificate = || {
            let path = set(CERTIFICATE)?.into();
            Some((Proof::Certificate { path, password: password.clone() }, CERTIFICATE))
        };
        let assertion = || set(ASSERTION).map(|path| (Proof::AssertionFile(path.into()), ASSERTION));
        let proof = secret.or_else(certificate).or_else(assertion);
        Self { token: set(TOKEN).map(SecretString::from), proof, password }
    }

    /// The variable that comes before what `msgraph login` keeps.
    pub fn overriding(&self) -> Option<&'static str> {
        self.token.as_ref().map(|_| TOKEN).or(self.proof.as_ref().map(|(_, name)| *name))
    }
}

impl AccountArgs {
    /// The file with a proof that an option names, and the option.
    pub fn named(&self) -> Option<(By, &'static str)> {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let secret = self
            .client_secret_file
            .as_ref()
            .map(|path| (By::ClientSecretFile { path: absolute(path) }, "--client-secret-file"));
        let certificate =
            || Some((By::Certificate { path: absolute(self.certificate.as_ref()?) }, "--certificate"));
        secret.or_else(certificate)
    }

    /// The app that signs in; `tenant` where none is named.
    pub fn app(&self, login: Option<&Login>, tenant: Option<&str>) -> Result<App, Failure> {
        let app = login.map(|login| &login.app);
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let tenant_id = given(&self.tenant).or(app.map(|app| app.tenant.clone()));
        let client_id = given(&self.client_id).or(app.map(|app| app.client_id.clone()));
        match (tenant_id.or(tenant.map(str::to_owned)), client_id) {
            (Some(tenant), Some(client_id)) => Ok(App {
                tenant,
                client_id,
                cloud: self.cloud(login),
                authority: given(&self.authority).or(app.and_then(|app| app.authority.clone())),
            }),
            (tenant, client_id) => {
                let missing = [("--tenant", tenant.is_none()), ("--client-id", client_id.is_none())];
                let missing: Vec<&str> =
                    missing.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
                Err(Failure::new(
                    Exit::Usage,
                    anyhow!(
                        "which app signs in is not known: give {} (or AZURE_TENANT_ID, AZURE_CLIENT_ID) of your app registration",
                        missing.join(" and ")
                    ),
                ))
            }
        }
    }

    fn cloud(&self, login: Option<&Login>) -> Cloud {
        self.cloud.or(login.map(|login| login.app.cloud)).unwrap_or_default()
    }

    /// The root of the service, if it is not the cloud's.
    pub fn base_url(&self, login: Option<&Login>) -> Option<String> {
        let given = self.base_url.clone().filter(|url| !url.is_empty());
        // What is remembered was remembered for one cloud.
        let remembered = login.filter(|login| self.cloud.is_none_or(|cloud| cloud == login.app.cloud));
        given.or(remembered.and_then(|login| login.base_url.clone()))
    }

    /// Decides where tokens come from.
    pub fn access(&self, variables: &Variables, login: Option<&Login>) -> Result<Access, Failure> {
        let app = || self.app(login, None);
        let (by, source) = match (self.named(), &variables.token, &variables.proof, login) {
            (Some((by, source)), ..) => (by.means(app()?, variables), source),
            (None, Some(token), ..) => (Means::Token(token.clone()), TOKEN),
            (None, None, Some((proof, source)), _) => (Means::Application(app()?, proof.clone()), *source),
            (None, None, None, Some(login)) => (login.by.means(app()?, variables), "msgraph login"),
            (None, None, None, None) => {
                return Err(Failure::new(
                    Exit::SignIn,
                    anyhow!(
                        "nobody is signed in: run `msgraph login`, or set GRAPH_TOKEN to an access token"
                    ),
                ));
            }
        };
        Ok(Access { by, source, cloud: self.cloud(login), base_url: self.base_url(login) })
    }
}

impl By {
    /// How the tokens of an app are had so.
    pub fn means(&self, app: App, variables: &Variables) -> Means {
        match self {
            Self::User { store, scopes } => Means::User { app, store: *store, scopes: scopes.clone() },
            Self::ClientSecretFile { path } => Means::Application(app, Proof::SecretFile(path.clone())),
            Self::Certificate { path } => {
                let (path, password) = (path.clone(), variables.password.clone());
                Means::Application(app, Proof::Certificate { path, password })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(by: By) -> Login {
        let app = App {
            tenant: "contoso.com".to_owned(),
            client_id: "app".to_owned(),
            cloud: Cloud::China,
            authority: None,
        };
        Login { app, base_url: None, by }
    }

    fn user() -> Login {
        login(By::User { store: Store::File, scopes: vec!["User.Read".to_owned()] })
    }

    fn variables(set: &[(&str, &str)]) -> Variables {
        let find = |name: &str| set.iter().find(|(other, _)| *other == name);
        Variables::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    fn source(args: &AccountArgs, set: &[(&str, &str)], login: Option<&Login>) -> &'static str {
        args.access(&variables(set), login).expect("a way").source
    }

    #[test]
    fn an_option_comes_before_a_token_a_token_before_a_proof_and_a_proof_before_a_login() {
        let all = [("GRAPH_TOKEN", "t"), ("AZURE_CLIENT_SECRET", "s"), ("AZURE_FEDERATED_TOKEN_FILE", "f")];
        let named = AccountArgs { certificate: Some("c.pem".into()), ..AccountArgs::default() };
        let (plain, login) = (AccountArgs::default(), user());
        assert_eq!(source(&named, &all, Some(&login)), "--certificate");
        assert_eq!(source(&plain, &all, Some(&login)), "GRAPH_TOKEN");
        assert_eq!(source(&plain, &all[1..], Some(&login)), "AZURE_CLIENT_SECRET");
        assert_eq!(source(&plain, &all[2..], Some(&login)), "AZURE_FEDERATED_TOKEN_FILE");
        assert_eq!(source(&plain, &[("GRAPH_TOKEN", " ")], Some(&login)), "msgraph login");
        assert_eq!(variables(&all).overriding(), Some("GRAPH_TOKEN"));
        assert_eq!(variables(&[]).overriding(), None);
    }

    #[test]
    fn nobody_is_signed_in_where_there_is_nothing() {
        let failure = AccountArgs::default().access(&variables(&[]), None).expect_err("nobody");
        assert_eq!(failure.exit(), Exit::SignIn);
        assert!(failure.to_string().contains("run `msgraph login`"), "{failure}");
    }

    #[test]
    fn what_is_not_given_is_what_the_login_remembers() {
        let (args, login) = (AccountArgs { tenant: Some("other".to_owned()), ..Default::default() }, user());
        let access = args.access(&variables(&[]), Some(&login)).expect("a way");
        let Means::User { app, .. } = access.by else { panic!("{access:?}") };
        assert_eq!((app.tenant.as_str(), app.client_id.as_str(), app.cloud), ("other", "app", Cloud::China));
    }

    #[test]
    fn an_app_that_is_not_named_is_a_wrong_argument_that_names_what_is_missing() {
        let args = AccountArgs { tenant: Some(String::new()), ..Default::default() };
        let failure =
            args.access(&variables(&[("AZURE_CLIENT_SECRET", "s3cret")]), None).expect_err("no app");
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains("give --tenant and --client-id"), "{failure}");
        assert!(!format!("{failure:?}").contains("s3cret"));
    }

    #[test]
    fn a_root_that_was_remembered_for_one_cloud_is_not_used_in_another() {
        let login = Login { base_url: Some("https://gateway.example/v1.0".to_owned()), ..user() };
        let plain = AccountArgs::default();
        assert_eq!(plain.base_url(Some(&login)), login.base_url);
        let global = AccountArgs { cloud: Some(Cloud::Global), ..plain };
        assert_eq!(global.base_url(Some(&login)), None);
    }
}
