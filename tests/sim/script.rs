//! Events from outside and by the clock: users, crashes, clock jumps, the cron, and the healing of
//! all faults.

use crate::agenda::{Action, Event, Object};
use crate::faults::Fault;
use crate::plan;
use crate::world::{BEGINNING, END_BOUND, LOOK_BOUND, World, is_live};
use reelay::machine::job::Job;
use reelay::machine::queue::{DeleteOld, Sweep};
use reelay::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use std::collections::BTreeSet;

impl World {
    pub(crate) fn fill_agenda(&mut self) {
        let chaos = self.plan.chaos;
        // At once, within minutes, or spread.
        let spread = self.choices.pick(&[5 * SECOND, 2 * MINUTE, chaos / 2]);
        for job in 0..self.jobs.len() {
            let at = self.choices.between(0, spread);
            let post = Action::Post {
                fingerprint: plan::FINGERPRINT,
            };
            self.agenda
                .add(BEGINNING + at, Event::User { job, action: post });
            for _ in 0..self.choices.between(0, 5) {
                let action = self.choices.pick(&[
                    post,
                    Action::Post {
                        fingerprint: plan::OTHER_FINGERPRINT,
                    },
                    Action::Cancel,
                    Action::Retry,
                    Action::Retry,
                    Action::Confirm,
                    Action::Clarify { too_long: true },
                    Action::Clarify { too_long: false },
                    Action::DeleteVideo,
                    Action::View,
                ]);
                let at = at + self.choices.between(0, chaos - at);
                self.agenda.add(BEGINNING + at, Event::User { job, action });
            }
        }
        for _ in 0..self.choices.between(1, 4) {
            let object = match usize::try_from(self.choices.between(0, self.jobs.len() as u64))
                .unwrap_or(0)
            {
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
        self.answer_questions(chaos);
        for (changes, mode) in self.plan.changes.into_iter().zip([true, false]) {
            (0..changes).for_each(|_| self.sometime(Event::Settings { mode }));
        }
        self.fill_in_operations();
        self.fill_in_ends();
    }

    /// Some users confirm their orders, and send another prompt, as soon as they are asked.
    fn answer_questions(&mut self, chaos: Millis) {
        for job in 0..self.jobs.len() {
            for action in [Action::Confirm, Action::Clarify { too_long: false }] {
                if self.plan.waits_for_users() && self.choices.chance(700) {
                    let at = self.choices.between(0, chaos);
                    self.agenda.add(BEGINNING + at, Event::User { job, action });
                }
            }
        }
    }

    /// The cron, the healing and the bounds.
    pub(crate) fn fill_in_ends(&mut self) {
        let healed = BEGINNING + self.plan.chaos;
        self.allow_rate();
        self.schedule_cron(MINUTE);
        if self.plan.queue.retention != plan::NEVER {
            let at = self.choices.between(0, self.plan.chaos);
            for at in [
                BEGINNING + at,
                healed + 4 * HOUR,
                healed + self.end_bound() + 4 * HOUR,
            ] {
                self.agenda.add(at, Event::Daily);
            }
        }
        self.agenda.add(healed, Event::Heal);
        self.agenda.add(healed + LOOK_BOUND, Event::Look);
        self.agenda.add(healed + self.end_bound(), Event::EndBound);
    }

    /// How long after the faults stop every job must have ended.
    fn end_bound(&self) -> Millis {
        let users = if self.plan.waits_for_users() {
            26 * HOUR
        } else {
            0
        };
        let delays = self.plan.wishes.start_after.unwrap_or(0)
            + self.plan.longest_backoff * SECOND
            + self.plan.longest_outage;
        END_BOUND + users + delays + self.plan.cron_returns + 10 * self.plan.policy.store_timeout
    }

    fn sometime(&mut self, event: Event) {
        let at = BEGINNING + self.choices.between(0, self.plan.chaos);
        self.agenda.add(at, event);
    }

    pub(crate) fn jump(&mut self, forward: bool) {
        let fault = if forward {
            Fault::ClockForward
        } else {
            Fault::ClockBack
        };
        if !self.fault(fault) {
            return;
        }
        let by = i64::try_from(self.choices.between(1, HOUR)).unwrap_or(0);
        // The clock is off by an hour at most, and never shows a time before the beginning.
        let hour = i64::try_from(HOUR).unwrap_or(0);
        self.skew = (self.skew + if forward { by } else { -by }).clamp(-hour, hour);
        self.trace
            .say(self.real, || format!("the clock is off by {by} ms"));
        for object in self.objects() {
            self.witness.troubled.insert(object);
            self.reschedule(object);
        }
        self.limits.clock_jumped(self.real, forward);
        if !forward {
            self.witness.set_back = true;
            self.alerts_wait_for_step();
        }
    }

    fn objects(&self) -> Vec<Object> {
        (0..self.jobs.len())
            .map(Object::Job)
            .chain([Object::Queue])
            .collect()
    }

    fn schedule_cron(&mut self, after: Millis) {
        let number = self.fresh();
        self.next_tick = number;
        self.agenda.add(self.real + after, Event::Cron { number });
    }

    pub(crate) fn cron(&mut self, number: u64) {
        if number != self.next_tick {
            return;
        }
        // Once everything is quiet, an hourly tick does as much as one a minute, and is cheaper to
        // simulate.
        let quiet = self.healed
            && self
                .jobs
                .iter()
                .all(|job| job.job.as_ref().is_none_or(|job| is_quiet(job)));
        if self.fault(Fault::CronAway) {
            let longest = self.choices.pick(&[5 * MINUTE, HOUR, DAY]);
            let away = self.choices.between(MINUTE, longest);
            self.schedule_cron(away);
            return;
        }
        self.schedule_cron(if quiet { HOUR } else { MINUTE });
        self.resume_what_is_paused();
        if self.fault(Fault::CronMissed) {
            return;
        }
        self.tell_queue(Sweep);
        if self.fault(Fault::CronTwice) {
            self.tell_queue(Sweep);
        }
    }

    pub(crate) fn daily(&mut self) {
        self.tell_queue(DeleteOld);
        if self.fault(Fault::CronTwice) {
            self.tell_queue(DeleteOld);
        }
    }

    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.tally
            .mark("healed in the mode", self.plan.queue.mode.as_str());
        // Even the cron returns, sooner or later.
        self.ticks_since = self.real + self.plan.cron_returns;
        self.schedule_cron(self.plan.cron_returns + MINUTE);
        self.tally
            .mark("never heals", format!("{:?}", self.plan.never_heals));
        let users: BTreeSet<_> = self.plan.owners.iter().collect();
        self.tally.mark("users", users.len().to_string());
        self.trace.say(self.real, || "everything heals".to_owned());
    }
}

/// Whether the job waits only for its user, or has ended.
fn is_quiet(job: &Job) -> bool {
    !is_live(job) || job.status().is_pending()
}
