//! What a caller hears when an object gave no answer.

use crate::api::problem::Problem;
use crate::objects::stub::StubError;

/// Logs why an object gave no answer; the caller learns only that it may try again.
pub(crate) fn silent(error: &StubError) -> Problem {
    tracing::error!(reason = %error, "[API] Unavailable: an object gave no answer");
    Problem::unavailable()
}
