//! The right of one job's attempt to hold a slot, fenced by its epoch.

use crate::time::{MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// How long a granted but unconfirmed start may take before the queue repeats it. As long as a
/// confirmed lease, so that the queue's alarm need not be set for each grant: a job whose start was
/// lost asks for its place again by itself, sooner.
pub const START_PATIENCE: Millis = LEASE;
/// How long a confirmed lease lasts before the holder is asked whether it still works.
pub const LEASE: Millis = 120 * SECOND;
/// How soon an unanswered question is asked again.
pub const ASK_AGAIN: Millis = 15 * SECOND;
/// How long after its next timer a job that holds no slot is asked whether it has done what was
/// left to do.
pub const WATCH: Millis = 2 * MINUTE;

/// A held slot. It is never taken away by time alone: when it runs out, the holder is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The attempt's fencing number; it only grows.
    pub epoch: u64,
    /// When the holder is to be asked, in milliseconds since the Unix epoch.
    pub until: Millis,
    /// When the slot was granted.
    pub granted_at: Millis,
}

impl Lease {
    /// Grants a slot that must be confirmed within [`START_PATIENCE`].
    pub fn grant(epoch: u64, now: Millis) -> Self {
        Self {
            epoch,
            until: now + START_PATIENCE,
            granted_at: now,
        }
    }

    /// Extends the lease after its holder was heard of.
    #[must_use]
    pub fn heard(self, now: Millis) -> Self {
        Self {
            until: now + LEASE,
            ..self
        }
    }

    /// Notes that the holder is being asked now.
    #[must_use]
    pub fn asked(self, now: Millis) -> Self {
        Self {
            until: now + ASK_AGAIN,
            ..self
        }
    }
}
