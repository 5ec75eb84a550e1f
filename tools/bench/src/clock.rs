//! The only code that reads the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The monotonic time.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since the Unix epoch, with fractions: the clock that the upstream's times are
/// compared with.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn unix_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        * 1_000.0
}

/// Today's date in UTC, such as `2026-11-26`.
pub(crate) fn today() -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit for long"
    )]
    let time = chrono::DateTime::from_timestamp_millis(unix_ms() as i64).unwrap_or_default();
    time.format("%Y-%m-%d").to_string()
}

/// The milliseconds since `began`.
pub(crate) fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}
