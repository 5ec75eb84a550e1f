//! The queue's state besides its entries, in one record.

use crate::machine::limiter::{Availability, Backoff, Limiter, Shut};
use crate::machine::queue::{Bulk, Limit, Overrides, Pauses, Policy, Summary, UpstreamPause};
use crate::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// How long a slot is expected to be held while none has been observed.
const USUAL_HOLD: Millis = MINUTE;
/// The weight of the newest observation in the running average: one in this many.
const SMOOTHING: Millis = 8;

/// The queue's state besides its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// When the queue's own alarm runs admission, unless something else runs it before.
    pub admit_at: Option<Millis>,
    /// When the queue's own alarm checks the alerts or sends a message about one.
    pub alert_at: Option<Millis>,
    /// The latest round served, by priority.
    served: Vec<(u8, u64)>,
    /// The limiters, by provider and model.
    limiters: Vec<(String, Limiter)>,
    /// The running average of how long slots are held, in milliseconds.
    average_hold: Option<Millis>,
    /// How many times a job's alarm was found missing and was re-armed.
    pub timers_repaired: u64,
    /// How many submits without a known outcome were counted.
    #[serde(default)]
    pub unknown_submits: u64,
    /// When an operator paused the queue.
    pub paused_since: Option<Millis>,
    /// The video services and models that an operator paused by themselves.
    #[serde(default)]
    pub paused_upstreams: Vec<UpstreamPause>,
    /// The limits that an operator changed.
    #[serde(default)]
    pub overrides: Overrides,
    /// The bulk that runs.
    #[serde(default)]
    pub bulk: Option<Bulk>,
    /// When the next generation of the bulk is due.
    #[serde(default)]
    pub bulk_at: Option<Millis>,
    /// The id of the latest bulk.
    #[serde(default)]
    pub last_bulk: u64,
}

impl Book {
    /// The round of a job that joins now: after its user's last round and after the last one
    /// served.
    pub(super) fn next_round(&self, priority: u8, own_last: Option<u64>) -> u64 {
        let served = self
            .served
            .iter()
            .find(|(of, _)| *of == priority)
            .map_or(0, |(_, served)| *served);
        own_last.map_or(served, |last| last.max(served)) + 1
    }

    pub(super) fn serve(&mut self, priority: u8, round: u64) {
        match self.served.iter_mut().find(|(of, _)| *of == priority) {
            Some((_, served)) => *served = (*served).max(round),
            None => self.served.push((priority, round)),
        }
    }

    /// Counts new submits, and updates the breaker from the last one's answer.
    pub(super) fn learn(
        &mut self,
        summary: &Summary,
        new_submits: u64,
        availability: Option<Availability>,
        now: Millis,
    ) {
        if new_submits == 0 {
            return;
        }
        let limiter = self.use_upstream(summary);
        for _ in 0..new_submits {
            limiter.count(now);
        }
        if let Some(availability) = availability {
            limiter.hear(availability, now);
        }
    }

    /// The upstreams that have a limiter.
    pub(super) fn upstreams(&self) -> impl Iterator<Item = &String> {
        self.limiters.iter().map(|(name, _)| name)
    }

    /// The backoff of an upstream, while it takes no submits.
    pub(super) fn backoff_of(&self, upstream: &str, now: Millis) -> Option<Backoff> {
        self.limiters
            .iter()
            .find(|(name, _)| name == upstream)?
            .1
            .backoff(now)
    }

    /// The upstreams that take no submits, with their backoffs.
    pub(super) fn all_backoffs(&self, now: Millis) -> impl Iterator<Item = (&str, Backoff)> {
        self.limiters
            .iter()
            .filter_map(move |(name, limiter)| Some((name.as_str(), limiter.backoff(now)?)))
    }

    /// Lets each of these upstreams that takes no submits be probed as soon as a job waits for it.
    pub(super) fn probe_now(&mut self, now: Millis, is_meant: impl Fn(&str) -> bool) {
        for (_, limiter) in self.limiters.iter_mut().filter(|(name, _)| is_meant(name)) {
            limiter.probe_now(now);
        }
    }

    /// Whether the queue grants no slots.
    pub fn is_paused(&self) -> bool {
        self.paused_since.is_some()
    }

    /// Whether this upstream is paused by itself.
    pub(super) fn pauses_upstream(&self, upstream: &str) -> bool {
        self.paused_upstreams
            .iter()
            .any(|pause| pause.scope.covers(upstream))
    }

    /// Everything that is paused.
    pub(super) fn pauses(&self) -> Pauses {
        Pauses {
            queue: self.paused_since,
            upstreams: self.paused_upstreams.clone(),
        }
    }

    /// The limiter of a summary's upstream, created if there was none.
    pub(super) fn use_upstream(&mut self, summary: &Summary) -> &mut Limiter {
        let name = upstream_of(summary);
        let at = self
            .limiters
            .iter()
            .position(|(of, _)| *of == name)
            .unwrap_or_else(|| {
                self.limiters.push((name, Limiter::default()));
                self.limiters.len() - 1
            });
        let limiter = &mut self.limiters[at].1;
        limiter.allow(summary.submits_per_minute);
        limiter
    }

    pub(super) fn shut(
        &self,
        upstream: &str,
        unspent: u64,
        policy: &Policy,
        now: Millis,
    ) -> Option<Shut> {
        let (_, limiter) = self.limiters.iter().find(|(name, _)| name == upstream)?;
        // What an operator sets at run time replaces the models' own limits, as the setting does.
        match self.overrides.value(Limit::MaxSubmitsPerMinute) {
            Some(limit) => limiter.shut_at(limit, unspent, now),
            None => limiter.shut(policy.submits_per_minute, unspent, now),
        }
    }

    pub(super) fn observe_hold(&mut self, held: Millis) {
        let average = self.average_hold.unwrap_or(held);
        self.average_hold = Some((average * (SMOOTHING - 1) + held) / SMOOTHING);
    }

    /// How long a slot is expected to be held.
    pub(super) fn usual_hold(&self) -> Millis {
        self.average_hold.unwrap_or(USUAL_HOLD)
    }
}

fn upstream_of(summary: &Summary) -> String {
    summary.upstream.clone()
}
