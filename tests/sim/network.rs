//! Messages between objects: lost, repeated, delayed, or replied to after the caller is gone.

use crate::agenda::Letter;
use crate::faults::Fault;
use crate::seen::Watched;
use crate::world::{LATENCY, PATIENCE, World};
use reelay::machine::job::{JobMessage, Withdraw};
use reelay::machine::message::{Message, NoAnswer, Reply};
use reelay::machine::queue::Enqueue;
use reelay::time::{MINUTE, Millis, SECOND};
use std::fmt::Debug;

/// What is done with a reply.
type Then<M> = Box<dyn FnOnce(&mut World, Reply<M>)>;
/// How the receiver handles a message.
type Take<M> = Box<dyn FnOnce(&mut World, M) -> Reply<M>>;

impl World {
    /// Sends a message to a job; `then` has the reply.
    pub(crate) fn ask_job<M>(
        &mut self,
        job: usize,
        message: M,
        then: impl FnOnce(&mut Self, Reply<M>) + 'static,
    ) where
        M: JobMessage + Clone + Debug + 'static,
        M::Reply: Debug + 'static,
    {
        let take =
            || -> Take<M> { Box::new(move |world, message| world.job_message(job, message)) };
        self.send(message, take, Some(Box::new(then)));
    }

    /// As [`Self::ask_job`], without anyone waiting for the reply.
    pub(crate) fn tell_job<M>(&mut self, job: usize, message: M)
    where
        M: JobMessage + Clone + Debug + 'static,
        M::Reply: Debug + 'static,
    {
        let take =
            || -> Take<M> { Box::new(move |world, message| world.job_message(job, message)) };
        self.send(message, take, None);
    }

    /// Sends a message to the queue; `then` has the reply.
    pub(crate) fn ask_queue<M>(
        &mut self,
        message: M,
        then: impl FnOnce(&mut Self, Reply<M>) + 'static,
    ) where
        M: Watched,
        M::Reply: Debug + 'static,
    {
        self.send(
            message,
            || Box::new(Self::queue_message),
            Some(Box::new(then)),
        );
    }

    /// As [`Self::ask_queue`], without anyone waiting for the reply.
    pub(crate) fn tell_queue<M>(&mut self, message: M)
    where
        M: Watched,
        M::Reply: Debug + 'static,
    {
        self.send(message, || Box::new(Self::queue_message), None);
    }

    fn send<M>(&mut self, message: M, take: impl Fn() -> Take<M>, then: Option<Then<M>>)
    where
        M: Message + Clone + Debug + 'static,
        M::Reply: Debug + 'static,
    {
        self.trace.say(self.real, || format!("-> {message:?}"));
        // Messages that can bring a job back, or take it away, are rare, so faults strike them more
        // often.
        let eagerness = match M::NAME {
            Withdraw::NAME => 6,
            Enqueue::NAME => 3,
            _ => 1,
        };
        if self.fault_times(Fault::MessageRepeated, eagerness) {
            let latest = self.choices.pick(&[200, 20 * SECOND, 10 * MINUTE]);
            self.mail(1, latest, arrival(message.clone(), take(), None));
        }
        if self.fault(Fault::MessageLost) {
            self.mail(LATENCY.0, PATIENCE, lost::<M>(then));
            return;
        }
        if self.fault_times(Fault::MessageDelayed, eagerness) {
            // The caller gives up first.
            self.agenda.post(self.real + PATIENCE, lost::<M>(then));
            self.mail(SECOND, MINUTE, arrival(message, take(), None));
            return;
        }
        self.mail(LATENCY.0, LATENCY.1, arrival(message, take(), then));
    }

    fn reply<M>(&mut self, reply: Reply<M>, then: Option<Then<M>>)
    where
        M: Message + 'static,
        M::Reply: Debug + 'static,
    {
        self.trace.say(self.real, || format!("<- {reply:?}"));
        let Some(then) = then else { return };
        let reply = if self.fault(Fault::AnswerLost) {
            Err(NoAnswer)
        } else {
            reply
        };
        self.mail(LATENCY.0, LATENCY.1, Box::new(|world| then(world, reply)));
    }

    fn mail(&mut self, low: Millis, high: Millis, letter: Letter) {
        let at = self.real + self.choices.between(low, high);
        self.agenda.post(at, letter);
    }
}

fn arrival<M>(message: M, take: Take<M>, then: Option<Then<M>>) -> Letter
where
    M: Message + 'static,
    M::Reply: Debug + 'static,
{
    Box::new(|world| {
        let reply = take(world, message);
        world.reply::<M>(reply, then);
    })
}

/// The caller gets no reply.
fn lost<M: Message + 'static>(then: Option<Then<M>>) -> Letter {
    Box::new(|world| {
        if let Some(then) = then {
            then(world, Err(NoAnswer));
        }
    })
}
