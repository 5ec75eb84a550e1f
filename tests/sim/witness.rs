//! What must never happen, and what was seen so far that tells.

use reelay::machine::queue::Order;
use reelay::machine::{JobKey, Millis, Status};
use std::collections::BTreeMap;
use std::fmt;

/// The invariants of DESIGN.md that this world can see broken.
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
        write!(formatter, "{:?} is broken: {}", self.invariant, self.message)
    }
}

/// The end of one attempt, as first stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: Status,
    /// The event that tells of it, if the app wants to hear.
    pub(crate) event_id: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Witness {
    pub(crate) violation: Option<Violation>,
    /// Jobs whose acceptance was answered, with the fingerprint of what was ordered.
    pub(crate) accepted: BTreeMap<usize, &'static str>,
    /// How often a job has been withdrawn.
    incarnations: BTreeMap<usize, u64>,
    /// The end of each attempt by job and epoch.
    pub(crate) ended: BTreeMap<(usize, u64), Ended>,
    /// The reference model of the queue's order: what each waiting attempt's place was when it was taken.
    pub(crate) places: BTreeMap<(JobKey, u64), Order>,
    pub(crate) last_place: (u64, Millis),
}

impl Witness {
    pub(crate) fn incarnation(&self, job: usize) -> u64 {
        self.incarnations.get(&job).copied().unwrap_or(0)
    }

    /// The job was withdrawn: what follows under its name is another job.
    pub(crate) fn forgotten(&mut self, job: usize) {
        *self.incarnations.entry(job).or_default() += 1;
        self.ended.retain(|(number, _), _| *number != job);
    }
}

impl crate::world::World {
    /// Keeps the first violation.
    pub(crate) fn violated(&mut self, invariant: Invariant, message: String) {
        self.trace.say(self.real, || format!("VIOLATION {invariant:?} {message}"));
        self.witness.violation.get_or_insert(Violation { invariant, message });
    }
}
