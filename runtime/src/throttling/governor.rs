//! Makes all calls of an app wait together, one queue for each workload, and says who waits.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::lane::{Lane, Place};
use super::signal::Signal;
use super::workload::Workload;
use crate::client;
use crate::clock::Clock;
use crate::error::ThrottledError;
use crate::pipeline::{Call, CallName};
use crate::telemetry;

/// How many workloads are slowed down at the same time at most, as each mailbox can be one.
const MOST_LANES: usize = 1024;

/// Slows calls down together: when one is throttled, all others of the same workload wait as long as the
/// service says, and then go one after the other. It also slows down before that, when the service says that a
/// limit is near (`x-ms-throttle-limit-percentage`, `RateLimit-Remaining`). Outlook counts by mailbox, so one mailbox
/// that is throttled does not hold up the others. However long the service says: after an hour a call finds out
/// whether it still holds.
///
/// The service counts by app and tenant. Clones of a client share its governor; several clients of the same app and
/// tenant should be given the same one:
///
/// ```
/// use msgraph_runtime::{GraphClient, Governor, StaticToken};
///
/// let governor = Governor::new();
/// let v1 = GraphClient::builder().credential(StaticToken::new("token")).governor(governor.clone()).build()?;
/// let beta = GraphClient::builder().base_url("https://graph.microsoft.com/beta");
/// let beta = beta.credential(StaticToken::new("token")).governor(governor.clone()).build()?;
/// for waiting in governor.waiting() {
///     println!("{waiting}");
/// }
/// # Ok::<(), msgraph_runtime::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Governor(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Whether any workload is slowed down, so that calls do not queue for the lock to learn that none is.
    slows: AtomicBool,
}

#[derive(Default)]
struct State {
    /// The workloads that are slowed down, or were.
    lanes: HashMap<Workload, Lane>,
    /// Everybody who waits, in the order in which they came, each with its number.
    waiting: VecDeque<(u64, Entry)>,
    /// The number of the next that waits.
    number: u64,
}

struct Entry {
    call: CallName,
    workload: Workload,
    /// Its place in the workload's queue, if there is one.
    place: Option<Place>,
    wish: Wish,
    passed: bool,
}

/// A call that waits before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Method and path template of the call.
    pub call: CallName,
    /// The workload that it burdens, such as `outlook`, or the host if that is not the service's own.
    pub workload: String,
    /// Why it waits.
    pub reason: WaitReason,
    /// When it is to be sent, as far as is known now.
    pub until: Timestamp,
}

/// Why a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// The service refused calls of the same workload because there were too many.
    Throttled,
    /// The service said that a limit is near.
    NearLimit,
    /// Its last try failed.
    Failed,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::NearLimit => "near a limit",
            Self::Failed => "sent again after a failure",
        })
    }
}

/// One line: call, workload, reason and time.
impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} waits until {}: {}, {}", self.call, self.until, self.workload, self.reason)
    }
}

/// When a call wants to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    /// Not earlier, because its last try failed.
    pub(crate) not_before: Option<Timestamp>,
    /// Not later, if the service lets it.
    pub(crate) latest: Timestamp,
}

/// What a call that was let through remembers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pass {
    refusals: u64,
}

impl Governor {
    /// A governor that knows of no limit yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everybody who waits now, in the order in which they came.
    pub fn waiting(&self) -> Vec<Waiting> {
        let state = self.state();
        state.waiting.iter().map(|(_, entry)| state.shown(entry)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing inside panics half way, so what is there is consistent.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no workload is slowed down. What another thread changes meanwhile is as if it came after the call.
    fn is_calm(&self) -> bool {
        !self.0.slows.load(Ordering::Relaxed)
    }

    /// A place in the queue, if there is something to wait for.
    pub(crate) fn enter(
        &self,
        (call, client): (&Call, &client::Shared),
        wish: Wish,
        clock: &dyn Clock,
    ) -> Option<Ticket<'_>> {
        if self.is_calm() && wish.not_before.is_none() {
            return None;
        }
        let mut state = self.state();
        let now = clock.now();
        let workload = state.resolve(Workload::of(call, client));
        let lane = state.lanes.get_mut(&workload);
        let place = lane.filter(|lane| !lane.is_open(now)).map(|lane| lane.enter(now));
        let number = state.number;
        state.number += 1;
        let entry = Entry { call: call.name(), workload, place, wish, passed: false };
        state.waiting.push_back((number, entry));
        Some(Ticket { governor: self, number })
    }

    /// Learns from the answer to a part of a batch, which the batch sends again itself, for the calls beside it.
    pub(crate) fn learn_from_part(&self, name: &CallName, answer: (StatusCode, &HeaderMap), now: Timestamp) {
        let signal = Signal::of(answer.0, answer.1, now);
        if signal != Signal::Fine {
            self.note(Workload::named(name), Pass::default(), signal, now);
        }
    }

    /// Learns from the answer to a call.
    pub(crate) fn learn(
        &self,
        (call, client): (&Call, &client::Shared),
        pass: Pass,
        (status, headers): (StatusCode, &HeaderMap),
        now: Timestamp,
    ) {
        let signal = Signal::of(status, headers, now);
        if signal != Signal::Fine || !self.is_calm() {
            self.note(Workload::of(call, client), pass, signal, now);
        }
    }

    fn note(&self, workload: Workload, pass: Pass, signal: Signal, now: Timestamp) {
        let mut state = self.state();
        let workload = state.resolve(workload);
        match state.lanes.get_mut(&workload) {
            Some(lane) => {
                lane.learn(signal, pass.refusals, now);
                if lane.is_open(now) {
                    state.lanes.remove(&workload);
                }
            }
            None if signal == Signal::Fine => {}
            None => {
                let mut lane = Lane::new(now);
                lane.learn(signal, pass.refusals, now);
                state.make_room();
                state.lanes.insert(workload, lane);
            }
        }
        self.0.slows.store(!state.lanes.is_empty(), Ordering::Relaxed);
    }
}

impl State {
    /// The workload whose lane a call belongs to: that of all mailboxes, if only that one is slowed down.
    fn resolve(&self, workload: Workload) -> Workload {
        if workload.mailbox.is_none() || self.lanes.contains_key(&workload) {
            return workload;
        }
        let all = workload.of_all();
        if self.lanes.contains_key(&all) { all } else { workload }
    }

