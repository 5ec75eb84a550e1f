//! The `JobManager`'s shell: load, step, save, act.

use crate::agenda::{Message, Object, Reply};
use crate::choices::Choices;
use crate::faults::Fault;
use crate::plan::{self, Wishes};
use crate::platform::Platform;
use crate::witness::Invariant;
use crate::world::{BEGINNING, World};
use reelay::ids::JobKey;
use reelay::machine::job;
use reelay::machine::job::{Clarification, InFlight, Input, Job, MAX_PROMPT, Refusal, Request, Wake, WakeReason};
use reelay::machine::queue::Card;
use reelay::time::Millis;
use std::rc::Rc;

/// A job's object: what its storage holds, and the platform's part.
pub(crate) struct JobObject {
    pub(crate) key: JobKey,
    pub(crate) request: Request,
    pub(crate) platform: Platform,
    pub(crate) job: Option<Rc<Job>>,
    /// When the alarm handler began and how many effects it has carried out, in memory.
    pub(crate) began: Millis,
    pub(crate) effects: u64,
    /// A poll is under way, in memory.
    pub(crate) is_polling: bool,
}

/// What a saved step asks of the shell.
pub(crate) struct Stepped {
    pub(crate) effect: Option<InFlight>,
    pub(crate) wake: Option<Wake>,
    refusal: Option<Refusal>,
    pub(crate) settled: bool,
}

/// The write failed, or its success was not told.
pub(crate) struct WriteFailed;

impl JobObject {
    pub(crate) fn new(key: JobKey, wishes: &Wishes, choices: &mut Choices) -> Self {
        let mut request = plan::request(choices, wishes, BEGINNING);
        request.images = plan::images(choices, wishes, &key);
        Self { key, request, platform: Platform::default(), job: None, began: 0, effects: 0, is_polling: false }
    }

