//! The clock that the upstream's times are compared with, and figures told past the test harness,
//! which holds back what a test that passes prints.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time in milliseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the time of a test is no time of the product"
)]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Tells a figure.
pub(crate) fn told(figure: &str) {
    // Nobody may be listening.
    let _ = writeln!(io::stderr(), "{figure}");
}
