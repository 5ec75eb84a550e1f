//! The queue's entries in memory, and their state before the current step.

use crate::map_rows::MapRows as Plain;
use reelay::ids::JobKey;
use reelay::machine::queue::{Entry, Stage};
use reelay::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

#[derive(Debug, Default)]
pub(crate) struct MapRows {
    now: Plain,
    before: BTreeMap<JobKey, Entry>,
    spending_before: BTreeMap<(u64, Option<String>), u64>,
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
        self.before.clone_from(&self.now.entries);
        self.spending_before.clone_from(&self.now.spending);
    }

    /// What was charged when the step began.
    pub(crate) fn spending_before(&self) -> &BTreeMap<(u64, Option<String>), u64> {
        &self.spending_before
    }

    /// The entry as it was when the step began.
    pub(crate) fn before(&self, key: &JobKey) -> Option<&Entry> {
        self.before.get(key)
    }

    /// The keys of the entries that the step changed.
    pub(crate) fn touched(&self) -> BTreeSet<JobKey> {
        let keys = self.before.keys().chain(self.now.entries.keys());
        keys.filter(|key| self.before(key) != self.now.entries.get(*key))
            .cloned()
            .collect()
    }

    /// When the queue's alarm has to fire next.
    pub(crate) fn next_alarm(&self) -> Option<Millis> {
        let due = self
            .asked()
            .chain(self.delayed())
            .map(|(until, _)| until)
            .min();
        let own = self.book.admit_at.into_iter().chain(self.book.bulk_at);
        due.into_iter().chain(own).chain(self.book.alert_at).min()
    }
}

pub(crate) fn is_held(entry: &Entry) -> bool {
    matches!(entry.stage, Stage::Held(_))
}
