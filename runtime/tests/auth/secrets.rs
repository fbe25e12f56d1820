//! Secrets stay secret: in everything that the suite shows, and in memory when they are dropped.

use std::process::Command;

use crate::support::transcript;

/// Runs the whole suite once more, with all errors, `Debug` and trace output written down, and looks for every
/// secret in it: those that the tests know and those that the provider received and gave.
#[test]
fn no_secret_is_in_any_error_debug_or_trace_output_of_the_suite() {
    if transcript::directory().is_some() {
        return;
    }
    let directory = std::env::temp_dir().join(format!("msgraph-transcript-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--skip", "no_secret_is_in", "--skip", "memory_of_this_process", "--nocapture"])
        .env(transcript::DIRECTORY, &directory)
        .output()
        .expect("it runs");
    let shown = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}");
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).expect("the suite wrote it");
    let (secrets, seen) = (read("secrets"), read("seen"));
    let secrets: std::collections::BTreeSet<&str> = secrets.lines().filter(|line| line.len() > 4).collect();
    assert!(secrets.len() > 20 && seen.len() > 10_000, "{} secrets, {} bytes", secrets.len(), seen.len());
    for part in ["invalid_client", "a token was granted", "UserCredential("] {
        assert!(seen.contains(part), "the transcript lacks {part:?}");
    }
    for secret in secrets {
        for (what, text) in [("errors, Debug or traces", seen.as_str()), ("the output", &shown)] {
            if let Some(at) = text.find(secret) {
                let start =
                    (0..=at.saturating_sub(200)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                panic!("a secret is in {what}, after {:?}", &text[start..at]);
            }
        }
    }
    std::fs::remove_dir_all(directory).expect("it was there");
}

/// What a credential holds is overwritten when it is dropped. The test reads its own memory, in a process of
/// its own, so that no other test holds anything.
#[cfg(target_os = "linux")]
#[test]
fn memory_of_this_process_has_no_secret_after_its_credential_is_dropped() {
    const CHILD: &str = "AUTH_MEMORY_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return memory::look();
    }
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "secrets::memory_of_this_process_has_no_secret_after_its_credential_is_dropped",
            "--nocapture",
        ])
        .env(CHILD, "yes")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(target_os = "linux")]
mod memory {
    use std::os::unix::fs::FileExt;
    use std::sync::Arc;

    use msgraph_runtime::auth::{
        ClientAuthentication, ClientSecretCredential, MemoryTokenCache, OnBehalfOf, TokenCache,
        TokenCacheKey, UserCredential,
    };
    use msgraph_runtime::{Body, Network, SystemRandomness, TokenCredential, TokenRequest};
    use secrecy::SecretString;

    use crate::support::{DEFAULT, TestClock, application};

    /// What the secrets begin with, written so that this constant is not itself found.
    const MASKED: &[u8] = b"\x12\x04\x02\x13\x04\x15\x4c\x08\x0f\x4c\x0c\x04\x0c\x0e\x13\x18\x4c";

    /// A secret whose only copy is the one that is returned.
    fn secret(number: u8) -> SecretString {
        let mut text = String::with_capacity(MASKED.len() + 1);
        text.extend(MASKED.iter().map(|byte| char::from(byte ^ 0x61)));
        text.push(char::from(b'0' + number));
        text.into()
    }

    /// Which secrets are in the memory that this process can write.
    fn copies() -> Vec<u8> {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("a list");
        let memory = std::fs::File::open("/proc/self/mem").expect("our own memory");
        let mut found = Vec::new();
        let mut block = vec![0; 1 << 20];
        for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
            let (start, end) =
                line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let (mut at, end) = (
                u64::from_str_radix(start, 16).expect("a number"),
                u64::from_str_radix(end, 16).expect("a number"),
            );
            while at < end {
                let length = usize::try_from(end - at).expect("it fits").min(block.len());
                let Ok(read) = memory.read_at(&mut block[..length], at) else { break };
                let hits = block[..read].windows(MASKED.len() + 1);
                let hits =
                    hits.filter(|part| part.iter().zip(MASKED).all(|(byte, masked)| byte ^ 0x61 == *masked));
                found.extend(hits.map(|part| part[MASKED.len()]));
                if read <= MASKED.len() {
                    break;
                }
                at += read as u64 - MASKED.len() as u64;
            }
        }
        block.fill(0);
        found.sort_unstable();
        found.dedup();
        found
    }

    pub fn look() {
        let application = || application("http://127.0.0.1:1", "app");
        let by_secret = ClientSecretCredential::for_application(application(), secret(1)).expect("right");
        let user = UserCredential::builder(application()).refresh_token(secret(2)).expect("right");
        let api = OnBehalfOf::new(application(), ClientAuthentication::secret(secret(3))).expect("right");
        let caller = api.user(secret(4));
        let cache = MemoryTokenCache::default();
        let key =
            TokenCacheKey { authority: String::new(), client_id: String::new(), account: String::new() };
        let token = secret(5);
        let stored = cache.store(&key, &token);
        futures_util::FutureExt::now_or_never(stored).expect("at once").expect("it works");
        assert_eq!(copies(), b"12345", "the search finds what is there");
        drop((by_secret, user, api, caller, cache, token));
        assert_eq!(copies(), b"", "overwritten");
        sent();
    }

    /// The form of a request is overwritten too, when the transport has let go of it.
    fn sent() {
        let transport = |request: http::Request<Body>| async move {
            drop(request);
            let answer = r#"{"access_token":"x","token_type":"Bearer","expires_in":3600}"#;
            Ok(http::Response::new(Body::from(answer)))
        };
        let network = Network::new(
            Arc::new(transport),
            Arc::new(TestClock::new()),
            Arc::new(SystemRandomness::default()),
        );
        let credential =
            ClientSecretCredential::for_application(application("http://127.0.0.1:1", "app"), secret(6));
        let credential = credential.expect("right");
        let asked = credential.get_token(TokenRequest::new(&[DEFAULT], &network));
        futures_util::FutureExt::now_or_never(asked).expect("at once").expect("a token");
        drop(credential);
        assert_eq!(copies(), b"", "overwritten");
    }
}
