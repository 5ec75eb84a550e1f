//! Messages to the Durable Objects. Each is idempotent: it may arrive twice, late, or from an older build.
//!
//! They travel as JSON in the body of a POST. Fields are only ever added, with defaults, so that a worker
//! and an object of neighbouring builds understand each other.

use crate::generation::Generation;
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::delivery::DeliveryCard;
use crate::machine::job::{Clarification, Note, Refusal, Request, Video};
use crate::machine::limiter::Availability;
use crate::machine::queue::{Card, OverBudget, Redelivered, Standing, Terms};
use crate::machine::tally::{Tallies, Tally};
use crate::store::stats::{OwnedDelivery, QueueStats};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// A message to the job's own object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobMessage {
    /// Makes the job durable, or finds it made before.
    Create {
        key: JobKey,
        request: Box<Request>,
    },
    /// Takes back the job made at `created_at`, which the queue refused, as long as nobody was told that it was
    /// accepted.
    Withdraw {
        created_at: Millis,
    },
    View,
    Timeline,
    /// The timeline live, from the entry after this number on: answered by a stream of events, or by
    /// [`JobReply::Follow`] if there is none.
    Follow {
        after: u64,
    },
    /// A slot was granted to `epoch`. Also asks a holder whether it still works.
    Start {
        epoch: u64,
        /// When the job was made that the slot is for.
        #[serde(default)]
        created_at: Option<Millis>,
    },
    /// Asks whether the job has done what was left to do.
    Check {
        /// When the job was made that is asked.
        #[serde(default)]
        created_at: Option<Millis>,
    },
    Cancel,
    Retry,
    Confirm,
    Clarify {
        clarification: Clarification,
    },
    DeleteVideo,
    /// The platform's queue gave up on the message of this epoch.
    DeadLetter {
        epoch: u64,
        /// When the job was made that the message was about.
        #[serde(default)]
        created_at: Option<Millis>,
    },
    /// The upstream says by a push of this id that there is something to see. Answered with the job's state.
    Nudge {
        id: String,
    },
    /// The generation is old enough to be forgotten: `Missing` once it is.
    Forget {
        /// When the job was made that is meant; one that was made anew under its name is kept.
        #[serde(default)]
        created_at: Option<Millis>,
    },
    /// What the app is told of the generation.
    Deliveries,
    /// An operator wants an event sent again. Answered with all of them.
    Redeliver {
        event_id: String,
    },
}

/// The job's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobReply {
    /// `new` is false for a repeat of the same request.
    Created {
        new: bool,
        card: Card,
    },
    /// The id is taken by a request with another body.
    Conflict,
    Withdrawn,
    /// The job as it is now, after the message. `video` is the stored file, if there is one.
    View {
        generation: Box<Generation>,
        video: Option<Video>,
    },
    Timeline {
        notes: Vec<Note>,
    },
    Follow {
        following: Following,
    },
    State {
        epoch: u64,
        report_number: u64,
        status: Status,
        /// How many submits it has ever made.
        #[serde(default)]
        submits: u64,
        /// What the answer of the last one says about the upstream.
        #[serde(default)]
        availability: Option<Availability>,
        /// What it has spent and is yet to spend, in millionths of a US dollar.
        #[serde(default)]
        cost_micros: Option<u64>,
        /// Its next timer; `None` when nothing is left to do.
        #[serde(default)]
        wake_at: Option<Millis>,
        /// Its timer had been lost and was set again.
        #[serde(default)]
        late: bool,
        /// Its events.
        #[serde(default)]
        deliveries: Vec<DeliveryCard>,
        /// What it has counted over its life.
        #[serde(default, skip_serializing_if = "Tally::is_empty")]
        tally: Tally,
    },
    Deliveries {
        deliveries: Vec<DeliveryCard>,
    },
    Refused {
        refusal: Refusal,
    },
    /// There is no such job.
    Missing,
}

/// What became of [`JobMessage::Follow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Following {
    /// The stream takes this reply's place: the job made at `created_at`, from the entry after `after` on.
    Stream { created_at: Millis, after: u64 },
    /// The job has ended, and the caller has been told everything.
    NothingLeft,
    /// As many streams are open as the job's object allows.
    TooMany,
}

