//! Times and durations.

use chrono::{DateTime, SecondsFormat, Utc};

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// One second in [`Millis`].
pub const SECOND: Millis = 1_000;
/// One minute in [`Millis`].
pub const MINUTE: Millis = 60 * SECOND;
/// One hour in [`Millis`].
pub const HOUR: Millis = 60 * MINUTE;
/// One day in [`Millis`].
pub const DAY: Millis = 24 * HOUR;

/// The time and the randomness of one step.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Milliseconds since the Unix epoch.
    pub now: Millis,
    /// Fresh random bits; one step draws at most one identifier and one jitter from them.
    pub random: u128,
}

impl Moment {
    /// The high 64 random bits, used for jitter.
    pub(crate) fn jitter(self) -> u64 {
        u64::try_from(self.random >> 64).unwrap_or(0)
    }
}

/// RFC 3339 in UTC with milliseconds, such as `2026-01-01T00:00:00.000Z`.
pub fn rfc3339(at: Millis) -> String {
    let time = i64::try_from(at)
        .ok()
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
