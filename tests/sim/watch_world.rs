//! Safety across objects, checked after every event, and liveness, checked at the end.

use crate::agenda::Object;
use crate::upstream::Verdict;
use crate::watch_queue::is_looked_after;
use crate::witness::Invariant;
use crate::world::{BEGINNING, World, is_live};
use reelay::machine::delivery::DeliveryState;
use reelay::machine::job::{Job, Phase, UnknownSubmit, View};
use reelay::machine::queue::{Entry, SWEEP_PATIENCE, Stage, Summary};
use reelay::time::MINUTE;
use std::collections::BTreeMap;

impl World {
    pub(crate) fn check_safety(&mut self) {
        for number in 0..self.jobs.len() {
            let Some(job) = self.jobs[number].job.clone() else {
                continue;
            };
            self.check_wake(number, &job);
            self.check_slot(number, &job);
        }
        self.check_queue_wake();
        self.check_idle();
        self.check_alerts_in_time();
    }

    /// I2: the queue has an alarm that is not too late, as long as anyone is in line or is to be
    /// asked.
    fn check_queue_wake(&mut self) {
        let platform = &self.queue.platform;
        if platform.handler.is_some() || platform.alarm_lost {
            return;
        }
        let (rows, now) = (&self.queue.rows, self.now());
        let next = rows.next_alarm();
        let wanted = next.map(|at| at.max(now).max(platform.armed_at) + MINUTE);
        let asleep = match (platform.alarm, wanted) {
            (None, wanted) => {
                wanted.is_some() || (rows.waiting().next().is_some() && !rows.book.is_paused())
            }
            (Some(alarm), wanted) => wanted.is_some_and(|wanted| alarm > wanted),
        };
        if asleep {
            let message = format!(
                "the queue's alarm is set for {:?}, expected {next:?}",
                platform.alarm
            );
            self.violated(Invariant::I2, message);
        }
    }

    /// I9: no slot is idle for long while a job waits that nothing keeps from starting.
    fn check_idle(&mut self) {
        let Some(since) = self.idle_since.filter(|_| self.healed) else {
            return;
        };
        if self.real > since.max(self.ticks_since) + SWEEP_PATIENCE + MINUTE {
            self.violated(
                Invariant::I9,
                format!("a slot has been idle since {}", since - BEGINNING),
            );
        }
    }

    /// I2: whoever has something left to do has an alarm that is not too late, unless a fault just
    /// took it.
    fn check_wake(&mut self, number: usize, job: &Job) {
        let platform = &self.jobs[number].platform;
        if platform.handler.is_some() || platform.alarm_lost {
            return;
        }
        let now = self.now();
        let wake = job.wake(now);
        let wanted = wake.map(|wake| wake.at.max(now).max(platform.armed_at) + MINUTE);
        match (platform.alarm, wanted) {
            (None, Some(_)) => self.violated(
                Invariant::I2,
                format!("job {number} has no alarm: {wake:?}"),
            ),
            (Some(alarm), Some(wanted)) if alarm > wanted => {
                self.violated(
                    Invariant::I2,
                    format!("job {number} sleeps until {alarm}, expected {wake:?}"),
                );
            }
            (None | Some(_), _) => {}
        }
        if wake.is_none() && is_live(job) {
            self.violated(
                Invariant::I2,
                format!("job {number} is {} and has no wake-up", job.phase_name()),
            );
        }
    }

    /// I3 and I9: what runs holds a slot, under the epoch it runs with.
    fn check_slot(&mut self, number: usize, job: &Job) {
        if !job.is_active() {
            return;
        }
        let entry = self.queue.rows.entries.get(&job.key);
        let holds = entry.is_some_and(
            |entry| matches!(entry.stage, Stage::Held(lease) if lease.epoch == job.epoch),
        );
        if !holds {
            let message = format!(
                "job {number} runs at epoch {} without a slot: {entry:?}",
                job.epoch
            );
            self.violated(Invariant::I9, message);
        }
    }

