//! Where refresh tokens are kept.

use std::collections::BTreeMap;
use std::sync::Mutex;

use msgraph_runtime::auth::{CacheResult, FileTokenCache, MemoryTokenCache, TokenCache, TokenCacheKey};
use secrecy::{ExposeSecret, SecretString};

use crate::support::transcript;

/// A cache that a test can look into; also what a program of its own would write.
#[derive(Default)]
pub struct SharedCache(Mutex<BTreeMap<String, String>>);

impl SharedCache {
    /// The one token that is kept.
    pub fn only(&self) -> String {
        let tokens = self.0.lock().expect("no test panics here");
        assert_eq!(tokens.len(), 1);
        tokens.values().next().expect("one").clone()
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().expect("no test panics here").is_empty()
    }
}

impl TokenCache for SharedCache {
    fn load<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, Option<SecretString>> {
        let token = self.0.lock().expect("no test panics here").get(&key.to_string()).cloned();
        Box::pin(async move { Ok(token.map(SecretString::from)) })
    }

    fn store<'a>(&'a self, key: &'a TokenCacheKey, token: &'a SecretString) -> CacheResult<'a, ()> {
        let token = token.expose_secret().to_owned();
        self.0.lock().expect("no test panics here").insert(key.to_string(), token);
        Box::pin(async { Ok(()) })
    }

    fn remove<'a>(&'a self, key: &'a TokenCacheKey) -> CacheResult<'a, ()> {
        self.0.lock().expect("no test panics here").remove(&key.to_string());
        Box::pin(async { Ok(()) })
    }
}

fn key(account: &str) -> TokenCacheKey {
    TokenCacheKey {
        authority: "https://login.microsoftonline.com/common".to_owned(),
        client_id: "app".to_owned(),
        account: account.to_owned(),
    }
}

/// What every cache must do.
async fn keeps_replaces_and_forgets(cache: &dyn TokenCache) {
    let (adele, alex) = (key("adele"), key("alex"));
    assert!(cache.load(&adele).await.expect("it works").is_none());
    for token in ["f1rst-refresh", "s3cond-refresh"] {
        transcript::secret(token);
        cache.store(&adele, &token.into()).await.expect("it works");
        let kept = cache.load(&adele).await.expect("it works").expect("a token");
        assert_eq!(kept.expose_secret(), token);
    }
    cache.store(&alex, &"0ther-refresh".into()).await.expect("it works");
    cache.remove(&adele).await.expect("it works");
    cache.remove(&adele).await.expect("what is not there can be removed");
    assert!(cache.load(&adele).await.expect("it works").is_none());
    assert!(cache.load(&alex).await.expect("it works").is_some());
    cache.remove(&alex).await.expect("it works");
}

