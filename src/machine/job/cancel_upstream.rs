//! Asks the upstream to cancel a render that nobody waits for. This may save money and never delays
//! the end of a job: after a few tries the render is left to finish.

use super::{Context, Job, RetryTask, TimelineStep};
use crate::machine::metrics::UpstreamCall;
use crate::machine::outcome::{Outcome, Trouble};
use crate::machine::retry;
use crate::time::{MINUTE, SECOND};

/// The most tries to cancel one render.
pub const MAX_CANCEL_TRIES: u32 = 5;

impl Job {
    /// Schedules the cancellation of a render, if the upstream supports it.
    pub(super) fn cancel_upstream(&mut self, operation: String, context: &Context) {
        if self.terms.cancellable {
            self.record.upstream_cancels.insert(
                operation,
                RetryTask {
                    next_at: context.now(),
                    tries: 0,
                },
            );
        }
    }

    /// Drops the cancellation of a render that has already ended.
    pub(super) fn found_over(&mut self, operation: &str, context: &mut Context) {
        if self.record.upstream_cancels.remove(operation).is_some() {
            context.enter(TimelineStep::RenderWasOver, None);
        }
    }

    pub(super) fn upstream_cancelled(
        &mut self,
        operation: &str,
        outcome: &Outcome<()>,
        context: &mut Context,
    ) {
        self.count_call(UpstreamCall::Cancel, outcome);
        let Some(task) = self.record.upstream_cancels.get_mut(operation) else {
            return;
        };
        task.tries += 1;
        let wait = retry::backoff(task.tries, 2 * SECOND, MINUTE, context.moment.jitter());
        let (step, why) = match outcome {
            Ok(()) => (TimelineStep::RenderAbandoned, None),
            Err(Trouble::Refused(failure)) => (
                TimelineStep::RenderNotAbandoned,
                Some(failure.message.clone()),
            ),
            Err(_) if task.tries >= MAX_CANCEL_TRIES => (
                TimelineStep::RenderNotAbandoned,
                Some(format!("no answer after {MAX_CANCEL_TRIES} tries")),
            ),
            Err(Trouble::Retry { after, .. } | Trouble::NotNow { after, .. }) => {
                task.next_at = context.now() + after.unwrap_or(0).min(10 * MINUTE).max(wait);
                return;
            }
            Err(Trouble::Unknown) => {
                task.next_at = context.now() + wait;
                return;
            }
        };
        self.record.upstream_cancels.remove(operation);
        context.enter(step, why);
    }
}
