//! Refresh tokens in a file that only its owner can read, for servers without a key store.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::{CacheResult, TokenCache, TokenCacheKey};

/// How long another program may hold the lock, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a lock that is held is tried.
const INTERVAL: Duration = Duration::from_millis(20);

/// How many symbolic links are followed, as systems do.
const LINKS: usize = 40;

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

    /// Changes the tokens when nobody else does. Where another program holds the lock, a thread waits for it, so that
    /// the executor goes on; it gives up when nobody waits for it any more.
    async fn change(&self, change: impl FnOnce(&mut Tokens) + Send + 'static) -> io::Result<()> {
        let file = Locked::open(&self.path)?;
        if file.try_lock()? {
            return file.change(change);
        }
        let (outcome, waiting) = oneshot::channel();
        let wait = move || {
            let outcome_of_wait = file.wait(|| outcome.is_closed()).and_then(|()| file.change(change));
            // Nobody may be there any more to hear of it.
            let _ = outcome.send(outcome_of_wait);
        };
        std::thread::Builder::new().name("token cache".to_owned()).spawn(wait)?;
        waiting.await.map_err(io::Error::other)?
    }
}

/// The file that a path leads to, and its lock.
struct Locked {
    path: PathBuf,
    lock_path: PathBuf,
    lock: File,
}

impl Locked {
    /// Follows symbolic links, so that all who mean one file have one lock, and the links stay.
    fn open(path: &Path) -> io::Result<Self> {
        let path = target(path)?;
        let lock_path = beside(&path, ".lock");
        let lock = private().create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(|error| explain(&lock_path, error))?;
        Ok(Self { path, lock_path, lock })
    }

    /// Whether the lock could be had at once.
    fn try_lock(&self) -> io::Result<bool> {
        match self.lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(explain(&self.lock_path, error)),
        }
    }

    /// Waits for the lock, but not for ever.
    fn wait(&self, given_up: impl Fn() -> bool) -> io::Result<()> {
        let begin = Instant::now();
        while !given_up() && begin.elapsed() < PATIENCE {
            if self.try_lock()? {
                return Ok(());
            }
            std::thread::sleep(INTERVAL);
        }
        let problem = format!("another program has locked it for {} seconds", PATIENCE.as_secs());
        Err(explain(&self.lock_path, io::Error::new(io::ErrorKind::TimedOut, problem)))
    }

    /// Replaces the file as a whole.
    fn change(&self, change: impl FnOnce(&mut Tokens)) -> io::Result<()> {
        let mut tokens = read(&self.path)?;
        change(&mut tokens);
        let temporary = beside(&self.path, ".new");
        self.write(&temporary, &tokens).map_err(|error| explain(&temporary, error))?;
        fs::rename(&temporary, &self.path).map_err(|error| explain(&self.path, error))
    }

    fn write(&self, temporary: &Path, tokens: &Tokens) -> io::Result<()> {
        // What a crash left behind may belong to anybody.
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().create_new(true).open(temporary)?;
        file.write_all(&Zeroizing::new(serde_json::to_vec(&tokens.0)?))?;
        file.sync_all()
    }
}

impl TokenCache for FileTokenCache {
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        Box::pin(async move { Ok(read(&self.path)?.0.remove(&key.to_string()).map(SecretString::from)) })
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        let (key, token) = (key.to_string(), token.clone());
        let change = move |tokens: &mut Tokens| {
            if let Some(mut earlier) = tokens.0.insert(key, token.expose_secret().to_owned()) {
                earlier.zeroize();
            }
        };
        Box::pin(async move { Ok(self.change(change).await?) })
    }

    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        let key = key.to_string();
        let change = move |tokens: &mut Tokens| tokens.forget(&key);
        Box::pin(async move { Ok(self.change(change).await?) })
    }

    fn remove_if<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        let (key, token) = (key.to_string(), token.clone());
        let change = move |tokens: &mut Tokens| {
            if tokens.0.get(&key).is_some_and(|kept| kept == token.expose_secret()) {
                tokens.forget(&key);
            }
        };
        Box::pin(async move { Ok(self.change(change).await?) })
    }
}

/// An error that names the file which it is about.
fn explain(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(ending);
    path.into()
}

/// The file that a path leads to over symbolic links, whether or not it exists.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        // What is no link, or is not there, is where they lead.
        let Ok(next) = fs::read_link(&target) else { return Ok(target) };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(explain(path, io::Error::other("its symbolic links lead in circles")))
}

/// All tokens of a file, overwritten when they are dropped.
struct Tokens(BTreeMap<String, String>);

impl Tokens {
    fn forget(&mut self, key: &str) {
        if let Some(mut token) = self.0.remove(key) {
            token.zeroize();
        }
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

fn read(path: &Path) -> io::Result<Tokens> {
    let tokens = match File::open(path) {
        Ok(file) => read_file(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tokens(BTreeMap::new())),
        Err(error) => Err(error),
    };
    tokens.map_err(|error| explain(path, error))
}

fn read_file(file: File) -> io::Result<Tokens> {
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
