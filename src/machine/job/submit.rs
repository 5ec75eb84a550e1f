//! The paid call, under the money rule: a durable intent first, and no second call after a lost
//! answer.

use super::{Context, EFFECT_GUARD, Job, Phase, Submit, SubmitAnswer, TimelineStep, UnknownSubmit};
use crate::machine::delivery::EventKind;
use crate::machine::limiter::{Availability, MAX_BACKOFF};
use crate::machine::metrics::{self, UpstreamCall};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::machine::retry;
use crate::time::{MINUTE, Millis, SECOND};

impl Job {
    /// Writes the ledger row that must be durable before the call is made.
    pub(super) fn intend_submit(&mut self, context: &mut Context) {
        self.record.submits.push(Submit {
            attempt: self.attempt,
            epoch: self.epoch,
            intended_at: context.now(),
            answer: SubmitAnswer::Intended,
            cost_micros: None,
        });
        self.enter_try(TimelineStep::SubmitIntended, None, context);
    }

    pub(super) fn submit_answered(
        &mut self,
        epoch: u64,
        outcome: Outcome<String>,
        context: &mut Context,
    ) {
        self.close_ledger_row(epoch, &outcome);
        self.count_call(UpstreamCall::Submit, &outcome);
        let (
            &Phase::Submitting {
                deadline_at, tries, ..
            },
            true,
        ) = (&self.phase, self.is_current(epoch))
        else {
            return self.answered_late(outcome, context);
        };
        match outcome {
            Ok(operation) => {
                let now = context.now();
                self.record.not_now = None;
                self.record.phase = Phase::Rendering {
                    deadline_at,
                    operation,
                    submitted_at: now,
                    poll_interval: context.policy.poll_interval,
                    tries: 0,
                    not_before: 0,
                    webhook_came: false,
                    awaits_webhook: self.terms.wants_webhook,
                };
                context.enter(TimelineStep::Submitted, None);
                self.announce(EventKind::Progress, context);
            }
            Err(Trouble::NotNow { failure, .. }) => self.not_now(failure, context),
            Err(Trouble::Retry { after, failure }) => {
                context.enter(TimelineStep::SubmitRefused, Some(failure.message.clone()));
                self.submit_again(tries, after, failure, context);
            }
            Err(Trouble::Refused(failure)) => {
                context.enter(TimelineStep::SubmitRefused, Some(failure.message.clone()));
                self.refused(failure, context);
            }
            Err(Trouble::Unknown) => {
                context.enter(TimelineStep::SubmitOutcomeUnknown, None);
                match context.policy.unknown_submit {
                    UnknownSubmit::Fail => self.fail(unknown_outcome(), context),
                    UnknownSubmit::Retry => {
                        self.submit_again(tries, None, unknown_outcome(), context);
                    }
                }
            }
        }
    }

    /// Returns to the line and submits again later, unless the retries are used up.
    fn submit_again(
        &mut self,
        tries: u32,
        after: Option<Millis>,
        failure: Failure,
        context: &mut Context,
    ) {
        let backoff = retry::backoff(tries, 2 * SECOND, MINUTE, context.moment.jitter());
        let not_before = context.now() + after.unwrap_or(0).min(MAX_BACKOFF).max(backoff);
        if tries >= context.policy.max_retries {
            return self.fail(failure, context);
        }
        self.count_retry(metrics::TimedPhase::Submitting);
        self.requeue(Some(not_before), context);
    }

    /// Handles the answer to a submit whose job was cancelled during the call: enters the outcome
    /// into the timeline and cancels the render.
    fn answered_late(&mut self, outcome: Outcome<String>, context: &mut Context) {
        let what = match &outcome {
            Ok(_) => "the upstream had accepted the render",
            Err(Trouble::Unknown) => "it is unknown whether the upstream accepted the render",
            Err(_) => "the upstream had refused the render",
        };
        context.enter(TimelineStep::SubmitAnsweredLate, Some(what.to_owned()));
        if let Ok(operation) = outcome {
            self.cancel_upstream(operation, context);
        }
    }

    /// Whether a submit that was cut off is so recent that its call may still reach the upstream.
    /// The job does not give up on it earlier, because the queue counts it from then: counted too
    /// early, it would leave the window too early. If the clock was set back, this is false.
    pub(super) fn may_be_on_its_way(&self, epoch: u64, now: Millis) -> bool {
        let row = self.submits.iter().rev().find(|row| row.epoch == epoch);
        row.is_some_and(|row| (row.intended_at..row.intended_at + EFFECT_GUARD).contains(&now))
    }

    fn close_ledger_row(&mut self, epoch: u64, outcome: &Outcome<String>) {
        let (answer, availability) = match outcome {
            Ok(_) => (SubmitAnswer::Accepted, Availability::Accepted),
            Err(Trouble::Retry { .. }) => (SubmitAnswer::Refused, Availability::Failed),
            Err(Trouble::NotNow { after, .. }) => {
                (SubmitAnswer::NotNow, Availability::NotNow { after: *after })
            }
            Err(Trouble::Refused(_)) => (SubmitAnswer::Refused, Availability::Refused),
            Err(Trouble::Unknown) => (SubmitAnswer::Unknown, Availability::Failed),
        };
        let row = self
            .record
            .submits
            .iter_mut()
            .rev()
            .find(|row| row.epoch == epoch);
        if let Some(row) = row.filter(|row| row.answer == SubmitAnswer::Intended) {
            row.answer = answer;
            self.record.availability = Some(availability);
        }
    }
}

fn unknown_outcome() -> Failure {
    Failure::new(
        ErrorCode::SubmitOutcomeUnknown,
        "The video service's answer was lost. The render may have started, so it was not submitted again.",
    )
}
