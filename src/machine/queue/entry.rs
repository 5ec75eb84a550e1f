//! What the queue keeps of each job, and the view of it that one step works on.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::delivery::DeliverySummary;
use crate::machine::lease::Lease;
use crate::machine::limiter::Availability;
use crate::machine::metrics::Metrics;
use crate::machine::queue::Charge;
use crate::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// How far one level of priority moves a job forward in the queue.
pub const HEAD_START: Millis = MINUTE;
/// The highest priority.
pub const MAX_PRIORITY: u8 = 10;

/// A job's catalogue summary: what the queue keeps of it for order and listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub key: JobKey,
    pub epoch: u64,
    /// Orders the reports of one job.
    pub report_number: u64,
    pub status: Status,
    pub priority: u8,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// `{provider}/{model}`: whose limits count.
    pub upstream: String,
    /// How many submits the job has ever made.
    pub submits: u64,
    /// What the job has spent and is yet to spend, in millionths of a US dollar.
    pub cost_micros: u64,
    /// The price of one render, in millionths of a US dollar.
    pub price_micros: u64,
    /// How many renders its model lets a project ask for within a minute.
    pub submits_per_minute: Option<u64>,
    /// What the job has counted over its life; of an entry, what of that has been counted.
    pub metrics: Metrics,
    /// The generation as JSON, shown in listings; opaque here.
    pub snapshot: String,
    /// Its events, on the way to the queue only: an [`Entry`]'s summary has none. A job has a few
    /// an attempt.
    pub deliveries: Vec<DeliverySummary>,
    /// It has ended, and nothing is left for it to do; on the way to the queue only as well.
    pub settled: bool,
}

impl Summary {
    /// Orders what a job says of itself.
    pub(super) fn age(&self) -> (u64, u64) {
        (self.epoch, self.report_number)
    }
}

/// What a job asks for together with its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Before this it is not to be started.
    pub not_before: Option<Millis>,
    /// It was in line before, and goes back to the place it had.
    pub keeps_place: bool,
    /// What the answer of its last submit says about the upstream.
    pub availability: Option<Availability>,
    /// Since when the upstream has taken none of its submits for now.
    pub refused_since: Option<Millis>,
}

/// One stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub summary: Summary,
    /// The place in accept order; grows by one with each enqueue.
    pub sequence: u64,
    /// When the queue took the job, never earlier than the entry before it.
    pub enqueued_at: Millis,
    /// Since when it could have had a slot, or was last put in line.
    pub waits_since: Millis,
    /// The turn in which its user comes to it: users of one priority take turns.
    pub round: u64,
    /// It holds the right to one submit, and has not been heard to use it.
    pub unspent: bool,
    /// When last asked, its timer had been lost.
    pub late: bool,
    /// What was charged for it, in the order in which it was.
    pub charges: Vec<Charge>,
    pub stage: Stage,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In line.
    Waiting,
    /// In line, but not to be started before `until`.
    Delayed { until: Millis },
    /// Holds a slot.
    Held(Lease),
    /// Holds no slot and is not in line, but has something left to do: it is asked at `until`.
    Watched { until: Millis },
    /// Is to be deleted; asked for that at `until`.
    Deleting { until: Millis },
    /// Nothing is left to do.
    Ended,
}

impl Entry {
    /// Orders the first entries of different priorities: each level of priority is worth a
    /// [`HEAD_START`]. By the round and the accept order within one priority.
    pub fn head_start_key(&self) -> i64 {
        let enqueued_at = i64::try_from(self.enqueued_at).unwrap_or(i64::MAX);
        enqueued_at - i64::from(self.summary.priority) * i64::try_from(HEAD_START).unwrap_or(0)
    }

    /// Orders the entries of one priority: users take turns, and each user's jobs keep their order.
    pub fn turn(&self) -> (u64, u64) {
        (self.round, self.sequence)
    }

    /// Whether `summary` is of a job that was made anew under the name, after this entry's was
    /// withdrawn or deleted. The later one counts; what is over gives way to any, and who holds a
    /// slot is asked first.
    pub(super) fn gives_way_to(&self, summary: &Summary) -> bool {
        match self.stage {
            Stage::Held(_) => false,
            Stage::Waiting | Stage::Delayed { .. } | Stage::Watched { .. } => {
                summary.created_at > self.summary.created_at
            }
            Stage::Deleting { .. } | Stage::Ended => summary.created_at != self.summary.created_at,
        }
    }

    /// All that was charged for it, in millionths of a US dollar.
    pub fn charged(&self) -> u64 {
        self.charges
            .iter()
            .fold(0, |sum, charge| sum.saturating_add(charge.micros))
    }

    pub fn is_in_line(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Delayed { .. })
    }
}
