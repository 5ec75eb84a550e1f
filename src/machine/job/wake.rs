//! When a job must be woken.

use super::{Job, Phase, Wake, WakeReason};
use crate::machine::queue::Terms;
use crate::time::{MINUTE, Millis, SECOND};

/// How soon an effect that was cut off is noticed: the alarm while it is in flight. A poll has the
/// alarm of the next poll instead.
pub const EFFECT_GUARD: Millis = 10 * SECOND;
/// An alarm that is overdue by more than this was lost.
const LATE: Millis = MINUTE;

impl Job {
    /// The job's terms for its place in the queue.
    pub fn terms(&self) -> Terms {
        Terms {
            not_before: self.not_before,
            keeps_place: self.keeps_place,
            availability: self.availability,
            refused_since: self.not_now.as_ref().map(|refused| refused.since),
        }
    }

    /// Whether the job's alarm was lost. `armed` is the time for which it is set, if any. The
    /// caller checks that no handler is running.
    pub fn is_late(&self, armed: Option<Millis>, now: Millis) -> bool {
        let Some(wake) = self.wake(now) else {
            return false;
        };
        armed.is_none_or(|at| {
            at > wake.at.max(now).saturating_add(LATE) || at.saturating_add(LATE) < now
        })
    }

    /// When the job must be woken next: the earliest of its timers. `None` only if it has no work
    /// left.
    pub fn wake(&self, now: Millis) -> Option<Wake> {
        if self.in_flight.is_some() {
            return Some(Wake {
                at: now + EFFECT_GUARD,
                reason: WakeReason::Guard,
            });
        }
        let mut timers = Vec::new();
        match &self.phase {
            Phase::Queued { enqueue_at, .. } => {
                timers.push((*enqueue_at, WakeReason::Phase));
                timers.extend(self.start_deadline().map(|at| (at, WakeReason::Phase)));
            }
            Phase::Confirming { expires_at } | Phase::Clarifying { expires_at, .. } => {
                timers.push((*expires_at, WakeReason::Phase));
            }
            phase @ Phase::Rendering { .. } => {
                timers.extend(phase.next_poll(now).map(|at| (at, WakeReason::Phase)));
            }
            // No step is due after the deadline, so the deadline needs no timer of its own.
            Phase::Submitting { next_at, .. } | Phase::Storing { next_at, .. } => {
                timers.push((*next_at, WakeReason::Phase));
            }
            Phase::Ended { .. } => {}
        }
        timers.extend(
            self.report
                .iter()
                .map(|task| (task.next_at, WakeReason::Report)),
        );
        timers.extend(
            self.outbox
                .iter()
                .filter_map(|delivery| Some((delivery.next_at()?, WakeReason::Deliver))),
        );
        timers.extend(
            self.upstream_cancels
                .values()
                .map(|task| (task.next_at, WakeReason::CancelUpstream)),
        );
        timers.extend(
            self.deletions
                .values()
                .map(|task| (task.next_at, WakeReason::DeleteFile)),
        );
        timers
            .into_iter()
            .min()
            .map(|(at, reason)| Wake { at, reason })
    }
}
