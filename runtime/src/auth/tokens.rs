//! Access tokens in memory: one request for a token however many wait for it, a new one before the old one
//! expires, and the old one as long as it is good if no new one is to be had.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared, WeakShared, select};
use jiff::{SignedDuration, Timestamp};

use super::error::AuthError;
use super::exchange::Granted;
use super::refusal::Refusal;
use crate::cloud::Cloud;
use crate::credential::{AccessToken, TokenRequest};
use crate::network::Network;

/// How long before its expiry a token is renewed, if the service does not say when.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How long before its expiry a token is not used any more: it must survive the way to the service.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

/// How long after a failed renewal the next is tried, while the old token is good.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// How long a renewal is waited for while the old token is good.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a refusal for good is remembered, and the longest that a request waits for its turn after failures.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(5);

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

/// A token request that failed, and what that means for the next ones.
#[derive(Clone)]
struct Failure {
    error: AuthError,
    /// What the request asked for besides.
    claims: Option<String>,
    at: Timestamp,
    /// How long the service is left alone.
    pause: SignedDuration,
}

impl Failure {
    /// What follows from an error, after an earlier failure: nothing, if it says nothing about the next request.
    fn new(error: &AuthError, claims: Option<String>, at: Timestamp, earlier: Option<&Self>) -> Option<Self> {
        let asked = error.refusal().and_then(Refusal::retry_after);
        let asked = asked.and_then(|wait| SignedDuration::try_from(wait).ok());
        let pause = match error {
            // The first pause is a second; each further one is twice as long.
            error if error.is_retryable() => asked.unwrap_or_else(|| {
                earlier.map_or(SignedDuration::from_secs(1), |earlier| (earlier.pause * 2).min(REMEMBERED))
            }),
            AuthError::Refused(refusal) if refusal.is_for_good() => REMEMBERED,
            _ => return None,
        };
        Some(Self { error: error.clone(), claims, at, pause })
    }

    /// How much of the pause is left; nothing if the clock was set back meanwhile.
    fn left(&self, now: Timestamp) -> SignedDuration {
        let gone = now.duration_since(self.at);
        if gone.is_negative() {
            SignedDuration::ZERO
        } else {
            self.pause.saturating_sub(gone).max(SignedDuration::ZERO)
        }
    }

    /// Whether the next request gets the same error without being sent. After an overload it waits instead, and all
    /// who come meanwhile wait for that one request, unless the service wants to be left alone for long.
    fn is_answer(&self, claims: Option<&str>, now: Timestamp) -> bool {
        let left = self.left(now);
        let same = self.error.is_retryable() || self.claims.as_deref() == claims;
        left > SignedDuration::ZERO && same && (!self.error.is_retryable() || left > REMEMBERED)
    }
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
    failure: Option<Failure>,
}

#[derive(Clone)]
struct Kept {
    token: AccessToken,
    /// By the clock of that time, which may have been wrong.
    issued: Timestamp,
    /// When a new one is asked for.
    renew_on: Timestamp,
    /// Until when this one is used.
    good_until: Timestamp,
}

/// What is to be done for a token.
enum Way {
    Use(AccessToken),
    Fail(AuthError),
    Wait { flight: Flight, instead: Option<AccessToken> },
}

