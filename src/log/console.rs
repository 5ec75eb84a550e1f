//! Where lines go: to the console's method of their level, by which the platform tells levels
//! apart.

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
