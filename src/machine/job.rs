//! One generation's life: queued, submitting, rendering, storing, then notifying until done.
//!
//! [`step`] takes the job, an input and a [`Moment`], and returns the new job with at most one effect.
//! The shell saves the job, carries the effect out and brings its answer back as the next input, so at
//! most one effect of a job is ever in flight. An effect found in flight when an alarm begins was cut off:
//! its answer is lost. For a paid submit that is [`Outcome::Unknown`], once its call can no longer be on its way; everything
//! else is safe to repeat.
//! A poll alone is not recorded: its answer is matched by epoch and operation, and a lost one is made good by the next poll.
//!
//! Invariants held here: I2 (a live job always has a wake-up), I3 (an older epoch changes nothing),
//! I4 (the money rule), I5 (one event id for each terminal status), I8 (terminal is final).

mod abandon;
mod cancel;
mod cost;
mod counting;
mod exchange;
mod finish;
mod not_now;
mod pace;
mod poll;
mod record;
mod start;
mod store;
mod submit;
mod video;

pub use abandon::MAX_ABANDON_TRIES;
pub use exchange::{Answer, Clarification, Effect, InFlight, Input, Note, Progress, Refusal, Wake, WakeReason};
pub use record::{
    ENQUEUE_GRACE, End, Errand, ImageRole, InputImage, Job, NotNow, PENDING_EXPIRY, Phase, RenderOptions, Request,
    Submit, SubmitAnswer, Warning,
};
pub use video::Video;

use super::bug::{self, Bug};
use super::delivery::{EventKind, Receipt};
use super::outcome::Outcome;
use super::queue::Terms;
use crate::time::{DAY, HOUR, MINUTE, Millis, Moment, SECOND};
use std::collections::BTreeSet;

/// How soon an effect that was cut off is noticed: the alarm set while it is in flight. A poll has that of the next one.
pub const EFFECT_GUARD: Millis = 10 * SECOND;
/// When a waiting job makes sure that the queue still knows it: after as long again as it has waited, but not before the
/// first of these, and after the second one at the latest. The queue looks after those it knows by itself.
pub const QUEUED_HEARTBEAT: (Millis, Millis) = (HOUR, DAY);

/// A timer that is overdue by more than this was lost.
pub const LATE: Millis = MINUTE;
/// The longest prompt, in characters.
pub const MAX_PROMPT: usize = 5_000;

/// How many pushes of the upstream a job remembers.
pub const MAX_NUDGES: usize = 8;
/// The longest id of a push that is listened to, in bytes.
pub const MAX_NUDGE_ID: usize = 200;

/// Stands for the order's images among the attempts whose videos are deleted; attempts count from 1.
pub const INPUTS: u32 = 0;

/// How many attempts one job may have, its user's retries included.
pub const MAX_ATTEMPTS: u32 = 20;

/// What a job does when the answer of a paid submit was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownSubmit {
    /// Ends as failed with `submit_outcome_unknown`: never pays twice.
    Fail,
    /// Submits again: an operator's choice that may pay twice.
    Retry,
}

/// The settings a step depends on.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How often an upstream step is repeated after provable failures.
    pub max_retries: u32,
    /// How long at least a rendered video is tried to be stored, because it is paid for.
    pub store_timeout: Millis,
    /// From start to the end of rendering.
    pub job_timeout: Millis,
    pub unknown_submit: UnknownSubmit,
    /// How often a young render is polled; every other interval between polls is a multiple of it.
    pub poll_interval: Millis,
    /// The wait before each webhook attempt, the first one included.
    pub webhook_schedule: Vec<Millis>,
    /// The events the app wants to hear.
    pub events: BTreeSet<EventKind>,
    /// Whether a prompt that the safety filter refuses may be replaced instead of failing the job.
    pub clarifications: bool,
}

/// What one step came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub job: Job,
    /// To be carried out after the job is saved; its answer is the next input.
    pub effect: Option<InFlight>,
    pub wake: Option<Wake>,
    /// New timeline entries, to be saved with the job.
    pub notes: Vec<Note>,
    pub refusal: Option<Refusal>,
    /// With this step nothing is left to do, and no report says so. The queue may be told; unless it is, it asks.
    pub settled: bool,
}

/// The context of one step: what it may read and where it writes.
struct Turn<'a> {
    moment: Moment,
    policy: &'a Policy,
    notes: Vec<Note>,
}

impl Turn<'_> {
    fn now(&self) -> Millis {
        self.moment.now
    }

    fn note(&mut self, step: &str, detail: Option<String>) {
        self.notes.push(Note { at: self.moment.now, step: step.to_owned(), detail });
    }
}

