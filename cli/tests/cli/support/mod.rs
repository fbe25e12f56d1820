//! What the tests of accounts and requests share: a person with a folder of their own, and servers on loopback.

pub mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use server::{Answer, Seen, Server};

/// Secrets, none of which may ever be shown.
pub const SECRETS: [&str; 4] = ["r3fresh-token", "cl1ent-secret", "d3vice-code", "c0de-of-browser"];

/// Where nobody listens: no other test gets a port so low.
pub const NOBODY: &str = "http://127.0.0.1:1";

/// A person at a desk: no variables but those of the test, a folder for what is remembered, a service.
pub struct Desk {
    folder: TempDir,
    pub server: Server,
}

impl Desk {
    /// A desk whose service answers by a function of the request and the number of those before.
    pub fn new(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), server: Server::start(answer) }
    }

    /// Runs with a token in a variable.
    pub fn run(&self, args: &[&str]) -> Done {
        self.run_with(args, &[("GRAPH_TOKEN", "the-t0ken")])
    }

    /// Runs with these variables.
    pub fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Done {
        self.command(args, variables).output().expect("it runs").into()
    }

    /// Runs with something on standard input.
    pub fn run_reading(&self, args: &[&str], input: &[u8]) -> Done {
        let command = self.command(args, &[("GRAPH_TOKEN", "the-t0ken")]);
        assert_cmd::Command::from_std(command).write_stdin(input).output().expect("it runs").into()
    }

    /// The command, with these variables and no others of its kind.
    pub fn command(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_msgraph"));
        let foreign = |name: &str| {
            let name = name.to_ascii_uppercase();
            let ours = ["GRAPH_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix));
            ours || name.ends_with("_PROXY") || name == "NO_COLOR" || name == "CLICOLOR_FORCE"
        };
        for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
            command.env_remove(name);
        }
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("GRAPH_CONFIG_DIR", self.path("config"))
            .env("GRAPH_TOKEN_STORE", "file")
            .env("GRAPH_BASE_URL", self.server.url("/v1.0"))
            .env("AZURE_AUTHORITY_HOST", self.server.url(""))
            .envs(variables.iter().copied());
        command
    }

    /// A place in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file in the folder.
    pub fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path(name), content).expect("written");
    }

    /// Reads a file of the folder.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// What became of a command.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl From<std::process::Output> for Done {
    fn from(output: std::process::Output) -> Self {
        let done = Self {
            code: output.status.code().expect("it ended by itself"),
            out: output.stdout,
            err: String::from_utf8(output.stderr).expect("text"),
        };
        let shown = done.text() + &done.err;
        for secret in SECRETS.iter().chain(&["the-t0ken"]) {
            assert!(!shown.contains(secret), "{secret} is shown: {shown}");
        }
        done
    }
}

impl Done {
    /// The same, which must have succeeded.
    #[track_caller]
    pub fn success(self) -> Self {
        self.fails_with(0)
    }

    /// The same, which must have ended with a code.
    #[track_caller]
    pub fn fails_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.text(), self.err);
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one line of an error.
    #[track_caller]
    pub fn error(&self) -> &str {
        let line = self.err.strip_prefix("error: ").and_then(|line| line.strip_suffix('\n'));
        let line = line.unwrap_or_else(|| panic!("no error: {self:?}"));
        assert!(!line.contains('\n'), "several lines: {line}");
        line
    }
}

/// A token that can be read.
pub fn jwt(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&json!({"alg": "RS256", "typ": "JWT"})), part(claims))
}

/// The token of a user.
pub fn user_token() -> String {
    jwt(&json!({"tid": "t1", "appid": "app", "app_displayname": "My app", "scp": "User.Read Mail.Read",
        "upn": "adele@contoso.com", "exp": 1_900_000_000}))
}

/// The token of an app.
pub fn app_token() -> String {
    jwt(
        &json!({"tid": "t1", "appid": "app", "idtyp": "app", "roles": ["User.Read.All"], "exp": 1_900_000_000}),
    )
}

/// What a token endpoint grants.
pub fn granted(access: &str, refresh: Option<&str>) -> Answer {
    let mut body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": access});
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    Answer::json(200, &body)
}

/// The mode of a file.
#[cfg(unix)]
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[cfg(not(unix))]
pub fn mode(_: &Path) -> u32 {
    0o600
}
