//! What the queue keeps of each job.

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

/// A job's summary: what the queue keeps of it for ordering and listing.
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
    /// `{provider}/{model}`, whose limits apply.
    pub upstream: String,
    /// How many submits the job has ever made.
    pub submits: u64,
    /// What the job has spent and may still spend, in millionths of a US dollar.
    pub cost_micros: u64,
    /// The price of one render, in millionths of a US dollar.
    pub price_micros: u64,
    /// How many submits a minute its model allows a project.
    pub submits_per_minute: Option<u64>,
    /// The job's counters over its life; in an [`Entry`], the part of them already counted.
    pub metrics: Metrics,
    /// The generation as JSON, shown in listings; opaque here.
    pub snapshot: String,
    /// Its events, only in messages to the queue: an [`Entry`]'s summary has none. There are a few
    /// per attempt.
    pub deliveries: Vec<DeliverySummary>,
    /// It has ended and has no work left; also only in messages to the queue.
    pub settled: bool,
}

impl Summary {
    /// Orders the messages of one job.
    pub(super) fn age(&self) -> (u64, u64) {
        (self.epoch, self.report_number)
    }
}

/// The conditions of a job's place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The job does not start before this.
    pub not_before: Option<Millis>,
    /// The job was in line before and returns to its place.
    pub keeps_place: bool,
    /// What the answer to its last submit says about the upstream.
    pub availability: Option<Availability>,
    /// When the upstream first refused its submits because it takes none for now.
    pub refused_since: Option<Millis>,
}

/// One stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub summary: Summary,
    /// The place in accept order; grows by one with each enqueue.
    pub sequence: u64,
    /// When the queue accepted the job, never earlier than the entry before it.
    pub enqueued_at: Millis,
    /// The earliest time at which it could have had a slot since it was last put in line.
    pub waits_since: Millis,
    /// Its round: users of one priority take turns.
    pub round: u64,
    /// It holds the right to one submit, whose use has not been reported.
    pub unspent: bool,
    /// Its alarm was missing when it was last asked.
    pub late: bool,
    /// The charges for it, oldest first.
    pub charges: Vec<Charge>,
    pub stage: Stage,
}

/// The stage of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In line.
    Waiting,
    /// In line, but does not start before `until`.
    Delayed { until: Millis },
    /// Holds a slot.
    Held(Lease),
    /// Holds no slot and is not in line, but has work left: it is checked at `until`.
    Watched { until: Millis },
    /// To be deleted; the job is asked to at `until`.
    Deleting { until: Millis },
    /// No work is left.
    Ended,
}

impl Entry {
    /// Orders the first entries of different priorities: each level of priority is worth one
    /// [`HEAD_START`]. Within one priority, [`Self::turn`] decides.
    pub fn head_start_key(&self) -> i64 {
        let enqueued_at = i64::try_from(self.enqueued_at).unwrap_or(i64::MAX);
        enqueued_at - i64::from(self.summary.priority) * i64::try_from(HEAD_START).unwrap_or(0)
    }

    /// Orders the entries of one priority: users take turns, and each user's jobs keep their order.
    pub fn turn(&self) -> (u64, u64) {
        (self.round, self.sequence)
    }

    /// Whether `summary` belongs to another job of the same name that replaces this entry, because
    /// this entry's job was withdrawn or deleted. The later job wins; an ended entry gives way to
    /// any other job, and an entry that holds a slot never gives way before it is asked.
    pub(super) fn gives_way_to(&self, summary: &Summary) -> bool {
        match self.stage {
            Stage::Held(_) => false,
            Stage::Waiting | Stage::Delayed { .. } | Stage::Watched { .. } => {
                summary.created_at > self.summary.created_at
            }
            Stage::Deleting { .. } | Stage::Ended => summary.created_at != self.summary.created_at,
        }
    }

    /// The total charged for it, in millionths of a US dollar.
    pub fn charged(&self) -> u64 {
        self.charges
            .iter()
            .fold(0, |sum, charge| sum.saturating_add(charge.micros))
    }

    pub fn is_in_line(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Delayed { .. })
    }
}
