//! How each timeline step is logged.

use crate::machine::job::TimelineStep;
use crate::machine::outcome::ErrorCode;
use tracing::Level;

/// The message and the level of a step.
pub fn line(step: TimelineStep) -> (&'static str, Level) {
    match step {
        TimelineStep::Created => ("[JOB] Created", Level::INFO),
        TimelineStep::Confirmed => ("[JOB] Confirmed", Level::INFO),
        TimelineStep::Started => ("[JOB] Started", Level::INFO),
        TimelineStep::Requeued => ("[JOB] Requeued", Level::INFO),
        TimelineStep::SubmitIntended => ("[UPSTREAM] Submitting", Level::INFO),
        TimelineStep::Submitted => ("[UPSTREAM] Submitted", Level::INFO),
        TimelineStep::SubmitRefused => ("[UPSTREAM] Submit refused", Level::WARN),
        TimelineStep::SubmitOutcomeUnknown => ("[UPSTREAM] Submit outcome unknown", Level::ERROR),
        TimelineStep::SubmitAnsweredLate => ("[UPSTREAM] Submit answered late", Level::WARN),
        TimelineStep::PollFailed => ("[UPSTREAM] Poll failed", Level::WARN),
        TimelineStep::Rendered => ("[UPSTREAM] Rendered", Level::INFO),
        TimelineStep::RenderFailed => ("[UPSTREAM] Render failed", Level::WARN),
        TimelineStep::RenderWasOver => ("[UPSTREAM] Render had already ended", Level::INFO),
        TimelineStep::RenderAbandoned => ("[UPSTREAM] Render cancelled", Level::INFO),
        TimelineStep::RenderNotAbandoned => ("[UPSTREAM] Render not cancelled", Level::WARN),
        TimelineStep::ClarificationNeeded => ("[JOB] Clarification needed", Level::INFO),
        TimelineStep::Clarified => ("[JOB] Clarified", Level::INFO),
        TimelineStep::Stored => ("[STORAGE] Stored", Level::INFO),
        TimelineStep::StoreFailed => ("[STORAGE] Store failed", Level::WARN),
        TimelineStep::VideoDeleted => ("[JOB] Video deleted", Level::INFO),
        TimelineStep::Completed => ("[JOB] Completed", Level::INFO),
        TimelineStep::Failed => ("[JOB] Failed", Level::ERROR),
        TimelineStep::Cancelled => ("[JOB] Cancelled", Level::INFO),
        TimelineStep::Retried => ("[JOB] Retried", Level::INFO),
        TimelineStep::OperatorActed => ("[JOB] Operator acted", Level::INFO),
        TimelineStep::WebhookDelivered => ("[WEBHOOK] Delivered", Level::INFO),
        TimelineStep::WebhookFailed => ("[WEBHOOK] Attempt failed", Level::WARN),
        TimelineStep::WebhookRedelivered => ("[WEBHOOK] Redelivery requested", Level::INFO),
        TimelineStep::WebhookExhausted => ("[WEBHOOK] Exhausted", Level::ERROR),
    }
}

/// The level of a failure: a warning if the user must change the order, an error if the operator
/// should look at it.
pub(super) fn level_of_failure(code: ErrorCode) -> Level {
    match code {
        ErrorCode::InvalidRequest | ErrorCode::ProviderRejectedContent | ErrorCode::Cancelled => {
            Level::WARN
        }
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
