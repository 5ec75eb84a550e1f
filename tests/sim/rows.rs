//! The queue's entries in memory, with what they were before the step under way.

use crate::map_rows::MapRows as Plain;
use reelay::ids::JobKey;
use reelay::machine::queue::{Entry, Place};
use reelay::time::Millis;
use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

#[derive(Debug, Default)]
pub(crate) struct MapRows {
    now: Plain,
    before: Plain,
}

impl Deref for MapRows {
    type Target = Plain;

    fn deref(&self) -> &Plain {
        &self.now
    }
}

impl DerefMut for MapRows {
    fn deref_mut(&mut self) -> &mut Plain {
        &mut self.now
    }
}

impl MapRows {
    /// Begins a step.
    pub(crate) fn begin(&mut self) {
        self.before = self.now.clone();
    }

    /// Takes back what the step has written.
    pub(crate) fn roll_back(&mut self) {
        self.now = self.before.clone();
    }

    /// All as it was when the step began.
    pub(crate) fn as_before(&self) -> &Plain {
        &self.before
    }

    /// The entry as it was when the step began.
    pub(crate) fn before(&self, key: &JobKey) -> Option<&Entry> {
        self.before.entries.get(key)
    }

    /// The keys of the entries that the step has changed.
    pub(crate) fn touched(&self) -> BTreeSet<JobKey> {
        let keys = self.before.entries.keys().chain(self.now.entries.keys());
        keys.filter(|key| self.before(key) != self.now.entries.get(*key)).cloned().collect()
    }

    /// When the queue's alarm has to fire next.
    pub(crate) fn next_alarm(&self) -> Option<Millis> {
        let due = self.asked().chain(self.delayed()).map(|(until, _)| until).min();
        due.into_iter().chain(self.book.admit_at).min()
    }
}

pub(crate) fn is_held(entry: &Entry) -> bool {
    matches!(entry.place, Place::Held(_))
}
