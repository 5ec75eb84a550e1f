//! What alerts are about: the queue's figures, and the conditions that hold.

use super::counter::Counter;
use super::kind::{AlertKind, AlertPolicy};
use crate::time::{DAY, Millis};

/// The queue's figures at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// The upstreams that accept no submits.
    pub shut: Vec<ShutUpstream>,
    /// How many webhooks are exhausted, and since when the first of them is.
    pub exhausted: u64,
    pub exhausted_since: Option<Millis>,
    /// How many jobs wait, and since when the oldest of them has waited.
    pub waiting: u64,
    pub waits_since: Option<Millis>,
    /// Whether an operator has paused the queue.
    pub is_paused: bool,
    /// How many submits without a known outcome were ever counted.
    pub unknown_submits: u64,
    /// What all users have spent today, and may spend, in millionths of a US dollar.
    pub spent_micros: u64,
    pub limit_micros: Option<u64>,
    /// How many missing alarms were ever re-armed.
    pub timers_repaired: u64,
}

/// An upstream that accepts no submits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShutUpstream {
    /// `{provider}/{model}`.
    pub upstream: String,
    pub since: Millis,
}

/// A condition that holds past its threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) kind: AlertKind,
    pub(super) upstream: Option<String>,
    pub(super) since: Millis,
}

/// The counts of which only the growth matters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    pub(super) unknown_submits: Counter,
    pub(super) timers_repaired: Counter,
}

impl Figures {
    /// The conditions that hold past their thresholds.
    pub(super) fn conditions(
        &self,
        counters: Counters,
        policy: &AlertPolicy,
        now: Millis,
    ) -> Vec<Condition> {
        let of = |kind, since: Option<Millis>| {
            since.map(|since| Condition {
                kind,
                upstream: None,
                since,
            })
        };
        let shut = self
            .shut
            .iter()
            .filter(|shut| shut.since.saturating_add(policy.upstream_after) <= now)
            .map(|shut| Condition {
                kind: AlertKind::UpstreamUnavailable,
                upstream: Some(shut.upstream.clone()),
                since: shut.since,
            });
        let exhausted = (self.exhausted > 0).then(|| self.exhausted_since.unwrap_or(now));
        let waits = self
            .waits_since
            .filter(|since| since.saturating_add(policy.wait) <= now);
        let lost = counters.unknown_submits.growth().map(|lost| lost.since);
        let budget = self.is_budget_used(policy).then_some(now);
        let timers = counters.timers_repaired.growth().map(|lost| lost.since);
        shut.chain(of(AlertKind::WebhooksExhausted, exhausted))
            .chain(of(AlertKind::LongWait, waits))
            .chain(of(AlertKind::PaidAnswerLost, lost))
            .chain(of(AlertKind::BudgetUsed, budget))
            .chain(of(AlertKind::TimersLost, timers))
            .filter(|condition| policy.kinds.contains(condition.kind))
            .collect()
    }

    /// When time alone next changes a condition.
    pub(super) fn next_change(
        &self,
        counters: Counters,
        policy: &AlertPolicy,
        now: Millis,
    ) -> Option<Millis> {
        let shut = self.shut.iter().map(|shut| {
            let at = shut.since.saturating_add(policy.upstream_after);
            (AlertKind::UpstreamUnavailable, at)
        });
        let waits = self.waits_since.map(|since| {
            let at = since.saturating_add(policy.wait);
            (AlertKind::LongWait, at)
        });
        let ends = [
            (AlertKind::PaidAnswerLost, counters.unknown_submits),
            (AlertKind::TimersLost, counters.timers_repaired),
        ];
        let ends = ends
            .into_iter()
            .filter_map(|(kind, counter)| Some((kind, counter.growth()?.ends_at())));
        let midnight = self
            .is_budget_used(policy)
            .then_some((AlertKind::BudgetUsed, (now / DAY + 1) * DAY));
        shut.chain(waits)
            .chain(ends)
            .chain(midnight)
            .filter(|(kind, at)| policy.kinds.contains(*kind) && *at > now)
            .map(|(_, at)| at)
            .min()
    }

    fn is_budget_used(&self, policy: &AlertPolicy) -> bool {
        self.limit_micros
            .is_some_and(|limit| self.used_percent(limit) >= policy.budget_percent)
    }

    /// How much of the limit is used, in whole percent.
    pub(super) fn used_percent(&self, limit: u64) -> u64 {
        self.spent_micros.saturating_mul(100) / limit.max(1)
    }
}
