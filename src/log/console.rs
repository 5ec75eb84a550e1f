//! Where lines go: to the console's method of their level, by which the platform tells levels apart.

use std::io;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use worker::{console_debug, console_error, console_log, console_warn};

pub(super) struct Console;

/// The console's method of one level.
pub(super) struct Method(Level);

impl MakeWriter<'_> for Console {
    type Writer = Method;

    fn make_writer(&self) -> Method {
        Method(Level::INFO)
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> Method {
        Method(*metadata.level())
    }
}

impl io::Write for Method {
    /// Takes one whole line, as the subscriber writes each at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        match self.0 {
            Level::ERROR => console_error!("{text}"),
            Level::WARN => console_warn!("{text}"),
            Level::INFO => console_log!("{text}"),
            _ => console_debug!("{text}"),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