    /// What a crash leaves is what the stored JSON says.
    pub(crate) fn reload(&mut self) {
        if let Some(job) = self.job.as_deref() {
            let stored = serde_json::to_string(job).expect("a job can be stored");
            let loaded: Job = serde_json::from_str(&stored).expect("a stored job can be loaded");
            assert!(*job == loaded, "a job changes when it is stored: {job:?} became {loaded:?}");
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_settled(&self) -> bool {
        self.platform.handler.is_none() && self.job.as_ref().is_none_or(|job| job.wake(0).is_none())
    }

    pub(crate) fn card(job: &Job) -> Card {
        Card {
            key: job.key.clone(),
            epoch: job.epoch,
            report_number: job.report_number,
            status: job.status(),
            priority: job.request.priority,
            created_at: job.created_at,
            updated_at: job.updated_at,
            upstream: upstream(&job.request),
            submits: job.submits_made(),
            cost_micros: job.committed_micros(),
            price_micros: job.request.price_micros,
            submits_per_minute: job.request.submits_per_minute,
            tally: job.tally.clone(),
            snapshot: String::new(),
            deliveries: job.delivery_cards(),
            settled: job.has_only_to_report(),
        }
    }
}

impl World {
    /// A message records what happened and has the alarm act on it.
    pub(crate) fn job_message(&mut self, number: usize, message: &Message) -> Reply {
        if self.dies(Object::Job(number), Fault::CrashBeforeSave) {
            return Reply::Lost;
        }
        let reply = self.job_takes(number, message).unwrap_or(Reply::Lost);
        if self.dies(Object::Job(number), Fault::CrashAfterSave) {
            return Reply::Lost;
        }
        reply
    }

    fn job_takes(&mut self, number: usize, message: &Message) -> Result<Reply, WriteFailed> {
        let object = Object::Job(number);
        let Some(job) = self.jobs[number].job.clone() else {
            return match message {
                Message::Create { fingerprint } => self.create(number, fingerprint),
                Message::Withdraw { .. } => Ok(Reply::Withdrawn),
                _ => Ok(Reply::Missing),
            };
        };
        let input = match message {
            Message::Create { fingerprint } => return self.create_again(number, &job, fingerprint),
            Message::Withdraw { created_at } => return self.withdraw(number, &job, *created_at),
            Message::Start { created_at, .. }
            | Message::Check { created_at }
            | Message::Forget { created_at }
            | Message::DeadLetter { created_at, .. }
                if !job.was_made_at(*created_at) =>
            {
                self.asked(number, &job, None)?;
                return Ok(Reply::Missing);
            }
            Message::Start { epoch, .. } => return self.asked(number, &job, Some(Input::Start { epoch: *epoch })),
            Message::Check { .. } => return self.asked(number, &job, None),
            Message::DeadLetter { epoch, .. } => {
                self.tally.mark("dead letter for", job.phase_name());
                return self.asked(number, &job, Some(Input::DeadLetter { epoch: *epoch }));
            }
            Message::Nudge { id } => {
                self.heard_push(number, &job, id);
                return self.asked(number, &job, Some(Input::Nudge { id: id.clone() }));
            }
            Message::Forget { .. } => return self.forget(number, &job),
            Message::Cancel => {
                self.tally.mark("cancelled while", job.phase_name());
                Input::Cancel
            }
            Message::Retry => {
                // Whoever has an order tried again that was never confirmed stands by it.
                self.witness.stand_by(number);
                Input::Retry
            }
            Message::Confirm => {
                self.witness.stand_by(number);
                Input::Confirm
            }
            Message::Clarify { too_long } => Input::Clarify { clarification: self.clarification(*too_long) },
            Message::DeleteVideo => Input::DeleteVideo,
            Message::Redeliver { event_id } => return self.redeliver(number, &job, event_id.clone()),
            _ => {
                let now = self.now();
                self.arm_at_first_event(object, job.wake(now).map(|wake| wake.at));
                return Ok(Reply::Done);
            }
        };
        let step = self.job_step(number, &job, input)?;
        assert!(step.effect.is_none(), "a message may not act: {:?}", step.effect);
        if let Some(refusal) = step.refusal {
            self.tally.mark("refusal", format!("{refusal:?}"));
        }
        self.arm_job(number, step.wake);
        Ok(Reply::Done)
    }

    fn clarification(&mut self, too_long: bool) -> Clarification {
        if too_long {
            Clarification::Response("word ".repeat(MAX_PROMPT))
        } else if self.choices.chance(500) {
            Clarification::Response("by day".to_owned())
        } else {
            Clarification::Prompt("a lighthouse at dawn".to_owned())
        }
    }

    fn redeliver(&mut self, number: usize, job: &Job, event_id: String) -> Result<Reply, WriteFailed> {
        let step = self.job_step(number, job, Input::Redeliver { event_id })?;
        assert!(step.effect.is_none(), "a message may not act: {:?}", step.effect);
        self.arm_job(number, step.wake);
        if let Some(refusal) = step.refusal {
            self.tally.mark("refusal", format!("{refusal:?}"));
            return Ok(Reply::Missing);
        }
        let job = self.jobs[number].job.as_deref().unwrap_or(job);
        Ok(Reply::Deliveries(job.delivery_cards()))
    }

    /// Answers the queue, which may ask because the alarm was lost.
    fn asked(&mut self, number: usize, job: &Job, input: Option<Input>) -> Result<Reply, WriteFailed> {
        let object = Object::Job(number);
        let armed = self.jobs[number].platform.alarm;
        let late = self.jobs[number].platform.handler.is_none() && job.is_late(armed, self.now());
        if let Some(input) = input {
            let step = self.job_step(number, job, input)?;
            assert!(step.effect.is_none(), "a question may not act: {:?}", step.effect);
        }
        let now = self.now();
        let job = self.jobs[number].job.clone().expect("a job that was asked is there");
        let wake_at = job.wake(now).map(|wake| wake.at);
        self.forget_alarm(object);
        self.arm(object, wake_at);
        Ok(state(&job, now, late))
    }

    /// Deletes everything once nothing is left of the job but its record.
    fn forget(&mut self, number: usize, job: &Job) -> Result<Reply, WriteFailed> {
        let step = self.job_step(number, job, Input::Forget)?;
        if step.refusal.is_some() {
            self.arm_job(number, step.wake);
            let (now, job) = (self.now(), self.jobs[number].job.as_deref().unwrap_or(job));
            return Ok(state(job, now, false));
        }
        if self.fault(Fault::WriteFails) {
            return Err(WriteFailed);
        }
        self.check_forgotten(number, job);
        self.delete_all(number);
        self.tally.mark("job", "forgotten");
        self.witness.note_forgotten(number);
        if self.fault(Fault::WriteLandsButErrs) {
            return Err(WriteFailed);
        }
        Ok(Reply::Missing)
    }

    fn delete_all(&mut self, number: usize) {
        self.count_gone(number);
        self.jobs[number].job = None;
        self.delete_alarm(Object::Job(number));
        self.witness.forgotten(number);
    }

    fn create(&mut self, number: usize, fingerprint: &str) -> Result<Reply, WriteFailed> {
        let moment = self.moment();
        let object = &self.jobs[number];
        let request = Request { fingerprint: fingerprint.to_owned(), ..object.request.clone() };
        let (job, _) = Job::create(object.key.clone(), request, moment);
        self.put_images(number);
        if self.witness.was_forgotten(number) {
            self.tally.mark("job", "made anew after it was forgotten");
        }
        if self.witness.accepted.contains_key(&number) {
            self.violated(Invariant::I10, format!("job {number} was accepted and is made anew"));
        }
        let job = self.save_job(number, job)?;
        self.arm(Object::Job(number), job.wake(moment.now).map(|wake| wake.at));
        Ok(Reply::Created { new: true, card: JobObject::card(&job) })
    }

    fn create_again(&mut self, number: usize, job: &Job, fingerprint: &str) -> Result<Reply, WriteFailed> {
        if job.request.fingerprint != fingerprint {
            return Ok(Reply::Conflict);
        }
        let mut promised = job.clone();
        if promised.promise() {
            self.save_job(number, promised)?;
        }
        let now = self.now();
        self.arm_at_first_event(Object::Job(number), job.wake(now).map(|wake| wake.at));
        Ok(Reply::Created { new: false, card: JobObject::card(job) })
    }

    fn withdraw(&mut self, number: usize, job: &Job, created_at: Millis) -> Result<Reply, WriteFailed> {
        if !job.can_withdraw(created_at) {
            return Ok(Reply::Done);
        }
        if self.fault(Fault::WriteFails) {
            return Err(WriteFailed);
        }
        self.delete_all(number);
        self.take_images_away(number);
        if self.fault(Fault::WriteLandsButErrs) {
            return Err(WriteFailed);
        }
        Ok(Reply::Withdrawn)
    }

    /// Steps and saves, unless nothing changed.
    pub(crate) fn job_step(&mut self, number: usize, before: &Job, input: Input) -> Result<Stepped, WriteFailed> {
        let moment = self.moment();
        let step = job::step(before.clone(), input, moment, &self.plan.policy);
        self.trace.say(self.real, || {
            let (phase, epoch) = (step.job.phase_name(), step.job.epoch);
            format!("job {number} is {phase} at epoch {epoch}: {:?}, wake {:?}", step.notes, step.wake)
        });
        if let Some(wake) = step.wake {
            self.tally.mark("wake", wake_name(wake.reason));
        }
        let stepped = Stepped { effect: step.effect, wake: step.wake, refusal: step.refusal, settled: step.settled };
        if step.job == *before && step.notes.is_empty() {
            return Ok(stepped);
        }
        self.save_job(number, step.job)?;
        Ok(stepped)
    }

    /// State and notes, in one write with the alarm that follows it.
    fn save_job(&mut self, number: usize, mut job: Job) -> Result<Rc<Job>, WriteFailed> {
        if self.fault(Fault::WriteFails) {
            self.witness.troubled.insert(Object::Job(number));
            return Err(WriteFailed);
        }
        job.seal_events(|job, delivery| {
            let (id, kind) = (job.key.object_name(), delivery.kind.as_str());
            format!("{id}|{}|{}|{kind}|{}", job.attempt, job.updated_at, delivery.sequence)
        });
        let job = self.replace_job(number, job);
        if self.fault(Fault::WriteLandsButErrs) {
            // The alarm that the step asks for was part of the write.
            let now = self.now();
            self.arm_job(number, job.wake(now));
            self.witness.troubled.insert(Object::Job(number));
            return Err(WriteFailed);
        }
        Ok(job)
    }
}

impl World {
    fn replace_job(&mut self, number: usize, job: Job) -> Rc<Job> {
        let job = Rc::new(job);
        let before = self.jobs[number].job.replace(Rc::clone(&job));
        self.observe_job(number, before.as_deref(), &job);
        self.count_job(number, before.as_deref(), &job);
        job
    }
}

/// Whose limits count.
pub(crate) fn upstream(request: &Request) -> String {
    format!("{}/{}", request.provider, request.model)
}

fn state(job: &Job, now: Millis, late: bool) -> Reply {
    Reply::State {
        epoch: job.epoch,
        report_number: job.report_number,
        status: job.status_told(),
        submits: job.submits_made(),
        availability: job.availability,
        cost_micros: Some(job.committed_micros()),
        wake_at: job.wake(now).map(|wake| wake.at),
        late,
        deliveries: job.delivery_cards(),
        tally: job.tally.clone(),
    }
}

fn wake_name(reason: WakeReason) -> &'static str {
    match reason {
        WakeReason::Phase => "phase",
        WakeReason::Report => "report",
        WakeReason::Deliver => "deliver",
        WakeReason::Abandon => "abandon",
        WakeReason::Discard => "discard",
        WakeReason::Guard => "guard",
    }
}
