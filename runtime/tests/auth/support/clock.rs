//! A clock that tests move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use msgraph_runtime::Clock;

/// Time stands still until it is moved; who sleeps moves it.
#[derive(Clone, Debug)]
pub struct TestClock {
    state: Arc<Mutex<(Timestamp, Vec<Duration>)>>,
    /// How long every sleep takes in truth.
    pause: Duration,
}

impl TestClock {
    pub fn new() -> Self {
        Self { state: Arc::new(Mutex::new((Timestamp::now(), Vec::new()))), pause: Duration::ZERO }
    }

    /// One that gives others some time while somebody sleeps.
    pub fn slow() -> Self {
        Self { pause: Duration::from_millis(100), ..Self::new() }
    }

    pub fn advance(&self, seconds: i64) {
        let mut state = self.state.lock().expect("no test panics here");
        state.0 = state.0.checked_add(SignedDuration::from_secs(seconds)).expect("a time that exists");
    }

    /// How long everybody slept, in seconds.
    pub fn slept(&self) -> Vec<u64> {
        self.state.lock().expect("no test panics here").1.iter().map(Duration::as_secs).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.state.lock().expect("no test panics here").0
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        Box::pin(async move {
            tokio::time::sleep(clock.pause).await;
            clock.state.lock().expect("no test panics here").1.push(length);
            clock.advance(i64::try_from(length.as_secs()).expect("not that long"));
        })
    }

    fn limit(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
