//! What each failure code means and what to do about it: a table of `docs/error-codes.md`. Host
//! only: the worker never reads it.

use super::ErrorCode;

impl ErrorCode {
    /// What happened.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The video service refused the parameters.",
            Self::ProviderRateLimited => {
                "The video service's rate limit refused every submit for a day."
            }
            Self::ProviderQuotaExhausted => {
                "The quota at the video service is used up, or the account has no credit left."
            }
            Self::ProviderUnavailable => {
                "The video service was down, refused the key, does not know the model or returned no \
                 video. Or it is no longer configured."
            }
            Self::ProviderRejectedContent => {
                "The video service's safety filter refused the prompt, an image or the video."
            }
            Self::ModelRetired => "The video service no longer serves the model.",
            Self::SubmitOutcomeUnknown => {
                "The answer to the paid submit was lost. The render counts as paid."
            }
            Self::DeadlineExceeded => {
                "The job was not started or not rendered in time, or not confirmed within a day."
            }
            Self::StorageFailed => {
                "The video could not be downloaded or stored. Or it is not a complete MP4 or WebM \
                 file, or Reelay does not fetch from its address. Or the order's images could not be \
                 read."
            }
            Self::Cancelled => "The generation was cancelled.",
            Self::Internal => {
                "The job could not be started: its message in the queue `reelay-dispatch` failed \
                 too often."
            }
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidRequest => "Change the parameter that `error` names.",
            Self::ProviderRateLimited => {
                "Retry later, lower `MAX_SUBMITS_PER_MINUTE`, or ask for a higher limit."
            }
            Self::ProviderQuotaExhausted => {
                "Ask for more quota or add credit at the video service, then retry."
            }
            Self::ProviderUnavailable => "Check what `error` names, then retry.",
            Self::ProviderRejectedContent => "Change the prompt. Nothing was charged.",
            Self::ModelRetired => "Order another model.",
            Self::SubmitOutcomeUnknown => {
                "Look for the render at the video service first: a retry may pay twice. See \
                 [lost answers](money-and-limits.md#when-an-answer-is-lost)."
            }
            Self::DeadlineExceeded => {
                "Retry. If it happens often, raise `JOB_TIMEOUT_MS`, `START_TIMEOUT_MS` or the \
                 order's own limits."
            }
            Self::StorageFailed => "Read `error`, then retry. A retry pays for a new render.",
            Self::Cancelled => "Nothing. A retry starts a new attempt, which is paid for.",
            Self::Internal => "Retry, and look for `ERROR` lines of the generation in the log.",
        }
    }
}
