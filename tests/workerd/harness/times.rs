//! The clock that the upstream's times are compared with, and results printed directly to standard
//! error: the test runner hides the output of a test that passes.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time in milliseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's clock is not the product's"
)]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Prints a result.
pub(crate) fn told(figure: &str) {
    // Standard error may be closed.
    let _ = writeln!(io::stderr(), "{figure}");
}
