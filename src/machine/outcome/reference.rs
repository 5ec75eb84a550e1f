//! What each failure code means and what to do about it: a table of `docs/error-codes.md`. Host
//! only: the worker never reads it.

use super::ErrorCode;

impl ErrorCode {
    /// What has happened.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The provider refused the parameters.",
            Self::ProviderRateLimited => {
                "The provider's rate limit refused every submit for a day."
            }
            Self::ProviderQuotaExhausted => {
                "The provider's quota is used up, or its account has no credit left."
            }
            Self::ProviderUnavailable => {
                "The provider was down, refused the key or the service account, does not know the \
                 model, ended a render without a video, or is no longer set up."
            }
            Self::ProviderRejectedContent => {
                "The provider's safety filter refused the prompt, an image or the video."
            }
            Self::ModelRetired => "The provider no longer serves the model.",
            Self::SubmitOutcomeUnknown => {
                "The answer to the paid submit was lost. The render counts as paid."
            }
            Self::DeadlineExceeded => {
                "The job was not started or not rendered in time, or not confirmed within a day."
            }
            Self::StorageFailed => {
                "The video could not be downloaded or stored, is no whole MP4 or WebM, or is at an \
                 address that is never fetched from. Or the order's images could not be read."
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
                "Ask for more quota or add credit at the provider, then retry."
            }
            Self::ProviderUnavailable => "Check what `error` names, then retry.",
            Self::ProviderRejectedContent => "Change the prompt. Nothing was charged.",
            Self::ModelRetired => "Order another model.",
            Self::SubmitOutcomeUnknown => {
                "Look for the render in the provider's console first: a retry may pay twice."
            }
            Self::DeadlineExceeded => {
                "Retry. If it happens often, raise `JOB_TIMEOUT_MS`, `START_TIMEOUT_MS` or the \
                 order's own limits."
            }
            Self::StorageFailed => "Read `error`, then retry. A retry pays for a new render.",
            Self::Cancelled => "Nothing; a retry starts a new attempt.",
            Self::Internal => "Retry, and look for `ERROR` lines of the generation in the log.",
        }
    }
}
