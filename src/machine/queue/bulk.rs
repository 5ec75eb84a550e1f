//! A bulk: one request of an operator for many jobs.
//!
//! Its jobs are chosen and stored when it starts, so it never acts on a job that was not counted.
//! The queue then asks them in small portions, at most one bulk at a time. A stored item is a job
//! whose answer is still to come.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::bulk::{BulkAction, BulkOutcome};
use crate::machine::message::message;
use crate::machine::outcome::ErrorCode;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most jobs of one bulk.
pub const MAX_BULK: u64 = 10_000;
/// How many jobs of a bulk one alarm asks.
pub const BULK_PORTION: usize = 20;
/// How often a job that does not answer is asked.
pub const MAX_BULK_TRIES: u32 = 20;
/// How many bulks are listed.
pub const BULKS_KEPT: u32 = 100;

/// Which jobs a bulk chooses. Every given field must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BulkFilter {
    pub status: Option<Status>,
    pub error_code: Option<ErrorCode>,
    pub user_id: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// Created at this time or later.
    pub created_after: Option<Millis>,
    /// Created before this time.
    pub created_before: Option<Millis>,
}

impl BulkFilter {
    /// The statuses that match. Without a given one, a retry takes only failed jobs: cancelled ones
    /// were cancelled on purpose.
    pub fn statuses(&self, action: BulkAction) -> Vec<Status> {
        match (self.status, action) {
            (Some(status), _) => vec![status],
            (None, BulkAction::Retry) => vec![Status::Failed],
            (None, BulkAction::Cancel) => Self::allowed(action),
        }
    }

    /// The statuses on which the action can work.
    pub fn allowed(action: BulkAction) -> Vec<Status> {
        let works = |status: &Status| match action {
            BulkAction::Cancel => !status.is_terminal(),
            BulkAction::Retry => matches!(status, Status::Failed | Status::Cancelled),
        };
        Status::ALL.into_iter().filter(works).collect()
    }
}

/// A job whose answer to the running bulk is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkItem {
    pub key: JobKey,
    /// Distinguishes the job from a later one of the same name.
    pub created_at: Millis,
    /// The job's epoch when it was chosen.
    pub epoch: u64,
    /// When it is asked, or asked again.
    pub due_at: Millis,
    /// How often it has been asked.
    pub tries: u32,
}

/// How many jobs a bulk would choose, and what retrying them costs by list price, in millionths of
/// a US dollar. More than [`MAX_BULK`] are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    pub count: u64,
    pub cost_micros: u64,
}

/// A bulk that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    /// Grows from bulk to bulk.
    pub id: u64,
    pub action: BulkAction,
    pub filter: BulkFilter,
    /// The operator who started it.
    pub operator: String,
    pub started_at: Millis,
    /// What it chose when it started.
    pub chosen: Matching,
    /// How many jobs came to each outcome so far.
    pub outcomes: BTreeMap<BulkOutcome, u64>,
    /// The operator who stopped it.
    pub stopped_by: Option<String>,
    pub ended_at: Option<Millis>,
}

impl Bulk {
    pub(super) fn count(&mut self, outcome: BulkOutcome, jobs: u64) {
        if jobs > 0 {
            *self.outcomes.entry(outcome).or_default() += jobs;
        }
    }

    /// How many jobs have not come to an outcome.
    pub fn left(&self) -> u64 {
        let over = self.outcomes.values().sum();
        self.chosen.count.saturating_sub(over)
    }
}

/// Starts a bulk if it chooses no more than was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartBulk {
    pub action: BulkAction,
    pub filter: BulkFilter,
    pub operator: String,
    /// What the operator was told that it would choose.
    pub said: Matching,
}
message!(StartBulk -> Result<Bulk, BulkRefused>);

/// Why a bulk was not started. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkRefused {
    /// The bulk with this id still runs.
    Running { id: u64 },
    /// It would choose more than [`MAX_BULK`] jobs.
    TooMany,
    /// It would choose more, or cost more, than was said.
    More { now: Matching },
}

/// Stops a bulk: it asks no further job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopBulk {
    pub id: u64,
    pub operator: String,
}
message!(StopBulk -> Option<Bulk>);
