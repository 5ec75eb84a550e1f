//! The output of the log: the console method of each line's level, by which the platform
//! distinguishes levels.

use tracing::Level;
use worker::{console_debug, console_error, console_log, console_warn};

pub(super) fn write(level: Level, line: &str) {
    match level {
        Level::ERROR => console_error!("{line}"),
        Level::WARN => console_warn!("{line}"),
        Level::INFO => console_log!("{line}"),
        _ => console_debug!("{line}"),
    }
}
