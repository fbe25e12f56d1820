//! What `msgraph login` remembers: which app signs in where and how, never a secret.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use super::args::Cloud;
use super::store::Store;

/// The variable that names another folder than the system's.
const FOLDER: &str = "GRAPH_CONFIG_DIR";

/// An app registration, and where it signs in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct App {
    pub tenant: String,
    pub client_id: String,
    pub cloud: Cloud,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// A sign-in that other commands use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Login {
    #[serde(flatten)]
    pub app: App,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    #[serde(flatten)]
    pub by: By,
}

/// How the tokens of a sign-in are had.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum By {
    /// A user, whose refresh token is in a store.
    User { store: Store, scopes: Vec<String> },
    /// The app itself, with the secret in a file.
    ClientSecretFile { path: PathBuf },
    /// The app itself, with the certificate in a file.
    Certificate { path: PathBuf },
}

/// The folder where sign-ins are remembered.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder that the environment names, or else the system's.
    pub fn find() -> Result<Self> {
        if let Some(path) = std::env::var_os(FOLDER).filter(|path| !path.is_empty()) {
            return Ok(Self(path.into()));
        }
        let system = etcetera::choose_base_strategy()
            .map_err(|_| anyhow!("there is no home directory: set {FOLDER} to a folder"))?;
        Ok(Self(system.config_dir().join("msgraph")))
    }

    /// The file with refresh tokens, where the system has no key store.
    pub fn tokens(&self) -> PathBuf {
        self.0.join("tokens.json")
    }

    fn login(&self) -> PathBuf {
        self.0.join("login.json")
    }

    /// Makes the folder, for its owner only.
    pub fn make(&self) -> Result<()> {
        let mut folder = std::fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.0).with_context(|| format!("cannot make {}", self.0.display()))
    }

    /// The sign-in that is remembered.
    pub fn load(&self) -> Result<Option<Login>> {
        let path = self.login();
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let login = serde_json::from_slice(&text);
        login.map(Some).map_err(|_| {
            anyhow!("{} is not what msgraph login writes: delete it and sign in again", path.display())
        })
    }

    /// Remembers a sign-in in place of an earlier one.
    pub fn save(&self, login: &Login) -> Result<()> {
        self.make()?;
        let path = self.login();
        write(&self.0, &path, &serde_json::to_vec_pretty(login)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Forgets the sign-in.
    pub fn forget(&self) -> Result<()> {
        let path = self.login();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done.with_context(|| format!("cannot delete {}", path.display())),
        }
    }
}

/// Writes a file as a whole, readable for its owner only, as temporary files are.
fn write(folder: &Path, path: &Path, content: &[u8]) -> Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}
