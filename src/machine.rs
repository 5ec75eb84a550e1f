//! Pure state machines: they decide, and the shells carry out the effects.
//!
//! Nothing here waits, reads a clock, draws randomness or names a platform type. Time and
//! randomness arrive in a [`Moment`]; effects leave as values.

pub mod acceptance;
pub mod alarm;
pub mod alerts;
pub mod bulk;
pub mod cached;
pub mod claim;
pub mod delivery;
pub mod follow;
pub mod job;
pub mod lease;
pub mod limiter;
pub mod message;
pub mod metrics;
pub mod outcome;
pub mod queue;
pub mod retry;

use serde::{Deserialize, Serialize};

/// The status of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for its user's confirmation; costs nothing until then.
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

    /// Whether the attempt has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether the job waits for its user: to confirm the order, or to give another prompt.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingConfirmation | Self::PendingClarification)
    }

    /// The word in the API.
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
