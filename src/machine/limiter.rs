//! How often the upstream may be asked for a render: submits a minute, and the wait that one refusal taught everyone.
//!
//! One limiter serves one provider and model. A slot is granted together with the right to submit once; until the
//! queue hears that the submit was made, that right counts as used, and from then on for a [`WINDOW`]. The time is
//! when the queue heard, never the job's own: it lies after the submit, so whatever the clocks show and however long
//! a message takes, no minute at the upstream holds more submits than the limit.

use super::{DAY, MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// Over which time submits are counted.
pub const WINDOW: Millis = MINUTE;
/// The longest that one refusal makes everyone wait.
pub const MAX_BACKOFF: Millis = DAY;

/// The submits of one provider and model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limiter {
    /// How many submits were heard of in which seconds (since the Unix epoch).
    #[serde(default)]
    heard: Vec<(u64, u64)>,
    /// Until when the upstream wants to be left alone.
    #[serde(default)]
    blocked_until: Millis,
    /// Since when it has wanted that without a break; an older build did not note it.
    #[serde(default)]
    blocked_since: Option<Millis>,
    /// How many submits a minute the model itself allows, as the last order that knew has said.
    #[serde(default)]
    own_limit: Option<u64>,
}

/// A wait that the upstream asked for and that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub since: Option<Millis>,
    pub until: Millis,
}

/// Why no more submits may be made for now, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// The upstream asked for a pause.
    Backoff { until: Millis },
    /// The limit a minute is used up; `until` is when the first of them no longer counts, `None` while all that count
    /// have yet to be made.
    Rate { until: Option<Millis> },
}

impl Limiter {
    /// Counts a submit that the queue has just heard of.
    pub fn count(&mut self, now: Millis) {
        let this_second = now / SECOND;
        self.heard.retain(|(second, _)| counts(*second, now));
        for (second, _) in &mut self.heard {
            // What the clock shows as yet to come was heard before it was set back, and counts from now on.
            *second = (*second).min(this_second);
        }
        match self.heard.iter_mut().find(|(second, _)| *second == this_second) {
            Some((_, count)) => *count += 1,
            None => self.heard.push((this_second, 1)),
        }
    }

    /// Takes note of how many submits a minute the model itself allows, one at least.
    pub fn allow(&mut self, limit: Option<u64>) {
        self.own_limit = limit.map(|limit| limit.max(1)).or(self.own_limit);
    }

    /// Has everyone wait until `until`, but no longer than [`MAX_BACKOFF`].
    pub fn block(&mut self, until: Millis, now: Millis) {
        if self.backoff(now).is_none() {
            self.blocked_since = Some(now);
        }
        self.blocked_until = self.blocked_until.max(until.min(now + MAX_BACKOFF));
    }

    /// The wait that everyone is in, if there is one.
    pub fn backoff(&self, now: Millis) -> Option<Backoff> {
        // After the clock was set back, no wait is longer than it could have been meant.
        let until = self.blocked_until.min(now + MAX_BACKOFF);
        (until > now).then_some(Backoff { since: self.blocked_since, until })
    }

    /// Whether a further submit has to wait, `unspent` rights being granted and not yet used. The smaller of `limit` and
    /// the model's own counts.
    pub fn shut(&self, limit: u64, unspent: u64, now: Millis) -> Option<Shut> {
        if let Some(Backoff { until, .. }) = self.backoff(now) {
            return Some(Shut::Backoff { until });
        }
        let counted = self.heard.iter().filter(|(second, _)| counts(*second, now));
        let heard: u64 = counted.clone().map(|(_, count)| count).sum();
        if heard + unspent < self.own_limit.unwrap_or(limit).min(limit) {
            return None;
        }
        let first = counted.map(|(second, _)| end(*second).min(now + WINDOW + SECOND)).min();
        Some(Shut::Rate { until: first })
    }
}

/// A second counts until a [`WINDOW`] after its end.
fn counts(second: u64, now: Millis) -> bool {
    end(second) > now
}

fn end(second: u64) -> Millis {
    (second + 1) * SECOND + WINDOW
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Limiter, MAX_BACKOFF, Shut, WINDOW};
    use crate::machine::{Millis, SECOND};
    use proptest::prelude::*;

    const NOW: Millis = 1_800_000_000_000;

    #[test]
    fn rights_that_were_granted_count_before_they_are_used() {
        let limiter = Limiter::default();
        assert_eq!(limiter.shut(2, 1, NOW), None);
        assert_eq!(limiter.shut(2, 2, NOW), Some(Shut::Rate { until: None }));
    }

    #[test]
    fn the_smaller_limit_counts_and_a_model_allows_one_at_least() {
        for (own, open) in [(None, 3), (Some(0), 1), (Some(2), 2), (Some(9), 3)] {
            let mut limiter = Limiter::default();
            limiter.allow(own);
            limiter.allow(None);
            let unspent = (0..9).take_while(|unspent| limiter.shut(3, *unspent, NOW).is_none()).count();
            assert_eq!(unspent, open, "{own:?} of the model");
        }
    }

    #[test]
    fn a_block_ends_by_itself_and_is_never_longer_than_a_day() {
        let mut limiter = Limiter::default();
        limiter.block(NOW + 22 * SECOND, NOW);
        limiter.block(NOW + SECOND, NOW);
        assert_eq!(limiter.shut(9, 0, NOW), Some(Shut::Backoff { until: NOW + 22 * SECOND }));
        assert_eq!(limiter.shut(9, 0, NOW + 22 * SECOND), None);
        limiter.block(Millis::MAX, NOW);
        assert_eq!(limiter.shut(9, 0, NOW + MAX_BACKOFF), None);
    }

    #[test]
    fn a_backoff_that_is_prolonged_began_when_it_first_did() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.backoff(NOW), None);
        limiter.block(NOW + 5 * SECOND, NOW);
        limiter.block(NOW + 9 * SECOND, NOW + 2 * SECOND);
        let whole = Backoff { since: Some(NOW), until: NOW + 9 * SECOND };
        assert_eq!(limiter.backoff(NOW + 8 * SECOND), Some(whole));
        assert_eq!(limiter.backoff(NOW + 9 * SECOND), None);
        limiter.block(NOW + 20 * SECOND, NOW + 10 * SECOND);
        assert_eq!(limiter.backoff(NOW + 11 * SECOND).and_then(|wait| wait.since), Some(NOW + 10 * SECOND));
    }

    #[test]
    fn a_clock_set_back_frees_nothing_and_blocks_no_longer_than_a_window() {
        let mut limiter = Limiter::default();
        limiter.count(NOW);
        let back = NOW - 3_600 * SECOND;
        limiter.count(back);
        assert!(matches!(limiter.shut(2, 0, back), Some(Shut::Rate { .. })));
        assert_eq!(limiter.shut(2, 0, back + WINDOW + SECOND), None);
    }

    proptest! {
        #[test]
        fn no_minute_holds_more_submits_than_the_limit(limit in 1_u64..6, steps in prop::collection::vec(0_u64..9_000, 1..200)) {
            let mut limiter = Limiter::default();
            let (mut now, mut made) = (NOW, Vec::new());
            for passed in steps {
                now += passed;
                if limiter.shut(limit, 0, now).is_none() {
                    limiter.count(now);
                    made.push(now);
                }
            }
            for (index, at) in made.iter().enumerate() {
                let within = made[index..].iter().take_while(|other| **other <= at + WINDOW).count() as u64;
                prop_assert!(within <= limit, "{within} submits within a minute");
            }
        }
    }
}
