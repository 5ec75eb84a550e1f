//! The `QueueManager`'s shell: steps, alarm and questions.

use crate::agenda::Object;
use crate::faults::Fault;
use crate::map_rows::MapRows as Plain;
use crate::platform::{ACTING_RETRY, Platform};
use crate::rows::MapRows;
use crate::seen::Watched;
use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::job::{Check, Delete, Start, State};
use reelay::machine::message::{Message, NoAnswer, Reply};
use reelay::machine::queue::{
    Alarm, AlertsDue, Ask, Enqueue, Heard, Position, Question, QueueInstance, Rows as _, Sweep,
};
use std::any::Any;
use std::fmt::Debug;

#[derive(Default)]
pub(crate) struct QueueObject {
    pub(crate) platform: Platform,
    pub(crate) rows: MapRows,
    pub(crate) instance: QueueInstance,
    /// Distinguishes the instances of the object.
    pub(crate) instance_number: u64,
    /// How many jobs the alarm handler still waits for, in memory.
    asked: usize,
}

impl World {
    pub(crate) fn queue_message<M: Watched>(&mut self, message: M) -> Reply<M>
    where
        M::Reply: Debug + 'static,
    {
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return Err(NoAnswer);
        }
        if M::NAME == Sweep::NAME {
            self.forget_alarm(Object::Queue);
        }
        let reply = self.queue_step(message);
        if self.dies(Object::Queue, Fault::CrashAfterSave) {
            return Err(NoAnswer);
        }
        if let Ok(reply) = &reply {
            self.met_standing(reply);
        }
        reply
    }

    fn met_standing(&mut self, reply: &dyn Any) {
        let placed = reply
            .downcast_ref::<<Enqueue as Message>::Reply>()
            .and_then(|reply| reply.ok().flatten());
        let position = reply
            .downcast_ref::<Option<Position>>()
            .copied()
            .flatten()
            .or(placed);
        if let Some(blocked_by) = position.and_then(|position| position.blocked_by) {
            self.tally.mark("blocked by", format!("{blocked_by:?}"));
        }
    }

    /// Saves rows and alarm in one write, which may fail, or whose success may not be reported.
    fn queue_step<M: Watched>(&mut self, input: M) -> Reply<M>
    where
        M::Reply: Debug,
    {
        let moment = self.moment();
        let fails = self.fault(Fault::WriteFails);
        let whole = fails.then(|| Plain::clone(&self.queue.rows));
        self.queue.rows.begin();
        let Ok(step) = self.queue.instance.step(
            &mut *self.queue.rows,
            input.clone(),
            moment,
            &self.plan.queue,
        );
        if let Some(whole) = whole {
            self.witness.troubled.insert(Object::Queue);
            self.alerts_troubled();
            *self.queue.rows = whole;
            self.queue.instance.forget();
            return Err(NoAnswer);
        }
        self.trace
            .say(self.real, || format!("queue takes {input:?}: {step:?}"));
        self.arm_by(Object::Queue, step.wake_at);
        self.check_memory();
        self.observe_queue(&input.seen(&step.reply), moment.now);
        if self.fault(Fault::WriteLandsButErrs) {
            self.queue.instance.forget();
            self.alerts_troubled();
            return Err(NoAnswer);
        }
        Ok(step.reply)
    }

    /// I9: the numbers in memory are those of the rows.
    fn check_memory(&mut self) {
        let Ok(counted) = self.queue.rows.memory();
        let Ok(kept) = self.queue.instance.memory(&*self.queue.rows);
        if *kept != counted {
            let difference = format!("the queue remembers {kept:?}, and its rows are {counted:?}");
            self.violated(Invariant::I9, difference);
        }
    }

    pub(crate) fn fire_queue(&mut self) {
        if self.queue.platform.handler.is_some() {
            let at = self.now() + ACTING_RETRY;
            self.arm(Object::Queue, Some(at));
            return;
        }
        let handler = self.fresh();
        self.queue.platform.handler = Some(handler);
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return;
        }
        let Ok(asks) = self.queue_step(Alarm) else {
            self.handler_failed(Object::Queue);
            return;
        };
        if self.dies(Object::Queue, Fault::CrashAfterSave) {
            return;
        }
        let Ok(messages) = self.queue_step(AlertsDue) else {
            self.handler_failed(Object::Queue);
            return;
        };
        for message in messages {
            if self.dies(Object::Queue, Fault::CrashBeforeEffect) {
                return;
            }
            self.send_alert(message);
        }
        self.queue.asked = asks.len();
        if asks.is_empty() {
            self.queue.platform.handler = None;
        }
        for ask in asks {
            if self.dies(Object::Queue, Fault::CrashBeforeEffect) {
                return;
            }
            self.ask(handler, ask);
        }
    }

    fn ask(&mut self, handler: u64, ask: Ask) {
        let (job, epoch, created_at) = (self.number_of(&ask.key), ask.epoch, ask.created_at);
        self.tally.mark("question", question_name(ask.question));
        match ask.question {
            Question::Start => {
                let then =
                    move |world: &mut Self, said| world.job_answered_queue(handler, ask, said);
                self.ask_job(job, Start { epoch, created_at }, then);
            }
            Question::Check => {
                let then =
                    move |world: &mut Self, said| world.job_answered_queue(handler, ask, said);
                self.ask_job(
                    job,
                    Check {
                        created_at: Some(created_at),
                    },
                    then,
                );
            }
            Question::Delete => {
                let then =
                    move |world: &mut Self, said| world.job_answered_queue(handler, ask, said);
                self.ask_job(job, Delete { created_at }, then);
            }
            Question::Bulk(act) => {
                let then =
                    move |world: &mut Self, said| world.job_answered_queue(handler, ask, said);
                self.ask_job(job, act, then);
            }
        }
    }

    pub(crate) fn number_of(&self, key: &JobKey) -> usize {
        self.jobs
            .iter()
            .position(|job| job.key == *key)
            .expect("the queue knows no other jobs")
    }

    fn job_answered_queue(
        &mut self,
        handler: u64,
        ask: Ask,
        said: Result<Option<State>, NoAnswer>,
    ) {
        if self.queue.platform.handler != Some(handler) {
            return;
        }
        let word = match &said {
            Ok(Some(_)) => "State",
            Ok(None) => "Missing",
            Err(NoAnswer) => "Nothing",
        };
        self.tally.mark("said", word);
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return;
        }
        if self.queue_step(Heard { ask, said }).is_err() {
            self.handler_failed(Object::Queue);
            return;
        }
        if self.dies(Object::Queue, Fault::CrashAfterSave) {
            return;
        }
        self.queue.asked -= 1;
        if self.queue.asked == 0 {
            self.queue.platform.handler = None;
        }
    }
}

fn question_name(question: Question) -> &'static str {
    match question {
        Question::Start => "Start",
        Question::Check => "Check",
        Question::Delete => "Delete",
        Question::Bulk(_) => "Bulk",
    }
}
