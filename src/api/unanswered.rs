//! The problem that a caller gets when an object did not answer.

use crate::api::problem::Problem;
use crate::objects::stub::StubError;

/// Logs why an object did not answer. The caller gets only a retryable problem.
pub(crate) fn silent(error: &StubError) -> Problem {
    tracing::error!(reason = %error, "[API] Unavailable: an object did not answer");
    Problem::unavailable()
}
