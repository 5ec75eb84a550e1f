//! The right of one attempt to hold a slot, fenced by the attempt's epoch.

use crate::time::{MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// How long a granted but unconfirmed start may take before the queue repeats it. It equals a
/// confirmed lease, so the queue's alarm need not be set for each grant; a job whose start was lost
/// requests its place again sooner than this.
pub const START_PATIENCE: Millis = LEASE;
/// How long a confirmed lease lasts before the queue checks whether the holder still works.
pub const LEASE: Millis = 120 * SECOND;
/// How soon an unanswered check is repeated.
pub const ASK_AGAIN: Millis = 15 * SECOND;
/// How long after a job's next alarm the queue checks whether the job, which holds no slot, has
/// finished its work.
pub const WATCH: Millis = 2 * MINUTE;

/// A held slot. It never expires by time alone: when the lease runs out, the queue asks the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The attempt's fencing number; it only grows.
    pub epoch: u64,
    /// When the queue asks the holder, in milliseconds since the Unix epoch.
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

    /// Extends the lease after a reply or report of its holder.
    #[must_use]
    pub fn heard(self, now: Millis) -> Self {
        Self {
            until: now + LEASE,
            ..self
        }
    }

    /// Records that the holder is being asked now.
    #[must_use]
    pub fn asked(self, now: Millis) -> Self {
        Self {
            until: now + ASK_AGAIN,
            ..self
        }
    }
}
