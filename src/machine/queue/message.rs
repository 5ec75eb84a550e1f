//! Messages to the queue.

use super::{OverBudget, Position, Summary, Terms};
use crate::ids::JobKey;
use crate::machine::delivery::DeliverySummary;
use crate::machine::limiter::Availability;
use crate::machine::message::message;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// A new job asks for its place. `None` while an earlier job of its name is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enqueue {
    pub summary: Summary,
    pub terms: Terms,
}
message!(Enqueue -> Result<Option<Position>, Refused>);

/// Why the queue takes no new job. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// Too many jobs wait; try again in `retry_after` milliseconds.
    Full { retry_after: Millis },
    /// It would cost more than today has left.
    OverBudget(OverBudget),
}

/// An accepted job asks for its place; it is never refused. `None` while an earlier job of its name
/// is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnqueueAgain {
    pub summary: Summary,
    pub terms: Terms,
}
message!(EnqueueAgain -> Option<Position>);

/// A job reports a change. `false`: it must report again, because an earlier job of its name has
/// yet to be found gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub summary: Summary,
    pub availability: Option<Availability>,
}
message!(Report -> bool);

/// A message of the platform's queue says that this job waits. It is admitted if its turn has come.
/// `None` if the queue does not know the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub key: JobKey,
}
message!(Claim -> Option<Position>);

/// Asks where a job stands that says that it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPosition {
    pub key: JobKey,
}
message!(GetPosition -> Option<Position>);

/// Asks whether a further attempt of a job may be paid for; its price is reserved then.
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

/// The cron trigger, each minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep;
message!(Sweep -> ());

/// The day's clean-up: has entries deleted that ended long ago. Answers how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteOld;
message!(DeleteOld -> u64);

/// Starts nobody from now on; who has a slot goes on. Answers since when the queue is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause;
message!(Pause -> Millis);

/// Starts jobs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume;
message!(Resume -> ());

/// What came of events that an operator had sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redelivered {
    pub events: Vec<RedeliveredEvent>,
}
message!(Redelivered -> ());

/// One event that was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeliveredEvent {
    pub key: JobKey,
    pub event_id: String,
    /// The event as it is now; `None` when the job, or the event, is gone.
    pub delivery: Option<DeliverySummary>,
}
