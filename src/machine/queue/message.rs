//! Messages to the queue.

use super::{OverBudget, Pauses, Position, Summary, Terms};
use crate::ids::JobKey;
use crate::machine::delivery::DeliverySummary;
use crate::machine::limiter::Availability;
use crate::machine::message::message;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// A new job requests its place. `None` while an earlier job of the same name is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enqueue {
    pub summary: Summary,
    pub terms: Terms,
}
message!(Enqueue -> Result<Option<Position>, Refused>);

/// Why the queue refuses a new job. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// Too many jobs wait; try again in `retry_after` milliseconds.
    Full { retry_after: Millis },
    /// It costs more than today's budget has left.
    OverBudget(OverBudget),
}

/// An accepted job requests its place; it is never refused. `None` while an earlier job of the same
/// name is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnqueueAgain {
    pub summary: Summary,
    pub terms: Terms,
}
message!(EnqueueAgain -> Option<Position>);

/// A job reports a change. `false` if it must report again, because an earlier job of the same name
/// still holds a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub summary: Summary,
    pub availability: Option<Availability>,
}
message!(Report -> bool);

/// A message of the platform's queue says that this job waits. The job is admitted if its turn has
/// come. `None` if the queue does not know the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub key: JobKey,
}
message!(Claim -> Option<Position>);

/// Asks for the position of a job that says it waits, and of others that were read of late. The
/// reply has them in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPositions {
    pub key: JobKey,
    /// They may have ended since.
    pub others: Vec<JobKey>,
}
message!(GetPositions -> Vec<Option<Position>>);

/// Asks whether a further attempt of a job may be paid for. If so, its price is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Afford {
    pub key: JobKey,
}
message!(Afford -> Result<(), Unaffordable>);

/// Why a further attempt may not be paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unaffordable {
    OverBudget(OverBudget),
    /// The queue does not know the job yet, or no longer.
    Unknown,
}

/// The cron trigger, once a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep;
message!(Sweep -> ());

/// The daily clean-up: marks entries that ended long ago for deletion. Replies how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteOld;
message!(DeleteOld -> u64);

/// Pauses the queue: no job starts, and running jobs continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause;
message!(Pause -> Pauses);

/// Ends the pause of the whole queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume;
message!(Resume -> Pauses);

/// The events that an operator redelivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redelivered {
    pub events: Vec<RedeliveredEvent>,
}
message!(Redelivered -> ());

/// One redelivered event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeliveredEvent {
    pub key: JobKey,
    pub event_id: String,
    /// The event as it is now; `None` if the job or the event is gone.
    pub delivery: Option<DeliverySummary>,
}
