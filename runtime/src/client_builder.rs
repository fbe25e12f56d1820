//! Puts a client together from its parts.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method};
use url::Url;

use crate::client::{GraphClient, OperationLookup, Shared, is_loopback};
use crate::clock::{Clock, Randomness, SystemRandomness};
use crate::cloud::Cloud;
use crate::credential::TokenCredential;
use crate::error::{ConfigurationError, Error};
use crate::operation::Operation;
use crate::permissions::{Catalog, Preflight};
use crate::pipeline::Policy;
use crate::retry::RetryPolicy;
use crate::throttling::Governor;
use crate::transport::Transport;

/// How much of a response is read into memory unless the client is told otherwise: 256 MiB.
const RESPONSE_LIMIT: usize = 256 << 20;

/// How long connecting may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an exchange may be without progress: as long as the service itself works on a request, and a little.
pub(crate) const TRY_TIMEOUT: Duration = Duration::from_secs(100);

/// Settings of a client. Without the feature `hyper`, transport and clock must be given; the credential
/// always.
#[must_use = "settings do nothing until they are built"]
pub struct GraphClientBuilder {
    base_url: String,
    trusted: Vec<String>,
    operations: Option<OperationLookup>,
    catalog: Option<&'static Catalog>,
    preflight: Preflight,
    scopes: Option<Vec<String>>,
    credential: Option<Arc<dyn TokenCredential>>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    randomness: Arc<dyn Randomness>,
    per_call: Vec<Arc<dyn Policy>>,
    per_try: Vec<Arc<dyn Policy>>,
    governor: Governor,
    retry: RetryPolicy,
    connect_timeout: Option<Duration>,
    timeout: Duration,
    try_timeout: Duration,
    user_agent: String,
    response_limit: usize,
    strict: bool,
}

impl GraphClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            base_url: root(Cloud::Global),
            trusted: Vec::new(),
            operations: None,
            catalog: None,
            preflight: Preflight::default(),
            scopes: None,
            credential: None,
            transport: None,
            clock: None,
            randomness: Arc::new(SystemRandomness::default()),
            per_call: Vec::new(),
            per_try: Vec::new(),
            governor: Governor::new(),
            retry: RetryPolicy::default(),
            connect_timeout: None,
            timeout: Duration::MAX,
            try_timeout: TRY_TIMEOUT,
            user_agent: concat!("msgraph-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            response_limit: RESPONSE_LIMIT,
            strict: false,
        }
    }

    /// Talks to v1.0 of the service in a cloud (default: the worldwide one).
    pub fn cloud(self, cloud: Cloud) -> Self {
        Self { base_url: root(cloud), ..self }
    }

    /// Talks to a service at a URL, its version included, such as `https://graph.microsoft.com/beta`.
    pub fn base_url(self, base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), ..self }
    }

    /// Trusts a further host of the service, such as `https://dod-graph.microsoft.us`: links that lead there are
    /// followed, and requests to it get the token. Whoever has that host has the token.
    pub fn trust_host(mut self, origin: &str) -> Self {
        self.trusted.push(origin.to_owned());
        self
    }

    /// Finds what is known of an operation, its permissions above all, by its method and its encoded path below the
    /// root, so that [requests by path](GraphClient::request) know it too.
    pub fn operations(self, lookup: fn(&Method, &str) -> Option<Operation>) -> Self {
        Self { operations: Some(lookup), ..self }
    }

    /// What is known of permissions, so that errors can say whose consent they take: the generated crate's
    /// `permissions::CATALOG`.
    pub fn permission_catalog(self, catalog: &'static Catalog) -> Self {
        Self { catalog: Some(catalog), ..self }
    }

    /// What happens if a token lacks the permissions of an operation (default: a warning in debug builds).
    pub fn preflight(self, preflight: Preflight) -> Self {
        Self { preflight, ..self }
    }

    /// Where access tokens come from.
    pub fn credential(self, credential: impl TokenCredential + 'static) -> Self {
        Self { credential: Some(Arc::new(credential)), ..self }
    }

    /// The scopes that tokens are asked for (default: `.default` of the service's host).
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: Some(scopes.into_iter().map(Into::into).collect()), ..self }
    }

    /// What carries the requests.
    pub fn transport(self, transport: impl Transport + 'static) -> Self {
        Self { transport: Some(Arc::new(transport)), ..self }
    }

    /// What tells the time and waits.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// Where request identifiers and jitter come from.
    pub fn randomness(self, randomness: impl Randomness + 'static) -> Self {
        Self { randomness: Arc::new(randomness), ..self }
    }

    /// When calls are sent again; a request can have [its own](crate::Request::retry).
    pub fn retry(self, policy: RetryPolicy) -> Self {
        Self { retry: policy, ..self }
    }

    /// Waits together with other clients that have the same governor. Clients of the same app and tenant should.
    pub fn governor(self, governor: Governor) -> Self {
        Self { governor, ..self }
    }

    /// How long connecting may take (default: 10 seconds). It is a setting of the client's own transport; one
    /// that is given has its own.
    pub fn connect_timeout(self, limit: Duration) -> Self {
        Self { connect_timeout: Some(limit), ..self }
    }

    /// How long each try may be without any progress (default: 100 seconds); [`Duration::MAX`] is no limit. A
    /// long transfer that goes on is not cut off. A request can have [its own](crate::Request::try_timeout).
    pub fn try_timeout(self, limit: Duration) -> Self {
        Self { try_timeout: limit, ..self }
    }

    /// How long a whole call may take, with all its tries and waits (default: no limit, because only the caller
    /// knows how large a transfer is and how long a throttled call is worth waiting for; without progress it ends
    /// by the other limits). For a stream it ends with the answer's head. A request can have
    /// [its own](crate::Request::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { timeout: limit, ..self }
    }

    /// Adds a policy that sees every call once.
    pub fn policy_per_call(mut self, policy: impl Policy + 'static) -> Self {
        self.per_call.push(Arc::new(policy));
        self
    }

    /// Adds a policy that sees every try of a call.
    pub fn policy_per_try(mut self, policy: impl Policy + 'static) -> Self {
        self.per_try.push(Arc::new(policy));
        self
    }

    /// The `User-Agent` of every request.
    pub fn user_agent(self, user_agent: &str) -> Self {
        Self { user_agent: user_agent.to_owned(), ..self }
    }

    /// The most bytes of a response that are read into memory (default: 256 MiB); streams are not limited.
    pub fn response_limit(self, bytes: usize) -> Self {
        Self { response_limit: bytes, ..self }
    }

    /// Whether a property that does not decode into its declared type is an error instead of being kept as
    /// raw text (default: no).
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// The client.
    ///
    /// # Errors
    /// If something is missing or not valid; all of it is named.
    pub fn build(self) -> Result<GraphClient, Error> {
        let mut problems = Vec::new();
        let base_url = check_url("base URL", &self.base_url, &mut problems);
        let trusted = self.trusted.iter().filter_map(|url| check_url("trusted host", url, &mut problems));
        let trusted: Vec<_> = trusted.map(|url| url.origin()).collect();
        let user_agent = HeaderValue::try_from(&self.user_agent);
        if user_agent.is_err() {
            problems
                .push(format!("the user agent {:?} has characters that no header can have", self.user_agent));
        }
        if self.transport.is_some() && self.connect_timeout.is_some() {
            problems
                .push("the connect timeout belongs to the transport that was given: set it there".to_owned());
        }
        let connect_timeout = self.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let transport = self.transport.or_else(|| default_transport(connect_timeout));
        let clock = self.clock.or_else(default_clock);
        require(self.credential.is_some(), "a credential", &mut problems);
        require(transport.is_some(), "a transport", &mut problems);
        require(clock.is_some(), "a clock", &mut problems);
        match (base_url, user_agent, self.credential, transport, clock) {
            (Some(base_url), Ok(user_agent), Some(credential), Some(transport), Some(clock))
                if problems.is_empty() =>
            {
                let default_scope = format!("{}/.default", base_url.origin().ascii_serialization());
                Ok(GraphClient::from_shared(Shared {
                    scopes: self.scopes.unwrap_or_else(|| vec![default_scope]),
                    cloud: Cloud::of_service(&base_url),
                    base_url,
                    trusted,
                    operations: self.operations,
                    catalog: self.catalog.unwrap_or(&NO_CATALOG),
                    preflight: self.preflight,
                    credential,
                    transport,
                    clock,
                    randomness: self.randomness,
                    per_call: self.per_call,
                    per_try: self.per_try,
                    governor: self.governor,
                    retry: self.retry,
                    timeout: self.timeout,
                    try_timeout: self.try_timeout,
                    user_agent,
                    response_limit: self.response_limit,
                    strict: self.strict,
                }))
            }
            _ => Err(ConfigurationError::new(problems).into()),
        }
    }
}

