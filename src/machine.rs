//! Pure state machines: they decide, the shells carry out.
//!
//! Nothing here waits, reads a clock, draws randomness or names a platform type. Time and randomness
//! arrive in a [`Moment`]; effects leave as values.

pub mod alarm;
pub mod bug;
pub mod delivery;
pub mod follow;
pub mod job;
pub mod lease;
pub mod limiter;
pub mod outcome;
pub mod queue;
pub mod retry;
pub mod tally;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// One second in [`Millis`].
pub const SECOND: Millis = 1_000;
/// One minute in [`Millis`].
pub const MINUTE: Millis = 60 * SECOND;
/// One hour in [`Millis`].
pub const HOUR: Millis = 60 * MINUTE;
/// One day in [`Millis`].
pub const DAY: Millis = 24 * HOUR;

/// The time and the randomness of one step.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Milliseconds since the Unix epoch.
    pub now: Millis,
    /// Fresh random bits; one step draws at most one identifier and one jitter from them.
    pub random: u128,
}

impl Moment {
    /// The high 64 random bits, used for jitter.
    pub(crate) fn jitter(self) -> u64 {
        u64::try_from(self.random >> 64).unwrap_or(0)
    }
}

/// Names one generation: ids are unique within a user, so a foreign id is simply another job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobKey {
    pub user_id: String,
    pub generation_id: String,
}

impl JobKey {
    /// Builds a key; both parts must already be valid (neither may contain a slash).
    pub fn new(user_id: impl Into<String>, generation_id: impl Into<String>) -> Self {
        Self { user_id: user_id.into(), generation_id: generation_id.into() }
    }

    /// The name of the job's Durable Object: `{user}/{generation}`, unambiguous because neither part may hold a slash.
    pub fn object_name(&self) -> String {
        format!("{}/{}", self.user_id, self.generation_id)
    }

    /// The key of an attempt's video in R2: `videos/{user}/{generation}/{attempt}.mp4`.
    pub fn video_key(&self, attempt: u32) -> String {
        format!("videos/{}/{}/{attempt}.mp4", self.user_id, self.generation_id)
    }

    /// The key of an image of the order in R2: `inputs/{user}/{generation}/{request}/{index}`. Each request has a random
    /// number of its own, so that it can take back what it has put there and nothing else.
    pub fn input_key(&self, request: u128, index: usize) -> String {
        format!("inputs/{}/{}/{request:032x}/{index}", self.user_id, self.generation_id)
    }
}

/// The app's word for where a generation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Made to be confirmed first; spends nothing until then.
    PendingConfirmation,
    Queued,
    Processing,
    /// The upstream's safety filter refused the prompt; another one may be given.
    PendingClarification,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    /// Every status, in the order of a job's life.
    pub const ALL: [Self; 7] = [
        Self::PendingConfirmation,
        Self::Queued,
        Self::Processing,
        Self::PendingClarification,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Whether nothing more will happen to this attempt.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether a person has to say something before anything more happens.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingConfirmation | Self::PendingClarification)
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingConfirmation => "pending_confirmation",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::PendingClarification => "pending_clarification",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
