//! A step of the alarm: resumes what was cut off, takes an answer, and begins the next effect.

use super::{Answer, Context, Effect, InFlight, Job, Phase, Rules, TimelineEntry};
use crate::time::{Millis, Moment};

/// The result of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub job: Job,
    /// Carried out after the job is saved; [`answered`] takes its answer.
    pub effect: Option<InFlight>,
    /// New timeline entries, to be saved with the job.
    pub timeline: Vec<TimelineEntry>,
}

/// The alarm fired, and no effect of this job is being carried out: one that is still recorded as
/// in flight was cut off. `first` says whether this is the first step of a run of the alarm
/// handler: each run polls once.
pub fn wake(mut job: Job, first: bool, moment: Moment, rules: Rules<'_>) -> Step {
    let (effect, timeline) = job.change(moment, rules, |job, context| {
        job.resume_cut_off(context);
        job.begin_due(first, context)
    });
    Step {
        job,
        effect,
        timeline,
    }
}

/// Takes the answer of the effect with this number, if that effect is in flight. A poll is not
/// recorded, so its answer is matched by epoch and operation.
pub fn answered(
    mut job: Job,
    number: u64,
    answer: Answer,
    moment: Moment,
    rules: Rules<'_>,
) -> Step {
    let ((), timeline) = job.change(moment, rules, |job, context| {
        let is_poll = matches!(answer, Answer::Polled { .. });
        if is_poll
            || job
                .record
                .in_flight
                .take_if(|in_flight| in_flight.number == number)
                .is_some()
        {
            job.take_answer(answer, context);
        }
    });
    Step {
        job,
        effect: None,
        timeline,
    }
}

impl Job {
    /// Changes the job and makes every update that follows from a change: counters, report,
    /// timestamp, event bodies.
    pub(super) fn change<T>(
        &mut self,
        moment: Moment,
        rules: Rules<'_>,
        change: impl FnOnce(&mut Self, &mut Context) -> T,
    ) -> (T, Vec<TimelineEntry>) {
        let mut context = Context {
            moment,
            policy: rules.policy,
            timeline: Vec::new(),
        };
        let told = (self.epoch, self.report_number);
        let committed = self.committed_micros();
        let phase = self.timed();
        let came = change(self, &mut context);
        self.count_phase(phase, context.now());
        // A change of cost without a change of status needs its own report.
        if self.committed_micros() != committed && (self.epoch, self.report_number) == told {
            self.report_change(context.now());
        }
        if !context.timeline.is_empty() {
            self.record.updated_at = self.updated_at.max(context.now());
        }
        self.seal_events(rules.texts);
        (came, context.timeline)
    }

    fn resume_cut_off(&mut self, context: &mut Context) {
        let Some(InFlight { effect, .. }) = self.in_flight.clone() else {
            return;
        };
        if let Effect::Submit { epoch, .. } = effect
            && self.may_be_on_its_way(epoch, context.now())
        {
            // An alarm that fires before the guard says nothing about the call yet.
            return;
        }
        self.record.in_flight = None;
        self.take_answer(effect.lost(), context);
    }

    fn take_answer(&mut self, answer: Answer, context: &mut Context) {
        match answer {
            Answer::Enqueued { epoch, outcome } => self.enqueue_answered(epoch, &outcome, context),
            Answer::Submitted { epoch, outcome } => self.submit_answered(epoch, outcome, context),
            Answer::Polled {
                epoch,
                operation,
                outcome,
            } => self.poll_answered(epoch, &operation, outcome, context),
            Answer::Stored {
                epoch,
                attempt,
                outcome,
            } => self.store_answered(epoch, attempt, outcome, context),
            Answer::Reported { number, outcome } => self.report_answered(number, &outcome, context),
            Answer::Delivered { event_id, receipt } => self.delivered(&event_id, receipt, context),
            Answer::UpstreamCancelled { operation, outcome } => {
                self.upstream_cancelled(&operation, &outcome, context);
            }
            Answer::FileDeleted { attempt, outcome } => {
                self.file_deleted(attempt, &outcome, context);
            }
        }
    }

    /// Picks what is due, in this order: the phase's own step, report, enqueue, webhook,
    /// cancellation of a render, clean-up.
    fn begin_due(&mut self, first: bool, context: &mut Context) -> Option<InFlight> {
        if self.in_flight.is_some() {
            return None;
        }
        self.check_deadline(context);
        let effect = self.due_effect(first, context.now())?;
        if let Effect::Submit { .. } = effect {
            self.intend_submit(context);
        } else if let Effect::Poll { .. } = effect {
            self.begin_poll();
            return Some(InFlight {
                number: self.effect_number,
                effect,
            });
        }
        self.record.effect_number += 1;
        let in_flight = InFlight {
            number: self.effect_number,
            effect,
        };
        self.record.in_flight = Some(in_flight.clone());
        Some(in_flight)
    }

    fn due_effect(&self, first: bool, now: Millis) -> Option<Effect> {
        let epoch = self.epoch;
        match &self.phase {
            Phase::Submitting { next_at, .. } if *next_at <= now => {
                return Some(Effect::Submit {
                    epoch,
                    attempt: self.attempt,
                });
            }
            Phase::Rendering { operation, .. } if self.is_poll_due(first, now) => {
                return Some(Effect::Poll {
                    epoch,
                    operation: operation.clone(),
                });
            }
            Phase::Storing { next_at, uri, .. } if *next_at <= now => {
                return Some(Effect::Store {
                    epoch,
                    attempt: self.attempt,
                    uri: uri.clone(),
                });
            }
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Submitting { .. }
            | Phase::Rendering { .. }
            | Phase::Storing { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => {}
        }
        if self.report.as_ref().is_some_and(|task| task.next_at <= now) {
            return Some(Effect::Report {
                epoch,
                number: self.report_number,
            });
        }
        if let Phase::Queued { enqueue_at, .. } = self.phase
            && enqueue_at <= now
        {
            return Some(Effect::Enqueue { epoch });
        }
        let next = self
            .outbox
            .iter()
            .filter_map(|delivery| Some((delivery.next_at()?, delivery)))
            .min_by_key(|row| row.0);
        if let Some((at, delivery)) = next
            && at <= now
        {
            return Some(Effect::Deliver {
                event_id: delivery.id.clone(),
            });
        }
        if let Some((operation, _)) = self
            .upstream_cancels
            .iter()
            .find(|(_, task)| task.next_at <= now)
        {
            return Some(Effect::CancelUpstream {
                operation: operation.clone(),
            });
        }
        let (attempt, _) = self
            .deletions
            .iter()
            .find(|(_, task)| task.next_at <= now)?;
        Some(Effect::DeleteFile { attempt: *attempt })
    }
}
