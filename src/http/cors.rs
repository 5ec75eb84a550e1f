//! Which browser origins may call.

use super::answer::Answer;

const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, \
     Last-Event-ID, Range, X-Request-Id, X-User-Id";
const EXPOSED_HEADERS: &str =
    "Accept-Ranges, Content-Length, Content-Range, ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id";
/// How long a browser may remember a preflight, in seconds.
const MAX_AGE: &str = "86400";

/// The origin to allow, if the caller's is one of ours.
pub fn allowed_origin<'a>(origin: Option<&'a str>, origins: &[String]) -> Option<&'a str> {
    origin.filter(|origin| origins.iter().any(|allowed| allowed == origin))
}

/// Whether a browser asks for leave to send another request.
pub fn is_preflight(method: &str, has_header: impl Fn(&str) -> bool) -> bool {
    method == "OPTIONS" && has_header("Origin") && has_header("Access-Control-Request-Method")
}

/// The answer to a preflight; [`decorate`] adds the origin, without which the browser refuses.
pub(super) fn preflight(allow: &str) -> Answer {
    Answer::empty(204)
        .with("Access-Control-Allow-Methods", allow)
        .with("Access-Control-Allow-Headers", ALLOWED_HEADERS)
        .with("Access-Control-Max-Age", MAX_AGE)
}

/// Lets an allowed origin read the answer.
pub(super) fn decorate(answer: Answer, origin: Option<&str>, origins: &[String]) -> Answer {
    let answer = if origins.is_empty() { answer } else { answer.with("Vary", "Origin") };
    match allowed_origin(origin, origins) {
        Some(origin) => {
            answer.with("Access-Control-Allow-Origin", origin).with("Access-Control-Expose-Headers", EXPOSED_HEADERS)
        }
        None => answer,
    }
}
