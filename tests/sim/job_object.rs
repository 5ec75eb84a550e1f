//! The `JobManager`'s shell: it saves what the machine decides and sets the alarm.

use crate::agenda::Object;
use crate::choices::Choices;
use crate::faults::Fault;
use crate::plan::{self, Wishes};
use crate::platform::Platform;
use crate::witness::Invariant;
use crate::world::{BEGINNING, World};
use reelay::ids::JobKey;
use reelay::machine::cached::Cached;
use reelay::machine::delivery::{Delivery, DeliverySummary};
use reelay::machine::job::{
    AlarmChange, Answered, BulkAct, Cancel, Change, Confirm, Create, DeadLetter, Job, JobMessage,
    Refusal, Request, Retry, Rules, Run, Setting, Texts, UpstreamWebhook, Wake, WakeReason,
    Withdraw, answer,
};
use reelay::machine::message::{NoAnswer, Reply};
use reelay::time::Millis;
use std::any::Any;
use std::convert::Infallible;
use std::fmt::Debug;
use std::rc::Rc;

/// A job's object: what its storage holds, and the platform's state of it.
pub(crate) struct JobObject {
    pub(crate) key: JobKey,
    pub(crate) request: Request,
    pub(crate) platform: Platform,
    /// What is stored.
    pub(crate) job: Option<Rc<Job>>,
    /// What the instance keeps of it in memory.
    pub(crate) kept: Cached<Option<Rc<Job>>>,
    /// The run of the alarm handler, in memory.
    pub(crate) run: Run,
    /// A poll is in flight, in memory.
    pub(crate) is_polling: bool,
}

/// The write failed, or its success was not reported.
pub(crate) struct WriteFailed;

/// The texts of a job, shortened.
pub(crate) struct ShortTexts;

impl Texts for ShortTexts {
    fn snapshot(&self, _: &Job, _: Millis) -> String {
        String::new()
    }

    fn event(&self, job: &Job, delivery: &Delivery) -> String {
        let (id, kind) = (job.key.object_name(), delivery.kind.as_str());
        format!(
            "{id}|{}|{}|{kind}|{}",
            job.attempt, job.updated_at, delivery.sequence
        )
    }
}

impl JobObject {
    pub(crate) fn new(key: JobKey, wishes: &Wishes, choices: &mut Choices) -> Self {
        let mut request = plan::request(choices, wishes, BEGINNING);
        request.order.images = plan::images(choices, wishes, &key);
        let platform = Platform::default();
        Self {
            key,
            request,
            platform,
            job: None,
            kept: Cached::default(),
            run: Run::new(0, 0),
            is_polling: false,
        }
    }

    /// The job as the instance knows it.
    pub(crate) fn load(&mut self) -> Option<Rc<Job>> {
        let stored = &self.job;
        let Ok(job) = self.kept.get(|| Ok::<_, Infallible>(stored.clone()));
        job.clone()
    }

    /// After a crash, the job is what the stored JSON says.
    pub(crate) fn reload(&mut self) {
        if let Some(job) = self.job.as_deref() {
            let stored = serde_json::to_string(job).expect("a job can be stored");
            let loaded: Job = serde_json::from_str(&stored).expect("a stored job can be loaded");
            assert!(
                *job == loaded,
                "storing changed the job from {job:?} to {loaded:?}"
            );
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_settled(&self) -> bool {
        self.platform.handler.is_none() && self.job.as_ref().is_none_or(|job| job.wake(0).is_none())
    }
}

impl World {
    pub(crate) fn job_message<M: JobMessage + 'static>(
        &mut self,
        number: usize,
        message: M,
    ) -> Reply<M>
    where
        M::Reply: Debug + 'static,
    {
        if self.dies(Object::Job(number), Fault::CrashBeforeSave) {
            return Err(NoAnswer);
        }
        let reply = self
            .job_takes(number, message)
            .map_err(|WriteFailed| NoAnswer);
        if self.dies(Object::Job(number), Fault::CrashAfterSave) {
            return Err(NoAnswer);
        }
        reply
    }

    fn job_takes<M: JobMessage + 'static>(
        &mut self,
        number: usize,
        message: M,
    ) -> Result<M::Reply, WriteFailed>
    where
        M::Reply: Debug + 'static,
    {
        let job = self.jobs[number].load();
        self.meet_message(number, job.as_deref(), &message);
        let act = (&message as &dyn Any).downcast_ref::<BulkAct>().copied();
        let moment = self.moment();
        let policy = self.plan.policy.clone();
        let Platform {
            alarm: armed,
            handler,
            ..
        } = self.jobs[number].platform;
        let rules = Rules {
            policy: &policy,
            texts: &ShortTexts,
        };
        let setting = Setting {
            moment,
            rules,
            armed,
            is_acting: handler.is_some(),
        };
        let stored = job.as_deref().cloned();
        let Answered {
            reply,
            change,
            timeline,
            alarm,
            ..
        } = answer(stored, message, setting);
        self.trace.say(self.real, || {
            format!(
                "job {number} takes {}: {change:?}, {timeline:?}, {alarm:?}",
                M::NAME
            )
        });
        self.meet_reply(&reply);
        let saved = match change {
            Change::None => Ok(()),
            Change::Save(job) => self.save_job(number, *job, alarm),
            Change::Delete => self.delete_job(number, job.as_deref(), M::NAME),
        };
        if let Some(act) = act {
            self.watch_bulk_act(number, act, job.as_deref());
        }
        saved?;
        self.arm_as_asked(number, alarm);
        Ok(reply)
    }

