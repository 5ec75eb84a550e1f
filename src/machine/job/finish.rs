//! The terminal transition, its report to the queue, and the events for the app.

use super::{
    Context, Effect, End, Job, MAX_ATTEMPTS, PENDING_EXPIRY, Phase, Refusal, RetryTask, Texts,
    TimelineStep,
};
use crate::machine::delivery::{
    Delivery, DeliveryState, DeliverySummary, EventKind, Receipt, advice,
};
use crate::machine::message::Reply;
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::machine::queue::Report;
use crate::machine::retry;
use crate::time::{MINUTE, Millis, SECOND};

impl Job {
    pub(super) fn fail(&mut self, failure: Failure, context: &mut Context) {
        self.end(End::Failed { failure }, context);
    }

    /// Ends an attempt that the upstream refused for good, or waits for another prompt if one may
    /// help.
    pub(super) fn refused(&mut self, failure: Failure, context: &mut Context) {
        let clarifiable =
            failure.code == ErrorCode::ProviderRejectedContent && self.attempt < MAX_ATTEMPTS;
        if !context.policy.clarifications || !clarifiable {
            self.fail(failure, context);
            return;
        }
        context.enter(
            TimelineStep::ClarificationNeeded,
            Some(failure.message.clone()),
        );
        self.record.phase = Phase::Clarifying {
            expires_at: context.now() + PENDING_EXPIRY,
            failure,
        };
        self.report_change(context.now());
        self.announce(EventKind::PendingClarification, context);
    }

    /// Ends the attempt: status, event and report change in one step, so in one storage write.
    pub(super) fn end(&mut self, end: End, context: &mut Context) {
        let (kind, step, detail) = match &end {
            End::Completed { .. } => (EventKind::Completed, TimelineStep::Completed, None),
            End::Failed { failure } => (
                EventKind::Failed,
                TimelineStep::Failed,
                Some(failure.message.clone()),
            ),
            End::Cancelled => (EventKind::Cancelled, TimelineStep::Cancelled, None),
        };
        if let End::Completed { .. } = &end {
            self.delete_images(context.now());
        }
        self.record.phase = Phase::Ended { end };
        self.record.ended_at = Some(context.now());
        self.count_end();
        context.enter(step, detail);
        self.report_change(context.now());
        self.announce(kind, context);
    }

    /// Schedules a report of a status change to the queue.
    pub(super) fn report_change(&mut self, now: Millis) {
        self.record.report_number += 1;
        self.record.report = Some(RetryTask {
            next_at: now,
            tries: 0,
        });
    }

    pub fn report_message(&self, texts: &dyn Texts, now: Millis) -> Report {
        Report {
            summary: self.summary(texts, now),
            availability: self.availability,
        }
    }

    /// The outcome that a reply to the report stands for.
    pub fn reported(reply: &Reply<Report>) -> Outcome<()> {
        (*reply == Ok(true)).then_some(()).ok_or(Trouble::Unknown)
    }

    pub(super) fn report_answered(
        &mut self,
        number: u64,
        outcome: &Outcome<()>,
        context: &mut Context,
    ) {
        if number != self.report_number {
            return;
        }
        if outcome.is_ok() {
            self.record.report = None;
        } else if let Some(task) = &mut self.record.report {
            task.next_at =
                context.now() + retry::backoff(task.tries, SECOND, MINUTE, context.moment.jitter());
            task.tries += 1;
        }
    }

    /// Puts an event into the outbox if the app subscribes to its kind.
    pub(super) fn announce(&mut self, kind: EventKind, context: &mut Context) {
        if !context.policy.events.contains(&kind) {
            return;
        }
        self.record.event_sequence += 1;
        self.record.outbox.push(Delivery::new(
            kind,
            self.event_sequence,
            context.moment,
            &context.policy.webhook_schedule,
        ));
    }

    /// Gives each new event its body. The bytes of a body are made only here (I5).
    pub(super) fn seal_events(&mut self, texts: &dyn Texts) {
        for index in 0..self.outbox.len() {
            if self.outbox[index].body.is_none() {
                self.record.outbox[index].body = Some(texts.event(self, &self.outbox[index]));
            }
        }
    }

    pub(super) fn delivered(&mut self, event_id: &str, receipt: Receipt, context: &mut Context) {
        let Some(delivery) = self
            .record
            .outbox
            .iter_mut()
            .find(|delivery| delivery.id == event_id)
        else {
            return;
        };
        delivery.attempted(receipt, context.moment, &context.policy.webhook_schedule);
        let delivery = delivery.clone();
        let step = match delivery.state {
            DeliveryState::Delivered { .. } => TimelineStep::WebhookDelivered,
            DeliveryState::Exhausted { .. } => TimelineStep::WebhookExhausted,
            DeliveryState::Pending { .. } => TimelineStep::WebhookFailed,
        };
        context.enter(
            step,
            Some(format!(
                "attempt {}: {}",
                delivery.attempts,
                answered(delivery.last_status)
            )),
        );
        self.count_delivery(&delivery, context.now());
        // Report it if an operator may be waiting for it, or if the job has no work left.
        let awaited = match delivery.state {
            DeliveryState::Delivered { .. } => delivery.redeliveries > 0,
            DeliveryState::Exhausted { .. } => true,
            DeliveryState::Pending { .. } => delivery.attempts == 1,
        };
        if awaited || self.has_only_to_report() {
            self.report_change(context.now());
        }
    }

    /// Sends an event again, whatever its state.
    pub(super) fn redeliver(
        &mut self,
        event_id: &str,
        context: &mut Context,
    ) -> Result<(), Refusal> {
        let event = self
            .record
            .outbox
            .iter_mut()
            .find(|delivery| delivery.id == event_id)
            .ok_or(Refusal::NoEvent)?;
        event.redeliver(context.moment);
        let kind = event.kind;
        context.enter(
            TimelineStep::WebhookRedelivered,
            Some(kind.as_str().to_owned()),
        );
        self.report_change(context.now());
        Ok(())
    }

    /// The events' summaries for the queue.
    pub(super) fn delivery_summaries(&self) -> Vec<DeliverySummary> {
        self.outbox.iter().map(Delivery::summary).collect()
    }

    /// Whether the job has ended and only its report is left to send. The answer to a poll still in
    /// flight adds no work unless it is reported.
    pub fn has_only_to_report(&self) -> bool {
        let acts = self
            .in_flight
            .as_ref()
            .is_some_and(|in_flight| !matches!(in_flight.effect, Effect::Report { .. }));
        let tells = self
            .outbox
            .iter()
            .any(|delivery| delivery.next_at().is_some());
        matches!(self.phase, Phase::Ended { .. })
            && !(acts || tells)
            && self.upstream_cancels.is_empty()
            && self.deletions.is_empty()
    }

    /// How long the attempt took, from its start to its end. `None` if it never started or has not
    /// ended.
    pub fn processing_time(&self) -> Option<Millis> {
        Some(self.ended_at?.saturating_sub(self.started_at?))
    }
}

/// The result of a webhook attempt, in words.
fn answered(status: Option<u16>) -> String {
    let Some(status) = status else {
        return "no answer".to_owned();
    };
    advice(status).map_or_else(
        || status.to_string(),
        |advice| format!("{status}, {advice}"),
    )
}
