//! What a caller hears when an object gave no answer, or none that can be used.

use crate::api::problem::Problem;
use crate::objects::stub::StubError;

/// Logs why an object gave no answer; the caller learns only that it may try again.
pub(crate) fn silent(error: &StubError) -> Problem {
    tracing::error!(reason = %error, "[API] Unavailable: an object gave no answer");
    Problem::unavailable()
}

/// An object answered something that does not belong to the question.
pub(crate) fn out_of_turn() -> Problem {
    tracing::error!("[API] Unavailable: an object answered out of turn");
    Problem::unavailable()
}
