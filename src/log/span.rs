//! The context of log lines, set once for a whole request, message or alarm.
//!
//! Requests and alarms of one instance interleave at every await. So `instrument` puts a span
//! around a future and enters it each time the future is polled; a span is never entered by hand.
//! Spans have the most severe level, because a span that is filtered out would lose its fields.

use crate::ids::JobKey;
use crate::machine::job::Job;
use tracing::field::Empty;
use tracing::{Span, error_span};

/// One HTTP request.
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

/// Records the route of the current request.
pub fn route(pattern: &'static str) {
    Span::current().record("route", pattern);
}

/// Records the user of the current work.
pub fn user(id: &str) {
    Span::current().record("userId", id);
}

/// Records the generation of the current work.
pub fn generation(key: &JobKey) {
    user(&key.user_id);
    Span::current().record("generationId", key.generation_id.as_str());
}

/// Records the job and the attempt of the current work.
pub fn job(job: &Job) {
    generation(&job.key);
    Span::current().record("attempt", job.attempt);
}
