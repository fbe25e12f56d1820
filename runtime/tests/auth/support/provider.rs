//! The OpenID provider in `tests/oidc`, one for all tests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;

use super::transcript;

/// A provider that runs.
pub struct Provider {
    /// Its URL without tenant.
    pub base: String,
    /// Where the clients' certificate and key are, as PEM and PKCS#12.
    pub keys: PathBuf,
    /// It ends when this is closed.
    _stdin: ChildStdin,
    _process: Child,
}

/// A request that the provider got.
#[derive(Clone, Debug, Deserialize)]
pub struct Logged {
    pub headers: BTreeMap<String, String>,
    pub fields: BTreeMap<String, String>,
    pub status: u16,
}

/// The provider; `None`, and loud, where it cannot run.
pub fn provider() -> Option<&'static Provider> {
    static PROVIDER: OnceLock<Result<Provider, String>> = OnceLock::new();
    match PROVIDER.get_or_init(start) {
        Ok(provider) => Some(provider),
        Err(problem) => {
            eprintln!("SKIPPED, as the OpenID provider does not run: {problem}");
            None
        }
    }
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oidc")
}

fn start() -> Result<Provider, String> {
    transcript::start();
    run(&mut Command::new(folder().join("setup")))?;
    let keys = make_keys()?;
    run_with(keys.clone(), Some(keys))
}

/// Runs a provider, which removes a folder when it ends.
fn run_with(keys: PathBuf, remove: Option<PathBuf>) -> Result<Provider, String> {
    let mut command = Command::new("node");
    command.arg(folder().join("provider.mjs")).env("CERTIFICATE", keys.join("certificate.pem"));
    if let Some(remove) = remove {
        command.env("REMOVE", remove);
    }
    if let Some(directory) = transcript::directory() {
        command.env("SECRETS", directory.join("secrets"));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().map_err(|error| format!("node: {error}"))?;
    let stdin = process.stdin.take().ok_or("it has no standard input")?;
    let mut lines = BufReader::new(process.stdout.take().ok_or("it has no standard output")?).lines();
    let port = lines.find_map(|line| line.ok()?.trim().parse::<u16>().ok());
    // Its warnings come first; what it says later would block it if nobody read it.
    std::thread::spawn(move || lines.for_each(drop));
    let port = port.ok_or("it did not say its port")?;
    Ok(Provider { base: format!("http://127.0.0.1:{port}"), keys, _stdin: stdin, _process: process })
}

/// A key, its certificate, and both as PKCS#12, in a directory of this process.
fn make_keys() -> Result<PathBuf, String> {
    let directory = std::env::temp_dir().join(format!("msgraph-auth-keys-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    let openssl = |arguments: &str| {
        run(Command::new("openssl").args(arguments.split(' ')).current_dir(&directory).stderr(Stdio::null()))
    };
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=daemon",
    )?;
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout other-key.pem -out other.pem -days 2 -subj /CN=other",
    )?;
    openssl("pkcs12 -export -inkey key.pem -in certificate.pem -out both.p12 -passout pass:p12-pa55word")?;
    openssl(
        "pkcs12 -export -legacy -inkey key.pem -in certificate.pem -out legacy.p12 -passout pass:p12-pa55word",
    )?;
    openssl("pkey -in key.pem -traditional -out pkcs1.pem")?;
    openssl("pkey -in key.pem -aes256 -passout pass:x -out encrypted.pem")?;
    openssl("ecparam -name prime256v1 -genkey -noout -out ec.pem")?;
    Ok(directory)
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{name}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed: {status}")) }
}

impl Provider {
    /// Another one with the same keys, which no other test talks to.
    pub fn another(&self) -> Self {
        run_with(self.keys.clone(), None).expect("the first one runs")
    }

    pub fn pem(&self, names: &[&str]) -> Vec<u8> {
        let read = |name: &&str| std::fs::read(self.keys.join(name)).expect("a key that was made");
        names.iter().flat_map(read).collect()
    }

    /// The token requests so far.
    pub async fn log(&self) -> Vec<Logged> {
        let url = format!("{}/test/log", self.base).parse().expect("a URL");
        serde_json::from_str(&super::fetch(&url, None, &[]).await.body).expect("the log")
    }
}