    /// I1: every accepted job is there, and every job has ended.
    pub(crate) fn check_ended(&mut self) {
        for number in 0..self.jobs.len() {
            let accepted = self.witness.accepted.get(&number).copied();
            match &self.jobs[number].job {
                None if accepted.is_some() => {
                    self.violated(
                        Invariant::I1,
                        format!("job {number} was accepted and is gone"),
                    );
                }
                Some(job)
                    if accepted.is_some_and(|accepted| job.origin.fingerprint != accepted) =>
                {
                    self.violated(
                        Invariant::I10,
                        format!("job {number} is not the order accepted under its id"),
                    );
                }
                Some(job) if is_live(job) => {
                    let message = format!(
                        "job {number} is still {} at the end bound",
                        job.phase_name()
                    );
                    self.violated(Invariant::I1, message);
                }
                None | Some(_) => {}
            }
        }
    }

    pub(crate) fn check_liveness(&mut self) {
        self.check_ended();
        for number in 0..self.jobs.len() {
            if let Some(job) = self.jobs[number].job.clone() {
                self.check_events(number, &job);
                self.check_objects(number, &job);
                self.check_ledger(number, &job);
                self.check_costs(number, &job);
                self.check_renders(number);
                self.check_images_gone(number, &job, false);
            }
        }
        self.check_catalogue_is_true();
        self.check_bulks();
        let mut left = self
            .queue
            .rows
            .entries
            .values()
            .filter(|entry| !matches!(entry.stage, Stage::Ended));
        if let Some(entry) = left.next().cloned() {
            self.violated(
                Invariant::I9,
                format!("nothing is left to do, but the queue has {entry:?}"),
            );
        }
    }

    /// Counts the two most important results.
    pub(crate) fn count_losses(&mut self) {
        let lost = |number: &&usize| {
            self.jobs[**number]
                .job
                .as_ref()
                .is_none_or(|job| is_live(job))
        };
        self.tally.lost = self.witness.accepted.keys().filter(lost).count() as u64;
        let mut paid = BTreeMap::<_, u64>::new();
        for call in self
            .upstream
            .calls
            .iter()
            .filter(|call| call.verdict == Verdict::Accepted)
        {
            *paid
                .entry((call.job, call.incarnation, call.attempt))
                .or_default() += 1;
        }
        let again = paid.values().filter(|calls| **calls > 1).count() as u64;
        match self.plan.policy.unknown_submit {
            UnknownSubmit::Fail => self.tally.paid_twice = again,
            UnknownSubmit::Retry => self.tally.paid_again = again,
        }
    }

    /// A job may be deleted only when it is old and nothing is left to do.
    pub(crate) fn check_forgotten(&mut self, number: usize, job: &Job) {
        if is_live(job) {
            self.violated(
                Invariant::I1,
                format!("job {number} is deleted while {}", job.phase_name()),
            );
        }
        self.check_events(number, job);
        self.check_objects(number, job);
        self.check_ledger(number, job);
        self.check_renders(number);
        self.check_images_gone(number, job, true);
    }

    /// I2: what a lost alarm leaves undone is repaired by the queue. Only what the queue could not
    /// have heard of waits until the app looks.
    pub(crate) fn look_after_lost_alarms(&mut self) {
        for number in 0..self.jobs.len() {
            let platform = &self.jobs[number].platform;
            let Some(job) = self.jobs[number]
                .job
                .clone()
                .filter(|_| platform.alarm_lost)
            else {
                continue;
            };
            let entry = self.queue.rows.entries.get(&job.key).cloned();
            if platform.handler.is_some()
                || job.wake(0).is_none()
                || entry.as_ref().is_some_and(is_looked_after)
            {
                continue;
            }
            let why = why_nobody_asks(&job, entry.as_ref()).unwrap_or_else(|| {
                let message = format!(
                    "job {number} has lost its alarm while {}, and nobody checks it",
                    job.phase_name()
                );
                self.violated(Invariant::I2, message);
                "a mistake"
            });
            let why = if self.has_message(number) {
                "a message is still on its way"
            } else {
                why
            };
            self.tally.mark("woken by a look", why);
            // The instance that set the alarm is long gone by now.
            self.forget_alarm(Object::Job(number));
            self.tell_job(number, View);
        }
    }

