//! What is under way, told on the terminal.

use std::io::Write as _;

/// Tells a line. Nobody may be listening.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "  … {line}");
}

pub(crate) fn run(run: usize, of: usize) {
    say(&format!("run {run} of {of}"));
}

/// Tells a text as it is.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
