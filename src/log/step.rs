//! How each step of a job's timeline is told.

use crate::machine::outcome::ErrorCode;
use tracing::Level;

/// The word in the timeline, the message and the level.
pub const STEPS: [(&str, &str, Level); 28] = [
    ("created", "[JOB] Created", Level::INFO),
    ("confirmed", "[JOB] Confirmed", Level::INFO),
    ("started", "[JOB] Started", Level::INFO),
    ("requeued", "[JOB] Requeued", Level::INFO),
    ("submit_intended", "[UPSTREAM] Submitting", Level::INFO),
    ("submitted", "[UPSTREAM] Submitted", Level::INFO),
    ("submit_refused", "[UPSTREAM] Submit refused", Level::WARN),
    ("submit_outcome_unknown", "[UPSTREAM] Submit outcome unknown", Level::ERROR),
    ("submit_answered_late", "[UPSTREAM] Submit answered late", Level::WARN),
    ("poll_failed", "[UPSTREAM] Poll failed", Level::WARN),
    ("rendered", "[UPSTREAM] Rendered", Level::INFO),
    ("render_failed", "[UPSTREAM] Render failed", Level::WARN),
    ("render_was_over", "[UPSTREAM] Render was over", Level::INFO),
    ("render_abandoned", "[UPSTREAM] Render abandoned", Level::INFO),
    ("render_not_abandoned", "[UPSTREAM] Render not abandoned", Level::WARN),
    ("clarification_needed", "[JOB] Clarification needed", Level::INFO),
    ("clarified", "[JOB] Clarified", Level::INFO),
    ("stored", "[STORAGE] Stored", Level::INFO),
    ("store_failed", "[STORAGE] Store failed", Level::WARN),
    ("video_deleted", "[JOB] Video deleted", Level::INFO),
    ("completed", "[JOB] Completed", Level::INFO),
    ("failed", "[JOB] Failed", Level::ERROR),
    ("cancelled", "[JOB] Cancelled", Level::INFO),
    ("retried", "[JOB] Retried", Level::INFO),
    ("webhook_delivered", "[WEBHOOK] Delivered", Level::INFO),
    ("webhook_failed", "[WEBHOOK] Attempt failed", Level::WARN),
    ("webhook_redelivered", "[WEBHOOK] Redelivery asked for", Level::INFO),
    ("webhook_exhausted", "[WEBHOOK] Exhausted", Level::ERROR),
];

/// The message and the level of a step; of one that nobody has entered above, at least that there was one.
pub(super) fn line(step: &str) -> (&'static str, Level) {
    let known = STEPS.iter().find(|(word, ..)| *word == step);
    known.map_or(("[JOB] Stepped", Level::INFO), |(_, message, level)| (message, *level))
}

/// How bad a failure is: what lies with the order is its user's to change, all else is the operator's to look at.
pub(super) fn level_of_failure(code: ErrorCode) -> Level {
    match code {
        ErrorCode::InvalidRequest | ErrorCode::ProviderRejectedContent | ErrorCode::Cancelled => Level::WARN,
        ErrorCode::ProviderRateLimited
        | ErrorCode::ProviderQuotaExhausted
        | ErrorCode::ProviderUnavailable
        | ErrorCode::ModelRetired
        | ErrorCode::SubmitOutcomeUnknown
        | ErrorCode::DeadlineExceeded
        | ErrorCode::StorageFailed
        | ErrorCode::Internal => Level::ERROR,
    }
}
