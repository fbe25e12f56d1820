//! A clock whose waits are over at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use msgraph::runtime::Clock;

/// A clock that goes on by every wait, and by nothing else. It starts in 1970.
#[derive(Clone, Debug, Default)]
pub struct SkippingClock {
    /// In microseconds.
    now: Arc<AtomicU64>,
}

impl Clock for SkippingClock {
    fn now(&self) -> Timestamp {
        let now = Duration::from_micros(self.now.load(Ordering::Relaxed));
        Timestamp::UNIX_EPOCH + SignedDuration::try_from(now).unwrap_or(SignedDuration::MAX)
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        let now = self.now.clone();
        Box::pin(async move {
            // Rounded up, so that a wait never ends too early.
            let length = u64::try_from(length.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
            now.fetch_add(length, Ordering::Relaxed);
        })
    }

    fn limit(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
