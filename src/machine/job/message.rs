//! Messages to a job.

use super::{Job, Refusal, Request};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::delivery::DeliverySummary;
use crate::machine::limiter::Availability;
use crate::machine::message::message;
use crate::machine::metrics::Metrics;
use crate::machine::queue::Summary;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// Makes the job durable, or finds it made before.
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

/// Takes back the job made at `created_at`, which the queue refused, as long as nobody was told
/// that it was accepted. Answers whether it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    pub created_at: Millis,
}
message!(Withdraw -> bool);

/// Shows the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View;
message!(View -> Result<Box<Job>, Refusal>);

/// A slot was granted to `epoch` of the job made at `created_at`. Also asks a holder whether it
/// still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub epoch: u64,
    pub created_at: Millis,
}
message!(Start -> Option<State>);

/// Asks how the job stands that was made at `created_at`, or any of its name.
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

/// A webhook of the upstream, by its id: there may be something to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamWebhook {
    pub id: String,
}
message!(UpstreamWebhook -> Option<State>);

/// Deletes the job made at `created_at` if nothing is left for it to do. `None` once it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    pub created_at: Millis,
}
message!(Delete -> Option<State>);

/// What a job says when it is asked; `None` in its place if there is no such job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub epoch: u64,
    pub report_number: u64,
    pub status: Status,
    /// How many submits it has ever made.
    pub submits: u64,
    /// What the answer of the last one says about the upstream.
    pub availability: Option<Availability>,
    /// What it has spent and is yet to spend, in millionths of a US dollar.
    pub cost_micros: u64,
    /// Its next timer; `None` when nothing is left to do.
    pub wake_at: Option<Millis>,
    /// Its alarm was missing and has been set again.
    pub late: bool,
    /// Its events.
    pub deliveries: Vec<DeliverySummary>,
    /// What it has counted over its life.
    pub metrics: Metrics,
}

/// Ends the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel;
message!(Cancel -> Result<Box<Job>, Refusal>);

/// Makes a further attempt of a job that ended without a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry;
message!(Retry -> Result<Box<Job>, Refusal>);

/// The user stands by an order that waits for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm;
message!(Confirm -> Result<Box<Job>, Refusal>);

/// Another prompt for one that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clarify {
    /// In its place.
    Prompt(String),
    /// Words to be added to it.
    Response(String),
}
message!(Clarify -> Result<Box<Job>, Refusal>);

/// Deletes the stored video; the generation stays completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteVideo;
message!(DeleteVideo -> Result<Box<Job>, Refusal>);

/// Shows the job's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries;
message!(Deliveries -> Result<Vec<DeliverySummary>, Refusal>);

/// Sends an event again, for an operator. Answers with all of the job's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeliver {
    pub event_id: String,
}
message!(Redeliver -> Result<Vec<DeliverySummary>, Refusal>);
