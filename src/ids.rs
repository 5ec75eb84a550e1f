//! The names of users, generations and idempotent requests.

use crate::time::{Millis, Moment};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Builder;

/// The longest user id, in characters.
const MAX_USER_ID: usize = 128;
/// The longest generation id, in characters.
const MAX_GENERATION_ID: usize = 64;
/// The longest `Idempotency-Key`, in characters.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The rule for a user id, to follow "must be".
pub const USER_ID_RULE: &str = "1 to 128 of A-Z a-z 0-9 _ . @ | : + - and not start with a dot";
/// The rule for a generation id, to follow "must be".
pub const GENERATION_ID_RULE: &str = "1 to 64 of A-Z a-z 0-9 _ -";

/// Names one generation. Ids are unique per user, so another user's id names another job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobKey {
    pub user_id: String,
    pub generation_id: String,
}

impl JobKey {
    /// Builds a key. Both parts must already be valid; neither may contain a slash.
    pub fn new(user_id: impl Into<String>, generation_id: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            generation_id: generation_id.into(),
        }
    }

    /// The name of the job's Durable Object: `{user}/{generation}`, unambiguous because neither
    /// part may contain a slash.
    pub fn object_name(&self) -> String {
        format!("{}/{}", self.user_id, self.generation_id)
    }

    /// The key of an attempt's video in R2: `videos/{user}/{generation}/{attempt}.mp4`.
    pub fn video_key(&self, attempt: u32) -> String {
        format!(
            "videos/{}/{}/{attempt}.mp4",
            self.user_id, self.generation_id
        )
    }

    /// The key of an image of the order in R2: `inputs/{user}/{generation}/{request}/{index}`. Each
    /// request has a random number, so that it can delete exactly the images that it stored.
    pub fn input_key(&self, request: u128, index: usize) -> String {
        format!(
            "inputs/{}/{}/{request:032x}/{index}",
            self.user_id, self.generation_id
        )
    }
}

/// Whether `text` is a valid user id. It becomes part of object names, R2 keys and URLs.
pub fn is_user_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@|:+-".contains(&byte);
    (1..=MAX_USER_ID).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(allowed)
}

/// Whether `text` is a valid generation id.
pub fn is_generation_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=MAX_GENERATION_ID).contains(&text.len()) && text.bytes().all(allowed)
}

/// A new id that sorts by time: a version-7 UUID (RFC 9562, section 5.7).
pub fn new_generation_id(moment: Moment) -> String {
    let mut random = [0; 10];
    random.copy_from_slice(&moment.random.to_be_bytes()[..10]);
    Builder::from_unix_timestamp_millis(clamp_time(moment.now), &random)
        .into_uuid()
        .to_string()
}

/// The generation id for an idempotency key of a user, the same for every repeat: a version-8 UUID
/// from their SHA-256.
pub fn generation_id_for(user_id: &str, idempotency_key: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"reelay idempotency key v1\n")
        .chain_update(user_id.as_bytes())
        .chain_update(b"\n")
        .chain_update(idempotency_key.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Reads an `Idempotency-Key`: a structured-field string (RFC 9651, section 3.3.3) or the bare
/// characters.
pub fn idempotency_key(header: &str) -> Option<String> {
    let header = header.trim();
    let key = match header.strip_prefix('"') {
        Some(rest) => unescape(rest.strip_suffix('"')?)?,
        None => header.to_owned(),
    };
    let visible = key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    ((1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && visible).then_some(key)
}

fn unescape(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.push(
                characters
                    .next()
                    .filter(|escaped| matches!(escaped, '"' | '\\'))?,
            ),
            '"' => return None,
            other => key.push(other),
        }
    }
    Some(key)
}

/// A version-7 UUID has 48 bits for the time.
fn clamp_time(at: Millis) -> Millis {
    at.min((1 << 48) - 1)
}