fn directory(name: &str) -> std::path::PathBuf {
    let directory = std::env::temp_dir().join(format!("msgraph-cache-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

#[tokio::test]
async fn memory_and_file_keep_replace_and_forget() {
    let memory = MemoryTokenCache::default();
    keeps_replaces_and_forgets(&memory).await;
    transcript::shown(&memory);
    let directory = directory("contract");
    let file = FileTokenCache::new(directory.join("tokens.json"));
    keeps_replaces_and_forgets(&file).await;
    transcript::shown(&file);
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only_and_one_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory("mode");
    let path = directory.join("tokens.json");
    let cache = FileTokenCache::new(&path);
    cache.store(&key("adele"), &"f1le-refresh".into()).await.expect("it works");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    let leftovers: Vec<_> = std::fs::read_dir(&directory).expect("a directory").flatten().collect();
    assert!(leftovers.iter().all(|entry| mode(&entry.path()) == 0o600), "{leftovers:?}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    let error = cache.load(&key("adele")).await.expect_err("others can read it").to_string();
    assert!(
        error.contains("mode 644") && error.contains("chmod 600") && error.contains("tokens.json"),
        "{error}"
    );
    assert!(cache.store(&key("adele"), &"x".into()).await.is_err());
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_an_error_without_its_contents() {
    let directory = directory("broken");
    let path = directory.join("tokens.json");
    let cache = FileTokenCache::new(&path);
    cache.store(&key("adele"), &"x".into()).await.expect("it works");
    std::fs::write(&path, "{\"a\": \"br0ken-refresh").expect("it is ours");
    let error = cache.load(&key("adele")).await.expect_err("no JSON").to_string();
    assert!(
        error.contains("line 1") && error.contains("sign in again") && !error.contains("br0ken"),
        "{error}"
    );
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[test]
fn many_writers_of_one_file_lose_nothing() {
    let directory = directory("writers");
    let path = directory.join("tokens.json");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let cache = FileTokenCache::new(path);
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                for round in 0..10 {
                    let (key, token) = (key(&writer.to_string()), format!("token {round}").into());
                    runtime.block_on(cache.store(&key, &token)).expect("it works");
                }
            });
        }
    });
    let cache = FileTokenCache::new(&path);
    for writer in 0..8 {
        let key = key(&writer.to_string());
        let kept =
            futures_util::FutureExt::now_or_never(cache.load(&key)).expect("at once").expect("it works");
        assert_eq!(kept.expect("kept").expose_secret(), "token 9");
    }
    std::fs::remove_dir_all(directory).expect("it was there");
}

/// Holds the lock of a file as another program would.
fn lock(path: &std::path::Path) -> std::fs::File {
    let path = format!("{}.lock", path.display());
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = file.expect("a file");
    file.lock().expect("nobody else has it");
    file
}

#[tokio::test]
async fn waiting_for_the_lock_of_another_program_does_not_hold_up_the_executor() {
    let directory = directory("lock");
    let path = directory.join("tokens.json");
    let cache = FileTokenCache::new(&path);
    let held = lock(&path);
    let (adele, token) = (key("adele"), "f1rst-refresh".into());
    let mut store = cache.store(&adele, &token);
    assert!(futures_util::poll!(&mut store).is_pending(), "other tasks can go on, and a timeout can end it");
    // What is given up is not done later.
    drop(store);
    let second = "s3cond-refresh".into();
    let mut store = cache.store(&adele, &second);
    assert!(futures_util::poll!(&mut store).is_pending());
    drop(held);
    store.await.expect("the lock is free");
    assert_eq!(cache.load(&adele).await.expect("it works").expect("kept").expose_secret(), "s3cond-refresh");
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[tokio::test]
async fn a_token_that_another_program_has_replaced_is_not_forgotten() {
    let directory = directory("compare");
    let file = FileTokenCache::new(directory.join("tokens.json"));
    let memory = MemoryTokenCache::default();
    let own = SharedCache::default();
    for cache in [&file as &dyn TokenCache, &memory, &own] {
        let (adele, old, new) = (key("adele"), "0ld-refresh".into(), "n3w-refresh".into());
        cache.store(&adele, &new).await.expect("it works");
        cache.remove_if(&adele, &old).await.expect("it works");
        assert_eq!(cache.load(&adele).await.expect("it works").expect("kept").expose_secret(), "n3w-refresh");
        cache.remove_if(&adele, &new).await.expect("it works");
        assert!(cache.load(&adele).await.expect("it works").is_none());
        cache.remove_if(&adele, &new).await.expect("what is not there can be removed");
    }
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_stays_and_its_target_is_locked_and_replaced() {
    let directory = directory("link");
    std::fs::create_dir_all(directory.join("real")).expect("a directory");
    let (target, link, outer) =
        (directory.join("real/tokens.json"), directory.join("link"), directory.join("outer"));
    std::os::unix::fs::symlink("real/tokens.json", &link).expect("a link");
    std::os::unix::fs::symlink(&link, &outer).expect("a link");
    let (direct, linked) = (FileTokenCache::new(&target), FileTokenCache::new(&outer));
    // At first the links lead to nothing.
    linked.store(&key("adele"), &"l1nked-refresh".into()).await.expect("it works");
    direct.store(&key("alex"), &"d1rect-refresh".into()).await.expect("it works");
    for account in ["adele", "alex"] {
        assert!(linked.load(&key(account)).await.expect("it works").is_some(), "{account}");
        assert!(direct.load(&key(account)).await.expect("it works").is_some(), "{account}");
    }
    assert!(link.is_symlink() && outer.is_symlink() && !target.is_symlink());
    let held = lock(&target);
    let (adele, token) = (key("adele"), "x".into());
    assert!(futures_util::poll!(linked.store(&adele, &token)).is_pending(), "one file, one lock");
    drop(held);
    let circle = directory.join("circle");
    std::os::unix::fs::symlink("circle", &circle).expect("a link");
    let error = FileTokenCache::new(&circle).store(&adele, &token).await.expect_err("no file").to_string();
    assert!(error.contains("circle"), "{error}");
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[tokio::test]
async fn an_error_names_the_file_that_it_is_about() {
    let directory = directory("names");
    let path = directory.join("tokens.json");
    let lock_path = directory.join("tokens.json.lock");
    std::fs::create_dir_all(&lock_path).expect("a directory in the way");
    let cache = FileTokenCache::new(&path);
    let error = cache.store(&key("adele"), &"x".into()).await.expect_err("no lock").to_string();
    assert!(error.starts_with(&format!("{}: ", lock_path.display())), "{error}");
    std::fs::remove_dir_all(directory).expect("it was there");
}

#[tokio::test]
async fn the_systems_key_store_keeps_replaces_and_forgets() {
    // A store in memory stands for the system's, which asks somebody.
    keyring_core::set_default_store(keyring_core::mock::Store::new().expect("a store"));
    let cache = msgraph_runtime::auth::KeyringTokenCache::new("msgraph tests");
    keeps_replaces_and_forgets(&cache).await;
    transcript::shown(&cache);
}
