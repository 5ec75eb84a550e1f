//! The id of a request in its answer and in the log.

use uuid::Builder;

/// The longest request id that is accepted from a caller, in characters.
const MAX_REQUEST_ID: usize = 128;

/// The caller's own id if it is safe to repeat, otherwise a new one.
pub fn request_id(own: Option<&str>, random: u128) -> String {
    let safe = |id: &&str| {
        (1..=MAX_REQUEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    own.filter(safe).map_or_else(
        || {
            Builder::from_random_bytes(random.to_be_bytes())
                .into_uuid()
                .to_string()
        },
        ToOwned::to_owned,
    )
}
