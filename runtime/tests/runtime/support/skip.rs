//! A clock whose waits are over at once, and which shows by how much it was made to go on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use msgraph_runtime::Clock;

/// A clock that starts at a Sunday in 2026 and goes on by every wait.
#[derive(Clone, Debug)]
pub struct SkippingClock(Arc<Mutex<Timestamp>>);

impl SkippingClock {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Self::start())))
    }

    /// How long has been waited in all.
    pub fn waited(&self) -> Duration {
        self.now().duration_since(Self::start()).try_into().expect("time goes on")
    }

    fn start() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().expect("a time")
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no panic elsewhere")
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        let time = self.0.clone();
        Box::pin(async move {
            *time.lock().expect("no panic elsewhere") += length;
        })
    }

    fn limit(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
