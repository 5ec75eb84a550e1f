//! Progress messages on the terminal.

use std::io::Write as _;

/// Prints a line of progress; a closed output is ignored.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "  … {line}");
}

pub(crate) fn run(run: usize, of: usize) {
    say(&format!("run {run} of {of}"));
}

/// Prints a text unchanged.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
