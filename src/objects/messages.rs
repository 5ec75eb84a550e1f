//! Messages that objects answer by reading what they store, and the body of a message of the
//! platform's queue. Messages that the machines decide on are beside them.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{Refusal, TimelineEntry};
use crate::machine::message::message;
use crate::machine::metrics::MetricsByUpstream;
use crate::machine::queue::{Position, Summary};
use crate::store::stats::{OwnedDelivery, QueueStats};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// A job's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTimeline;
message!(GetTimeline -> Result<Vec<TimelineEntry>, Refusal>);

/// A job's timeline live, from the entry after the number `after` on: answered by a stream of
/// events, or by this reply if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    pub after: u64,
}
message!(Follow -> Result<NoStream, Refusal>);

/// Why there is no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoStream {
    /// The job has ended, and the caller has seen everything.
    NothingLeft,
    /// As many streams are open as a job's object allows.
    TooMany,
}

/// Jobs of a user, or of all, newest first.
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
    /// Each with its position if it is in line.
    pub jobs: Vec<(Summary, Option<Position>)>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The cursor is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadCursor;

/// The users who have a generation of this id, two at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    pub generation_id: String,
}
message!(Owners -> Vec<String>);

/// How the queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats;
message!(Stats -> QueueStats);

/// What happened within the last `window` milliseconds. Answers with
/// [`MetricsReport`](crate::objects::series::MetricsReport) as JSON, which nobody on the way has to
/// read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub window: Millis,
    /// Whether what is spent is told, too.
    pub cost: bool,
}
message!(Series -> String);

/// All that was ever counted, and how the queue stands.
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

/// The events that were given up since then, the longest ago first.
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
    /// Tells the job from one made anew under its name.
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
