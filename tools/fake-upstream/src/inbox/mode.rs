//! How the inbox answers deliveries.

use std::fmt;

/// The longest that `slow` may take.
const MAX_SLOW_MS: u64 = 60_000;

/// The inbox's mode, in the syntax of `POST /__control/inbox/mode`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Mode {
    /// `ok`: 200 for a valid signature, 401 for any other.
    #[default]
    Ok,
    /// `status:CODE[:RETRY_AFTER]`: always that status, with a `Retry-After` if one is given.
    Status(u16, Option<String>),
    /// `hang`: stored, never answered.
    Hang,
    /// `reset`: the connection is reset, nothing is stored.
    Reset,
    /// `commit-then-reset`: stored, then the connection is reset.
    CommitThenReset,
    /// `redirect`: 307 to the other host.
    Redirect,
    /// `endless`: 200 with a body that never ends.
    Endless,
    /// `fail-first:N`: 500 for the first N attempts of each webhook id, then as `ok`.
    FailFirst(u32),
    /// `slow:MS`: stored immediately, then as `ok` after MS milliseconds.
    Slow(u64),
}

impl Mode {
    /// Parses a mode.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("status:") {
            let (status, after) = match rest.split_once(':') {
                Some((status, after)) => (status, Some(after.to_owned())),
                None => (rest, None),
            };
            let status = status.parse().ok()?;
            return (200..=599)
                .contains(&status)
                .then_some(Self::Status(status, after));
        }
        if let Some(count) = text.strip_prefix("fail-first:") {
            return count.parse().ok().map(Self::FailFirst);
        }
        if let Some(ms) = text.strip_prefix("slow:") {
            return ms
                .parse()
                .ok()
                .filter(|ms| *ms <= MAX_SLOW_MS)
                .map(Self::Slow);
        }
        Some(match text {
            "ok" => Self::Ok,
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "commit-then-reset" => Self::CommitThenReset,
            "redirect" => Self::Redirect,
            "endless" => Self::Endless,
            _ => return None,
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => formatter.write_str("ok"),
            Self::Status(status, None) => write!(formatter, "status:{status}"),
            Self::Status(status, Some(after)) => write!(formatter, "status:{status}:{after}"),
            Self::Hang => formatter.write_str("hang"),
            Self::Reset => formatter.write_str("reset"),
            Self::CommitThenReset => formatter.write_str("commit-then-reset"),
            Self::Redirect => formatter.write_str("redirect"),
            Self::Endless => formatter.write_str("endless"),
            Self::FailFirst(count) => write!(formatter, "fail-first:{count}"),
            Self::Slow(ms) => write!(formatter, "slow:{ms}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_shown_in_the_words_it_is_set_with() {
        for words in [
            "ok",
            "status:500",
            "status:410",
            "status:429:30",
            "hang",
            "reset",
            "commit-then-reset",
            "redirect",
            "endless",
            "fail-first:2",
            "slow:0",
            "slow:60000",
        ] {
            let mode = Mode::read(words).expect(words);
            assert_eq!(mode.to_string(), words);
        }
        assert_eq!(Mode::read("status:99"), None);
        assert_eq!(Mode::read("broken"), None);
        assert_eq!(Mode::read("slow:60001"), None);
        assert_eq!(Mode::read("slow:"), None);
    }
}
