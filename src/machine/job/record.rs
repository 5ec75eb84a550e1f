//! The stored record of a generation.

use super::exchange::InFlight;
use super::order::{ModelTerms, Order, Origin, Request};
use super::timeline::{TimelineEntry, TimelineStep};
use super::video::Video;
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::bulk::BulkMark;
use crate::machine::delivery::Delivery;
use crate::machine::limiter::Availability;
use crate::machine::metrics::Metrics;
use crate::machine::outcome::{ErrorCode, Failure};
use crate::time::{DAY, Millis, Moment, SECOND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Deref;

/// How long the accepting request has to enqueue the job before the job enqueues itself.
pub const ENQUEUE_GRACE: Millis = 10 * SECOND;
/// How long a job waits for its confirmation or for another prompt.
pub const PENDING_EXPIRY: Millis = DAY;

/// Stands for the order's images in [`JobRecord::deletions`]; attempts count from 1.
pub const IMAGES: u32 = 0;

/// How many attempts one job may have, its user's retries included.
pub const MAX_ATTEMPTS: u32 = 20;

/// The phase of the job, with the data that only this phase needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waiting for confirmation; nothing is spent before.
    Confirming {
        expires_at: Millis,
    },
    /// Waiting for a slot; `enqueue_at` is when the job is enqueued (again).
    Queued {
        enqueue_at: Millis,
        tries: u32,
    },
    /// `tries` counts the submits of this attempt that were refused before.
    Submitting {
        deadline_at: Millis,
        next_at: Millis,
        tries: u32,
    },
    /// The record does not store when the next poll is due: see [`Phase::next_poll`].
    Rendering {
        deadline_at: Millis,
        operation: String,
        submitted_at: Millis,
        /// The interval between polls of a young render.
        poll_interval: Millis,
        /// How many polls in a row have failed.
        tries: u32,
        /// After failed polls, no poll before this.
        not_before: Millis,
        /// A webhook of the upstream arrived since the last poll began: poll at once.
        webhook_came: bool,
        /// The upstream was asked for a webhook and none has arrived: until then polls only cover a
        /// lost one.
        awaits_webhook: bool,
    },
    Storing {
        next_at: Millis,
        tries: u32,
        uri: String,
        /// When a poll found the video ready.
        rendered_at: Millis,
    },
    /// Refused by the safety filter; another prompt may be given.
    Clarifying {
        expires_at: Millis,
        failure: Failure,
    },
    Ended {
        end: End,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Completed { video: Video },
    Failed { failure: Failure },
    Cancelled,
}

/// One paid call, from intent to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    pub attempt: u32,
    pub epoch: u64,
    pub intended_at: Millis,
    pub answer: SubmitAnswer,
    /// The render's cost in millionths of a US dollar, once the upstream has reported it; its list
    /// price counts until then.
    pub cost_micros: Option<u64>,
}

/// The outcome of a paid call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitAnswer {
    /// The call may have been made; no answer yet.
    Intended,
    Accepted,
    Refused,
    /// Refused by an upstream that took no submits from anyone.
    NotNow,
    Unknown,
}

/// How many times this attempt was refused because the upstream took no submits, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotNow {
    /// When the attempt was first refused.
    pub since: Millis,
    pub count: u64,
    /// The last refusal.
    pub failure: Failure,
}

/// Something repeated until it succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryTask {
    pub next_at: Millis,
    pub tries: u32,
}

/// One generation. Its record is readable everywhere; only the transitions in this folder change
/// it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Job {
    pub(super) record: JobRecord,
}

impl Deref for Job {
    type Target = JobRecord;

    fn deref(&self) -> &JobRecord {
        &self.record
    }
}

/// All stored data of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    pub key: JobKey,
    pub order: Order,
    pub terms: ModelTerms,
    pub origin: Origin,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub started_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    /// From 1; grows with each retry by the user.
    pub attempt: u32,
    /// The fencing number of the attempt's slot; it only grows.
    pub epoch: u64,
    pub phase: Phase,
    /// Whether the queue has confirmed that it knows this epoch.
    pub enqueued: bool,
    /// Whether a caller may have received an acceptance that the queue had not confirmed.
    pub promised: bool,
    /// The attempt does not start before this: the order says so, or a refused submit is repeated
    /// then.
    pub not_before: Option<Millis>,
    /// The attempt was started before and returns to its place in line.
    pub keeps_place: bool,
    /// What the answer to the last submit says about the upstream.
    pub availability: Option<Availability>,
    /// When the attempt joined the line, or will join it if the order sets a later start.
    pub queued_at: Millis,
    /// The refusals of this attempt by an upstream that took no submits from anyone.
    pub not_now: Option<NotNow>,
    /// How many such refusals are no longer in [`Self::submits`].
    pub submits_dropped: u64,
    /// Every paid call ever intended.
    pub submits: Vec<Submit>,
    /// The effect in flight, with the number that its answer must carry. A poll is not recorded.
    pub in_flight: Option<InFlight>,
    /// The number of the last effect begun.
    pub effect_number: u64,
    /// A status change the queue has not confirmed.
    pub report: Option<RetryTask>,
    /// Grows with every reported change, so that the queue can order reports.
    pub report_number: u64,
    /// The last webhooks received from the upstream, to recognize a repeat.
    pub upstream_webhooks: Vec<String>,
    /// Renders that the upstream must cancel, by operation.
    pub upstream_cancels: BTreeMap<String, RetryTask>,
    /// When the deletion of the order's images began: after this, no further attempt is possible.
    pub images_deleted_at: Option<Millis>,
    /// Videos to delete from R2, by attempt; under [`IMAGES`](super::IMAGES) the order's images.
    pub deletions: BTreeMap<u32, RetryTask>,
    /// When the video was deleted.
    pub video_deleted_at: Option<Millis>,
    pub outbox: Vec<Delivery>,
    /// The number of the last event made.
    pub event_sequence: u64,
    /// The counters that only the job knows, over its whole life.
    pub metrics: Metrics,
    /// The latest bulk that the job has answered.
    #[serde(default)]
    pub bulk: Option<BulkMark>,
}