/// Takes one input. Only [`Input::Alarm`] yields an effect; every other input records what happened, and
/// the wake-up says when to act on it.
pub fn step(mut job: Job, input: Input, moment: Moment, policy: &Policy) -> Step {
    let mut turn = Turn { moment, policy, notes: Vec::new() };
    let acting = if let Input::Alarm { first } = input { Some(first) } else { None };
    let told = (job.epoch, job.report_number, job.committed_micros());
    let phase = job.timed();
    let was_busy = !job.has_only_to_report();
    let refusal = match input {
        Input::Alarm { .. } => {
            job.resume_cut_off(&mut turn);
            None
        }
        Input::Answer { begun, answer } => {
            job.take_answer(begun, answer, &mut turn);
            None
        }
        Input::Start { epoch } => {
            job.start(epoch, &mut turn);
            None
        }
        Input::Cancel => job.cancel(&mut turn).err(),
        Input::Retry => job.retry(&mut turn).err(),
        Input::Confirm => job.confirm(&mut turn).err(),
        Input::Clarify { clarification } => job.clarify(clarification, &mut turn).err(),
        Input::DeleteVideo => job.delete_video(&mut turn).err(),
        Input::DeadLetter { epoch } => {
            job.dead_letter(epoch, &mut turn);
            None
        }
        Input::Nudge { id } => {
            job.nudge(id);
            None
        }
        Input::Redeliver { event_id } => job.redeliver(&event_id, &mut turn).err(),
        Input::Forget => job.forget(&mut turn).err(),
    };
    let effect = acting.and_then(|first| job.begin_due(first, &mut turn));
    job.count_phase(phase, turn.now());
    let (epoch, report_number, committed) = told;
    // What a change of status does not tell of by itself.
    if job.committed_micros() != committed && (job.epoch, job.report_number) == (epoch, report_number) {
        job.report_change(turn.now());
    }
    if !turn.notes.is_empty() {
        job.updated_at = job.updated_at.max(turn.now());
    }
    let wake = job.wake(turn.now());
    let settled = was_busy && job.report.is_none() && job.has_only_to_report();
    Step { job, effect, wake, notes: turn.notes, refusal, settled }
}

impl Job {
    fn resume_cut_off(&mut self, turn: &mut Turn) {
        let Some(begun) = self.in_flight.clone() else { return };
        let answer = match begun.effect {
            Effect::Enqueue { .. } => Answer::Enqueued(Outcome::Unknown),
            // An alarm that comes sooner than its guard tells nothing of it yet.
            Effect::Submit { epoch, .. } if self.may_be_on_its_way(epoch, turn.now()) => return,
            Effect::Submit { .. } => Answer::Submitted(Outcome::Unknown),
            Effect::Poll { .. } => Answer::Polled(Outcome::Unknown),
            Effect::Store { .. } => Answer::Stored(Outcome::Unknown),
            Effect::Report { .. } => Answer::Reported(Outcome::Unknown),
            Effect::Deliver { .. } => Answer::Delivered(Receipt::Failed { status: None, retry_after: None }),
            Effect::Abandon { .. } => Answer::Abandoned(Outcome::Unknown),
            Effect::Discard { .. } => Answer::Discarded(Outcome::Unknown),
        };
        self.take_answer(begun, answer, turn);
    }

    fn take_answer(&mut self, begun: InFlight, answer: Answer, turn: &mut Turn) {
        let is_recorded = !matches!(begun.effect, Effect::Poll { .. });
        if is_recorded && self.in_flight.take_if(|in_flight| in_flight.number == begun.number).is_none() {
            return;
        }
        match (begun.effect, answer) {
            (Effect::Enqueue { epoch }, Answer::Enqueued(outcome)) => self.enqueue_answered(epoch, &outcome, turn),
            (Effect::Submit { epoch, .. }, Answer::Submitted(outcome)) => self.submit_answered(epoch, outcome, turn),
            (Effect::Poll { epoch, operation }, Answer::Polled(outcome)) => {
                self.poll_answered(epoch, &operation, outcome, turn);
            }
            (Effect::Store { epoch, attempt, .. }, Answer::Stored(outcome)) => {
                self.store_answered(epoch, attempt, outcome, turn);
            }
            (Effect::Report { number, .. }, Answer::Reported(outcome)) => self.report_answered(number, &outcome, turn),
            (Effect::Deliver { event_id }, Answer::Delivered(receipt)) => self.delivered(&event_id, receipt, turn),
            (Effect::Abandon { operation }, Answer::Abandoned(outcome)) => {
                self.abandon_answered(&operation, &outcome, turn);
            }
            (Effect::Discard { attempt }, Answer::Discarded(outcome)) => {
                self.discard_answered(attempt, &outcome, turn);
            }
            // An answer of another kind than the effect is a mistake of the shell; the effect is due again.
            (
                Effect::Enqueue { .. }
                | Effect::Submit { .. }
                | Effect::Poll { .. }
                | Effect::Store { .. }
                | Effect::Report { .. }
                | Effect::Deliver { .. }
                | Effect::Abandon { .. }
                | Effect::Discard { .. },
                _,
            ) => {}
        }
    }

