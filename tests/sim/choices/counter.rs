//! Counts the decisions and answers chosen ones with yes, so that a walk over all of them visits
//! every cut.

use super::{Driver, Seeded};

pub(crate) struct Counter {
    /// The decisions that are answered with yes, by their number from 0.
    yes_at: Vec<u64>,
    decided: u64,
    /// Answers everything except decisions, with the same numbers in every run, so that a walk is
    /// finite.
    numbers: Seeded,
}

impl Counter {
    pub(crate) fn new(yes_at: &[u64]) -> Self {
        Self {
            yes_at: yes_at.to_vec(),
            decided: 0,
            numbers: Seeded::new(0),
        }
    }
}

impl Driver for Counter {
    fn below(&mut self, bound: u64) -> u64 {
        self.numbers.below(bound)
    }

    fn decide(&mut self, _per_mille: u64) -> bool {
        self.decided += 1;
        self.yes_at.contains(&(self.decided - 1))
    }

    fn decided(&self) -> u64 {
        self.decided
    }
}
