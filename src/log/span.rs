//! What a line is about, said once for all that is done meanwhile.
//!
//! Requests and alarms of one instance take turns at every wait, so a span is put around a future
//! by `instrument`, which enters it for each of its turns alone, and is never entered by hand.
//! Spans are of the highest level, because one that is filtered out would take its fields along.

use crate::ids::JobKey;
use crate::machine::job::Job;
use tracing::field::Empty;
use tracing::{Span, error_span};

/// One request at the front door.
pub fn request(id: &str, method: &str) -> Span {
    error_span!(
        "request",
        requestId = id,
        method,
        route = Empty,
        userId = Empty,
        generationId = Empty
    )
}

/// One message to an object, or one alarm.
pub fn object() -> Span {
    error_span!(
        "object",
        generationId = Empty,
        userId = Empty,
        attempt = Empty
    )
}

/// The request under way is for this route.
pub fn route(pattern: &'static str) {
    Span::current().record("route", pattern);
}

/// What is under way is done for this user.
pub fn user(id: &str) {
    Span::current().record("userId", id);
}

/// What is under way is about this generation.
pub fn generation(key: &JobKey) {
    user(&key.user_id);
    Span::current().record("generationId", key.generation_id.as_str());
}

/// The same, and about its attempt.
pub fn job(job: &Job) {
    generation(&job.key);
    Span::current().record("attempt", job.attempt);
}
