//! What a job did and when, shown to its user.

use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub at: Millis,
    pub step: TimelineStep,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Declares the enum and its words.
macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident $word:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum TimelineStep {
            $($(#[$doc])* #[serde(rename = $word)] $step,)*
        }

        impl TimelineStep {
            pub const ALL: &[Self] = &[$(Self::$step),*];

            /// The word in the API and in the log.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$step => $word,)*
                }
            }
        }
    };
}

steps! {
    Created "created",
    Confirmed "confirmed",
    Started "started",
    Requeued "requeued",
    SubmitIntended "submit_intended",
    Submitted "submitted",
    SubmitRefused "submit_refused",
    SubmitOutcomeUnknown "submit_outcome_unknown",
    /// An answer arrived after its attempt had ended.
    SubmitAnsweredLate "submit_answered_late",
    PollFailed "poll_failed",
    Rendered "rendered",
    RenderFailed "render_failed",
    /// A render to be cancelled had already ended.
    RenderWasOver "render_was_over",
    RenderAbandoned "render_abandoned",
    RenderNotAbandoned "render_not_abandoned",
    ClarificationNeeded "clarification_needed",
    Clarified "clarified",
    Stored "stored",
    StoreFailed "store_failed",
    VideoDeleted "video_deleted",
    Completed "completed",
    Failed "failed",
    Cancelled "cancelled",
    Retried "retried",
    /// An operator retried or cancelled it, together with others.
    OperatorActed "operator_acted",
    WebhookDelivered "webhook_delivered",
    /// One attempt failed; more follow.
    WebhookFailed "webhook_failed",
    WebhookRedelivered "webhook_redelivered",
    /// The last attempt failed.
    WebhookExhausted "webhook_exhausted",
}
