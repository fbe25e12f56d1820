//! Refresh tokens in a file that only its owner can read, for servers without a key store.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretString};

use super::{CacheResult, TokenCache, TokenCacheKey};

/// Keeps tokens in a JSON file with mode 0600. It is replaced as a whole, so that a crash leaves the old or
/// the new one, and locked while it is changed, so that several processes can share it.
///
/// Outside Unix the file has the permissions of its directory; put it where only the owner can read.
#[derive(Clone, Debug)]
pub struct FileTokenCache {
    path: PathBuf,
}

impl FileTokenCache {
    /// A store in a file, which is made when the first token is kept. Its directory must exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(ending);
        path.into()
    }

    fn change(&self, change: impl FnOnce(&mut Tokens)) -> io::Result<()> {
        let lock = private().create(true).truncate(false).open(self.beside(".lock"))?;
        lock.lock()?;
        let mut tokens = read(&self.path)?;
        change(&mut tokens);
        let temporary = self.beside(".new");
        // What a crash left behind may belong to anybody.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().create_new(true).open(&temporary)?;
        file.write_all(&Zeroizing::new(serde_json::to_vec(&tokens.0)?))?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)
    }
}

impl TokenCache for FileTokenCache {
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        Box::pin(async move {
            let mut tokens = read(&self.path).map_err(|error| self.explain(error))?;
            Ok(tokens.0.remove(&key.to_string()).map(SecretString::from))
        })
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        Box::pin(async move {
            let token = token.expose_secret().to_owned();
            let change = |tokens: &mut Tokens| {
                tokens.0.insert(key.to_string(), token);
            };
            Ok(self.change(change).map_err(|error| self.explain(error))?)
        })
    }

    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        Box::pin(async move {
            let change = |tokens: &mut Tokens| {
                tokens.0.remove(&key.to_string());
            };
            Ok(self.change(change).map_err(|error| self.explain(error))?)
        })
    }
}

impl FileTokenCache {
    fn explain(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
    }
}

/// All tokens of a file, overwritten when they are dropped.
struct Tokens(BTreeMap<String, String>);

impl Drop for Tokens {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

fn read(path: &Path) -> io::Result<Tokens> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Tokens(BTreeMap::new())),
        Err(error) => return Err(error),
    };
    check_permissions(&file)?;
    let text = Zeroizing::new(io::read_to_string(file)?);
    serde_json::from_str(&text).map(Tokens).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is not a store of tokens ({place}): delete it and sign in again"),
        )
    })
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

/// A store that others can read is not used: its tokens may be known already.
#[cfg(unix)]
fn check_permissions(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let problem = format!(
        "others can read it (mode {mode:o}): delete it and sign in again, or chmod 600 it if nobody has"
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

#[cfg(not(unix))]
fn check_permissions(_: &File) -> io::Result<()> {
    Ok(())
}