    /// I5: each event was delivered, or given up after the whole schedule.
    fn check_events(&mut self, number: usize, job: &Job) {
        for delivery in &job.outbox {
            let settled = match delivery.state {
                DeliveryState::Delivered { .. } => self.receiver.taken.contains(&delivery.id),
                DeliveryState::Exhausted { .. } => {
                    let made = delivery.attempts - delivery.attempts_before;
                    made as usize == self.plan.policy.webhook_schedule.len()
                        || self.receiver.gone.contains(&delivery.id)
                }
                DeliveryState::Pending { .. } => false,
            };
            if !settled {
                self.violated(
                    Invariant::I5,
                    format!("job {number}'s event ended as {delivery:?}"),
                );
            }
        }
    }

    /// I8: a completed attempt's video is there, and nothing of any other attempt.
    fn check_objects(&mut self, number: usize, job: &Job) {
        self.check_video(number, job);
        for attempt in 1..=job.attempt {
            let key = job.key.video_key(attempt);
            let wanted = job.video().is_some_and(|video| video.key == key);
            if !wanted && self.bucket.objects.contains_key(&key) {
                self.violated(Invariant::I8, format!("job {number} did not delete {key}"));
            }
        }
    }

    /// I4: every paid call is in the job's own ledger.
    fn check_ledger(&mut self, number: usize, job: &Job) {
        let incarnation = self.witness.incarnation(number);
        let made = self.upstream.calls.iter().filter(|call| {
            call.job == number
                && call.incarnation == incarnation
                && call.verdict == Verdict::Accepted
        });
        for attempt in made
            .map(|call| call.attempt)
            .collect::<std::collections::BTreeSet<_>>()
        {
            if !job.submits.iter().any(|row| row.attempt == attempt) {
                self.violated(
                    Invariant::I4,
                    format!("job {number} attempt {attempt} was paid for and is not in the ledger"),
                );
            }
        }
        let open = job
            .submits
            .iter()
            .any(|row| row.answer == reelay::machine::job::SubmitAnswer::Intended);
        if open {
            self.violated(
                Invariant::I4,
                format!(
                    "job {number} never learned the outcome of a submit: {:?}",
                    job.submits
                ),
            );
        }
    }
}

/// Why the queue, given its entry or none, does not check a job that has lost its alarm with
/// something left to do; `None` when it should.
fn why_nobody_asks(job: &Job, entry: Option<&Entry>) -> Option<&'static str> {
    let unheard =
        matches!(job.phase, Phase::Queued { .. } if !job.enqueued) || job.report.is_some();
    let Some(entry) = entry else {
        return unheard.then_some("the queue never heard of the order");
    };
    let Summary {
        created_at,
        epoch,
        report_number,
        ..
    } = entry.summary;
    // When the clock was set back between them, a message of an earlier job of this name looks
    // newer.
    if created_at > job.created_at {
        return Some("the queue took an earlier job's message for its own");
    }
    if created_at == job.created_at && (epoch, report_number) >= (job.epoch, job.report_number) {
        return (job.report.is_some() && job.has_only_to_report()).then_some(NOTHING_LEFT);
    }
    // An event that was not redelivered comes from the job itself, not from a wish of its user.
    let own = job
        .outbox
        .iter()
        .any(|event| event.next_at().is_some() && event.redeliveries == 0);
    let wished = epoch < job.epoch || created_at < job.created_at || !own;
    (unheard && wished).then_some("the queue never heard of its user's last wish")
}

/// Everything was reported to the queue, and only the queue's answer was lost.
const NOTHING_LEFT: &str = "nothing is left but an answer that was lost";
