//! Checks that a download is fast enough.

use crate::time::Millis;

/// The minimum rate of a download in bytes per second, averaged over a window. Below it, a video of
/// a few megabytes would not finish within the download's time limit.
const MIN_RATE: u64 = 8 * 1024;

/// What arrived in the current window. Only the time spent waiting for bytes counts.
#[derive(Debug)]
pub(crate) struct Pace {
    /// `DOWNLOAD_IDLE_MS`: the longest silence, and the length of a window.
    window: Millis,
    waited: Millis,
    came: u64,
}

impl Pace {
    pub(crate) fn new(window: Millis) -> Self {
        Self {
            window,
            waited: 0,
            came: 0,
        }
    }

    /// The longest silence.
    pub(crate) fn patience(&self) -> Millis {
        self.window
    }

    /// Counts bytes that arrived after a wait, and returns whether the download is fast enough.
    pub(crate) fn goes_on(&mut self, bytes: usize, waited: Millis) -> bool {
        self.came += bytes as u64;
        self.waited += waited;
        if self.waited < self.window {
            return true;
        }
        let fast_enough = self.came.saturating_mul(1_000) >= MIN_RATE * self.waited;
        (self.waited, self.came) = (0, 0);
        fast_enough
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    /// Whether a download that brings `bytes` every `each` milliseconds may continue for ten
    /// minutes.
    fn goes_on(bytes: usize, each: u64) -> bool {
        let mut pace = Pace::new(30_000);
        (0..600_000 / each).all(|_| pace.goes_on(bytes, each))
    }

    #[test]
    fn a_trickle_is_cut_off_and_a_slow_download_is_not() {
        for (bytes, each) in [
            (1, 1),
            (1, 29_000),
            (4_096, 1_000),
            (80_000, 10_000),
            (200_000, 29_000),
        ] {
            assert!(!goes_on(bytes, each), "{bytes} bytes every {each} ms");
        }
        for (bytes, each) in [
            (9_000, 1_000),
            (1_000, 100),
            (300_000, 29_000),
            (65_536, 1),
            (90, 10),
        ] {
            assert!(goes_on(bytes, each), "{bytes} bytes every {each} ms");
        }
    }

    #[test]
    fn a_pause_is_no_trickle_but_a_fast_beginning_does_not_last_for_ever() {
        let mut pace = Pace::new(30_000);
        assert!(pace.goes_on(5_000_000, 10));
        assert!(pace.goes_on(1, 29_000), "bytes from before the pause count");
        assert!(pace.goes_on(1, 1_000), "the window ends");
        assert!(
            !pace.goes_on(1, 30_000),
            "bytes of an earlier window do not count"
        );
    }

    #[test]
    fn what_comes_without_waiting_is_never_too_slow() {
        let mut pace = Pace::new(1);
        assert!((0..1_000_000).all(|_| pace.goes_on(1, 0)));
    }
}
