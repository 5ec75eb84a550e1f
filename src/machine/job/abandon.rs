//! Telling the upstream that nobody waits for a render any more. It may save money and never delays an end: a few tries,
//! and then the render is left to itself.

use super::{Context, Errand, Job, TimelineStep};
use crate::machine::outcome::{Outcome, Trouble};
use crate::machine::retry;
use crate::machine::tally::Call;
use crate::time::{MINUTE, SECOND};

/// How often the upstream is told at most.
pub const MAX_ABANDON_TRIES: u32 = 5;

impl Job {
    /// Has the upstream told to give a render up, if it can be told.
    pub(super) fn abandon(&mut self, operation: String, context: &Context) {
        if self.terms.cancellable {
            self.abandons.insert(operation, Errand { next_at: context.now(), tries: 0 });
        }
    }

    /// Nothing need be told of a render that turned out to be over.
    pub(super) fn found_over(&mut self, operation: &str, context: &mut Context) {
        if self.abandons.remove(operation).is_some() {
            context.enter(TimelineStep::RenderWasOver, None);
        }
    }

    pub(super) fn abandon_answered(&mut self, operation: &str, outcome: &Outcome<()>, context: &mut Context) {
        self.count_call(Call::Cancel, outcome);
        let Some(errand) = self.abandons.get_mut(operation) else { return };
        errand.tries += 1;
        let wait = retry::backoff(errand.tries, 2 * SECOND, MINUTE, context.moment.jitter());
        let (step, why) = match outcome {
            Ok(()) => (TimelineStep::RenderAbandoned, None),
            Err(Trouble::Refused(failure)) => (TimelineStep::RenderNotAbandoned, Some(failure.message.clone())),
            Err(_) if errand.tries >= MAX_ABANDON_TRIES => {
                (TimelineStep::RenderNotAbandoned, Some(format!("no word after {MAX_ABANDON_TRIES} tries")))
            }
            Err(Trouble::Retry { after, .. } | Trouble::NotNow { after, .. }) => {
                errand.next_at = context.now() + after.unwrap_or(0).min(10 * MINUTE).max(wait);
                return;
            }
            Err(Trouble::Unknown) => {
                errand.next_at = context.now() + wait;
                return;
            }
        };
        self.abandons.remove(operation);
        context.enter(step, why);
    }
}
