//! One world: a few jobs, one queue, the outside, a clock, and everything that can go wrong between
//! them.

use crate::agenda::{Agenda, Due, Event, Object};
use crate::bucket::Bucket;
use crate::choices::Choices;
use crate::faults::Fault;
use crate::job_object::JobObject;
use crate::limits::Limits;
use crate::message_queue::Consumers;
use crate::plan::{self, NeverHeals, Plan};
use crate::platform::Platform;
use crate::poster::Posts;
use crate::queue_object::QueueObject;
use crate::receiver::Receiver;
use crate::spending;
use crate::story::Act;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::turns::Turns;
use crate::upstream::Upstream;
use crate::watch_alerts::Alerts;
use crate::watch_counts::Counts;
use crate::witness::{Invariant, Violation, Witness};
use reelay::machine::job::UpstreamWebhook;
use reelay::machine::queue::GetPositions;
use reelay::time::{HOUR, MINUTE, Millis, Moment, SECOND};

/// When each world begins: shortly before the end of a UTC day, so that faults strike on both sides
/// of midnight.
pub(crate) const BEGINNING: Millis = 1_800_057_600_000 - 8 * MINUTE;
/// No world needs more events; one that does runs in circles.
const MAX_EVENTS: u64 = 300_000;
/// How long after the faults stop every job must have ended: an hour of clock jump, then eight jobs
/// one after the other through one slot, each with its deadline, its storing and an expired lease.
pub(crate) const END_BOUND: Millis = 5 * HOUR;
/// When the app views the jobs whose alarm was lost; by then the queue has repaired those that it
/// checks.
pub(crate) const LOOK_BOUND: Millis = 2 * HOUR;
/// How long after the faults stop nothing may be left to do: a day in which no user answers, then
/// the whole webhook schedule with waits at most doubled, and messages that come days late.
const SETTLE_BOUND: Millis = 160 * HOUR;

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) choices: Choices,
    pub(crate) agenda: Agenda,
    /// Real time; what the objects read is [`World::now`].
    pub(crate) real: Millis,
    /// How far the objects' clock is off.
    pub(crate) skew: i64,
    pub(crate) healed: bool,
    pub(crate) jobs: Vec<JobObject>,
    pub(crate) queue: QueueObject,
    pub(crate) posts: Posts,
    pub(crate) consumers: Consumers,
    pub(crate) upstream: Upstream,
    pub(crate) bucket: Bucket,
    pub(crate) receiver: Receiver,
    pub(crate) witness: Witness,
    pub(crate) turns: Turns,
    pub(crate) limits: Limits,
    /// What each day must be charged.
    pub(crate) spending: spending::Book,
    /// What must have been counted.
    pub(crate) counts: Counts,
    /// Which alerts must have fired.
    pub(crate) alerts: Alerts,
    /// Since when a slot has been idle that a waiting job could have.
    pub(crate) idle_since: Option<Millis>,
    /// Since when the cron has run every minute again.
    pub(crate) ticks_since: Millis,
    pub(crate) next_tick: u64,
    pub(crate) tally: Tally,
    pub(crate) trace: Trace,
    /// What users do as soon as a job is in the wanted state, in this order.
    pub(crate) acts: Vec<Act>,
    /// How many objects have crashed.
    pub(crate) crashes: u64,
    last_run: u64,
}

impl World {
    pub(crate) fn new(mut choices: Choices, trace: Trace) -> Self {
        let plan = Plan::draw(&mut choices);
        let mut world = Self::of_plan(plan, choices, trace);
        world.fill_agenda();
        world
    }

    /// A world without any event planned.
    pub(crate) fn of_plan(plan: Plan, mut choices: Choices, trace: Trace) -> Self {
        let keys = plan::keys(&plan.owners).into_iter();
        let jobs: Vec<_> = keys
            .map(|key| JobObject::new(key, &plan.wishes, &mut choices))
            .collect();
        let mut limits = Limits::default();
        for request in jobs.iter().map(|job| &job.request) {
            if let Some(limit) = request.terms.submits_per_minute {
                limits.of_model(request.terms.upstream(), limit);
            }
        }
        Self {
            choices,
            agenda: Agenda::default(),
            real: BEGINNING,
            skew: 0,
            healed: false,
            jobs,
            queue: QueueObject::default(),
            posts: Posts::default(),
            consumers: Consumers::default(),
            upstream: Upstream::default(),
            bucket: Bucket::default(),
            receiver: Receiver::default(),
            witness: Witness::default(),
            turns: Turns::default(),
            limits,
            spending: spending::Book::default(),
            counts: Counts::default(),
            alerts: Alerts::default(),
            idle_since: None,
            ticks_since: 0,
            next_tick: 0,
            tally: Tally::default(),
            trace,
            acts: Vec::new(),
            crashes: 0,
            last_run: 0,
            plan,
        }
    }

    /// The time of the objects' clock.
    pub(crate) fn now(&self) -> Millis {
        self.real.saturating_add_signed(self.skew)
    }

    pub(crate) fn moment(&mut self) -> Moment {
        Moment {
            now: self.now(),
            random: self.choices.bits(),
        }
    }

    /// A number for a handler's run or an external name; never used twice.
    pub(crate) fn fresh(&mut self) -> u64 {
        self.last_run += 1;
        self.last_run
    }

    /// Whether a fault of this class strikes now.
    pub(crate) fn fault(&mut self, fault: Fault) -> bool {
        self.fault_times(fault, 1)
    }

