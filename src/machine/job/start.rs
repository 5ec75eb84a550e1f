//! From accepted to started: enqueueing until the queue confirms, and taking the slot that it
//! grants.

use super::{Context, Effect, Job, Phase, Start, Submit, SubmitAnswer, Texts, TimelineStep};
use crate::machine::delivery::EventKind;
use crate::machine::message::{NoAnswer, Reply};
use crate::machine::outcome::{ErrorCode, Failure, Outcome, Trouble};
use crate::machine::queue::{EnqueueAgain, Mode};
use crate::machine::{Status, retry};
use crate::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// When a waiting job checks that the queue still knows it: after as long again as it has waited,
/// between the first and the second of these. The queue checks on the jobs that it knows by itself.
pub const QUEUED_HEARTBEAT: (Millis, Millis) = (HOUR, DAY);

impl Job {
    /// Records that a repeated order was answered as accepted; returns whether that is new.
    pub fn promise(&mut self) -> bool {
        !self.enqueued && !std::mem::replace(&mut self.record.promised, true)
    }

    /// Whether the job created at `created_at` can still be withdrawn because the queue refused it:
    /// no caller received an acceptance, and only the accepting request has tried to enqueue
    /// it. The creation time distinguishes this job from a later one of the same name, so that a
    /// late withdrawal of a refused job never removes an accepted one.
    pub fn can_withdraw(&self, created_at: Millis) -> bool {
        let same = self.created_at == created_at;
        let untouched = match self.phase {
            Phase::Queued { tries, .. } => tries == 0,
            Phase::Confirming { .. } => {
                self.report.as_ref().is_some_and(|report| report.tries == 0)
            }
            Phase::Submitting { .. }
            | Phase::Rendering { .. }
            | Phase::Storing { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => false,
        };
        same && untouched
            && self.epoch == 1
            && !self.enqueued
            && !self.promised
            && self.in_flight.is_none()
    }

    /// Takes the slot granted to `epoch`; a repeat, or a grant to an older epoch, changes nothing.
    pub(super) fn start(&mut self, epoch: u64, context: &mut Context) {
        if epoch != self.epoch || !matches!(self.phase, Phase::Queued { .. }) {
            return;
        }
        let now = context.now();
        self.record.enqueued = true;
        self.record.started_at = Some(now);
        let timeout = self
            .order
            .timeout
            .unwrap_or(Millis::MAX)
            .min(context.policy.job_timeout);
        let tries = self.submits_of_attempt();
        self.record.phase = Phase::Submitting {
            deadline_at: now + timeout,
            next_at: now,
            tries,
        };
        self.enter_try(TimelineStep::Started, None, context);
        self.report_change(now);
        if tries == 0 && self.not_now.is_none() {
            self.announce(EventKind::Started, context);
        }
    }

    /// Gives the slot back and waits in line again, at the attempt's previous place, at least until
    /// `not_before`. The new epoch keeps messages about the old slot from starting it.
    pub(super) fn requeue(&mut self, not_before: Option<Millis>, context: &mut Context) {
        self.record.keeps_place = true;
        self.record.not_before = not_before;
        self.wait_in_line(context.now());
        self.enter_try(TimelineStep::Requeued, None, context);
    }

    /// Waits for a slot under a new epoch. The enqueue carries everything that a report would.
    pub(super) fn wait_in_line(&mut self, now: Millis) {
        self.record.epoch += 1;
        self.record.enqueued = false;
        self.record.report = None;
        self.record.report_number += 1;
        self.record.phase = Phase::Queued {
            enqueue_at: now,
            tries: 0,
        };
    }

    /// How many submits of this attempt count as tries: all except those that the upstream refused
    /// to everyone.
    pub(super) fn submits_of_attempt(&self) -> u32 {
        let counts =
            |row: &&Submit| row.attempt == self.attempt && row.answer != SubmitAnswer::NotNow;
        let made = self.submits.iter().filter(counts).count();
        u32::try_from(made).unwrap_or(u32::MAX)
    }

    /// How many submits the job has ever made, its older attempts included. A submit in flight
    /// counts only once it is over, because the holder's right to submit is not used up before. If
    /// it were counted too early, it would also leave the window too early.
    pub fn submits_made(&self) -> u64 {
        self.submits_dropped
            + self
                .submits
                .iter()
                .filter(|row| !self.is_on_its_way(row))
                .count() as u64
    }

    /// The status that the queue receives when it asks. A job cancelled during its submit call
    /// keeps its slot, and the right to that call, until the call returns.
    pub fn status_told(&self) -> Status {
        let submits = self.submits.iter().any(|row| self.is_on_its_way(row));
        if submits {
            Status::Processing
        } else {
            self.status()
        }
    }

    fn is_on_its_way(&self, row: &Submit) -> bool {
        row.epoch == self.epoch && row.answer == SubmitAnswer::Intended
    }

    /// Fails an attempt that could not be started because the platform's queue gave up on its
    /// message.
    pub(super) fn dead_letter(&mut self, epoch: u64, context: &mut Context) {
        if epoch == self.epoch && matches!(self.phase, Phase::Queued { .. }) {
            let sentence =
                "The generation could not be started: its queue message failed too many times.";
            self.fail(Failure::new(ErrorCode::Internal, sentence), context);
        }
    }

    /// Records that the queue knows this epoch: from now on a slow heartbeat is enough.
    fn confirm_enqueued(&mut self, epoch: u64, now: Millis) {
        if epoch != self.epoch {
            return;
        }
        self.record.enqueued = true;
        let waited = now.saturating_sub(self.updated_at);
        if let Phase::Queued { enqueue_at, tries } = &mut self.record.phase {
            *enqueue_at = now + waited.clamp(QUEUED_HEARTBEAT.0, QUEUED_HEARTBEAT.1);
            *tries = 0;
        }
    }

    pub(super) fn enqueue_answered(
        &mut self,
        epoch: u64,
        outcome: &Outcome<bool>,
        context: &mut Context,
    ) {
        match outcome {
            Ok(admitted) => {
                self.confirm_enqueued(epoch, context.now());
                if *admitted {
                    self.start(epoch, context);
                }
            }
            Err(_) => {
                if epoch == self.epoch
                    && let Phase::Queued { enqueue_at, tries } = &mut self.record.phase
                {
                    *enqueue_at = context.now()
                        + retry::backoff(*tries, 2 * SECOND, MINUTE, context.moment.jitter());
                    *tries += 1;
                }
            }
        }
    }

    /// Whether `epoch` is that of the current attempt; answers of an older one change nothing (I3).
    pub(super) fn is_current(&self, epoch: u64) -> bool {
        epoch == self.epoch
    }

    /// The job's request for a place in the queue.
    pub fn enqueue_message(&self, texts: &dyn Texts, now: Millis) -> EnqueueAgain {
        EnqueueAgain {
            summary: self.summary(texts, now),
            terms: self.terms(),
        }
    }

    /// The outcome of a reply to that request: whether it granted a slot. `Ok(None)` means that an
    /// earlier job of the same name is still in the way.
    pub fn enqueued(&self, reply: &Reply<EnqueueAgain>) -> Outcome<bool> {
        match reply {
            Ok(Some(position)) => {
                let own = Start {
                    epoch: self.epoch,
                    created_at: self.created_at,
                };
                Ok(position.admitted == Some(own))
            }
            Ok(None) | Err(NoAnswer) => Err(Trouble::Unknown),
        }
    }

    /// Whether to send a message on the platform's queue that says that the job waits. The
    /// accepting request sends the first one. A lost message only costs time, because the sweep
    /// also admits jobs.
    pub fn wants_wake_up(&self, reply: &Reply<EnqueueAgain>, mode: Mode) -> bool {
        let waits = matches!(reply, Ok(Some(position)) if position.number > 0);
        mode == Mode::Queue && waits && self.epoch > 1 && !self.enqueued
    }

    /// Whether a paid call of this job is in flight.
    pub fn is_submitting(&self) -> bool {
        self.in_flight
            .as_ref()
            .is_some_and(|in_flight| matches!(in_flight.effect, Effect::Submit { .. }))
    }
}
