//! A count of what should never happen: its alert fires when it grows.

use crate::time::{HOUR, Millis};
use serde::{Deserialize, Serialize};

/// How long the count must stay the same until the alert is over.
pub const QUIET: Millis = HOUR;

/// A count as last seen, and its recent growth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counter {
    seen: u64,
    growth: Option<Growth>,
}

/// How much a count has grown without a pause of [`QUIET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Growth {
    pub(super) since: Millis,
    last: Millis,
    pub(super) by: u64,
}

impl Counter {
    /// Compares the count with the one last seen.
    pub(super) fn note(&mut self, count: u64, now: Millis) {
        let more = count.saturating_sub(self.seen);
        self.seen = count;
        if let Some(growth) = &mut self.growth {
            // The clock may have been set back.
            growth.last = growth.last.min(now);
        }
        self.growth = self.growth.filter(|growth| growth.ends_at() > now);
        if more > 0 {
            let growth = self.growth.get_or_insert(Growth {
                since: now,
                last: now,
                by: 0,
            });
            growth.last = now;
            growth.by += more;
        }
    }

    pub(super) fn growth(&self) -> Option<Growth> {
        self.growth
    }
}

impl Growth {
    /// When it is over, unless the count grows again.
    pub(super) fn ends_at(&self) -> Millis {
        self.last + QUIET
    }
}

#[cfg(test)]
mod tests {
    use super::{Counter, QUIET};

    #[test]
    fn a_growth_lasts_until_an_hour_after_its_last_step() {
        let mut counter = Counter::default();
        counter.note(0, 10);
        assert_eq!(counter.growth(), None);
        counter.note(2, 20);
        counter.note(5, 30);
        let growth = counter.growth().expect("it grew");
        assert_eq!((growth.since, growth.by), (20, 5));
        counter.note(5, 30 + QUIET - 1);
        assert!(counter.growth().is_some());
        counter.note(5, 30 + QUIET);
        assert_eq!(counter.growth(), None);
        counter.note(6, 31 + QUIET);
        assert_eq!(counter.growth().map(|growth| growth.by), Some(1));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_lengthen_it() {
        let mut counter = Counter::default();
        counter.note(1, 10 * QUIET);
        counter.note(1, QUIET);
        counter.note(1, 2 * QUIET);
        assert_eq!(counter.growth(), None);
    }
}
