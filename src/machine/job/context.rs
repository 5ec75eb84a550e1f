//! What a change of a job reads and writes.

use super::{Note, Policy};
use crate::time::{Millis, Moment};

/// What one step may read and where it writes.
pub struct Context<'a> {
    pub(super) moment: Moment,
    pub(super) policy: &'a Policy,
    pub(super) notes: Vec<Note>,
}

impl Context<'_> {
    pub(super) fn now(&self) -> Millis {
        self.moment.now
    }

    pub(super) fn note(&mut self, step: &str, detail: Option<String>) {
        self.notes.push(Note { at: self.moment.now, step: step.to_owned(), detail });
    }
}