    /// Forgets the lane that is over first, if there are too many.
    fn make_room(&mut self) {
        if self.lanes.len() < MOST_LANES {
            return;
        }
        let first = self.lanes.iter().min_by_key(|(_, lane)| lane.closed_until());
        if let Some(first) = first.map(|(workload, _)| workload.clone()) {
            self.lanes.remove(&first);
        }
    }

    /// Where one who waits stands in the queue.
    fn position(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        self.position(number).map(|position| &self.waiting[position].1)
    }

    /// When somebody who waits may go, as far as is known now, and why not earlier.
    fn due(&self, entry: &Entry) -> (Timestamp, WaitReason) {
        let lane = self.lanes.get(&entry.workload);
        let queued = lane.zip(entry.place.as_ref()).map(|(lane, place)| (lane.due(place), lane.reason()));
        let failed = entry.wish.not_before.map(|time| (time, WaitReason::Failed));
        // A place far behind in the queue is a guess; the last moment to try is certain.
        let queued = queued.map(|(time, reason)| (time.min(entry.wish.latest), reason));
        let later = failed.into_iter().chain(queued).max_by_key(|(time, _)| *time);
        later.unwrap_or((Timestamp::MIN, WaitReason::NearLimit))
    }

    fn shown(&self, entry: &Entry) -> Waiting {
        let (until, reason) = self.due(entry);
        Waiting {
            call: entry.call.clone(),
            workload: entry.workload.area.clone().into_owned(),
            reason,
            until,
        }
    }
}

/// A place in the queue; dropping it gives the place back unless it was used.
pub(crate) struct Ticket<'g> {
    governor: &'g Governor,
    number: u64,
}

impl Ticket<'_> {
    /// Waits until the call may be sent. Who stops waiting leaves nothing behind.
    ///
    /// # Errors
    /// If the service said that it takes longer than the call wants to wait.
    pub(crate) async fn wait(self, clock: &dyn Clock) -> Result<Pass, ThrottledError> {
        let mut now = clock.now();
        loop {
            let due = self.due(clock)?;
            let left = Duration::try_from(due.duration_since(now)).unwrap_or_default();
            if left.is_zero() {
                return Ok(self.pass());
            }
            if let Some(waiting) = self.shown() {
                telemetry::waits(&waiting);
            }
            clock.sleep(left).await;
            // While it slept, everybody may have been moved to a later time. What the clock says is of no
            // importance: one that stands still must not make this endless.
            now = due;
        }
    }

    /// When it may go, as far as is known now.
    fn due(&self, clock: &dyn Clock) -> Result<Timestamp, ThrottledError> {
        let state = self.governor.state();
        let Some(entry) = state.entry(self.number) else { return Ok(Timestamp::MIN) };
        match state.lanes.get(&entry.workload).map(Lane::closed_until) {
            Some(closed_until) if closed_until > entry.wish.latest => {
                let left = closed_until.duration_since(clock.now()).try_into().unwrap_or_default();
                Err(ThrottledError::new(entry.call.clone(), entry.workload.area.clone(), left))
            }
            _ => Ok(state.due(entry).0),
        }
    }

    fn shown(&self) -> Option<Waiting> {
        let state = self.governor.state();
        state.entry(self.number).map(|entry| state.shown(entry))
    }

    fn pass(self) -> Pass {
        let mut state = self.governor.state();
        let Some(position) = state.position(self.number) else { return Pass::default() };
        state.waiting[position].1.passed = true;
        let lane = state.lanes.get(&state.waiting[position].1.workload);
        Pass { refusals: lane.map_or(0, Lane::refusals) }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.governor.state();
        let left = state.position(self.number).and_then(|position| state.waiting.remove(position));
        let Some((_, Entry { workload, place: Some(place), passed: false, .. })) = left else { return };
        if let Some(lane) = state.lanes.get_mut(&workload) {
            lane.leave(&place);
        }
    }
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Governor({} waiting)", self.state().waiting.len())
    }
}
