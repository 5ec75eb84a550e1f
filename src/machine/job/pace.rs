//! When a render is looked at: seldom at first, often around the model's usual time, and ever more seldom when it takes
//! much longer.
//!
//! With an interval that follows `1 / sqrt(h)`, `h` being the rate at which renders that still run come to their end, a
//! given number of looks finds a render soonest after it is ready. The steps below follow that for times that scatter
//! around the usual one, and every step scales with both `POLL_INTERVAL_MS` and the usual time. `tests/stories/pace.rs`
//! compares them with a look every `POLL_INTERVAL_MS`.
//!
//! Where the upstream was asked to tell by itself, looks are only for the push that never comes, and few.

use super::{Job, Phase, Policy};
use crate::machine::Millis;

/// The first look comes when this share of the usual time has passed.
const FIRST_POLL_PER_CENT: Millis = 60;

/// From which per cent of the usual time on the interval between looks is which per cent of `POLL_INTERVAL_MS`. Before the
/// first of them, where only a push brings a look, it is all of it.
const PACE: [(Millis, Millis); 3] = [(65, 41), (160, 100), (200, 200)];

/// A usual time counts as so many `POLL_INTERVAL_MS` at least, so that looks that begin early do not become seldom early.
const LEAST_INTERVALS: Millis = 5;

/// After so many `POLL_INTERVAL_MS` a look follows the one before while a push is still to come, which brings one at once:
/// that long a video waits at most whose push was lost.
const FALLBACK_INTERVALS: Millis = 6;

impl Job {
    /// How long after the submit the render is looked at first.
    pub(super) fn first_poll(&self, policy: &Policy) -> Millis {
        let share = self.request.usual_render.saturating_mul(FIRST_POLL_PER_CENT) / 100;
        policy.first_poll.unwrap_or(share.max(policy.poll_interval))
    }

    /// How long after a look the next one follows, `elapsed` after the submit.
    pub(super) fn poll_interval(&self, elapsed: Millis, policy: &Policy) -> Millis {
        if matches!(self.phase, Phase::Rendering { awaits_push: true, .. }) {
            return policy.poll_interval * FALLBACK_INTERVALS;
        }
        // A first look at another time means another usual time, of which it is the same share.
        let usual = policy.first_poll.map_or(self.request.usual_render, |first| first * 100 / FIRST_POLL_PER_CENT);
        let passed = elapsed.saturating_mul(100) / usual.max(policy.poll_interval * LEAST_INTERVALS).max(1);
        let step = PACE.iter().rev().find(|(from, _)| *from <= passed);
        (policy.poll_interval * step.map_or(100, |(_, share)| *share) / 100).max(1)
    }
}
