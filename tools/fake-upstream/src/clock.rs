//! The only code that reads time and randomness.

use std::hash::{BuildHasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};

/// The monotonic time, for measuring renders and waits.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the Unix epoch, for times that are shown and recorded.
#[allow(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn unix_ms() -> u64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// A random number, different in every process.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(unix_ms())
}

/// A time since the Unix epoch as RFC 3339 in UTC, with milliseconds.
pub(crate) fn rfc3339(unix_ms: u64) -> String {
    let known = i64::try_from(unix_ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis);
    known
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
