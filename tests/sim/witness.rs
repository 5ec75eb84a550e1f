//! What must never happen, and what was observed so far.

use crate::agenda::Object;
use crate::bulks::BulkSeen;
use crate::watch_push::Pushes;
use reelay::machine::Status;
use reelay::machine::queue::Limit;
use reelay::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The invariants of ARCHITECTURE.md that this world can see broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I8,
    I9,
    I10,
    I13,
    I14,
    I15,
    I16,
    I17,
    I18,
    I19,
    I20,
    /// The limits on submits to the upstream.
    Limit,
    /// The terms of the order: no start before its time or without its user's confirmation.
    Terms,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    pub(crate) message: String,
}

impl Violation {
    pub(crate) fn new(invariant: Invariant, message: String) -> Self {
        Self { invariant, message }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?} is broken: {}",
            self.invariant, self.message
        )
    }
}

/// The end of one attempt, as first stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: Status,
    /// The id of the event about it, if the app wants that event.
    pub(crate) event_id: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Witness {
    pub(crate) violation: Option<Violation>,
    /// Jobs whose acceptance was answered, with the fingerprint of what was ordered.
    pub(crate) accepted: BTreeMap<usize, &'static str>,
    /// How often a job has been withdrawn or deleted.
    incarnations: BTreeMap<usize, u64>,
    /// The end of each attempt by job and epoch.
    pub(crate) ended: BTreeMap<(usize, u64), Ended>,
    /// How often each job waited for another prompt, and how often it was given one.
    pub(crate) clarifications: BTreeMap<usize, (usize, usize)>,
    /// The jobs whose users confirmed their orders, with their incarnation.
    confirmed: BTreeSet<(usize, u64)>,
    /// The incarnations whose predecessor was deleted because it was old.
    old: BTreeSet<(usize, u64)>,
    /// The incarnations that were created after their images were deleted.
    without_images: BTreeSet<(usize, u64)>,
    /// The clock was set back.
    pub(crate) set_back: bool,
    /// The latest time that the queue's clock has shown.
    pub(crate) latest_clock: Millis,
    /// The second in which an alarm last fired, and how often it fired in that second.
    pub(crate) firing: BTreeMap<Object, (Millis, u32)>,
    /// The objects whose alarms a fault has made late.
    pub(crate) troubled: BTreeSet<Object>,
    /// The upstream's webhooks that each job received, by its incarnation.
    pub(crate) pushes: BTreeMap<(usize, u64), Pushes>,
    /// How many messages of the platform's queue were given up.
    pub(crate) dead_letters: u64,
    /// An operator has paused the queue.
    pub(crate) paused: bool,
    /// The limits that an operator set in place of their settings.
    pub(crate) limits: BTreeMap<Limit, u64>,
    /// What each bulk chose and did, by its id.
    pub(crate) bulks: BTreeMap<u64, BulkSeen>,
}

impl Witness {
    pub(crate) fn incarnation(&self, job: usize) -> u64 {
        self.incarnations.get(&job).copied().unwrap_or(0)
    }

    pub(crate) fn stand_by(&mut self, job: usize) {
        self.confirmed.insert((job, self.incarnation(job)));
    }

    pub(crate) fn is_confirmed(&self, job: usize) -> bool {
        self.confirmed.contains(&(job, self.incarnation(job)))
    }

    /// The job, which is gone now, was deleted because it was old.
    pub(crate) fn note_forgotten(&mut self, job: usize) {
        self.old.insert((job, self.incarnation(job)));
    }

    pub(crate) fn note_without_images(&mut self, job: usize) {
        self.without_images.insert((job, self.incarnation(job)));
    }

    /// Whether the job was created after its images were deleted.
    pub(crate) fn is_without_images(&self, job: usize) -> bool {
        self.without_images.contains(&(job, self.incarnation(job)))
    }

    pub(crate) fn was_forgotten(&self, job: usize) -> bool {
        self.old.contains(&(job, self.incarnation(job)))
    }

    /// The job was withdrawn or deleted: another job follows under its name.
    pub(crate) fn forgotten(&mut self, job: usize) {
        *self.incarnations.entry(job).or_default() += 1;
        self.accepted.remove(&job);
        self.clarifications.remove(&job);
        self.ended.retain(|(number, _), _| *number != job);
    }
}

impl crate::world::World {
    /// Keeps the first violation.
    pub(crate) fn violated(&mut self, invariant: Invariant, message: String) {
        self.trace
            .say(self.real, || format!("VIOLATION {invariant:?} {message}"));
        self.witness
            .violation
            .get_or_insert(Violation { invariant, message });
    }
}
