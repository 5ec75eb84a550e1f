//! What a job counts of itself: calls, errors, phases, ends and webhooks. It only ever grows, a
//! user's retry included, so that every message can tell the whole of it (I18).

use super::Job;
use super::record::Phase;
use crate::machine::Status;
use crate::machine::delivery::{Delivery, DeliveryState};
use crate::machine::metrics::{self, Count, Histogram, UpstreamCall};
use crate::machine::outcome::{ErrorCode, Outcome};
use crate::time::Millis;

/// A phase whose length counts, of which epoch it is, and since when it has been under way.
pub(super) type Timed = (metrics::TimedPhase, u64, Millis);

impl Job {
    /// Counts a call to the upstream that has come to this; one that was cut off counts as unknown.
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

    /// Counts an attempt to deliver an event, which has brought it to where it is now. What someone
    /// had sent again is neither a retry at first nor slow.
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

    /// The phase under way, if its length counts.
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

    /// Counts how long the phase took that was under way before a step, if the step has left it.
    pub(super) fn count_phase(&mut self, before: Option<Timed>, now: Millis) {
        if let Some((phase, _, since)) = before.filter(|_| self.timed() != before) {
            self.record
                .metrics
                .observe(Histogram::Phase(phase), now.saturating_sub(since));
        }
    }
}
