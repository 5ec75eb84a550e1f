//! The `QueueManager`'s shell: order and slots behind one alarm.

use crate::agenda::{Caller, Message, Object, Reply};
use crate::faults::Fault;
use crate::platform::{ALARM_RETRY, Platform};
use crate::rows::MapRows;
use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::queue::{self, Input, Said, Step};

#[derive(Default)]
pub(crate) struct QueueObject {
    pub(crate) platform: Platform,
    pub(crate) rows: MapRows,
    /// How many holders the alarm handler still waits for, in memory.
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
            Message::Enqueue { card, promised } => Input::Enqueue { card, promised },
            Message::Report { card } => Input::Report { card },
            Message::Sweep => {
                if self.queue.rows.next_lease().is_some() || self.queue.rows.waiting().next().is_some() {
                    let now = self.now();
                    self.arm(Object::Queue, Some(now));
                }
                return Some(Reply::Done);
            }
            _ => return Some(Reply::Missing),
        };
        let promised = matches!(input, Input::Enqueue { promised: true, .. });
        let step = self.queue_step(input)?;
        if promised && matches!(step.reply, queue::Reply::Full { .. }) {
            self.violated(Invariant::I1, "a promised job was refused".to_owned());
        }
        Some(match step.reply {
            queue::Reply::Standing(standing) => Reply::Standing(standing),
            queue::Reply::Full { .. } => Reply::Full,
            queue::Reply::Nothing => Reply::Done,
        })
    }

    /// Rows and alarm in one write; `None` when it failed, or its success was not told.
    fn queue_step(&mut self, input: Input) -> Option<Step> {
        let moment = self.moment();
        self.queue.rows.begin();
        let reported = matches!(input, Input::Report { .. });
        let Ok(step) = queue::step(&mut self.queue.rows, input, moment, self.plan.queue);
        if self.fault(Fault::WriteFails) {
            self.queue.rows.roll_back();
            return None;
        }
        self.arm(Object::Queue, step.wake_at);
        self.observe_queue(reported);
        if self.fault(Fault::WriteLandsButErrs) {
            return None;
        }
        Some(step)
    }

    pub(crate) fn fire_queue(&mut self) {
        if self.queue.platform.handler.is_some() {
            let at = self.now() + ALARM_RETRY;
            self.arm(Object::Queue, Some(at));
            return;
        }
        let run = self.fresh();
        self.queue.platform.handler = Some(run);
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return;
        }
        let Some(step) = self.queue_step(Input::Alarm) else {
            self.handler_failed(Object::Queue);
            return;
        };
        if self.dies(Object::Queue, Fault::CrashAfterSave) {
            return;
        }
        self.queue.asked = step.starts.len();
        if step.starts.is_empty() {
            self.queue.platform.handler = None;
        }
        for start in step.starts {
            if self.dies(Object::Queue, Fault::CrashBeforeEffect) {
                return;
            }
            let job = self.jobs.iter().position(|job| job.key == start.key).expect("the queue knows no other jobs");
            let caller = Caller::Queue { run, job, epoch: start.epoch };
            self.send(Object::Job(job), Message::Start { epoch: start.epoch }, caller);
        }
    }

    pub(crate) fn job_answered_queue(&mut self, run: u64, job: usize, epoch: u64, reply: &Reply) {
        if self.queue.platform.handler != Some(run) {
            return;
        }
        let said = match *reply {
            Reply::State { epoch, report_number, status } => Said::State { epoch, report_number, status },
            Reply::Missing => Said::Missing,
            _ => Said::Nothing,
        };
        let word = match said {
            Said::State { .. } => "State",
            Said::Missing => "Missing",
            Said::Nothing => "Nothing",
        };
        self.tally.mark("said", word);
        if self.dies(Object::Queue, Fault::CrashBeforeSave) {
            return;
        }
        let step = self.queue_step(Input::Heard { key: self.jobs[job].key.clone(), epoch, said });
        if step.is_none() {
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
