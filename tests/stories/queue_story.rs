//! One queue, a clock, and a short way to say what happens to it.

use crate::rows::MapRows;
use reelay::machine::queue::{self, Card, Input, Place, Policy, Reply, Rows, Said, Standing, Start};
use reelay::machine::{JobKey, Millis, Moment, Status};

pub(crate) struct QueueStory {
    pub(crate) rows: MapRows,
    pub(crate) now: Millis,
    pub(crate) policy: Policy,
    pub(crate) wake_at: Option<Millis>,
}

impl QueueStory {
    pub(crate) fn with_slots(slots: u64) -> Self {
        let policy = Policy { slots, max_waiting: 100 };
        Self { rows: MapRows::default(), now: 10_000_000, policy, wake_at: None }
    }

    pub(crate) fn takes(&mut self, input: Input) -> (Reply, Vec<Start>) {
        let moment = Moment { now: self.now, random: 0 };
        let Ok(step) = queue::step(&mut self.rows, input, moment, self.policy);
        self.wake_at = step.wake_at;
        (step.reply, step.starts)
    }

    pub(crate) fn enqueue(&mut self, card: Card) -> Option<Standing> {
        self.ask(card, true)
    }

    /// `None` when the queue is full.
    pub(crate) fn ask(&mut self, card: Card, promised: bool) -> Option<Standing> {
        match self.takes(Input::Enqueue { card, promised }).0 {
            Reply::Standing(standing) => Some(standing),
            Reply::Full { .. } => None,
            Reply::Nothing => panic!("an enqueue is answered"),
        }
    }

    pub(crate) fn report(&mut self, card: Card) {
        assert_eq!(self.takes(Input::Report { card }).0, Reply::Nothing);
    }

    /// The alarm fires when it is due; these holders are asked.
    pub(crate) fn alarm(&mut self) -> Vec<String> {
        self.now = self.now.max(self.wake_at.expect("an alarm is set"));
        self.takes(Input::Alarm).1.into_iter().map(|start| start.key.generation_id).collect()
    }

    pub(crate) fn hears(&mut self, name: &str, epoch: u64, said: Said) {
        self.takes(Input::Heard { key: key(name), epoch, said });
    }

    pub(crate) fn ends(&mut self, name: &str) {
        self.report(told(name, 1, 2, Status::Completed));
    }

    pub(crate) fn place(&self, name: &str) -> Place {
        let Ok(entry) = self.rows.find(&key(name));
        entry.expect("the queue knows it").place
    }

    pub(crate) fn holders(&self) -> Vec<String> {
        let held = self.rows.entries.values().filter(|entry| matches!(entry.place, Place::Held(_)));
        held.map(|entry| entry.card.key.generation_id.clone()).collect()
    }
}

pub(crate) fn key(name: &str) -> JobKey {
    JobKey::new("ada", name)
}

/// What a waiting job says of itself.
pub(crate) fn card(name: &str, priority: u8) -> Card {
    Card { priority, ..told(name, 1, 0, Status::Queued) }
}

pub(crate) fn told(name: &str, epoch: u64, report_number: u64, status: Status) -> Card {
    Card {
        key: key(name),
        epoch,
        report_number,
        status,
        priority: 0,
        created_at: 0,
        updated_at: 0,
        snapshot: String::new(),
    }
}
