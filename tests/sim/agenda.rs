//! What will happen, in the order of real time.

use crate::message_queue::Wake;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::delivery::DeliveryCard;
use reelay::machine::job::{Answer, InFlight};
use reelay::machine::limiter::Availability;
use reelay::machine::queue::{Ask, Card, Redelivered, Standing, Terms};
use reelay::machine::tally::Tally;
use reelay::time::Millis;
use std::collections::BTreeMap;

/// A Durable Object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    Job(usize),
    Queue,
}

/// A message to an object.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// The fingerprint tells a repeat from another order under the same id.
    Create {
        fingerprint: &'static str,
    },
    Withdraw {
        created_at: Millis,
    },
    View,
    Start {
        epoch: u64,
        /// When the job was made that the slot is for.
        created_at: Option<Millis>,
    },
    Check {
        created_at: Option<Millis>,
    },
    Cancel,
    Retry,
    Confirm,
    Clarify {
        too_long: bool,
    },
    DeleteVideo,
    DeadLetter {
        epoch: u64,
        created_at: Option<Millis>,
    },
    Forget {
        created_at: Option<Millis>,
    },
    Nudge {
        id: String,
    },
    Enqueue {
        card: Card,
        promised: bool,
        terms: Terms,
    },
    Report {
        card: Card,
        availability: Option<Availability>,
    },
    Claim {
        key: JobKey,
    },
    Standing {
        key: JobKey,
    },
    /// May a further attempt be paid for?
    Afford {
        key: JobKey,
    },
    Sweep,
    Expire,
    Pause,
    Resume,
    Redeliver {
        event_id: String,
    },
    Redelivered {
        news: Vec<Redelivered>,
    },
}

/// What came back of a message.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// No answer: the message may have had its effect.
    Lost,
    Created {
        new: bool,
        card: Card,
    },
    Conflict,
    Withdrawn,
    State {
        epoch: u64,
        report_number: u64,
        status: Status,
        submits: u64,
        availability: Option<Availability>,
        cost_micros: Option<u64>,
        wake_at: Option<Millis>,
        late: bool,
        deliveries: Vec<DeliveryCard>,
        tally: Tally,
    },
    Deliveries(Vec<DeliveryCard>),
    Missing,
    Standing(Standing),
    /// The queue does not know the job.
    Unknown,
    Full,
    OverBudget,
    Done,
}

/// Who waits for the reply.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Nobody,
    /// The request that accepts a job, by its number.
    Post(usize),
    /// The request for a further attempt, which asks the queue first.
    Payer {
        job: usize,
        action: Action,
    },
    /// A job's alarm handler.
    Job {
        job: usize,
        run: u64,
        begun: InFlight,
    },
    /// The queue's alarm handler.
    Queue {
        run: u64,
        ask: Ask,
    },
    /// The consumer of the platform's queue, by the message it holds.
    Consumer(usize),
    /// An operator who wants an event sent again.
    Operator {
        key: JobKey,
        event_id: String,
    },
}

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Pause,
    Resume,
    /// Has one of the job's events sent again.
    Redeliver {
        job: usize,
    },
}

/// What a user does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Post { fingerprint: &'static str },
    Cancel,
    Retry,
    Confirm,
    Clarify { too_long: bool },
    DeleteVideo,
    View,
}

#[derive(Debug, Clone)]
pub(crate) enum Event {
    AlarmDue {
        object: Object,
        token: u64,
    },
    /// An alarm fires once more, or early.
    AlarmAgain {
        object: Object,
    },
    Arrive {
        target: Object,
        message: Message,
        caller: Caller,
    },
    Return {
        caller: Caller,
        reply: Reply,
    },
    /// An outside effect reaches the outside.
    Land {
        job: usize,
        run: u64,
        in_flight: InFlight,
    },
    Answered {
        job: usize,
        run: u64,
        begun: InFlight,
        answer: Answer,
    },
    User {
        job: usize,
        action: Action,
    },
    Crash {
        object: Object,
    },
    RuntimeCrash,
    ClockJump {
        forward: bool,
    },
    /// The minute's sweep; only the last one that was scheduled comes.
    Cron {
        number: u64,
    },
    /// The day's clean-up.
    Daily,
    /// The platform's queue hands a message to its consumer.
    Consume {
        wake: Wake,
    },
    /// The operator deploys other settings.
    Settings {
        mode: bool,
    },
    Operate(Operation),
    Heal,
    /// The upstream says that there is something to see.
    Push {
        job: usize,
        id: String,
    },
    /// The app looks at its jobs.
    Look,
    /// Every accepted job must have ended by now.
    EndBound,
}

/// Events by the real time they are due at; equal times keep their order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Millis, u64), Event>,
    number: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Millis, event: Event) {
        self.number += 1;
        self.events.insert((at, self.number), event);
    }

    pub(crate) fn next(&mut self) -> Option<(Millis, Event)> {
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }
}
