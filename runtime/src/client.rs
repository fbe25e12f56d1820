//! The client: where requests go, with which credential, over which transport.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::{Host, Origin, Position, Url};

use crate::body::Body;
use crate::client_builder::GraphClientBuilder;
use crate::clock::{Clock, Randomness};
use crate::cloud::Cloud;
use crate::credential::{AccessToken, TokenCredential};
use crate::error::Error;
use crate::network::Network;
use crate::operation::Operation;
use crate::path::{Path, QueryOption, push_query};
use crate::permissions::{Catalog, Preflight};
use crate::pipeline::{Call, CallName, Policy, send, token};
use crate::response::Answer;
use crate::retry::RetryPolicy;
use crate::throttling::Governor;
use crate::transport::Transport;

/// A client of the service. Cloning it is cheap; clones share connections and everything else.
///
/// ```
/// use msgraph_runtime::{Cloud, GraphClient, StaticToken};
///
/// let client = GraphClient::builder().cloud(Cloud::China).credential(StaticToken::new("token")).build()?;
/// assert_eq!(client.base_url().as_str(), "https://microsoftgraph.chinacloudapi.cn/v1.0");
/// # Ok::<(), msgraph_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct GraphClient(Arc<Shared>);

/// Finds what is known of an operation by its method and path.
pub(crate) type OperationLookup = fn(&Method, &str) -> Option<Operation>;

/// What all clones of a client share.
pub(crate) struct Shared {
    pub(crate) base_url: Url,
    /// The cloud whose service is at the root, if it is one that is known.
    pub(crate) cloud: Option<Cloud>,
    /// Further hosts of the service, to which tokens and links may go.
    pub(crate) trusted: Vec<Origin>,
    pub(crate) operations: Option<OperationLookup>,
    pub(crate) catalog: &'static Catalog,
    pub(crate) preflight: Preflight,
    pub(crate) scopes: Vec<String>,
    pub(crate) credential: Arc<dyn TokenCredential>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) per_call: Vec<Arc<dyn Policy>>,
    pub(crate) per_try: Vec<Arc<dyn Policy>>,
    pub(crate) governor: Governor,
    pub(crate) retry: RetryPolicy,
    pub(crate) timeout: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) user_agent: HeaderValue,
    pub(crate) response_limit: usize,
    pub(crate) strict: bool,
}

impl GraphClient {
    pub(crate) fn from_shared(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// A client of the worldwide service's v1.0, over its own connection pool. If the transport cannot be
    /// set up, every request says so.
    #[cfg(feature = "hyper")]
    pub fn new(credential: impl TokenCredential + 'static) -> Self {
        let builder = Self::builder().credential(credential);
        builder.build().expect("the defaults are complete: a valid root, a transport and a clock")
    }

    /// A client with settings of its own.
    pub fn builder() -> GraphClientBuilder {
        GraphClientBuilder::new()
    }

    /// The place that a root resource of the service is at: an entity set or a singleton.
    pub fn root(&self, segment: &'static str) -> Path {
        Path::new(self.clone(), ["/", segment].concat())
    }

    /// The transport, clock and randomness that the client uses, for signing in over the same network.
    pub fn network(&self) -> Network {
        self.0.network()
    }

    /// The token that the next request would be sent with, to be looked at or used elsewhere.
    ///
    /// # Errors
    /// [`Error::Credential`], if there is none.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        token(&self.0, None).await
    }

    /// When calls are sent again, to derive from it what one call needs.
    pub fn retry_policy(&self) -> RetryPolicy {
        self.0.retry
    }

    /// What makes calls wait while the service throttles, and says who waits.
    pub fn governor(&self) -> &Governor {
        &self.0.governor
    }

    /// The root of the service with its version, such as `https://graph.microsoft.com/v1.0`.
    pub fn base_url(&self) -> &Url {
        &self.0.base_url
    }

    /// Whether two clients are clones of each other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// The URL of an encoded path and query below the root.
    pub(crate) fn url(&self, path: &str) -> Result<Url, String> {
        self.url_in(None, path, &[])
    }

