//! What comes from outside and by the clock: users, crashes, clock jumps, the cron, and the day on which all heals.

use crate::agenda::{Action, Caller, Event, Message, Object};
use crate::faults::Fault;
use crate::plan;
use crate::world::{BEGINNING, END_BOUND, HOUR, LOOK_BOUND, World, is_live};
use reelay::machine::{MINUTE, SECOND};
use std::collections::BTreeSet;

impl World {
    pub(crate) fn fill_agenda(&mut self) {
        let chaos = self.plan.chaos;
        // All at once, within minutes, or spread.
        let spread = self.choices.pick(&[5 * SECOND, 2 * MINUTE, chaos / 2]);
        for job in 0..self.jobs.len() {
            let at = self.choices.between(0, spread);
            let post = Action::Post { fingerprint: plan::FINGERPRINT };
            self.agenda.add(BEGINNING + at, Event::User { job, action: post });
            for _ in 0..self.choices.between(0, 5) {
                let action = self.choices.pick(&[
                    post,
                    Action::Post { fingerprint: plan::OTHER_FINGERPRINT },
                    Action::Cancel,
                    Action::Retry,
                    Action::Retry,
                    Action::DeleteVideo,
                    Action::View,
                ]);
                let at = at + self.choices.between(0, chaos - at);
                self.agenda.add(BEGINNING + at, Event::User { job, action });
            }
        }
        for _ in 0..self.choices.between(1, 4) {
            let object = match usize::try_from(self.choices.between(0, self.jobs.len() as u64)).unwrap_or(0) {
                0 => Object::Queue,
                number => Object::Job(number - 1),
            };
            self.sometime(Event::Crash { object });
        }
        self.sometime(Event::RuntimeCrash);
        for _ in 0..self.choices.between(1, 3) {
            self.sometime(Event::ClockJump { forward: true });
            self.sometime(Event::ClockJump { forward: false });
        }
        self.agenda.add(BEGINNING + MINUTE, Event::Cron);
        self.agenda.add(BEGINNING + chaos, Event::Heal);
        self.agenda.add(BEGINNING + chaos + LOOK_BOUND, Event::Look);
        self.agenda.add(BEGINNING + chaos + END_BOUND, Event::EndBound);
    }

    fn sometime(&mut self, event: Event) {
        let at = BEGINNING + self.choices.between(0, self.plan.chaos);
        self.agenda.add(at, event);
    }

    /// The queue asks those who hold a slot, and so repairs their lost alarms. Whoever it does not ask, a job that
    /// it has not heard of yet or one that only has webhooks left, is woken when the app next looks at it.
    pub(crate) fn look_after_lost_alarms(&mut self) {
        for number in 0..self.jobs.len() {
            let object = &self.jobs[number];
            let Some(job) = object.job.as_ref().filter(|_| object.platform.alarm_lost) else { continue };
            if job.wake(0).is_some() {
                let phase = job.phase_name();
                self.tally.mark("woken by a look, alarm lost while", phase);
                self.send(Object::Job(number), Message::View, Caller::Nobody);
            }
        }
    }

    pub(crate) fn jump(&mut self, forward: bool) {
        let fault = if forward { Fault::ClockForward } else { Fault::ClockBack };
        if !self.fault(fault) {
            return;
        }
        let by = i64::try_from(self.choices.between(1, HOUR)).unwrap_or(0);
        // The clock is off by an hour at most, and never stands before the beginning.
        let hour = i64::try_from(HOUR).unwrap_or(0);
        self.skew = (self.skew + if forward { by } else { -by }).clamp(-hour, hour);
        self.trace.say(self.real, || format!("the clock is off by {by} ms"));
        for object in self.objects() {
            self.reschedule(object);
        }
    }

    fn objects(&self) -> Vec<Object> {
        (0..self.jobs.len()).map(Object::Job).chain([Object::Queue]).collect()
    }

    pub(crate) fn cron(&mut self) {
        // Once everything is quiet, an hourly tick is as good as one a minute, and cheaper to simulate.
        let quiet = self.healed && self.jobs.iter().all(|job| job.job.as_ref().is_none_or(|job| !is_live(job)));
        let next = if quiet { HOUR } else { MINUTE };
        self.agenda.add(self.real + next, Event::Cron);
        if !self.fault(Fault::CronMissed) {
            self.send(Object::Queue, Message::Sweep, Caller::Nobody);
        }
    }

    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.tally.mark("never heals", format!("{:?}", self.plan.never_heals));
        let users: BTreeSet<_> = self.plan.owners.iter().collect();
        self.tally.mark("users", users.len().to_string());
        self.trace.say(self.real, || "everything heals".to_owned());
    }
}
