//! Limits the submits to an upstream: a rate per minute, and a circuit breaker for an upstream that
//! takes no submits for now.
//!
//! One limiter serves one provider and model. A slot is granted together with the right to submit
//! once. The right counts as used until the submit is reported to the queue, and from then on for
//! one [`WINDOW`]. The window starts when the report arrives, never at the job's own time. The
//! report arrives after the submit, so no minute at the upstream holds more submits than the limit,
//! whatever the clocks show and however late a message arrives.

use super::retry;
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// The period over which submits are counted.
pub const WINDOW: Millis = MINUTE;
/// The longest wait that an upstream may request.
pub(super) const MAX_BACKOFF: Millis = DAY;
/// The wait before a probe if the upstream requested none. It doubles from the first of these to
/// the second.
pub(super) const PROBE_BACKOFF: (Millis, Millis) = (2 * SECOND, MINUTE);
/// A job that was refused for this long no longer probes first: the upstream may refuse only that
/// job.
pub(super) const LETS_OTHERS_PROBE: Millis = HOUR;
/// The shortest wait before a probe, whatever wait the upstream requested.
const LEAST_BACKOFF: Millis = SECOND;

/// What the answer to a submit says about the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It takes submits.
    Accepted,
    /// It takes no submits from anyone for now, and requests this wait, in milliseconds.
    NotNow { after: Option<Millis> },
    /// The call failed, or got no answer.
    Failed,
    /// It refused only this submit, which says nothing about others.
    Refused,
}

/// An open circuit breaker. It lets one submit at a time through as a probe, and only after a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Breaker {
    /// When the first submit was refused.
    since: Millis,
    /// No probe is sent before this.
    until: Millis,
    /// How many probes have failed.
    failed: u32,
}

/// The submits of one provider and model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limiter {
    /// How many submits were reported in which seconds (since the Unix epoch).
    heard: Vec<(u64, u64)>,
    /// Set while the upstream takes no submits.
    breaker: Option<Breaker>,
    /// How many submits a minute the model itself allows, from the last order that carried a limit.
    own_limit: Option<u64>,
}

/// How long an upstream has taken no submits, and when it is probed next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub since: Millis,
    /// In the past while a probe is in flight or may be sent.
    pub until: Millis,
}

/// Why no more submits may be made for now, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// The upstream takes no submits; it is probed at `until`.
    Backoff { until: Millis },
    /// The upstream takes no submits, as far as known, and a probe is in flight.
    Probing,
    /// The rate limit is used up. `until` is when the oldest counted submit leaves the window;
    /// `None` while only granted rights count.
    Rate { until: Option<Millis> },
}

impl Limiter {
    /// Counts a submit that was just reported to the queue.
    pub fn count(&mut self, now: Millis) {
        let this_second = now / SECOND;
        self.heard.retain(|(second, _)| counts(*second, now));
        for (second, _) in &mut self.heard {
            // A second in the future was counted before the clock was set back. It counts from now
            // on.
            *second = (*second).min(this_second);
        }
        match self
            .heard
            .iter_mut()
            .find(|(second, _)| *second == this_second)
        {
            Some((_, count)) => *count += 1,
            None => self.heard.push((this_second, 1)),
        }
    }

    /// Sets how many submits a minute the model itself allows, at least one.
    pub fn allow(&mut self, limit: Option<u64>) {
        self.own_limit = limit.map(|limit| limit.max(1)).or(self.own_limit);
    }

    /// Updates the breaker from the answer to a submit.
    pub fn hear(&mut self, availability: Availability, now: Millis) {
        let wait = match (availability, self.breaker) {
            (Availability::Accepted, _) => {
                self.breaker = None;
                return;
            }
            (Availability::Refused, _) | (Availability::Failed, None) => return,
            (Availability::NotNow { after }, _) => after,
            (Availability::Failed, Some(_)) => None,
        };
        let mut breaker = self.breaker.unwrap_or(Breaker {
            since: now,
            until: now,
            failed: 0,
        });
        // A submit that was in flight when the breaker opened is no probe and does not lengthen the
        // next wait.
        let probed = self.breaker.is_some() && until(&breaker, now) <= now;
        breaker.failed += u32::from(probed);
        let wait = wait.map_or_else(
            || probe_backoff(breaker.failed),
            |asked| asked.max(LEAST_BACKOFF),
        );
        breaker.until = until(&breaker, now).max(now.saturating_add(wait.min(MAX_BACKOFF)));
        self.breaker = Some(breaker);
    }

    /// The backoff of the upstream, while it takes no submits.
    pub fn backoff(&self, now: Millis) -> Option<Backoff> {
        self.breaker.map(|breaker| Backoff {
            since: breaker.since,
            until: until(&breaker, now),
        })
    }

    /// Lets the next probe go as soon as a job waits, whatever wait the upstream requested.
    pub fn probe_now(&mut self, now: Millis) {
        if let Some(breaker) = &mut self.breaker {
            breaker.until = breaker.until.min(now);
        }
    }

