//! What a list of models says about the key with which it was requested. A list costs nothing.
//!
//! Sources: `models.list` of the Gemini API, and `projects.locations.models.list` of Vertex AI,
//! which may be empty.

use crate::clients::error_body::ErrorBody;
use crate::clients::http::Lost;
use crate::clients::reply::Reply;
use crate::upstream::google::refusal::refuses_api_key;
use crate::upstream::google::with_words;
use crate::upstream::provider::KeyCheck;

/// Reads the answer. `credential` is what the upstream may refuse, such as `the API key`.
pub fn read_list(reply: Result<Reply, Lost>, credential: &str) -> KeyCheck {
    let Ok(reply) = reply else {
        return KeyCheck::unanswered();
    };
    let body = ErrorBody::read(&reply.body);
    match reply.status {
        200..=299 if body.json.is_object() && !body.is_error() => KeyCheck::Accepted,
        400 if !refuses_api_key(&reply.body) => unknown(400),
        400 | 401 | 403 => KeyCheck::Refused(with_words(
            &format!("The video service refused {credential}."),
            body.sentence.as_deref(),
        )),
        status => unknown(status),
    }
}

fn unknown(status: u16) -> KeyCheck {
    KeyCheck::Unknown(format!(
        "The video service answered a request for its models with HTTP {status}, which says nothing about the key."
    ))
}
