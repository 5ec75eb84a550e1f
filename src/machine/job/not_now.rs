//! An upstream that takes no submits from anyone does not fail the job. The job gives its slot back
//! and keeps its place in line, until its start deadline.

use super::poll::late;
use super::{Context, Job, NotNow, SubmitAnswer, TimelineStep};
use crate::machine::metrics;
use crate::machine::outcome::Failure;
use crate::time::{DAY, Millis};

/// How long an attempt waits for an upstream that takes no submits, from its first refusal.
pub(super) const MAX_NOT_NOW: Millis = DAY;
/// The first tries, up to this number, are all in the timeline. Later tries are entered only if
/// their number is a power of two.
const TRIES_NOTED: u64 = 4;

impl Job {
    /// The upstream takes no submits for now. The queue decides when the next one is sent, and by
    /// which job.
    pub(super) fn not_now(&mut self, failure: Failure, context: &mut Context) {
        self.enter_try(
            TimelineStep::SubmitRefused,
            Some(failure.message.clone()),
            context,
        );
        let (since, count) = self
            .not_now
            .as_ref()
            .map_or((context.now(), 0), |before| (before.since, before.count));
        self.drop_earlier_refusals();
        self.count_retry(metrics::TimedPhase::Submitting);
        self.requeue(None, context);
        self.record.not_now = Some(NotNow {
            since,
            count: count + 1,
            failure,
        });
    }

    /// The attempt must start before this: the order's own limit, or a day after the first refusal,
    /// whichever comes first.
    pub(super) fn start_deadline(&self) -> Option<Millis> {
        let own = self
            .order
            .start_timeout
            .map(|timeout| self.queued_at.saturating_add(timeout));
        let patience = self
            .not_now
            .as_ref()
            .map(|refused| refused.since.saturating_add(MAX_NOT_NOW));
        own.into_iter().chain(patience).min()
    }

    /// Why an attempt that was not started by `deadline` failed.
    pub(super) fn not_started(&self, deadline: Millis) -> Failure {
        match &self.not_now {
            Some(refused) if deadline >= refused.since.saturating_add(MAX_NOT_NOW) => {
                refused.failure.clone()
            }
            Some(refused) => {
                let why = refused.failure.message.trim_end_matches('.');
                late(&format!(
                    "The render did not start within the order's start timeout: {why}."
                ))
            }
            None => late("The render did not start within the order's start timeout."),
        }
    }

    /// Enters a step of a submit into the timeline, unless there were many: an outage of hours must
    /// not fill the timeline.
    pub(super) fn enter_try(
        &self,
        step: TimelineStep,
        detail: Option<String>,
        context: &mut Context,
    ) {
        let tries = self.not_now.as_ref().map_or(0, |refused| refused.count) + 1;
        if tries <= TRIES_NOTED || tries.is_power_of_two() {
            context.enter(step, detail);
        }
    }

    /// Keeps only the last `NotNow` refusal in the ledger; otherwise it would grow with each probe
    /// of an outage.
    fn drop_earlier_refusals(&mut self) {
        let before = self.submits.len();
        let last = self
            .submits
            .iter()
            .rposition(|row| row.answer == SubmitAnswer::NotNow);
        let mut index = 0;
        self.record.submits.retain(|row| {
            let keeps = row.answer != SubmitAnswer::NotNow || Some(index) == last;
            index += 1;
            keeps
        });
        self.record.submits_dropped += (before - self.submits.len()) as u64;
    }
}
