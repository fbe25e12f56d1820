//! What reaches the network and keeps time, in one value: requests for tokens use the same as requests to the
//! service, and with it the same proxy and TLS settings.

use std::fmt;
use std::sync::Arc;

use crate::clock::{Clock, Randomness};
use crate::transport::Transport;

/// A transport, a clock and a source of randomness. Cloning it is cheap.
#[derive(Clone)]
pub struct Network {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Network {
    /// Puts the three together.
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { transport, clock, randomness }
    }

    /// The transport over hyper and the system's clock.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    #[cfg(feature = "hyper")]
    pub fn system() -> Result<Self, crate::transport::TransportError> {
        let transport = Arc::new(crate::transport::HyperTransport::new()?);
        let randomness = Arc::new(crate::clock::SystemRandomness::default());
        Ok(Self::new(transport, Arc::new(crate::clock::SystemClock), randomness))
    }

    /// Sends a request; the answer fails if nothing comes for a hundred seconds.
    #[cfg(feature = "auth")]
    pub(crate) async fn send(
        &self,
        request: http::Request<crate::body::Body>,
    ) -> Result<http::Response<crate::body::Body>, crate::transport::TransportError> {
        let limit = crate::client_builder::TRY_TIMEOUT;
        crate::pipeline::exchange(&self.clock, limit, request, |request| self.transport.send(request)).await
    }

    /// What carries requests.
    pub fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// What tells the time and waits.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Where identifiers and jitter come from.
    pub fn randomness(&self) -> &dyn Randomness {
        &*self.randomness
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}
