//! What an operator does to many jobs at once, and what came of it for one of them.

use serde::{Deserialize, Serialize};

/// What a bulk does to each job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    Cancel,
    Retry,
}

impl BulkAction {
    pub const ALL: [Self; 2] = [Self::Cancel, Self::Retry];

    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

/// What came of a bulk for one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkOutcome {
    /// The job was retried or cancelled.
    Done,
    /// It had ended before it could be cancelled.
    AlreadyEnded,
    /// It was no longer failed or cancelled.
    NotRetryable,
    /// It has had as many attempts as a job may have.
    TooManyAttempts,
    /// The images of its order were deleted.
    ImagesDeleted,
    /// It was no longer as it had been when it was chosen, for example because its user had retried
    /// it.
    Changed,
    /// Its retry did not fit into today's budget.
    BudgetExceeded,
    /// It was deleted.
    Gone,
    /// It did not answer. It may have been retried or cancelled.
    NoAnswer,
    /// The bulk was stopped before it.
    Stopped,
}

impl BulkOutcome {
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::AlreadyEnded,
        Self::NotRetryable,
        Self::TooManyAttempts,
        Self::ImagesDeleted,
        Self::Changed,
        Self::BudgetExceeded,
        Self::Gone,
        Self::NoAnswer,
        Self::Stopped,
    ];

    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadyEnded => "already_ended",
            Self::NotRetryable => "not_retryable",
            Self::TooManyAttempts => "too_many_attempts",
            Self::ImagesDeleted => "images_deleted",
            Self::Changed => "changed",
            Self::BudgetExceeded => "budget_exceeded",
            Self::Gone => "gone",
            Self::NoAnswer => "no_answer",
            Self::Stopped => "stopped",
        }
    }
}

/// The latest bulk that a job has answered. Ids of bulks grow, so a message of this bulk or of an
/// earlier one changes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkMark {
    pub bulk: u64,
    pub outcome: BulkOutcome,
}

#[cfg(test)]
mod tests {
    use super::{BulkAction, BulkOutcome};

    #[test]
    fn every_word_is_that_of_the_wire() {
        for action in BulkAction::ALL {
            assert_eq!(serde_json::to_value(action).expect("JSON"), action.as_str());
        }
        for outcome in BulkOutcome::ALL {
            assert_eq!(
                serde_json::to_value(outcome).expect("JSON"),
                outcome.as_str()
            );
        }
    }
}