    /// Notes what people do to a job.
    fn meet_message(&mut self, number: usize, job: Option<&Job>, message: &dyn Any) {
        let Some(job) = job else {
            if let Some(create) = message.downcast_ref::<Create>() {
                self.meet_creation(number, &create.request);
            }
            return;
        };
        if message.is::<Cancel>() {
            self.tally.mark("cancelled while", job.phase_name());
        } else if message.is::<Retry>() || message.is::<Confirm>() {
            // Whoever retries an order that was never confirmed thereby confirms it.
            self.witness.stand_by(number);
        } else if message.is::<DeadLetter>() {
            self.tally.mark("dead letter for", job.phase_name());
        } else if let Some(webhook) = message.downcast_ref::<UpstreamWebhook>() {
            self.heard_push(number, job, &webhook.id);
        }
    }

    fn meet_creation(&mut self, number: usize, request: &Request) {
        if request
            .order
            .images
            .iter()
            .any(|image| !self.bucket.objects.contains_key(&image.key))
        {
            // A copy of a refused order, whose images are deleted already, came late.
            self.tally
                .mark("images", "taken away before a copy of their order came");
            self.witness.note_without_images(number);
        }
        if self.witness.was_forgotten(number) {
            self.tally.mark("job", "made anew after it was forgotten");
        }
        if self.witness.accepted.contains_key(&number) {
            self.violated(
                Invariant::I10,
                format!("job {number} was accepted and is made anew"),
            );
        }
    }

    fn meet_reply(&mut self, reply: &dyn Any) {
        let of_job = reply
            .downcast_ref::<Result<Box<Job>, Refusal>>()
            .and_then(|reply| reply.as_ref().err());
        let of_events = reply
            .downcast_ref::<Result<Vec<DeliverySummary>, Refusal>>()
            .and_then(|reply| reply.as_ref().err());
        if let Some(refusal) = of_job.or(of_events) {
            self.tally.mark("refusal", format!("{refusal:?}"));
        }
    }

    /// Deletes everything of a job: its acceptance was never answered, or nothing is left to do.
    fn delete_job(
        &mut self,
        number: usize,
        job: Option<&Job>,
        message: &str,
    ) -> Result<(), WriteFailed> {
        if self.fault(Fault::WriteFails) {
            return Err(WriteFailed);
        }
        let forgotten = message != <Withdraw as reelay::machine::message::Message>::NAME;
        if let Some(job) = job.filter(|_| forgotten) {
            self.check_forgotten(number, job);
            self.tally.mark("job", "forgotten");
        }
        self.count_gone(number);
        self.jobs[number].job = None;
        self.jobs[number].kept.forget();
        self.delete_alarm(Object::Job(number));
        self.witness.forgotten(number);
        if forgotten {
            self.witness.note_forgotten(number);
        }
        if self.fault(Fault::WriteLandsButErrs) {
            return Err(WriteFailed);
        }
        Ok(())
    }

    /// Saves state and notes, in one write with the alarm that follows from them.
    pub(crate) fn save_job(
        &mut self,
        number: usize,
        job: Job,
        alarm: AlarmChange,
    ) -> Result<(), WriteFailed> {
        let job = Rc::new(job);
        let mut kept = std::mem::take(&mut self.jobs[number].kept);
        let written = kept.set(Some(Rc::clone(&job)), |_| {
            self.write_job(number, &job, alarm)
        });
        self.jobs[number].kept = kept;
        written
    }

    fn write_job(
        &mut self,
        number: usize,
        job: &Rc<Job>,
        alarm: AlarmChange,
    ) -> Result<(), WriteFailed> {
        if self.fault(Fault::WriteFails) {
            self.witness.troubled.insert(Object::Job(number));
            return Err(WriteFailed);
        }
        let before = self.jobs[number].job.replace(Rc::clone(job));
        self.observe_job(number, before.as_deref(), job);
        self.count_job(number, before.as_deref(), job);
        if self.fault(Fault::WriteLandsButErrs) {
            // The alarm that the step asks for is part of the write.
            self.arm_as_asked(number, alarm);
            self.witness.troubled.insert(Object::Job(number));
            return Err(WriteFailed);
        }
        Ok(())
    }

    /// The shell's `arm`.
    pub(crate) fn arm_as_asked(&mut self, number: usize, alarm: AlarmChange) {
        let object = Object::Job(number);
        match alarm {
            AlarmChange::Leave => {}
            AlarmChange::Ensure(at) => self.arm_at_first_event(object, at),
            AlarmChange::Set(Some(Wake {
                at,
                reason: WakeReason::Guard,
            })) => self.arm_by(object, Some(at)),
            AlarmChange::Set(wake) => self.arm(object, wake.map(|wake| wake.at)),
            AlarmChange::SetAnew(at) => {
                self.forget_alarm(object);
                self.arm(object, at);
            }
        }
        if let AlarmChange::Set(Some(wake)) = alarm {
            self.tally.mark("wake", wake_name(wake.reason));
        }
    }
}

fn wake_name(reason: WakeReason) -> &'static str {
    match reason {
        WakeReason::Phase => "phase",
        WakeReason::Report => "report",
        WakeReason::Deliver => "deliver",
        WakeReason::CancelUpstream => "cancel_upstream",
        WakeReason::DeleteFile => "delete_file",
        WakeReason::Guard => "guard",
    }
}
