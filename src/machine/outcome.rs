//! The outcome of an outside call, classified by what the caller does next.

#[cfg(not(target_arch = "wasm32"))]
pub mod reference;

use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// The outcome of one outside call.
pub type Outcome<T> = Result<T, Trouble>;

/// Why an outside call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The call certainly had no effect and may be repeated, not before `after` milliseconds if
    /// given.
    Retry {
        after: Option<Millis>,
        failure: Failure,
    },
    /// The upstream accepts no submits for now. The submit certainly had no effect. It may be
    /// repeated when the upstream accepts again, not before `after` milliseconds if given. Only a
    /// submit has this outcome.
    NotNow {
        after: Option<Millis>,
        failure: Failure,
    },
    /// The call certainly had no effect, and repeating it cannot help.
    Refused(Failure),
    /// The answer was lost: the call may have had its effect.
    Unknown,
}

/// Why something failed: a code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: ErrorCode,
    /// One sentence for users; never a prompt, a key or a signed URL.
    pub message: String,
    /// The upstream's HTTP answer that reported it, for the log; `None` if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamAnswer>,
}

/// The status and error code of an upstream's answer, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The error code in its body, such as `RESOURCE_EXHAUSTED` or `429`: at most 64 letters,
    /// digits, `_`, `-` and `.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Failure {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            upstream: None,
        }
    }

    /// A failure of storing or reading files.
    pub fn storage(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::StorageFailed, message)
    }
}

impl Trouble {
    /// The call may be repeated at once.
    pub fn retry(failure: Failure) -> Self {
        Self::Retry {
            after: None,
            failure,
        }
    }

    /// The outcome of a step before the call itself. The call was not sent, so a lost answer
    /// becomes a `Retry` with the failure `lost`.
    #[must_use]
    pub fn before_the_call(self, lost: Failure) -> Self {
        match self {
            Self::Retry { after, failure } | Self::NotNow { after, failure } => {
                Self::Retry { after, failure }
            }
            Self::Refused(failure) => Self::Refused(failure),
            Self::Unknown => Self::retry(lost),
        }
    }

    /// The failure; `None` if the answer was lost.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Retry { failure, .. } | Self::NotNow { failure, .. } | Self::Refused(failure) => {
                Some(failure)
            }
            Self::Unknown => None,
        }
    }

    /// Adds the upstream's answer to the failure.
    #[must_use]
    pub fn answered(self, upstream: UpstreamAnswer) -> Self {
        self.map_failure(|failure| Failure {
            upstream: Some(upstream),
            ..failure
        })
    }

    /// Changes the failure, if there is one.
    #[must_use]
    pub fn map_failure(self, change: impl FnOnce(Failure) -> Failure) -> Self {
        match self {
            Self::Retry { after, failure } => Self::Retry {
                after,
                failure: change(failure),
            },
            Self::NotNow { after, failure } => Self::NotNow {
                after,
                failure: change(failure),
            },
            Self::Refused(failure) => Self::Refused(change(failure)),
            Self::Unknown => self,
        }
    }

    /// Its name in logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Retry { .. } | Self::NotNow { .. } => "retry",
            Self::Refused(_) => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a generation failed, as a code; `docs/error-codes.md` says what to do about each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    InvalidRequest,
    ProviderRateLimited,
    ProviderQuotaExhausted,
    ProviderUnavailable,
    ProviderRejectedContent,
    ModelRetired,
    SubmitOutcomeUnknown,
    DeadlineExceeded,
    StorageFailed,
    Cancelled,
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::InvalidRequest,
        Self::ProviderRateLimited,
        Self::ProviderQuotaExhausted,
        Self::ProviderUnavailable,
        Self::ProviderRejectedContent,
        Self::ModelRetired,
        Self::SubmitOutcomeUnknown,
        Self::DeadlineExceeded,
        Self::StorageFailed,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The code in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::ProviderRateLimited => "provider_rate_limited",
            Self::ProviderQuotaExhausted => "provider_quota_exhausted",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderRejectedContent => "provider_rejected_content",
            Self::ModelRetired => "model_retired",
            Self::SubmitOutcomeUnknown => "submit_outcome_unknown",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::StorageFailed => "storage_failed",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// Whether the upstream refused because of a rate limit or a quota.
    pub(super) fn is_limit(self) -> bool {
        matches!(
            self,
            Self::ProviderRateLimited | Self::ProviderQuotaExhausted
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, Failure, Trouble};

    #[test]
    fn what_goes_wrong_before_the_call_never_leaves_its_outcome_unknown_i4() {
        let (failure, lost) = (Failure::storage("No."), Failure::storage("Lost."));
        let retry = Trouble::Retry {
            after: Some(7),
            failure: failure.clone(),
        };
        let not_now = Trouble::NotNow {
            after: Some(7),
            failure: failure.clone(),
        };
        let refused = Trouble::Refused(failure);
        for (trouble, means) in [
            (not_now, retry.clone()),
            (retry.clone(), retry),
            (refused.clone(), refused),
        ] {
            assert_eq!(trouble.before_the_call(lost.clone()), means);
        }
        assert_eq!(
            Trouble::Unknown.before_the_call(lost.clone()),
            Trouble::retry(lost)
        );
    }

    #[test]
    fn every_word_is_that_of_the_wire() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("JSON"), code.as_str());
        }
    }
}
