//! CORS: which browser origins may call.

use crate::api::answer::Answer;

const OUR_HEADERS: [&str; 9] = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "X-Request-Id",
    "X-User-Id",
];
/// The longest list of requested headers that is echoed, in bytes.
const MAX_REQUESTED: usize = 2_048;
const EXPOSED_HEADERS: &str = "Accept-Ranges, Content-Length, Content-Range, ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id";
/// How long a browser may cache a preflight, in seconds.
const MAX_AGE: &str = "86400";

/// The caller's origin, if it is allowed.
pub fn allowed_origin<'a>(origin: Option<&'a str>, origins: &[String]) -> Option<&'a str> {
    origin.filter(|origin| origins.iter().any(|allowed| allowed == origin))
}

/// Whether a request is a CORS preflight.
pub fn is_preflight(method: &str, has_header: impl Fn(&str) -> bool) -> bool {
    method == "OPTIONS" && has_header("Origin") && has_header("Access-Control-Request-Method")
}

/// The answer to a preflight from `origin` that requests the headers `requested`. Another origin
/// gets no CORS headers, so its browser does not send the request.
pub(crate) fn preflight(
    allow: &str,
    origin: Option<&str>,
    requested: Option<&str>,
    origins: &[String],
) -> Answer {
    let answer = Answer::empty(204);
    if origins.is_empty() {
        return answer;
    }
    let answer = answer.with("Vary", "Origin, Access-Control-Request-Headers");
    match allowed_origin(origin, origins) {
        Some(origin) => answer
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Methods", allow)
            .with("Access-Control-Allow-Headers", allowed_headers(requested))
            .with("Access-Control-Max-Age", MAX_AGE),
        None => answer,
    }
}

/// The headers that a page may send: those of the API and all that it requests, for example for
/// tracing. A list that is too long or has an invalid name adds none.
pub fn allowed_headers(requested: Option<&str>) -> String {
    let requested = requested.filter(|list| list.len() <= MAX_REQUESTED);
    let names: Vec<&str> = requested
        .into_iter()
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .collect();
    if !names.iter().all(|name| is_token(name)) {
        return OUR_HEADERS.join(", ");
    }
    let is_ours = |name: &str| {
        OUR_HEADERS
            .iter()
            .any(|ours| ours.eq_ignore_ascii_case(name))
    };
    let added = names.into_iter().filter(|name| !is_ours(name));
    OUR_HEADERS
        .into_iter()
        .chain(added)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether a text is a token (RFC 9110, section 5.6.2), as every header name is.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Adds the CORS headers to an answer. The answer to a preflight already has them.
pub(crate) fn decorate(answer: Answer, origin: Option<&str>, origins: &[String]) -> Answer {
    if origins.is_empty() || answer.has("Vary") {
        return answer;
    }
    let answer = answer.with("Vary", "Origin");
    match allowed_origin(origin, origins) {
        Some(origin) => answer
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Expose-Headers", EXPOSED_HEADERS),
        None => answer,
    }
}