    /// The same, at `times` times the usual rate.
    pub(crate) fn fault_times(&mut self, fault: Fault, times: u64) -> bool {
        if self.healed {
            return false;
        }
        let rate = self.plan.rates.of(fault) * times;
        let strikes = self.is_scripted(fault)
            || (rate > 0
                && if Fault::BOUNDARIES.contains(&fault) {
                    self.choices.decide(rate)
                } else {
                    self.choices.chance(rate)
                });
        if strikes {
            self.tally.struck(fault);
            self.trace.say(self.real, || format!("FAULT {fault:?}"));
        }
        strikes
    }

    /// Uses up the next occasion at which the plan wants this fault, if there is one.
    fn is_scripted(&mut self, fault: Fault) -> bool {
        let left = self
            .plan
            .first
            .iter_mut()
            .find(|(scripted, left)| *scripted == fault && *left > 0);
        left.map(|(_, left)| *left -= 1).is_some()
    }

    /// Whether everything has healed except `what`, which never heals.
    pub(crate) fn still_broken(&self, what: NeverHeals) -> bool {
        self.healed && self.plan.never_heals == what
    }

    pub(crate) fn after(&mut self, low: Millis, high: Millis, event: Event) {
        let at = self.real + self.choices.between(low, high);
        self.agenda.add(at, event);
    }

    pub(crate) fn platform(&mut self, object: Object) -> &mut Platform {
        match object {
            Object::Job(job) => &mut self.jobs[job].platform,
            Object::Queue => &mut self.queue.platform,
        }
    }

    /// Runs to the end: faults, healing, convergence. Stops at the first broken invariant.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        let mut healed_at = None;
        let mut events = 0_u64;
        while let Some((at, event)) = self.agenda.next() {
            events += 1;
            self.real = self.real.max(at);
            if matches!(event, Due::Event(Event::Heal)) {
                healed_at = Some(self.real);
            }
            match event {
                Due::Event(event) => self.happen(event),
                Due::Letter(arrives) => arrives(self),
            }
            self.tell_on();
            self.check_safety();
            if let Some(violation) = self.witness.violation.take() {
                return Err(violation);
            }
            if events > MAX_EVENTS {
                return Err(Violation::new(
                    Invariant::I2,
                    format!("still busy after {MAX_EVENTS} events"),
                ));
            }
            if let Some(healed_at) = healed_at {
                if self.is_settled() {
                    break;
                }
                if self.real > healed_at + SETTLE_BOUND {
                    return Err(Violation::new(
                        Invariant::I2,
                        format!("not settled: {}", self.unsettled()),
                    ));
                }
            }
        }
        self.tally.seeds = 1;
        self.tally.jobs = self.jobs.len() as u64;
        self.tally.simulated = self.real - BEGINNING;
        self.tally.submits = self.upstream.calls.len() as u64;
        self.check_liveness();
        self.check_counts();
        self.check_alerts_sent();
        self.count_losses();
        self.witness.violation.take().map_or(Ok(()), Err)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::AlarmDue { object, token } => self.alarm_due(object, token),
            Event::AlarmAgain { object } => self.fire(object),
            Event::Land {
                job,
                handler,
                in_flight,
            } => self.land(job, handler, in_flight),
            Event::Answered {
                job,
                handler,
                number,
                answer,
            } => self.answered(job, handler, number, answer),
            Event::Looks { job } => {
                let reply = self.queue_message(GetPositions {
                    key: self.jobs[job].key.clone(),
                    others: Vec::new(),
                });
                self.trace.say(self.real, || format!("<- {reply:?}"));
            }
            Event::User { job, action } => self.user_acts(job, action),
            Event::Crash { object } => {
                if self.fault(Fault::CrashAnywhere) {
                    self.crash(object);
                }
            }
            Event::RuntimeCrash => {
                if self.fault(Fault::RuntimeCrash) {
                    self.crash_runtime();
                }
            }
            Event::ClockJump { forward } => self.jump(forward),
            Event::Cron { number } => self.cron(number),
            Event::Daily => self.daily(),
            Event::Consume { wake } => self.consume(wake),
            Event::Settings { mode } => self.change_settings(mode),
            Event::Operate(operation) => self.operate(operation),
            Event::AlertLands { message, instance } => self.alert_lands(&message, instance),
            Event::Push { job, id } => self.tell_job(job, UpstreamWebhook { id }),
            Event::Heal => self.heal(),
            Event::Look => self.look_after_lost_alarms(),
            Event::EndBound => self.check_ended(),
        }
    }

    /// Whether nothing is left to do in any object.
    fn is_settled(&self) -> bool {
        self.jobs.iter().all(JobObject::is_settled)
            && self.queue.platform.handler.is_none()
            && self.queue.rows.next_alarm().is_none()
            && self.queue.rows.waiting().next().is_none()
            && self.agenda.iter().all(|due| match due {
                Due::Event(
                    Event::Cron { .. }
                    | Event::Look
                    | Event::EndBound
                    | Event::AlarmDue {
                        object: Object::Queue,
                        ..
                    },
                ) => true,
                Due::Event(Event::AlarmDue {
                    object: Object::Job(job),
                    ..
                }) => self.jobs[*job].platform.alarm.is_none(),
                Due::Event(_) | Due::Letter(_) => false,
            })
    }

    fn unsettled(&self) -> String {
        let jobs: Vec<_> = self
            .jobs
            .iter()
            .filter(|job| !job.is_settled())
            .map(|job| job.key.object_name())
            .collect();
        format!(
            "{jobs:?}, the queue's alarm {:?}",
            self.queue.rows.next_alarm()
        )
    }
}

/// Whether the current attempt has not ended.
pub(crate) fn is_live(job: &reelay::machine::job::Job) -> bool {
    !job.status().is_terminal()
}

/// How long a message between objects usually takes.
pub(crate) const LATENCY: (Millis, Millis) = (1, 80);
/// How long a caller waits before it takes the answer for lost.
pub(crate) const PATIENCE: Millis = 10 * SECOND;
