//! The `JobManager`'s alarm: the only executor of its job.

use crate::agenda::{Caller, Event, Message, Object, Reply};
use crate::faults::Fault;
use crate::job_object::JobObject;
use crate::platform::ACTING_RETRY;
use crate::world::World;
use reelay::machine::job::{Answer, Effect, InFlight, Input};
use reelay::machine::outcome::Outcome;
use reelay::machine::queue::{Mode, Standing};
use reelay::time::{MINUTE, Millis};

impl World {
    pub(crate) fn fire_job(&mut self, number: usize) {
        let object = Object::Job(number);
        let Some(job) = &self.jobs[number].job else { return };
        if self.jobs[number].platform.handler.is_some() {
            let at = self.now() + ACTING_RETRY;
            self.arm(object, Some(at));
            return;
        }
        if let Some(in_flight) = &job.in_flight {
            self.tally.mark("cut off", effect_name(&in_flight.effect));
        }
        let run = self.fresh();
        self.jobs[number].platform.handler = Some(run);
        self.jobs[number].began = self.now();
        self.jobs[number].effects = 0;
        self.act(number, run);
    }

    /// One turn of the alarm handler: step, save, then begin the effect. Its answer makes the next turn.
    fn act(&mut self, number: usize, run: u64) {
        if !self.dies(Object::Job(number), Fault::CrashBeforeSave) {
            self.go_on(number, run, true, false);
        }
    }

    /// `first` says whether the handler has just begun, `settled` whether the answer before left nothing to do.
    fn go_on(&mut self, number: usize, run: u64, first: bool, settled: bool) {
        let object = Object::Job(number);
        let Some(job) = self.jobs[number].job.clone() else {
            self.jobs[number].platform.handler = None;
            return;
        };
        let Ok(step) = self.job_step(number, &job, Input::Alarm { first }) else {
            self.handler_failed(object);
            return;
        };
        self.arm_job(number, step.wake);
        if self.dies(object, Fault::CrashAfterSave) {
            return;
        }
        if let Some(in_flight) = step.effect {
            if is_poll(&in_flight) {
                self.polls(number, first);
            }
            self.begin(number, run, in_flight);
            return;
        }
        self.jobs[number].platform.handler = None;
        if let (true, Some(job)) = (settled || step.settled, &self.jobs[number].job) {
            let message = Message::Report { card: JobObject::card(job), availability: job.availability };
            self.tally.mark("effect", "Settled");
            self.send(Object::Queue, message, Caller::Nobody);
        }
    }

    fn begin(&mut self, number: usize, run: u64, in_flight: InFlight) {
        self.trace.say(self.real, || format!("job {number} begins {in_flight:?}"));
        self.tally.mark("effect", effect_name(&in_flight.effect));
        let InFlight { effect, .. } = in_flight.clone();
        if let (Effect::Submit { epoch, .. }, Some(job)) = (&effect, self.jobs[number].job.clone()) {
            self.limits.leave(job.key.clone(), *epoch, self.real);
            self.check_images(number, &job);
        }
        let Some(job) = &self.jobs[number].job else { return };
        let card = JobObject::card(job);
        let message = match effect {
            Effect::Enqueue { .. } => Message::Enqueue { card, promised: true, terms: job.terms() },
            Effect::Report { .. } => Message::Report { card, availability: job.availability },
            Effect::Submit { .. }
            | Effect::Poll { .. }
            | Effect::Store { .. }
            | Effect::Deliver { .. }
            | Effect::Abandon { .. }
            | Effect::Discard { .. } => {
                let slowest: Millis = if matches!(effect, Effect::Store { .. }) { 20_000 } else { 3_000 };
                self.after(1, slowest, Event::Land { job: number, run, in_flight });
                return;
            }
        };
        self.send(Object::Queue, message, Caller::Job { job: number, run, begun: in_flight });
    }

    pub(crate) fn queue_answered_job(&mut self, job: usize, run: u64, begun: InFlight, reply: &Reply) {
        let effect = &begun.effect;
        if let (Effect::Enqueue { .. }, Reply::Standing(standing)) = (effect, reply)
            && self.jobs[job].platform.handler == Some(run)
        {
            self.repeat_wake_up(job, standing);
        }
        let answer = match effect {
            Effect::Enqueue { epoch } => Answer::Enqueued(match reply {
                Reply::Standing(standing) if self.is_of_this_job(job, standing) => {
                    Outcome::Done(standing.admitted == Some(*epoch))
                }
                _ => Outcome::Unknown,
            }),
            _ => Answer::Reported(match reply {
                Reply::Done => Outcome::Done(()),
                _ => Outcome::Unknown,
            }),
        };
        self.answered(job, run, begun, answer);
    }

    fn is_of_this_job(&self, number: usize, standing: &Standing) -> bool {
        self.jobs[number].job.as_ref().is_some_and(|job| job.was_made_at(standing.created_at))
    }

    /// The accepting request sends the first message of the platform's queue; for every later epoch the job does.
    fn repeat_wake_up(&mut self, number: usize, standing: &Standing) {
        let Some(job) = self.jobs[number].job.clone() else { return };
        let again = job.epoch > 1 && !job.enqueued;
        if self.plan.queue.mode == Mode::Queue && standing.position > 0 && again {
            self.wake_up(number, job.epoch, job.not_before);
        }
    }

    /// The outside has answered; nobody hears it if the handler died meanwhile.
    pub(crate) fn answered(&mut self, number: usize, run: u64, begun: InFlight, answer: Answer) {
        let object = Object::Job(number);
        if self.jobs[number].platform.handler != Some(run) {
            return;
        }
        self.trace.say(self.real, || format!("job {number} hears {answer:?}"));
        if self.dies(object, Fault::CrashBeforeSave) {
            return;
        }
        let Some(job) = self.jobs[number].job.clone() else {
            self.jobs[number].platform.handler = None;
            return;
        };
        // What the answer comes to, what is due next and the alarm are one write of the shell's: it does not die between
        // them. The alarm of a poll would guard nothing of what has just come due.
        self.jobs[number].is_polling = false;
        self.expect_poll_to_count(number, &answer);
        let step = self.job_step(number, &job, Input::Answer { begun, answer });
        self.expect_no_poll_to_count();
        let Ok(step) = step else {
            self.handler_failed(object);
            return;
        };
        if !self.is_spent(number) {
            self.go_on(number, run, false, step.settled);
            return;
        }
        self.tally.mark("alarm", "ended with work left");
        let now = self.now();
        self.arm(object, Some(now));
        if !self.dies(object, Fault::CrashAfterSave) {
            self.jobs[number].platform.handler = None;
        }
    }

    /// Whether the alarm handler has carried out its share; the rest is due in an alarm of its own.
    fn is_spent(&mut self, number: usize) -> bool {
        let now = self.now();
        let object = &mut self.jobs[number];
        object.effects += 1;
        object.effects >= self.plan.max_effects || now.saturating_sub(object.began) > 5 * MINUTE
    }
}

pub(crate) fn is_poll(in_flight: &InFlight) -> bool {
    matches!(in_flight.effect, Effect::Poll { .. })
}

pub(crate) fn effect_name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Enqueue { .. } => "Enqueue",
        Effect::Submit { .. } => "Submit",
        Effect::Poll { .. } => "Poll",
        Effect::Store { .. } => "Store",
        Effect::Report { .. } => "Report",
        Effect::Deliver { .. } => "Deliver",
        Effect::Abandon { .. } => "Abandon",
        Effect::Discard { .. } => "Discard",
    }
}
