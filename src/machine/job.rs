//! One generation's life: queued, submitting, rendering, storing, then notifying until done.
//!
//! Messages are answered by [`answer`], and record what happened; the alarm alone acts. Its step returns the new job with
//! at most one effect; the shell saves the job, carries the effect out and brings its answer back, so at most one effect
//! of a job is ever in flight. An effect found in flight when an alarm begins was cut off:
//! its answer is lost. For a paid submit that is `Trouble::Unknown`, once its call can no longer be on its way; everything
//! else is safe to repeat.
//! A poll alone is not recorded: its answer is matched by epoch and operation, and a lost one is made good by the next poll.
//!
//! Invariants held here: I2 (a live job always has a wake-up), I3 (an older epoch changes nothing),
//! I4 (the money rule), I5 (one event id for each terminal status), I8 (terminal is final).

mod abandon;
mod cancel;
mod cost;
mod counting;
mod desk;
mod exchange;
mod finish;
mod message;
mod not_now;
mod pace;
mod poll;
mod record;
mod run;
mod start;
mod store;
mod submit;
mod video;

pub use abandon::MAX_ABANDON_TRIES;
pub use desk::{Alarm, Answered, Change, Desk, JobMessage, Rules, Setting, Texts, answer};
pub use exchange::{Answer, Effect, InFlight, Note, Progress, Refusal, Wake, WakeReason};
pub use message::{
    Cancel, Check, Clarify, Confirm, Conflict, Create, Created, DeadLetter, Delete, DeleteVideo, Deliveries, Redeliver,
    Retry, Start, State, UpstreamWebhook, View, Withdraw,
};
pub use record::{
    ENQUEUE_GRACE, End, Errand, ImageRole, InputImage, Job, NotNow, PENDING_EXPIRY, Phase, RenderOptions, Request,
    Submit, SubmitAnswer, Warning,
};
pub use run::{MAX_EFFECTS, Ran, Run};
pub use video::Video;

use super::bug::{self, Bug};
use super::delivery::EventKind;
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
    /// To be carried out after the job is saved; its answer is taken by [`answered`].
    pub effect: Option<InFlight>,
    /// New timeline entries, to be saved with the job.
    pub notes: Vec<Note>,
}

/// What one step may read and where it writes.
struct Context<'a> {
    moment: Moment,
    policy: &'a Policy,
    notes: Vec<Note>,
}

impl Context<'_> {
    fn now(&self) -> Millis {
        self.moment.now
    }

    fn note(&mut self, step: &str, detail: Option<String>) {
        self.notes.push(Note { at: self.moment.now, step: step.to_owned(), detail });
    }
}

/// The alarm fired, and nobody carries out an effect of this job: one that is still in flight was cut off. `first` says
/// whether this is the first step of a run of the alarm handler: each run polls once.
pub fn wake(mut job: Job, first: bool, moment: Moment, rules: Rules<'_>) -> Step {
    let (effect, notes) = job.change(moment, rules, |job, context| {
        job.resume_cut_off(context);
        job.begin_due(first, context)
    });
    Step { job, effect, notes }
}

/// What came of the effect of this number, if it is the one in flight. A poll is not recorded, so its answer is matched by
/// epoch and operation.
pub fn answered(mut job: Job, number: u64, answer: Answer, moment: Moment, rules: Rules<'_>) -> Step {
    let ((), notes) = job.change(moment, rules, |job, context| {
        let is_poll = matches!(answer, Answer::Polled { .. });
        if is_poll || job.in_flight.take_if(|in_flight| in_flight.number == number).is_some() {
            job.take_answer(answer, context);
        }
    });
    Step { job, effect: None, notes }
}

impl Job {
    /// Changes the job, with what every change entails.
    fn change<T>(
        &mut self,
        moment: Moment,
        rules: Rules<'_>,
        change: impl FnOnce(&mut Self, &mut Context) -> T,
    ) -> (T, Vec<Note>) {
        let mut context = Context { moment, policy: rules.policy, notes: Vec::new() };
        let told = (self.epoch, self.report_number);
        let committed = self.committed_micros();
        let phase = self.timed();
        let came = change(self, &mut context);
        self.count_phase(phase, context.now());
        // What a change of status does not tell of by itself.
        if self.committed_micros() != committed && (self.epoch, self.report_number) == told {
            self.report_change(context.now());
        }
        if !context.notes.is_empty() {
            self.updated_at = self.updated_at.max(context.now());
        }
        self.seal_events(rules.texts);
        (came, context.notes)
    }

    fn resume_cut_off(&mut self, context: &mut Context) {
        let Some(InFlight { effect, .. }) = self.in_flight.clone() else { return };
        if let Effect::Submit { epoch, .. } = effect
            && self.may_be_on_its_way(epoch, context.now())
        {
            // An alarm that comes sooner than its guard tells nothing of it yet.
            return;
        }
        self.in_flight = None;
        self.take_answer(effect.lost(), context);
    }

    fn take_answer(&mut self, answer: Answer, context: &mut Context) {
        match answer {
            Answer::Enqueued { epoch, outcome } => self.enqueue_answered(epoch, &outcome, context),
            Answer::Submitted { epoch, outcome } => self.submit_answered(epoch, outcome, context),
            Answer::Polled { epoch, operation, outcome } => self.poll_answered(epoch, &operation, outcome, context),
            Answer::Stored { epoch, attempt, outcome } => self.store_answered(epoch, attempt, outcome, context),
            Answer::Reported { number, outcome } => self.report_answered(number, &outcome, context),
            Answer::Delivered { event_id, receipt } => self.delivered(&event_id, receipt, context),
            Answer::Abandoned { operation, outcome } => self.abandon_answered(&operation, &outcome, context),
            Answer::Discarded { attempt, outcome } => self.discard_answered(attempt, &outcome, context),
        }
    }

    /// Picks what is due, in the order: the phase's own step, report, enqueue, webhook, giving a render up, clean-up.
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