    /// Whether a further submit has to wait; `unspent` rights are granted but not used. The smaller
    /// of `limit` and the model's own limit applies.
    pub fn shut(&self, limit: u64, unspent: u64, now: Millis) -> Option<Shut> {
        let limit = self.own_limit.unwrap_or(limit).min(limit);
        self.shut_at(limit, unspent, now)
    }

    /// The same, whatever the model's own limit.
    pub fn shut_at(&self, limit: u64, unspent: u64, now: Millis) -> Option<Shut> {
        match self.backoff(now) {
            Some(Backoff { until, .. }) if until > now => return Some(Shut::Backoff { until }),
            Some(_) if unspent > 0 => return Some(Shut::Probing),
            Some(_) | None => {}
        }
        let counted = self.heard.iter().filter(|(second, _)| counts(*second, now));
        let heard: u64 = counted.clone().map(|(_, count)| count).sum();
        if heard + unspent < limit {
            return None;
        }
        let first = counted
            .map(|(second, _)| end(*second).min(now + WINDOW + SECOND))
            .min();
        Some(Shut::Rate { until: first })
    }
}

/// Caps the wait at [`MAX_BACKOFF`], in case the clock was set back.
fn until(breaker: &Breaker, now: Millis) -> Millis {
    breaker.until.min(now + MAX_BACKOFF)
}

fn probe_backoff(failed: u32) -> Millis {
    retry::doubled(failed, PROBE_BACKOFF.0, PROBE_BACKOFF.1)
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
    use super::{Availability, Backoff, Limiter, MAX_BACKOFF, Shut, WINDOW};
    use crate::time::{Millis, SECOND};
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
            let unspent = (0..9)
                .take_while(|unspent| limiter.shut(3, *unspent, NOW).is_none())
                .count();
            assert_eq!(unspent, open, "the model allows {own:?}");
        }
    }

    const NOT_NOW: Availability = Availability::NotNow { after: None };

    #[test]
    fn after_a_refusal_one_probe_at_a_time_is_let_through_after_the_wait_that_was_asked_for() {
        let mut limiter = Limiter::default();
        limiter.hear(
            Availability::NotNow {
                after: Some(22 * SECOND),
            },
            NOW,
        );
        limiter.hear(
            Availability::NotNow {
                after: Some(SECOND),
            },
            NOW,
        );
        assert_eq!(
            limiter.shut(9, 0, NOW),
            Some(Shut::Backoff {
                until: NOW + 22 * SECOND
            })
        );
        assert_eq!(limiter.shut(9, 0, NOW + 22 * SECOND), None);
        assert_eq!(limiter.shut(9, 1, NOW + 22 * SECOND), Some(Shut::Probing));
        limiter.hear(Availability::Accepted, NOW + 23 * SECOND);
        assert_eq!(
            (
                limiter.shut(9, 5, NOW + 23 * SECOND),
                limiter.backoff(NOW + 23 * SECOND)
            ),
            (None, None)
        );
    }

    #[test]
    fn probes_come_after_two_seconds_and_then_twice_as_late_each_time_up_to_a_minute() {
        let (mut limiter, mut now, mut waits) = (Limiter::default(), NOW, Vec::new());
        for _ in 0..8 {
            limiter.hear(NOT_NOW, now);
            let until = limiter.backoff(now).expect("the breaker is open").until;
            waits.push((until - now) / SECOND);
            now = until;
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn refusals_of_what_was_on_its_way_when_the_breaker_opened_count_once() {
        let mut limiter = Limiter::default();
        for late in 0..3 {
            limiter.hear(NOT_NOW, NOW + late);
        }
        assert_eq!(
            limiter.backoff(NOW + 2),
            Some(Backoff {
                since: NOW,
                until: NOW + 2 + 2 * SECOND
            })
        );
    }

    #[test]
    fn a_probe_that_fails_or_is_lost_keeps_the_breaker_open_and_one_refused_for_itself_does_not_lengthen_the_wait()
     {
        let mut limiter = Limiter::default();
        limiter.hear(Availability::Failed, NOW);
        assert_eq!(
            limiter.backoff(NOW),
            None,
            "a failed call does not open the breaker"
        );
        limiter.hear(NOT_NOW, NOW);
        let now = NOW + 2 * SECOND;
        limiter.hear(Availability::Refused, now);
        assert_eq!(limiter.shut(9, 0, now), None, "the next submit is a probe");
        limiter.hear(Availability::Failed, now);
        assert_eq!(
            limiter.shut(9, 0, now),
            Some(Shut::Backoff {
                until: now + 4 * SECOND
            })
        );
    }

    #[test]
    fn no_wait_is_longer_than_a_day_or_shorter_than_a_second() {
        for (asked, wait) in [
            (Millis::MAX, MAX_BACKOFF),
            (0, SECOND),
            (40 * SECOND, 40 * SECOND),
        ] {
            let mut limiter = Limiter::default();
            limiter.hear(Availability::NotNow { after: Some(asked) }, NOW);
            assert_eq!(
                limiter.backoff(NOW),
                Some(Backoff {
                    since: NOW,
                    until: NOW + wait
                })
            );
        }
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
