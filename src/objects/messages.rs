//! Messages that objects answer from storage, and the body of a message of the platform's queue.
//! Messages that the machines decide on are defined in the machines.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::bulk::BulkAction;
use crate::machine::job::{Refusal, TimelineEntry};
use crate::machine::message::message;
use crate::machine::metrics::MetricsByUpstream;
use crate::machine::queue::{Bulk, BulkFilter, Matching, Overrides, Position, Summary};
use crate::store::stats::{OwnedDelivery, QueueStats};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// A job's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTimeline;
message!(GetTimeline -> Result<Vec<TimelineEntry>, Refusal>);

/// A job's live timeline, from the entry after number `after`. The answer is a stream of events, or
/// this reply if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    pub after: u64,
}
message!(Follow -> Result<NoStream, Refusal>);

/// Why there is no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoStream {
    /// The job has ended, and the caller has received everything.
    NothingLeft,
    /// The job's object has its maximum of open streams.
    TooMany,
}

/// Jobs of one user or of all users, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub user_id: Option<String>,
    pub status: Option<Status>,
    /// What the id or the prompt must contain.
    pub search: Option<String>,
    /// How many at most.
    pub limit: u32,
    /// The last page's `next`.
    pub after: Option<String>,
}
message!(List -> Result<JobPage, BadCursor>);

/// A page of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobPage {
    /// Each with its position, if it is in line.
    pub jobs: Vec<(Summary, Option<Position>)>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The cursor is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadCursor;

/// The users who have a generation with this id, at most two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    pub generation_id: String,
}
message!(Owners -> Vec<String>);

/// The current figures of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats;
message!(Stats -> QueueStats);

/// The limits that operators changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOverrides;
message!(GetOverrides -> Overrides);

/// What a bulk would choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountBulk {
    pub action: BulkAction,
    pub filter: BulkFilter,
}
message!(CountBulk -> Matching);

/// The latest bulks, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListBulks;
message!(ListBulks -> Vec<Bulk>);

/// The metrics of the last `window` milliseconds. The reply is a
/// [`MetricsReport`](crate::objects::series::MetricsReport) as JSON text, because no caller needs
/// to parse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub window: Millis,
    /// Whether the reply includes the cost.
    pub cost: bool,
}
message!(Series -> String);

/// All counters since the beginning, and the current figures of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals;
message!(Totals -> (MetricsByUpstream, QueueStats));

/// All users' webhook events, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDeliveries {
    /// One of [`DeliveryState::WORDS`](crate::machine::delivery::DeliveryState::WORDS).
    pub state: Option<String>,
    /// How many at most.
    pub limit: u32,
    /// The last page's `next`.
    pub after: Option<String>,
}
message!(ListDeliveries -> Result<OwnedDeliveries, BadCursor>);

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedDeliveries {
    pub deliveries: Vec<OwnedDelivery>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The event of this id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindDelivery {
    pub event_id: String,
}
message!(FindDelivery -> Option<OwnedDelivery>);

/// The events exhausted since `since`, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    pub since: Millis,
    /// How many at most.
    pub limit: u32,
}
message!(Exhausted -> Vec<OwnedDelivery>);

/// The body of a message of the platform's queue: a wake-up, never the job itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WakeUp {
    pub generation_id: String,
    pub user_id: String,
    /// The epoch that waits.
    pub epoch: u64,
    /// Distinguishes the job from a later one of the same name.
    pub created_at: Millis,
}

impl WakeUp {
    pub fn of(key: &JobKey, epoch: u64, created_at: Millis) -> Self {
        let (generation_id, user_id) = (key.generation_id.clone(), key.user_id.clone());
        Self {
            generation_id,
            user_id,
            epoch,
            created_at,
        }
    }

    pub fn key(&self) -> JobKey {
        JobKey::new(self.user_id.clone(), self.generation_id.clone())
    }
}
