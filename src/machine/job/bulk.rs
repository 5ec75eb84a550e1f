//! A bulk's message to one of its jobs.
//!
//! The message may arrive twice or late. A job answers each bulk once: it records the answer in the
//! same write as the change, and repeats it afterwards. A retry also names the epoch whose attempt
//! failed, so it starts the attempt after that one and no other.

use super::{BulkAct, Context, Job, Refusal, TimelineStep};
use crate::machine::bulk::{BulkAction, BulkMark, BulkOutcome};

impl Job {
    pub(super) fn act_for_bulk(&mut self, act: BulkAct, context: &mut Context) {
        if self.bulk.is_some_and(|mark| mark.bulk >= act.bulk) {
            return;
        }
        let entries = context.timeline.len();
        context.enter(
            TimelineStep::OperatorActed,
            Some(format!("{}, bulk {}", act.action.as_str(), act.bulk)),
        );
        let outcome = match self.obey(act, context) {
            Ok(()) => BulkOutcome::Done,
            Err(outcome) => {
                context.timeline.truncate(entries);
                outcome
            }
        };
        self.record.bulk = Some(BulkMark {
            bulk: act.bulk,
            outcome,
        });
    }

    fn obey(&mut self, act: BulkAct, context: &mut Context) -> Result<(), BulkOutcome> {
        match act.action {
            BulkAction::Cancel => {
                if act.status.is_some_and(|status| status != self.status()) {
                    return Err(BulkOutcome::Changed);
                }
                self.cancel(context).map_err(outcome_of)
            }
            BulkAction::Retry => {
                if self.epoch != act.epoch {
                    return Err(BulkOutcome::Changed);
                }
                self.retry(context).map_err(outcome_of)
            }
        }
    }
}

fn outcome_of(refusal: Refusal) -> BulkOutcome {
    match refusal {
        Refusal::AlreadyEnded => BulkOutcome::AlreadyEnded,
        Refusal::NotRetryable => BulkOutcome::NotRetryable,
        Refusal::TooManyAttempts => BulkOutcome::TooManyAttempts,
        Refusal::ImagesGone => BulkOutcome::ImagesDeleted,
        Refusal::NoJob => BulkOutcome::Gone,
        Refusal::NoVideo
        | Refusal::NotConfirmable
        | Refusal::NotClarifiable
        | Refusal::PromptTooLong
        | Refusal::NoEvent => BulkOutcome::Changed,
    }
}
