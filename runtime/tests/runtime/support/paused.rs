//! A clock that goes with tokio's, which stands still while there is something to do and jumps otherwise.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use msgraph_runtime::Clock;
use tokio::time::Instant;

/// For tests with `start_paused = true`: an hour passes in an instant.
#[derive(Clone, Copy, Debug)]
pub struct PausedClock {
    began: Instant,
}

impl PausedClock {
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }

    /// How much time has passed.
    pub fn passed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let began: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a time");
        began + SignedDuration::try_from(self.passed()).expect("not that long")
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(length))
    }
}
