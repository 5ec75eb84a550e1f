//! The `JobManager`'s alarm, which alone executes the job's effects.

use crate::agenda::{Event, Object};
use crate::faults::Fault;
use crate::job_object::ShortTexts;
use crate::platform::ACTING_RETRY;
use crate::world::World;
use reelay::machine::job::{AlarmChange, Answer, Effect, InFlight, Job, Ran, Rules, Run};
use reelay::time::Millis;
use std::rc::Rc;

impl World {
    pub(crate) fn fire_job(&mut self, number: usize) {
        let object = Object::Job(number);
        let Some(job) = self.jobs[number].load() else {
            return;
        };
        if self.jobs[number].platform.handler.is_some() {
            let at = self.now() + ACTING_RETRY;
            self.arm(object, Some(at));
            return;
        }
        if let Some(in_flight) = &job.in_flight {
            self.tally.mark("cut off", effect_name(&in_flight.effect));
        }
        let handler = self.fresh();
        self.jobs[number].platform.handler = Some(handler);
        self.jobs[number].run = Run::new(self.plan.max_effects, self.now());
        if self.dies(object, Fault::CrashBeforeSave) {
            return;
        }
        let (moment, policy) = (self.moment(), self.plan.policy.clone());
        let ran = self.jobs[number].run.begin(
            &job,
            moment,
            Rules {
                policy: &policy,
                texts: &ShortTexts,
            },
        );
        self.carry_out(number, handler, ran, true);
    }

    /// Saves a turn of the run, then begins its effect. `first` marks the run's first turn.
    fn carry_out(&mut self, number: usize, handler: u64, ran: Ran, first: bool) {
        let object = Object::Job(number);
        let Ran {
            job,
            changed,
            alarm,
            effect,
            ..
        } = ran;
        if changed && self.save_job(number, job, alarm).is_err() {
            self.handler_failed(object);
            return;
        }
        self.arm_as_asked(number, alarm);
        if effect.is_none()
            && matches!(alarm, AlarmChange::Set(Some(wake)) if wake.at <= self.now())
        {
            self.tally.mark("alarm", "ended with work left");
        }
        if self.dies(object, Fault::CrashAfterSave) {
            return;
        }
        let Some(in_flight) = effect else {
            self.jobs[number].platform.handler = None;
            return;
        };
        if let Effect::Poll { .. } = in_flight.effect {
            self.polls(number, first);
        }
        self.begin(number, handler, in_flight);
    }

    fn begin(&mut self, number: usize, handler: u64, in_flight: InFlight) {
        self.trace
            .say(self.real, || format!("job {number} begins {in_flight:?}"));
        self.tally.mark("effect", effect_name(&in_flight.effect));
        let Some(job) = self.jobs[number].load() else {
            return;
        };
        let (now, effect_number) = (self.now(), in_flight.number);
        match in_flight.effect {
            Effect::Enqueue { epoch } => {
                let message = job.enqueue_message(&ShortTexts, now);
                self.ask_queue(message, move |world, reply| {
                    if world.jobs[number].platform.handler == Some(handler)
                        && job.wants_wake_up(&reply, world.plan.queue.mode)
                    {
                        world.wake_up(number, job.epoch, job.created_at, job.not_before);
                    }
                    let outcome = job.enqueued(&reply);
                    world.answered(
                        number,
                        handler,
                        effect_number,
                        Answer::Enqueued { epoch, outcome },
                    );
                });
            }
            Effect::Report { number: report, .. } => {
                let message = job.report_message(&ShortTexts, now);
                self.ask_queue(message, move |world, reply| {
                    let answer = Answer::Reported {
                        number: report,
                        outcome: Job::reported(&reply),
                    };
                    world.answered(number, handler, effect_number, answer);
                });
            }
            Effect::Submit { epoch, .. } => {
                self.limits.leave(job.key.clone(), epoch, self.real);
                self.check_images(number, &job);
                self.reach_outside(number, handler, in_flight);
            }
            Effect::Poll { .. }
            | Effect::Store { .. }
            | Effect::Deliver { .. }
            | Effect::CancelUpstream { .. }
            | Effect::DeleteFile { .. } => self.reach_outside(number, handler, in_flight),
        }
    }

    fn reach_outside(&mut self, job: usize, handler: u64, in_flight: InFlight) {
        let slowest: Millis = if matches!(in_flight.effect, Effect::Store { .. }) {
            20_000
        } else {
            3_000
        };
        self.after(
            1,
            slowest,
            Event::Land {
                job,
                handler,
                in_flight,
            },
        );
    }

    /// An effect has its answer, which is lost if the handler died meanwhile.
    pub(crate) fn answered(
        &mut self,
        number: usize,
        handler: u64,
        effect_number: u64,
        answer: Answer,
    ) {
        let object = Object::Job(number);
        if self.jobs[number].platform.handler != Some(handler) {
            return;
        }
        self.trace
            .say(self.real, || format!("job {number} gets {answer:?}"));
        if self.dies(object, Fault::CrashBeforeSave) {
            return;
        }
        let Some(job) = self.jobs[number].load() else {
            self.jobs[number].platform.handler = None;
            return;
        };
        self.jobs[number].is_polling = false;
        self.expect_poll_to_count(number, &answer);
        let moments = [self.moment(), self.moment()];
        let policy = self.plan.policy.clone();
        let rules = Rules {
            policy: &policy,
            texts: &ShortTexts,
        };
        let ran = self.jobs[number].run.go_on(
            &Rc::unwrap_or_clone(job),
            effect_number,
            answer,
            moments,
            rules,
        );
        self.carry_out(number, handler, ran, false);
        self.expect_no_poll_to_count();
    }
}

pub(crate) fn effect_name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Enqueue { .. } => "Enqueue",
        Effect::Submit { .. } => "Submit",
        Effect::Poll { .. } => "Poll",
        Effect::Store { .. } => "Store",
        Effect::Report { .. } => "Report",
        Effect::Deliver { .. } => "Deliver",
        Effect::CancelUpstream { .. } => "CancelUpstream",
        Effect::DeleteFile { .. } => "DeleteFile",
    }
}
