//! Time and randomness as parameters, so that tests neither wait nor vary.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
#[cfg(feature = "hyper")]
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// What time it is, and how to wait.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Completes after a length of time.
    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()>;

    /// Completes when a limit on something that is under way has run out: after the same length of time. A clock
    /// whose waits are over at once, as that of a test, should give one that never completes.
    fn limit(&self, length: Duration) -> BoxFuture<'static, ()> {
        self.sleep(length)
    }
}

/// Where numbers that nobody should be able to foresee come from: request identifiers and the jitter of
/// waiting times. Not for secrets.
pub trait Randomness: fmt::Debug + Send + Sync {
    /// The next number, all values being equally likely.
    fn next(&self) -> u64;
}

/// The system's clock; it waits by tokio's timer.
#[cfg(feature = "hyper")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(feature = "hyper")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // `Timestamp::now` would panic instead, with all that dates can say of themselves in the program: 70 kB.
        Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(length))
    }
}

/// Numbers from the keys that the standard library draws from the system for its hash maps.
#[derive(Debug, Default)]
pub struct SystemRandomness {
    keys: RandomState,
    count: std::sync::atomic::AtomicU64,
}

impl Randomness for SystemRandomness {
    fn next(&self) -> u64 {
        self.keys.hash_one(self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}
