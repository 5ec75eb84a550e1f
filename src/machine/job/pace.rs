//! When a render is polled: a pure function of the time since the submit.
//!
//! A user is watching, and most renders take less than two minutes: polls are frequent at first and
//! rarer the longer a render takes. All intervals scale with `POLL_INTERVAL_MS`. If the upstream
//! was asked for a webhook, that webhook triggers the poll, and the polls here only cover a lost
//! webhook.

use super::Phase;
use super::poll::MAX_POLL_WAIT;
use crate::time::Millis;

/// Pairs of (time since the submit, interval between polls), both in units of `POLL_INTERVAL_MS`.
/// With the default of 2.5 s: every 2.5 s for two minutes, then every 5 s, and after ten minutes
/// every 15 s.
const PACE: [(Millis, Millis); 3] = [(0, 1), (48, 2), (240, 6)];

/// The same while a webhook of the upstream is expected: every 30 s with the default.
const AWAITING_WEBHOOK: [(Millis, Millis); 1] = [(0, 12)];

impl Phase {
    /// When the render is polled next, after `now`; `None` while nothing renders.
    pub(super) fn next_poll(&self, now: Millis) -> Option<Millis> {
        let Self::Rendering {
            deadline_at,
            submitted_at,
            poll_interval,
            not_before,
            webhook_came,
            awaits_webhook,
            ..
        } = *self
        else {
            return None;
        };
        if webhook_came {
            return Some(now);
        }
        let pace: &[_] = if awaits_webhook {
            &AWAITING_WEBHOOK
        } else {
            &PACE
        };
        let unit = poll_interval.max(1);
        let elapsed = now.saturating_sub(submitted_at);
        let (from, step) = pace
            .iter()
            .rev()
            .find(|(from, _)| from * unit <= elapsed)
            .copied()
            .unwrap_or((0, 1));
        let polls = (elapsed - from * unit) / (step * unit) + 1;
        // A clock that was set back must not put the next poll far ahead.
        let scheduled = now - elapsed.min(now) + from * unit + polls * step * unit;
        Some(
            scheduled
                .max(not_before.min(now + MAX_POLL_WAIT))
                .min(deadline_at),
        )
    }
}