impl Job {
    /// A newly accepted job. The accepting request enqueues it; the job enqueues itself after
    /// [`ENQUEUE_GRACE`].
    pub fn create(key: JobKey, request: Request, moment: Moment) -> (Self, TimelineEntry) {
        let told_at = moment.now + ENQUEUE_GRACE;
        let Request {
            order,
            terms,
            origin,
        } = request;
        let (phase, report) = if order.confirm {
            let phase = Phase::Confirming {
                expires_at: moment.now + PENDING_EXPIRY,
            };
            (
                phase,
                Some(RetryTask {
                    next_at: told_at,
                    tries: 0,
                }),
            )
        } else {
            (
                Phase::Queued {
                    enqueue_at: told_at,
                    tries: 0,
                },
                None,
            )
        };
        let not_before = order.start_after;
        let record = JobRecord {
            key,
            order,
            terms,
            origin,
            created_at: moment.now,
            updated_at: moment.now,
            started_at: None,
            ended_at: None,
            attempt: 1,
            epoch: 1,
            phase,
            enqueued: false,
            promised: false,
            not_before,
            keeps_place: false,
            availability: None,
            queued_at: not_before.unwrap_or(0).max(moment.now),
            not_now: None,
            submits_dropped: 0,
            submits: Vec::new(),
            in_flight: None,
            effect_number: 0,
            report,
            report_number: 0,
            upstream_webhooks: Vec::new(),
            upstream_cancels: BTreeMap::new(),
            images_deleted_at: None,
            deletions: BTreeMap::new(),
            video_deleted_at: None,
            outbox: Vec::new(),
            event_sequence: 0,
            metrics: Metrics::default(),
            bulk: None,
        };
        (
            Self { record },
            TimelineEntry {
                at: moment.now,
                step: TimelineStep::Created,
                detail: None,
            },
        )
    }

    /// The status that the API reports.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Confirming { .. } => Status::PendingConfirmation,
            Phase::Queued { .. } => Status::Queued,
            Phase::Clarifying { .. } => Status::PendingClarification,
            Phase::Submitting { .. } | Phase::Rendering { .. } | Phase::Storing { .. } => {
                Status::Processing
            }
            Phase::Ended {
                end: End::Completed { .. },
            } => Status::Completed,
            Phase::Ended {
                end: End::Failed { .. },
            } => Status::Failed,
            Phase::Ended {
                end: End::Cancelled,
            } => Status::Cancelled,
        }
    }

    /// The fine phase: `queued · submitting · rendering · storing · notifying · done`, or
    /// `confirming` and `clarifying` while the job waits for its user.
    pub fn phase_name(&self) -> &'static str {
        match &self.phase {
            Phase::Confirming { .. } => "confirming",
            Phase::Clarifying { .. } => "clarifying",
            Phase::Queued { .. } => "queued",
            Phase::Submitting { .. } => "submitting",
            Phase::Rendering { .. } => "rendering",
            Phase::Storing { .. } => "storing",
            Phase::Ended { .. }
                if self
                    .outbox
                    .iter()
                    .any(|delivery| delivery.next_at().is_some()) =>
            {
                "notifying"
            }
            Phase::Ended { .. } => "done",
        }
    }

    /// Percent done: while rendering, the share of the model's usual time that has passed.
    pub fn progress(&self, now: Millis) -> u8 {
        match &self.phase {
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended {
                end: End::Failed { .. } | End::Cancelled,
            } => 0,
            Phase::Submitting { .. } => 5,
            Phase::Rendering { submitted_at, .. } => {
                let share = now.saturating_sub(*submitted_at) * 80 / self.terms.usual_render.max(1);
                10 + u8::try_from(share.min(75)).unwrap_or(75)
            }
            Phase::Storing { .. } => 90,
            Phase::Ended {
                end: End::Completed { .. },
            } => 100,
        }
    }

    /// The stored video of a completed attempt, unless it was deleted.
    pub fn video(&self) -> Option<&Video> {
        self.stored_video()
            .filter(|_| self.video_deleted_at.is_none())
    }

    /// The video that a completed attempt stored, even if it was deleted since.
    pub fn stored_video(&self) -> Option<&Video> {
        match &self.phase {
            Phase::Ended {
                end: End::Completed { video },
            } => Some(video),
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Submitting { .. }
            | Phase::Rendering { .. }
            | Phase::Storing { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => None,
        }
    }

    /// Why the attempt failed, was cancelled, or waits for another prompt.
    pub fn failure(&self) -> Option<Failure> {
        match &self.phase {
            Phase::Ended {
                end: End::Failed { failure },
            }
            | Phase::Clarifying { failure, .. } => Some(failure.clone()),
            Phase::Ended {
                end: End::Cancelled,
            } => Some(Failure::new(
                ErrorCode::Cancelled,
                "The generation was cancelled.",
            )),
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Submitting { .. }
            | Phase::Rendering { .. }
            | Phase::Storing { .. }
            | Phase::Ended {
                end: End::Completed { .. },
            } => None,
        }
    }

    /// Whether the attempt holds a slot of the queue.
    pub fn is_active(&self) -> bool {
        self.status() == Status::Processing
    }
}