    /// Picks what is due, in the order: the phase's own step, report, enqueue, webhook, giving a render up, clean-up.
    fn begin_due(&mut self, first: bool, turn: &mut Turn) -> Option<InFlight> {
        if self.in_flight.is_some() {
            return None;
        }
        self.check_deadline(turn);
        let effect = self.due_effect(first, turn.now())?;
        if let Effect::Submit { .. } = effect {
            self.intend_submit(turn);
        } else if let Effect::Poll { .. } = effect {
            self.begin_poll();
            return Some(InFlight { number: self.effect_number, effect });
        }
        self.effect_number += 1;
        let in_flight = InFlight { number: self.effect_number, effect };
        self.in_flight = Some(in_flight.clone());
        Some(in_flight)
    }

    fn due_effect(&self, first: bool, now: Millis) -> Option<Effect> {
        let epoch = self.epoch;
        match &self.phase {
            Phase::Submitting { next_at, .. } if *next_at <= now => {
                return Some(Effect::Submit { epoch, attempt: self.attempt });
            }
            Phase::Rendering { operation, .. } if self.is_poll_due(first, now) => {
                return Some(Effect::Poll { epoch, operation: operation.clone() });
            }
            Phase::Storing { next_at, uri, .. } if *next_at <= now => {
                return Some(Effect::Store { epoch, attempt: self.attempt, uri: uri.clone() });
            }
            Phase::Confirming { .. }
            | Phase::Queued { .. }
            | Phase::Submitting { .. }
            | Phase::Rendering { .. }
            | Phase::Storing { .. }
            | Phase::Clarifying { .. }
            | Phase::Ended { .. } => {}
        }
        if self.report.as_ref().is_some_and(|errand| errand.next_at <= now) {
            return Some(Effect::Report { epoch, number: self.report_number });
        }
        if let Phase::Queued { enqueue_at, .. } = self.phase
            && enqueue_at <= now
        {
            return Some(Effect::Enqueue { epoch });
        }
        let next =
            self.outbox.iter().filter_map(|delivery| Some((delivery.next_at()?, delivery))).min_by_key(|row| row.0);
        if let Some((at, delivery)) = next
            && at <= now
        {
            return Some(Effect::Deliver { event_id: delivery.id.clone() });
        }
        if let Some((operation, _)) = self.abandons.iter().find(|(_, errand)| errand.next_at <= now) {
            return Some(Effect::Abandon { operation: operation.clone() });
        }
        let (attempt, _) = self.discards.iter().find(|(_, errand)| errand.next_at <= now)?;
        Some(Effect::Discard { attempt: *attempt })
    }

    /// What the job asks of the queue besides a place.
    pub fn terms(&self) -> Terms {
        Terms {
            not_before: self.not_before,
            keeps_place: self.keeps_place,
            availability: self.availability,
            refused_since: self.not_now.as_ref().map(|refused| refused.since),
        }
    }

    /// Whether the job's alarm must have been lost: `armed` is when it is set for, if it is, and no handler is at work.
    pub fn is_late(&self, armed: Option<Millis>, now: Millis) -> bool {
        let Some(wake) = self.wake(now) else { return false };
        armed.is_none_or(|at| at > wake.at.max(now).saturating_add(LATE) || at.saturating_add(LATE) < now)
    }

    /// When the job must be woken next: the earliest of its timers. `None` only when nothing is left to do.
    pub fn wake(&self, now: Millis) -> Option<Wake> {
        if self.in_flight.is_some() {
            return Some(Wake { at: now + EFFECT_GUARD, reason: WakeReason::Guard });
        }
        let mut timers = Vec::new();
        match &self.phase {
            Phase::Queued { enqueue_at, .. } => {
                timers.push((*enqueue_at, WakeReason::Phase));
                timers.extend(self.start_deadline().map(|at| (at, WakeReason::Phase)));
            }
            Phase::Confirming { expires_at } | Phase::Clarifying { expires_at, .. } => {
                timers.push((*expires_at, WakeReason::Phase));
            }
            Phase::Rendering { tries: 1.., .. } if bug::planted(Bug::WakeForgotten) => {}
            phase @ Phase::Rendering { .. } => timers.extend(phase.next_poll(now).map(|at| (at, WakeReason::Phase))),
            // No step is ever due after the deadline, so the deadline needs no timer of its own.
            Phase::Submitting { next_at, .. } | Phase::Storing { next_at, .. } => {
                timers.push((*next_at, WakeReason::Phase));
            }
            Phase::Ended { .. } => {}
        }
        timers.extend(self.report.iter().map(|errand| (errand.next_at, WakeReason::Report)));
        timers.extend(self.outbox.iter().filter_map(|delivery| Some((delivery.next_at()?, WakeReason::Deliver))));
        timers.extend(self.abandons.values().map(|errand| (errand.next_at, WakeReason::Abandon)));
        timers.extend(self.discards.values().map(|errand| (errand.next_at, WakeReason::Discard)));
        timers.into_iter().min().map(|(at, reason)| Wake { at, reason })
    }
}