/// A message to the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueMessage {
    /// A job asks for its place; a `promised` one is never refused.
    Enqueue {
        card: Card,
        promised: bool,
        #[serde(default)]
        terms: Terms,
    },
    Report {
        card: Card,
        #[serde(default)]
        availability: Option<Availability>,
    },
    /// A message of the platform's queue says that this job waits. It is admitted if its turn has come.
    Claim {
        key: JobKey,
    },
    /// Where a job stands that says that it waits.
    Standing {
        key: JobKey,
    },
    /// Whether a further attempt of a job may be paid for; its price is held for it then.
    Afford {
        key: JobKey,
    },
    /// A user's jobs, or everyone's, newest first, `limit` at most; `after` is the last page's `next`.
    List {
        #[serde(default)]
        user_id: Option<String>,
        status: Option<Status>,
        /// What the id or the prompt must contain.
        #[serde(default)]
        search: Option<String>,
        limit: u32,
        after: Option<String>,
    },
    Stats,
    /// What happened within the last so many milliseconds.
    Metrics {
        window: Millis,
        /// Whether what is spent is told, too.
        cost: bool,
    },
    /// All that was ever counted, and the figures of [`Self::Stats`].
    Totals,
    /// The minute's cron: admits, and repairs what a lost alarm left undone.
    Sweep,
    /// The day's cron: has what ended long ago forgotten.
    Expire,
    /// An operator wants nobody started.
    Pause,
    /// An operator wants jobs started again.
    Resume,
    /// Everyone's events, newest first, `limit` at most; `after` is the last page's `next`.
    Deliveries {
        /// One of [`DeliveryState::WORDS`](crate::machine::delivery::DeliveryState::WORDS).
        state: Option<String>,
        limit: u32,
        after: Option<String>,
    },
    /// Whose event has this id.
    Delivery {
        event_id: String,
    },
    /// Whose generation has this id.
    Owners {
        generation_id: String,
    },
    /// The events exhausted since then, the longest ago first, `limit` at most.
    Exhausted {
        since: Millis,
        limit: u32,
    },
    /// What came of events that an operator had sent again.
    Redelivered {
        news: Vec<Redelivered>,
    },
}

/// The queue's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueReply {
    Standing {
        standing: Standing,
    },
    /// Nothing was stored; try again in `retry_after` milliseconds.
    Full {
        retry_after: Millis,
    },
    /// It would cost more than today has left; nothing was stored.
    OverBudget {
        over: OverBudget,
    },
    /// The queue does not know the job.
    Unknown,
    /// `standings` has one for each card that is in line.
    Page {
        cards: Vec<Card>,
        #[serde(default)]
        standings: Vec<Option<Standing>>,
        next: Option<String>,
    },
    /// The cursor was not one of ours.
    BadCursor,
    Stats {
        stats: Box<QueueStats>,
    },
    /// Since when the queue is paused, if it is.
    Paused {
        since: Option<Millis>,
    },
    /// So many entries were marked to be forgotten.
    Expiring {
        count: u64,
    },
    Deliveries {
        deliveries: Vec<OwnedDelivery>,
        /// Where the next page begins, if there is one.
        #[serde(default)]
        next: Option<String>,
    },
    /// Two of them at most: one is the only one.
    Owners {
        user_ids: Vec<String>,
    },
    /// [`Metrics`](crate::objects::series::Metrics) as JSON, which nobody on the way has to read.
    Metrics {
        json: String,
    },
    Totals {
        totals: Tallies,
        stats: Box<QueueStats>,
    },
    Done,
}

/// The body of a message of the platform's queue: a wake-up, never the job itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WakeUp {
    pub generation_id: String,
    pub user_id: String,
    /// The epoch that waits.
    #[serde(default)]
    pub epoch: u64,
    /// Tells the job from one made anew under its name.
    #[serde(default)]
    pub created_at: Option<Millis>,
}

impl WakeUp {
    pub fn of(key: &JobKey, epoch: u64, created_at: Millis) -> Self {
        let (generation_id, user_id) = (key.generation_id.clone(), key.user_id.clone());
        Self { generation_id, user_id, epoch, created_at: Some(created_at) }
    }

    pub fn key(&self) -> JobKey {
        JobKey::new(self.user_id.clone(), self.generation_id.clone())
    }
}
