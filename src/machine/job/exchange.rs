//! What goes into a job and what comes out of it.

use super::video::Video;
use crate::machine::delivery::Receipt;
use crate::machine::outcome::Outcome;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// An effect that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    pub number: u64,
    pub effect: Effect,
}

/// What the shell is to do; it reads what else it needs from the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Tell the queue of this job; admission may come with the answer.
    Enqueue {
        epoch: u64,
    },
    /// Pay for a render. The intent is in [`Job::submits`] before this leaves.
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
    /// Tell the queue of a status change; a terminal one frees the slot.
    Report {
        epoch: u64,
        number: u64,
    },
    /// Send one webhook attempt.
    Deliver {
        event_id: String,
    },
    /// Tell the upstream that nobody waits for this render.
    Abandon {
        operation: String,
    },
    /// Delete an unwanted video, or by [`INPUTS`](super::INPUTS) the order's images.
    Discard {
        attempt: u32,
    },
}

/// What came of an [`Effect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `true` when a slot was granted with it.
    Enqueued(Outcome<bool>),
    /// The operation's name.
    Submitted(Outcome<String>),
    /// `Refused` is the upstream's own final word on the operation.
    Polled(Outcome<Progress>),
    Stored(Outcome<Video>),
    Reported(Outcome<()>),
    Delivered(Receipt),
    Abandoned(Outcome<()>),
    Discarded(Outcome<()>),
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

/// What happens to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Act: nobody carries out an effect of this job, so one that is still in flight was cut off.
    Alarm {
        /// Whether this is the first step of a run of the alarm handler: each run polls once.
        first: bool,
    },
    /// What came of an effect.
    Answer {
        begun: InFlight,
        answer: Answer,
    },
    /// The queue granted a slot to this epoch.
    Start {
        epoch: u64,
    },
    Cancel,
    Retry,
    /// The user stands by the order.
    Confirm,
    /// The user gives another prompt for the one that was refused.
    Clarify {
        clarification: Clarification,
    },
    /// The user wants the stored video gone; the generation stays completed.
    DeleteVideo,
    /// The platform's queue gave up on the message that says that this epoch waits.
    DeadLetter {
        epoch: u64,
    },
    /// The upstream says by a push of this id that there is something to see.
    Nudge {
        id: String,
    },
    /// An operator wants an event sent again.
    Redeliver {
        event_id: String,
    },
    /// The generation is old enough to be forgotten.
    Forget,
}

/// What a user says about a prompt that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clarification {
    /// Another prompt in its place.
    Prompt(String),
    /// Words to be added to it.
    Response(String),
}

/// Why an input was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Only a live job can be cancelled.
    AlreadyEnded,
    /// Only a failed or cancelled job can be retried.
    NotRetryable,
    /// The job has had [`MAX_ATTEMPTS`] attempts.
    TooManyAttempts,
    /// The order's images have been deleted, or are about to be.
    InputsGone,
    /// There is no stored video.
    NoVideo,
    /// Only a job that waits for its confirmation can be confirmed.
    NotConfirmable,
    /// Only a job that waits for another prompt can be given one.
    NotClarifiable,
    /// With what was added the prompt would be longer than [`MAX_PROMPT`](super::MAX_PROMPT).
    PromptTooLong,
    /// Something is still left to do.
    StillNeeded,
    /// The job has no event of that id.
    NoEvent,
}

/// A step of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub at: Millis,
    /// A word such as `submitted`.
    pub step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
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
    Abandon,
    Discard,
    Guard,
}
