//! Messages between objects: lost on the way, repeated, delayed, or answered to nobody.

use crate::agenda::{Caller, Event, Message, Object, Reply};
use crate::faults::Fault;
use crate::world::{LATENCY, PATIENCE, World};
use reelay::time::{MINUTE, SECOND};

impl World {
    pub(crate) fn send(&mut self, target: Object, message: Message, caller: Caller) {
        self.trace.say(self.real, || format!("-> {target:?} {message:?}"));
        // What can bring a job back, or take it away, is rare and worth more trouble than the others.
        let eagerness = match message {
            Message::Withdraw { .. } => 6,
            Message::Enqueue { promised: false, .. } => 3,
            _ => 1,
        };
        if self.fault_times(Fault::MessageRepeated, eagerness) {
            let event = Event::Arrive { target, message: message.clone(), caller: Caller::Nobody };
            let latest = self.choices.pick(&[200, 20 * SECOND, 10 * MINUTE]);
            self.after(1, latest, event);
        }
        if self.fault(Fault::MessageLost) {
            self.after(LATENCY.0, PATIENCE, Event::Return { caller, reply: Reply::Lost });
            return;
        }
        if self.fault_times(Fault::MessageDelayed, eagerness) {
            // The caller gives up first.
            self.agenda.add(self.real + PATIENCE, Event::Return { caller, reply: Reply::Lost });
            self.after(SECOND, MINUTE, Event::Arrive { target, message, caller: Caller::Nobody });
            return;
        }
        self.after(LATENCY.0, LATENCY.1, Event::Arrive { target, message, caller });
    }

    pub(crate) fn arrive(&mut self, target: Object, message: Message, caller: Caller) {
        let reply = match target {
            Object::Job(job) => self.job_message(job, &message),
            Object::Queue => self.queue_message(message),
        };
        self.trace.say(self.real, || format!("<- {target:?} {reply:?}"));
        if matches!(caller, Caller::Nobody) {
            return;
        }
        let reply = if self.fault(Fault::AnswerLost) { Reply::Lost } else { reply };
        self.after(LATENCY.0, LATENCY.1, Event::Return { caller, reply });
    }

    pub(crate) fn returned(&mut self, caller: Caller, reply: Reply) {
        match caller {
            Caller::Nobody => {}
            Caller::Post(post) => self.post_goes_on(post, reply),
            Caller::Payer { job, action } => self.payer_goes_on(job, action, &reply),
            Caller::Job { job, run, begun } => self.queue_answered_job(job, run, begun, &reply),
            Caller::Queue { run, ask } => self.job_answered_queue(run, ask, &reply),
            Caller::Consumer(consumer) => self.consumer_goes_on(consumer, &reply),
            Caller::Operator { key, event_id } => self.operator_goes_on(key, event_id, reply),
        }
    }
}
