//! The calls of one workload while they are slowed down: a queue as a function of time, without waiting.
//!
//! After the service refused, the lane is closed as long as it said; then calls go one after the other, at a
//! distance that doubles with every further refusal and shrinks with every success until it is gone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::governor::WaitReason;
use super::signal::Signal;

/// The distance of calls after the first refusal.
const FIRST: Duration = Duration::from_millis(50);
/// The longest distance that refusals lead to.
const LONGEST: Duration = Duration::from_secs(1);
/// The longest distance that the service's own numbers lead to.
const LONGEST_TOLD: Duration = Duration::from_secs(10);
/// A distance below which calls are not held back any more.
const NEGLIGIBLE: Duration = Duration::from_millis(1);

/// The longest time that a lane is closed for, whatever the service says: then a call finds out whether it still holds.
const LONGEST_CLOSED: Duration = Duration::from_secs(3600);
/// The same if nothing was refused yet: a call that comes too early is refused, and told how long.
const LONGEST_EXHAUSTED: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(super) struct Lane {
    /// How often the service refused; a call remembers it, so that refusals of calls that were on their way
    /// together count once.
    refusals: u64,
    closed_until: Timestamp,
    reason: WaitReason,
    distance: Duration,
    /// When the next call that comes may go.
    next: Timestamp,
    /// How far all places were moved since the lane began.
    moved: Duration,
}

/// A place in the queue of a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: Timestamp,
    moved: Duration,
    distance: Duration,
}

impl Lane {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            refusals: 0,
            closed_until: now,
            reason: WaitReason::NearLimit,
            distance: Duration::ZERO,
            next: now,
            moved: Duration::ZERO,
        }
    }

    pub(super) fn refusals(&self) -> u64 {
        self.refusals
    }

    pub(super) fn closed_until(&self) -> Timestamp {
        self.closed_until
    }

    pub(super) fn reason(&self) -> WaitReason {
        self.reason
    }

    /// The next place of the queue.
    pub(super) fn enter(&mut self, now: Timestamp) -> Place {
        let at = self.next.max(self.closed_until).max(now);
        self.next = later(at, self.distance);
        Place { at, moved: self.moved, distance: self.distance }
    }

    /// When a place is due, as far as is known now.
    pub(super) fn due(&self, place: &Place) -> Timestamp {
        later(place.at, self.moved.saturating_sub(place.moved))
    }

    /// Closes the gap that somebody leaves who does not wait any longer.
    pub(super) fn leave(&mut self, place: &Place) {
        self.next = earlier(self.next, place.distance);
    }

    /// Learns from an answer to a call that began after `refusals` refusals.
    pub(super) fn learn(&mut self, signal: Signal, refusals: u64, now: Timestamp) {
        match signal {
            Signal::Closed(time) => {
                self.close(later(now, time.min(LONGEST_CLOSED)), now);
                self.reason = WaitReason::Throttled;
                if refusals == self.refusals {
                    self.refusals += 1;
                    self.distance = (self.distance * 2).clamp(FIRST, LONGEST.max(self.distance));
                }
            }
            Signal::Exhausted(time) => {
                self.close(later(now, time.min(LONGEST_EXHAUSTED)), now);
                self.distance = self.distance.max(FIRST);
            }
            Signal::Near(distance) => {
                self.distance = self.distance.max(distance.min(LONGEST_TOLD));
                self.next = self.next.max(later(now, self.distance));
            }
            Signal::Fine if refusals == self.refusals => {
                self.distance = self.distance.mul_f64(0.9);
                if self.distance < NEGLIGIBLE {
                    self.distance = Duration::ZERO;
                }
            }
            Signal::Fine => {}
        }
    }

    /// Moves everybody who waits, so that nobody goes before `until` and all keep their order and distance.
    fn close(&mut self, until: Timestamp, now: Timestamp) {
        let open = self.closed_until.max(now);
        if let Ok(by) = Duration::try_from(until.duration_since(open)) {
            self.closed_until = until;
            self.moved += by;
            self.next = later(self.next, by);
        }
    }

    /// Whether the lane holds nobody back any more.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.distance.is_zero() && self.closed_until <= now && self.next <= now
    }
}

/// A time so much later, or the last one that there is.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