impl AccessTokens {
    /// The token that is kept, or a new one by `fetch`, which is called at most once at a time for each key.
    pub(crate) async fn get<F>(&self, key: TokenKey, request: TokenRequest<'_>, fetch: F) -> Outcome
    where
        F: FnOnce(Ask) -> BoxFuture<'static, Result<Granted, AuthError>>,
    {
        match self.way(key.clone(), request, fetch) {
            Way::Use(token) => Ok(token),
            Way::Fail(error) => Err(error),
            Way::Wait { flight, instead: None } => flight.await,
            Way::Wait { flight, instead: Some(token) } => {
                let clock = request.network().clock();
                match select(flight, clock.limit(PATIENCE)).await {
                    Either::Left((Ok(token), _)) => Ok(token),
                    Either::Left((Err(error), _)) => {
                        tracing::warn!(target: "msgraph::auth", %error, "the token could not be renewed and is used as long as it is good");
                        Ok(token)
                    }
                    Either::Right(_) => {
                        tracing::warn!(target: "msgraph::auth", "the token is not renewed in time and is used as long as it is good");
                        self.slots().entry(key).or_default().postpone(clock.now(), None);
                        Ok(token)
                    }
                }
            }
        }
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<TokenKey, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn way<F>(&self, key: TokenKey, request: TokenRequest<'_>, fetch: F) -> Way
    where
        F: FnOnce(Ask) -> BoxFuture<'static, Result<Granted, AuthError>>,
    {
        let now = request.network().clock().now();
        let mut slots = self.slots();
        if slots.len() >= CROWD {
            slots.retain(|_, slot| slot.is_of_use(now));
        }
        let slot = slots.entry(key.clone()).or_default();
        let kept = slot.token.clone().filter(|kept| now < kept.good_until && !kept.is_refused(&request, now));
        let underway =
            slot.flight.as_ref().and_then(WeakShared::upgrade).filter(|flight| flight.peek().is_none());
        let ask = Ask::new(request);
        match (kept, underway) {
            (Some(kept), _) if !kept.is_due(now) => Way::Use(kept.token),
            // Somebody is already renewing it.
            (Some(kept), Some(_)) => Way::Use(kept.token),
            (None, Some(flight)) => Way::Wait { flight, instead: None },
            (kept, None) => {
                let failure = slot.failure.as_ref().filter(|_| kept.is_none());
                if let Some(failure) = failure.filter(|failure| failure.is_answer(ask.claims.as_deref(), now))
                {
                    return Way::Fail(failure.error.clone());
                }
                let pause =
                    failure.filter(|failure| failure.error.is_retryable()).map(|failure| failure.left(now));
                let flight = self.clone().fly(key, ask, pause.unwrap_or_default(), fetch).shared();
                slot.flight = flight.downgrade();
                Way::Wait { flight, instead: kept.map(|kept| kept.token) }
            }
        }
    }

    /// The one request for a token, after a pause.
    fn fly<F>(self, key: TokenKey, ask: Ask, pause: SignedDuration, fetch: F) -> BoxFuture<'static, Outcome>
    where
        F: FnOnce(Ask) -> BoxFuture<'static, Result<Granted, AuthError>>,
    {
        let (network, claims) = (ask.network.clone(), ask.claims.clone());
        let granted = fetch(ask);
        Box::pin(async move {
            if pause > SignedDuration::ZERO {
                network.clock().sleep(pause.unsigned_abs()).await;
            }
            let granted = granted.await;
            let now = network.clock().now();
            let mut slots = self.slots();
            let slot = slots.entry(key).or_default();
            match granted {
                Ok(granted) => {
                    slot.token = Some(Kept::new(&granted, network.randomness().next()));
                    slot.failure = None;
                    Ok(granted.access)
                }
                Err(error) => {
                    slot.postpone(now, error.refusal().and_then(Refusal::retry_after));
                    slot.failure = Failure::new(&error, claims, now, slot.failure.as_ref());
                    Err(error)
                }
            }
        })
    }

    /// Forgets all tokens.
    pub(crate) fn clear(&self) {
        self.slots().clear();
    }

    /// Keeps a token that was obtained in another way.
    pub(crate) fn put(&self, key: TokenKey, granted: &Granted, network: &Network) {
        let kept = Kept::new(granted, network.randomness().next());
        let mut slots = self.slots();
        *slots.entry(key).or_default() = Slot { token: Some(kept), ..Slot::default() };
    }
}

impl Slot {
    fn is_of_use(&self, now: Timestamp) -> bool {
        self.token.as_ref().is_some_and(|kept| now < kept.good_until)
            || self.flight.as_ref().is_some_and(|flight| flight.upgrade().is_some())
            || self.failure.as_ref().is_some_and(|failure| failure.left(now) > SignedDuration::ZERO)
    }

    /// Leaves the service alone for a while after a renewal that failed, as long as it asks for.
    fn postpone(&mut self, now: Timestamp, asked: Option<Duration>) {
        let asked = asked.and_then(|wait| SignedDuration::try_from(wait).ok());
        if let Some(kept) = &mut self.token {
            let pause = asked.unwrap_or(PAUSE).max(PAUSE);
            kept.renew_on = now.saturating_add(pause).unwrap_or(kept.good_until);
            kept.issued = kept.issued.min(now);
        }
    }
}

impl Kept {
    /// Whether a new one is asked for. The times of a token that was issued in the future are of a wrong clock.
    fn is_due(&self, now: Timestamp) -> bool {
        now >= self.renew_on || now < self.issued
    }

    /// Whether the service has refused it. One that is called invalid when it is brand new would not be bettered by
    /// another, and a service that refuses everything must not make a token request of every call.
    fn is_refused(&self, request: &TokenRequest<'_>, now: Timestamp) -> bool {
        let is_new = self.issued <= now && now.duration_since(self.issued) < PAUSE;
        request.refused().is_some_and(|refused| refused.is(&self.token))
            && (request.claims_challenge().is_some() || !is_new)
    }

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
            issued: granted.issued,
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
        write!(f, "AccessTokens({})", self.slots().len())
    }
}