    /// The URL of an encoded path below the root of this or another version, with query options.
    pub(crate) fn url_in(
        &self,
        version: Option<&str>,
        path: &str,
        query: &[QueryOption],
    ) -> Result<Url, String> {
        let base = &self.0.base_url;
        let mut root = Cow::Borrowed(base.as_str().trim_end_matches('/'));
        if let Some(version) = version {
            let end = self.version().map(str::len).ok_or("the client's root does not end with a version")?;
            root = Cow::Owned([&root[..root.len() - end], version].concat());
        }
        // Only the path is parsed, as the host was before.
        let origin = base[..Position::BeforePath].len();
        let mut text = String::with_capacity(root.len() + path.len());
        text.push_str(&root[origin..]);
        text.push_str(path);
        push_query(&mut text, query);
        let url = base.join(&text).map_err(|error| format!("its URL is not valid: {error}"))?;
        let rest = url.as_str().strip_prefix(&*root);
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
            return Err(format!("its path leads out of {root}"));
        }
        Ok(url)
    }

    /// The version that the root ends with.
    fn version(&self) -> Option<&str> {
        let last = self.0.base_url.path().trim_end_matches('/').rsplit('/').next();
        last.filter(|last| matches!(*last, "v1.0" | "beta"))
    }

    pub(crate) fn has_version(&self, version: &str) -> bool {
        self.version() == Some(version)
    }

    /// What the program was told of an operation by its method and path, or URL below the root.
    pub(crate) fn operation(&self, method: &Method, path_or_url: &str) -> Option<Operation> {
        let root = self.0.base_url.as_str().trim_end_matches('/');
        let path = path_or_url.strip_prefix(root).unwrap_or(path_or_url);
        self.0.operations?(method, path.split(['?', '#']).next().unwrap_or_default())
    }

    /// Whether a URL leads where the client's token may go.
    pub(crate) fn is_own(&self, url: &Url) -> bool {
        self.0.is_own(url)
    }

    /// A link that the service gave, if it leads to the service itself; otherwise why it is not followed.
    pub(crate) fn own_link(&self, link: &str) -> Result<Url, String> {
        let url = Url::parse(link).map_err(|error| format!("it is not a URL: {error}"))?;
        if !self.0.is_own(&url) {
            return Err(format!("it does not lead to {}", self.0.base_url.origin().ascii_serialization()));
        }
        Ok(url)
    }

    /// Sends a call through the pipeline.
    pub(crate) fn call(self, call: Call) -> BoxFuture<'static, Result<Answer, Error>> {
        send(self, call)
    }
}

impl Shared {
    /// What requests for tokens use: the same as all others.
    pub(crate) fn network(&self) -> Network {
        Network::new(self.transport.clone(), self.clock.clone(), self.randomness.clone())
    }

    /// A successful answer to a call, with the client's settings for reading it.
    pub(crate) fn answer(
        &self,
        call: CallName,
        status: StatusCode,
        headers: HeaderMap,
        body: Body,
    ) -> Answer {
        Answer { status, headers, body, call, strict: self.strict, limit: self.response_limit, sent: None }
    }

    /// Whether nobody on the way can read along or change what travels to a URL. A client of this machine may
    /// be led on to this machine without TLS. A URL with a user name is none of the service's.
    pub(crate) fn is_secure(&self, url: &Url) -> bool {
        let plain = self.base_url.scheme() == "http";
        url.username().is_empty()
            && url.password().is_none()
            && (url.scheme() == "https" || (plain && url.scheme() == "http" && is_loopback(url)))
    }

    /// Whether a URL leads to the client's own host or one that it was told to trust, so that a token may go
    /// there: the same scheme, host and port, no user name, and TLS unless the host is this machine.
    pub(crate) fn is_own(&self, url: &Url) -> bool {
        let same = |origin: &Url| {
            url.scheme() == origin.scheme()
                && url.host() == origin.host()
                && url.port_or_known_default() == origin.port_or_known_default()
        };
        (same(&self.base_url) || self.trusted.contains(&url.origin())) && self.is_secure(url)
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GraphClient({})", self.0.base_url)
    }
}
