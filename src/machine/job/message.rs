//! Messages to a job.

use super::{Job, Refusal, Request};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::bulk::{BulkAction, BulkMark};
use crate::machine::delivery::DeliverySummary;
use crate::machine::limiter::Availability;
use crate::machine::message::message;
use crate::machine::metrics::Metrics;
use crate::machine::queue::Summary;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// Creates the job durably, or finds it created before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Create {
    pub key: JobKey,
    pub request: Box<Request>,
}
message!(Create -> Result<Created, Conflict>);

/// The job exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// False for a repeat of the same order.
    pub new: bool,
    pub summary: Summary,
}

/// The id belongs to another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict;

/// Withdraws the job created at `created_at`, which the queue refused, unless a caller may have
/// received an acceptance. Replies whether the job is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    pub created_at: Millis,
}
message!(Withdraw -> bool);

/// Reads the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View;
message!(View -> Result<Box<Job>, Refusal>);

/// A slot was granted to `epoch` of the job created at `created_at`. Also asks a holder for its
/// state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub epoch: u64,
    pub created_at: Millis,
}
message!(Start -> Option<State>);

/// Asks for the state of the job created at `created_at`, or with `None` of any job of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub created_at: Option<Millis>,
}
message!(Check -> Option<State>);

/// The platform's queue gave up on the message of this epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub epoch: u64,
    pub created_at: Millis,
}
message!(DeadLetter -> Option<State>);

/// A webhook of the upstream, by its id: the render may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamWebhook {
    pub id: String,
}
message!(UpstreamWebhook -> Option<State>);

/// Deletes the job created at `created_at` if it has no work left. Replies `None` once it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    pub created_at: Millis,
}
message!(Delete -> Option<State>);

/// A bulk cancels or retries the job created at `created_at`, at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkAct {
    pub bulk: u64,
    pub action: BulkAction,
    pub created_at: Millis,
    /// Of a retry: the epoch of the attempt that failed or was cancelled.
    pub epoch: u64,
    /// Of a cancellation: the status that the job must still have, if the bulk chose one.
    pub status: Option<Status>,
}
message!(BulkAct -> Option<State>);

/// A job's reply when it is asked; the reply is `None` if there is no such job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub epoch: u64,
    pub report_number: u64,
    pub status: Status,
    /// How many submits it has ever made.
    pub submits: u64,
    /// What the answer to the last submit says about the upstream.
    pub availability: Option<Availability>,
    /// What it has spent and may still spend, in millionths of a US dollar.
    pub cost_micros: u64,
    /// When it must be woken next; `None` if it has no work left.
    pub wake_at: Option<Millis>,
    /// Its alarm was missing and has been re-armed.
    pub late: bool,
    /// Its events.
    pub deliveries: Vec<DeliverySummary>,
    /// Its counters over its whole life.
    pub metrics: Metrics,
    /// The latest bulk that it has answered.
    #[serde(default)]
    pub bulk: Option<BulkMark>,
}

/// Ends the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel;
message!(Cancel -> Result<Box<Job>, Refusal>);

/// Starts another attempt of a job that ended without a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry;
message!(Retry -> Result<Box<Job>, Refusal>);

/// The user confirms an order that waits for confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm;
message!(Confirm -> Result<Box<Job>, Refusal>);

/// Another prompt for one that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clarify {
    /// Replaces it.
    Prompt(String),
    /// Text to append to it.
    Response(String),
}
message!(Clarify -> Result<Box<Job>, Refusal>);

/// Deletes the stored video; the generation stays completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteVideo;
message!(DeleteVideo -> Result<Box<Job>, Refusal>);

/// Reads the job's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries;
message!(Deliveries -> Result<Vec<DeliverySummary>, Refusal>);

/// Sends an event again, for an operator. Replies with all of the job's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeliver {
    pub event_id: String,
}
message!(Redeliver -> Result<Vec<DeliverySummary>, Refusal>);
