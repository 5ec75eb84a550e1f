//! The coming events, ordered by real time.

use crate::message_queue::Wake;
use crate::world::World;
use reelay::machine::alerts::AlertMessage;
use reelay::machine::bulk::BulkAction;
use reelay::machine::job::{Answer, InFlight};
use reelay::machine::queue::Limit;
use reelay::time::Millis;
use std::collections::BTreeMap;

/// A Durable Object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    Job(usize),
    Queue,
}

/// What happens when a message or a reply arrives.
pub(crate) type Letter = Box<dyn FnOnce(&mut World)>;

pub(crate) enum Due {
    Event(Event),
    Letter(Letter),
}

/// An operator's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Pause,
    Resume,
    /// Pauses the video service, or one model of it.
    PauseUpstream {
        model: Option<&'static str>,
    },
    ResumeUpstream {
        model: Option<&'static str>,
    },
    /// Sets a limit in place of its setting, or resets it.
    ChangeLimit {
        limit: Limit,
        value: Option<u64>,
    },
    /// Counts the jobs that match, and starts a bulk for them.
    Bulk {
        action: BulkAction,
    },
    StopBulk,
    /// Sends one of the job's events again.
    Redeliver {
        job: usize,
    },
}

/// A user's action.
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
    /// An alarm fires again, or early.
    AlarmAgain {
        object: Object,
    },
    /// A request of an effect reaches the service it is for.
    Land {
        job: usize,
        handler: u64,
        in_flight: InFlight,
    },
    Answered {
        job: usize,
        handler: u64,
        number: u64,
        answer: Answer,
    },
    User {
        job: usize,
        action: Action,
    },
    /// The user views the job.
    Looks {
        job: usize,
    },
    Crash {
        object: Object,
    },
    RuntimeCrash,
    ClockJump {
        forward: bool,
    },
    /// The minute's sweep; only the last one scheduled runs.
    Cron {
        number: u64,
    },
    /// The daily clean-up.
    Daily,
    /// The platform's queue delivers a message to its consumer.
    Consume {
        wake: Wake,
    },
    /// The operator deploys changed settings.
    Settings {
        mode: bool,
    },
    Operate(Operation),
    Heal,
    /// A message about an alert reaches its receiver; `instance` sent it.
    AlertLands {
        message: AlertMessage,
        instance: u64,
    },
    /// The upstream sends a webhook.
    Push {
        job: usize,
        id: String,
    },
    /// The app views its jobs.
    Look,
    /// Every accepted job must have ended by now.
    EndBound,
}

/// The due events, by real time; events of the same time keep their order of arrival.
#[derive(Default)]
pub(crate) struct Agenda {
    due: BTreeMap<(Millis, u64), Due>,
    number: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Millis, event: Event) {
        self.enter(at, Due::Event(event));
    }

    pub(crate) fn post(&mut self, at: Millis, letter: Letter) {
        self.enter(at, Due::Letter(letter));
    }

    fn enter(&mut self, at: Millis, due: Due) {
        self.number += 1;
        self.due.insert((at, self.number), due);
    }

    pub(crate) fn next(&mut self) -> Option<(Millis, Due)> {
        self.due.pop_first().map(|((at, _), due)| (at, due))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Due> {
        self.due.values()
    }
}
