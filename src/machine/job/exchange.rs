//! The inputs and outputs of a job.

use super::video::Video;
use crate::machine::delivery::Receipt;
use crate::machine::outcome::{Outcome, Trouble};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// An effect that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    pub number: u64,
    pub effect: Effect,
}

/// What the shell must do; it reads everything else it needs from the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Enqueue the job; the reply may grant a slot.
    Enqueue {
        epoch: u64,
    },
    /// Pay for a render. The intent is saved in [`Job::submits`] before the call is made.
    Submit {
        epoch: u64,
        attempt: u32,
    },
    Poll {
        epoch: u64,
        operation: String,
    },
    /// Stream the video into R2.
    Store {
        epoch: u64,
        attempt: u32,
        uri: String,
    },
    /// Report a status change to the queue; a terminal one frees the slot.
    Report {
        epoch: u64,
        number: u64,
    },
    /// Send one webhook attempt.
    Deliver {
        event_id: String,
    },
    /// Ask the upstream to cancel a render that nobody waits for.
    CancelUpstream {
        operation: String,
    },
    /// Delete an unwanted video, or for [`IMAGES`](super::IMAGES) the order's images.
    DeleteFile {
        attempt: u32,
    },
}

/// The result of an [`Effect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `true` if the reply granted a slot.
    Enqueued {
        epoch: u64,
        outcome: Outcome<bool>,
    },
    /// The operation's name.
    Submitted {
        epoch: u64,
        outcome: Outcome<String>,
    },
    /// `Refused` is the upstream's final answer on the operation.
    Polled {
        epoch: u64,
        operation: String,
        outcome: Outcome<Progress>,
    },
    Stored {
        epoch: u64,
        attempt: u32,
        outcome: Outcome<Video>,
    },
    Reported {
        number: u64,
        outcome: Outcome<()>,
    },
    Delivered {
        event_id: String,
        receipt: Receipt,
    },
    UpstreamCancelled {
        operation: String,
        outcome: Outcome<()>,
    },
    FileDeleted {
        attempt: u32,
        outcome: Outcome<()>,
    },
}

impl Effect {
    /// The answer of an effect that was cut off.
    pub(super) fn lost(self) -> Answer {
        match self {
            Self::Enqueue { epoch } => Answer::Enqueued {
                epoch,
                outcome: Err(Trouble::Unknown),
            },
            Self::Submit { epoch, .. } => Answer::Submitted {
                epoch,
                outcome: Err(Trouble::Unknown),
            },
            Self::Poll { epoch, operation } => Answer::Polled {
                epoch,
                operation,
                outcome: Err(Trouble::Unknown),
            },
            Self::Store { epoch, attempt, .. } => Answer::Stored {
                epoch,
                attempt,
                outcome: Err(Trouble::Unknown),
            },
            Self::Report { number, .. } => Answer::Reported {
                number,
                outcome: Err(Trouble::Unknown),
            },
            Self::Deliver { event_id } => Answer::Delivered {
                event_id,
                receipt: Receipt::Failed {
                    status: None,
                    retry_after: None,
                },
            },
            Self::CancelUpstream { operation } => Answer::UpstreamCancelled {
                operation,
                outcome: Err(Trouble::Unknown),
            },
            Self::DeleteFile { attempt } => Answer::FileDeleted {
                attempt,
                outcome: Err(Trouble::Unknown),
            },
        }
    }
}

/// What a poll found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Running,
    Ready {
        uri: String,
        /// What the render cost in millionths of a US dollar, where the upstream says so.
        cost_micros: Option<u64>,
    },
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such job.
    NoJob,
    /// Only a live job can be cancelled.
    AlreadyEnded,
    /// Only a failed or cancelled job can be retried.
    NotRetryable,
    /// The job has had [`MAX_ATTEMPTS`] attempts.
    TooManyAttempts,
    /// The order's images have been deleted, or are about to be.
    ImagesGone,
    /// There is no stored video.
    NoVideo,
    /// Only a job that waits for its confirmation can be confirmed.
    NotConfirmable,
    /// Only a job that waits for another prompt can be given one.
    NotClarifiable,
    /// The extended prompt would be longer than [`MAX_PROMPT`](super::MAX_PROMPT).
    PromptTooLong,
    /// The job has no event with that id.
    NoEvent,
}

/// When the job must be woken, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    pub at: Millis,
    pub reason: WakeReason,
}

/// Why a job must be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeReason {
    Phase,
    Report,
    Deliver,
    CancelUpstream,
    DeleteFile,
    Guard,
}
