//! The `QueueManager`'s shell: order, slots and limits behind one alarm.

use crate::agenda::{Caller, Message, Object, Reply};
use crate::faults::Fault;
use crate::platform::{ACTING_RETRY, Platform};
use crate::rows::MapRows;
use crate::witness::Invariant;
use crate::world::World;
use reelay::ids::JobKey;
use reelay::machine::queue;
use reelay::machine::queue::{Ask, Errand, Input, Said, Standing, Step};

#[derive(Default)]
pub(crate) struct QueueObject {
    pub(crate) platform: Platform,
    pub(crate) rows: MapRows,
    /// How many jobs the alarm handler still waits for, in memory.
    asked: usize,
}

impl World {
    pub(crate) fn queue_message(&mut self, message: Message) -> Reply {
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return Reply::Lost;
        }
        let reply = self.queue_takes(message);
        if self.dies(Object::Queue, Fault::CrashAfterSave) {
            return Reply::Lost;
        }
        reply.unwrap_or(Reply::Lost)
    }

    fn queue_takes(&mut self, message: Message) -> Option<Reply> {
        let input = match message {
            Message::Enqueue { card, promised, terms } => Input::Enqueue { card, promised, terms },
            Message::Report { card, availability } => Input::Report { card, availability },
            Message::Claim { key } => Input::Claim { key },
            Message::Standing { key } => Input::Stand { key },
            Message::Afford { key } => Input::Afford { key },
            Message::Sweep => {
                self.forget_alarm(Object::Queue);
                Input::Sweep
            }
            Message::Pause => Input::Pause,
            Message::Resume => Input::Resume,
            Message::Redelivered { news } => Input::Redelivered { news },
            Message::Expire => Input::Expire { before: self.now() - self.plan.retention.unwrap_or(self.now()) },
            _ => return Some(Reply::Missing),
        };
        let promised = matches!(input, Input::Enqueue { promised: true, .. });
        let step = self.queue_step(&input)?;
        if promised && step.reply.is_refusal() {
            self.violated(Invariant::I1, "a promised job was refused".to_owned());
        }
        Some(match step.reply {
            queue::Reply::Standing(standing) => {
                self.met_standing(&standing);
                Reply::Standing(standing)
            }
            queue::Reply::Full { .. } => Reply::Full,
            queue::Reply::OverBudget(_) => Reply::OverBudget,
            queue::Reply::Unknown => Reply::Unknown,
            queue::Reply::Nothing | queue::Reply::Paused { .. } | queue::Reply::Expiring { .. } => Reply::Done,
        })
    }

    fn met_standing(&mut self, standing: &Standing) {
        if let Some(blocked_by) = standing.blocked_by {
            self.tally.mark("blocked by", format!("{blocked_by:?}"));
        }
    }

    /// Rows and alarm in one write; `None` when it failed, or its success was not told.
    fn queue_step(&mut self, input: &Input) -> Option<Step> {
        let moment = self.moment();
        self.queue.rows.begin();
        let Ok(step) = queue::step(&mut self.queue.rows, input.clone(), moment, &self.plan.queue);
        if self.fault(Fault::WriteFails) {
            self.witness.troubled.insert(Object::Queue);
            self.queue.rows.roll_back();
            return None;
        }
        self.trace.say(self.real, || format!("queue takes {input:?}: {step:?}"));
        self.arm_by(Object::Queue, step.wake_at);
        self.observe_queue(input, moment.now, &step.reply);
        if self.fault(Fault::WriteLandsButErrs) {
            return None;
        }
        Some(step)
    }

    pub(crate) fn fire_queue(&mut self) {
        if self.queue.platform.handler.is_some() {
            let at = self.now() + ACTING_RETRY;
            self.arm(Object::Queue, Some(at));
            return;
        }
        let run = self.fresh();
        self.queue.platform.handler = Some(run);
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return;
        }
        let Some(step) = self.queue_step(&Input::Alarm) else {
            self.handler_failed(Object::Queue);
            return;
        };
        if self.dies(Object::Queue, Fault::CrashAfterSave) {
            return;
        }
        self.queue.asked = step.asks.len();
        if step.asks.is_empty() {
            self.queue.platform.handler = None;
        }
        for ask in step.asks {
            if self.dies(Object::Queue, Fault::CrashBeforeEffect) {
                return;
            }
            self.ask(run, ask);
        }
    }

    fn ask(&mut self, run: u64, ask: Ask) {
        let job = self.number_of(&ask.key);
        self.tally.mark("errand", format!("{:?}", ask.errand));
        let message = match ask.errand {
            Errand::Start => Message::Start { epoch: ask.epoch, created_at: Some(ask.created_at) },
            Errand::Check => Message::Check { created_at: Some(ask.created_at) },
            Errand::Forget => Message::Forget { created_at: Some(ask.created_at) },
        };
        self.send(Object::Job(job), message, Caller::Queue { run, ask });
    }

    pub(crate) fn number_of(&self, key: &JobKey) -> usize {
        self.jobs.iter().position(|job| job.key == *key).expect("the queue knows no other jobs")
    }

    pub(crate) fn job_answered_queue(&mut self, run: u64, ask: Ask, reply: &Reply) {
        if self.queue.platform.handler != Some(run) {
            return;
        }
        let (word, said) = match reply.clone() {
            Reply::State {
                epoch,
                report_number,
                status,
                submits,
                availability,
                cost_micros,
                wake_at,
                late,
                deliveries,
                tally,
            } => (
                "State",
                Said::State {
                    epoch,
                    report_number,
                    status,
                    submits,
                    availability,
                    cost_micros,
                    wake_at,
                    late,
                    deliveries,
                    tally,
                },
            ),
            Reply::Missing => ("Missing", Said::Missing),
            _ => ("Nothing", Said::Nothing),
        };
        self.tally.mark("said", word);
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return;
        }
        if self.queue_step(&Input::Heard { ask, said }).is_none() {
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
