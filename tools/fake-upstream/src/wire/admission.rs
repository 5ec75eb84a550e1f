//! Access control: the API key.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::call::key_seen;
use crate::journal::KeySeen;
use crate::wire::answers;
use crate::world::World;

/// The key that counts as unknown to Google.
const BAD_KEY: &[u8] = b"bad-key";

/// Accepts a request with a good key; otherwise returns the answer.
pub(crate) fn admit(world: &World, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let bad = headers
        .get("x-goog-api-key")
        .is_some_and(|key| key.as_bytes() == BAD_KEY);
    match key_seen(world, headers) {
        KeySeen::Absent => Err(Box::new(answers::error(
            StatusCode::FORBIDDEN,
            "Method doesn't allow unregistered callers (callers without established identity). \
             Please use API Key or other form of API consumer identity to call this API.",
        ))),
        KeySeen::Different => Err(Box::new(invalid_key())),
        KeySeen::Present | KeySeen::Equal if bad => Err(Box::new(invalid_key())),
        KeySeen::Present | KeySeen::Equal => Ok(()),
    }
}

fn invalid_key() -> Response {
    let message = "API key not valid. Please pass a valid API key.";
    let details = [
        json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        }),
        json!({
            "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
            "locale": "en-US",
            "message": message,
        }),
    ];
    answers::error_with(StatusCode::BAD_REQUEST, message, &details)
}
