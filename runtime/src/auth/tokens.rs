//! Access tokens in memory: one request for a token however many wait for it, a new one before the old one
//! expires, and the old one as long as it is good if no new one is to be had.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use super::error::AuthError;
use super::exchange::Granted;
use crate::cloud::Cloud;
use crate::credential::{AccessToken, TokenRequest};
use crate::network::Network;

/// How long before its expiry a token is renewed, if the service does not say when.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How long before its expiry a token is not used any more: it must survive the way to the service.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

/// How long after a failed renewal the next is tried, while the old token is good.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// How many tokens are kept before those that have expired are thrown away.
const CROWD: usize = 256;

/// What a token is good for, and for whom.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenKey {
    authority: String,
    client_id: String,
    /// The user, or nothing for the application itself.
    user: Option<String>,
    scopes: Vec<String>,
}

impl TokenKey {
    pub(crate) fn new(authority: &url::Url, client_id: &str, user: Option<String>, scopes: &[&str]) -> Self {
        let mut scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        scopes.sort_unstable();
        Self { authority: authority.as_str().to_owned(), client_id: client_id.to_owned(), user, scopes }
    }
}

/// A request for a token that outlives the one who asked first.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) network: Network,
    pub(crate) cloud: Option<Cloud>,
    pub(crate) claims: Option<String>,
}

impl Ask {
    pub(crate) fn new(request: TokenRequest<'_>) -> Self {
        Self {
            network: request.network().clone(),
            cloud: request.service_cloud(),
            claims: request.claims_challenge().map(|challenge| challenge.claims.to_owned()),
        }
    }
}

type Outcome = Result<AccessToken, AuthError>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

/// Tokens by what they are good for. Cloning is cheap; clones share the tokens.
#[derive(Clone, Default)]
pub(crate) struct AccessTokens(Arc<Mutex<BTreeMap<TokenKey, Slot>>>);

#[derive(Default)]
struct Slot {
    token: Option<Kept>,
    /// The request that is under way, unless everybody who waited for it has gone.
    flight: Option<WeakShared<BoxFuture<'static, Outcome>>>,
}

#[derive(Clone)]
struct Kept {
    token: AccessToken,
    /// When a new one is asked for.
    renew_on: Timestamp,
    /// Until when this one is used.
    good_until: Timestamp,
}

/// What is to be done for a token.
enum Way {
    Use(AccessToken),
    Wait { flight: Flight, instead: Option<AccessToken> },
}

impl AccessTokens {
    /// The token that is kept, or a new one by `fetch`, which is called at most once at a time for each key.
    pub(crate) async fn get<F>(&self, key: TokenKey, request: TokenRequest<'_>, fetch: F) -> Outcome
    where
        F: FnOnce(Ask) -> BoxFuture<'static, Result<Granted, AuthError>>,
    {
        match self.way(key, request, fetch) {
            Way::Use(token) => Ok(token),
            Way::Wait { flight, instead } => match (flight.await, instead) {
                (Err(error), Some(token)) => {
                    tracing::warn!(target: "msgraph::auth", %error, "the token could not be renewed and is used as long as it is good");
                    Ok(token)
                }
                (outcome, _) => outcome,
            },
        }
    }

    fn way<F>(&self, key: TokenKey, request: TokenRequest<'_>, fetch: F) -> Way
    where
        F: FnOnce(Ask) -> BoxFuture<'static, Result<Granted, AuthError>>,
    {
        let now = request.network().clock().now();
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= CROWD {
            slots.retain(|_, slot| slot.is_of_use(now));
        }
        let slot = slots.entry(key.clone()).or_default();
        let refused = request.claims_challenge().map(|challenge| challenge.refused);
        let kept = slot.token.clone().filter(|kept| {
            let same = refused.is_some_and(|refused| {
                refused.secret().expose_secret() == kept.token.secret().expose_secret()
            });
            now < kept.good_until && !same
        });
        let underway =
            slot.flight.as_ref().and_then(WeakShared::upgrade).filter(|flight| flight.peek().is_none());
        match (kept, underway) {
            (Some(kept), _) if now < kept.renew_on => Way::Use(kept.token),
            // Somebody is already renewing it.
            (Some(kept), Some(_)) => Way::Use(kept.token),
            (None, Some(flight)) => Way::Wait { flight, instead: None },
            (kept, None) => {
                let flight = self.clone().fly(key, Ask::new(request), fetch).shared();
                slot.flight = flight.downgrade();
                Way::Wait { flight, instead: kept.map(|kept| kept.token) }
            }
        }
    }

    fn fly<F>(self, key: TokenKey, ask: Ask, fetch: F) -> BoxFuture<'static, Outcome>
    where
        F: FnOnce(Ask) -> BoxFuture<'static, Result<Granted, AuthError>>,
    {
        let network = ask.network.clone();
        let granted = fetch(ask);
        Box::pin(async move {
            let granted = granted.await;
            let now = network.clock().now();
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = slots.entry(key).or_default();
            match granted {
                Ok(granted) => {
                    slot.token = Some(Kept::new(&granted, network.randomness().next()));
                    Ok(granted.access)
                }
                Err(error) => {
                    if let Some(kept) = &mut slot.token {
                        kept.renew_on = now.saturating_add(PAUSE).unwrap_or(kept.good_until);
                    }
                    Err(error)
                }
            }
        })
    }

    /// Forgets all tokens.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Keeps a token that was obtained in another way.
    pub(crate) fn put(&self, key: TokenKey, granted: &Granted, network: &Network) {
        let kept = Kept::new(granted, network.randomness().next());
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key).or_default().token = Some(kept);
    }
}

impl Slot {
    fn is_of_use(&self, now: Timestamp) -> bool {
        self.token.as_ref().is_some_and(|kept| now < kept.good_until)
            || self.flight.as_ref().is_some_and(|flight| flight.upgrade().is_some())
    }
}

impl Kept {
    /// Decides when a token is renewed: a while before it expires, and not by all programs at the same moment.
    fn new(granted: &Granted, random: u64) -> Self {
        let expires_on = granted.access.expiry().unwrap_or(granted.issued);
        let life = expires_on.duration_since(granted.issued);
        let latest = expires_on.saturating_sub(MARGIN.min(life / 4)).unwrap_or(granted.issued);
        let renew_on = granted.refresh_on.unwrap_or(latest).min(latest);
        // Up to a twentieth of its life earlier, and at most five minutes.
        let most = (life / 20).min(MARGIN).max(SignedDuration::ZERO);
        let earlier = fraction(Duration::try_from(most).unwrap_or_default(), random);
        Self {
            token: granted.access.clone(),
            renew_on: renew_on.saturating_sub(earlier).unwrap_or(renew_on),
            good_until: expires_on.saturating_sub(LEEWAY.min(life / 10)).unwrap_or(expires_on),
        }
    }
}

/// A part of a length of time, evenly distributed.
fn fraction(whole: Duration, random: u64) -> Duration {
    whole.mul_f64(random as f64 / u64::MAX as f64)
}

/// How many tokens there are; not what they are.
impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessTokens({})", self.0.lock().unwrap_or_else(PoisonError::into_inner).len())
    }
}
