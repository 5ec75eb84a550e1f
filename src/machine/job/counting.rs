//! What a job counts: calls, errors, phases, ends and webhooks. The counters only grow, even across
//! a user's retry, so every message can carry the totals (I18).

use super::Job;
use super::record::Phase;
use crate::machine::Status;
use crate::machine::delivery::{Delivery, DeliveryState};
use crate::machine::metrics::{self, Count, Histogram, UpstreamCall};
use crate::machine::outcome::{ErrorCode, Outcome};
use crate::time::Millis;

/// A phase with a measured duration, its epoch, and when it began.
pub(super) type Timed = (metrics::TimedPhase, u64, Millis);

impl Job {
    /// Counts a call to the upstream by its outcome; one that was cut off counts as unknown.
    pub(super) fn count_call<T>(&mut self, call: UpstreamCall, outcome: &Outcome<T>) {
        self.record.metrics.count(Count::call(call, outcome), 1);
        let Err(trouble) = outcome else { return };
        let class = trouble.failure().map(|failure| failure.code);
        self.record.metrics.count(Count::Error(class), 1);
        if class.is_some_and(ErrorCode::is_limit) {
            self.record.metrics.count(Count::RateLimited, 1);
        }
    }

    pub(super) fn count_retry(&mut self, phase: metrics::TimedPhase) {
        self.record.metrics.count(Count::Retry(phase), 1);
    }

    /// Counts the end of an attempt, and how long it took if it was ever started.
    pub(super) fn count_end(&mut self) {
        let status = self.status();
        self.record.metrics.count(Count::Attempt(status), 1);
        if let (Status::Failed, Some(failure)) = (status, self.failure()) {
            self.record.metrics.count(Count::Failure(failure.code), 1);
        }
        if let Some(took) = self.processing_time() {
            self.record
                .metrics
                .observe(Histogram::Processing(status), took);
        }
    }

    /// Counts an attempt to deliver an event; `event` is its state after that attempt. The first
    /// send after a redelivery is not counted as a retry, and a redelivered event has no delivery
    /// time.
    pub(super) fn count_delivery(&mut self, event: &Delivery, now: Millis) {
        let state = event.state;
        let delivered = matches!(state, DeliveryState::Delivered { .. });
        self.record
            .metrics
            .count(Count::WebhookSent { delivered }, 1);
        if event.attempts.saturating_sub(event.attempts_before) > 1 {
            self.record.metrics.count(Count::WebhookRetry, 1);
        }
        match state {
            DeliveryState::Delivered { .. } if event.redeliveries == 0 => {
                self.record
                    .metrics
                    .observe(Histogram::Delivery, now.saturating_sub(event.created_at));
            }
            DeliveryState::Delivered { .. } | DeliveryState::Pending { .. } => {}
            DeliveryState::Exhausted { .. } => {
                self.record.metrics.count(Count::WebhookExhausted, 1);
            }
        }
    }

    /// The current phase, if its duration is measured.
    pub(super) fn timed(&self) -> Option<Timed> {
        let (phase, since) = match &self.phase {
            Phase::Submitting { .. } => (metrics::TimedPhase::Submitting, self.started_at?),
            Phase::Rendering { submitted_at, .. } => {
                (metrics::TimedPhase::Rendering, *submitted_at)
            }
            Phase::Storing { rendered_at, .. } => (metrics::TimedPhase::Storing, *rendered_at),
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => {
                return None;
            }
        };
        Some((phase, self.epoch, since))
    }

    /// Records the duration of the phase `before` a step, if the step has left it.
    pub(super) fn count_phase(&mut self, before: Option<Timed>, now: Millis) {
        if let Some((phase, _, since)) = before.filter(|_| self.timed() != before) {
            self.record
                .metrics
                .observe(Histogram::Phase(phase), now.saturating_sub(since));
        }
    }
}