/// What is known without a catalog.
static NO_CATALOG: Catalog = Catalog::from_static(&[], &[]);

/// v1.0 of the service in a cloud.
fn root(cloud: Cloud) -> String {
    format!("{}/v1.0", cloud.endpoint())
}

fn require(there: bool, what: &str, problems: &mut Vec<String>) {
    if !there {
        problems.push(format!("{what} is missing"));
    }
}

/// A URL that a token may go to, or `None` and why it is none. It has neither user name nor query, and no slash
/// at its end.
fn check_url(what: &str, text: &str, problems: &mut Vec<String>) -> Option<Url> {
    let problem = match Url::parse(text.trim_end_matches('/')) {
        Err(error) => error.to_string(),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "it must begin with https://".to_owned(),
        Ok(url) if url.scheme() == "http" && !is_loopback(&url) => {
            "tokens go over https:// only, but to this machine".to_owned()
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "it must not hold a user name".to_owned()
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            "it must end with its path".to_owned()
        }
        Ok(url) => return Some(url),
    };
    problems.push(format!("the {what} is not usable: {problem}"));
    None
}

/// The transport over hyper; if it cannot be set up, every request says why.
#[cfg(feature = "hyper")]
fn default_transport(connect_timeout: Duration) -> Option<Arc<dyn Transport>> {
    use crate::transport::{HyperTransport, Phase, TransportError};
    Some(match HyperTransport::builder().connect_timeout(connect_timeout).build() {
        Ok(transport) => Arc::new(transport),
        Err(error) => {
            let message = error.to_string();
            Arc::new(move |_| std::future::ready(Err(TransportError::new(Phase::Setup, message.clone()))))
        }
    })
}

#[cfg(not(feature = "hyper"))]
fn default_transport(_: Duration) -> Option<Arc<dyn Transport>> {
    None
}

#[cfg(feature = "hyper")]
fn default_clock() -> Option<Arc<dyn Clock>> {
    Some(Arc::new(crate::clock::SystemClock))
}

#[cfg(not(feature = "hyper"))]
fn default_clock() -> Option<Arc<dyn Clock>> {
    None
}
