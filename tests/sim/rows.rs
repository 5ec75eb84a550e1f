//! The queue's entries in memory, with a journal of what the step under way has changed.

use reelay::machine::queue::{Entry, Order, Place, Rows};
use reelay::machine::{JobKey, Millis};
use std::collections::BTreeMap;
use std::convert::Infallible;

#[derive(Debug, Default)]
pub(crate) struct MapRows {
    pub(crate) entries: BTreeMap<JobKey, Entry>,
    last: (u64, Millis),
    /// What the step has replaced, oldest first.
    journal: Vec<(JobKey, Option<Entry>)>,
    last_before: (u64, Millis),
}

impl MapRows {
    /// Begins a step.
    pub(crate) fn begin(&mut self) {
        self.journal.clear();
        self.last_before = self.last;
    }

    /// Takes back what the step has written.
    pub(crate) fn roll_back(&mut self) {
        while let Some((key, entry)) = self.journal.pop() {
            match entry {
                Some(entry) => self.entries.insert(key, entry),
                None => self.entries.remove(&key),
            };
        }
        self.last = self.last_before;
    }

    /// The entry as it was when the step began.
    pub(crate) fn before(&self, key: &JobKey) -> Option<&Entry> {
        let replaced = self.journal.iter().find(|(replaced, _)| replaced == key);
        replaced.map_or_else(|| self.entries.get(key), |(_, entry)| entry.as_ref())
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| matches!(entry.place, Place::Waiting))
    }

    /// When the next lease ends.
    pub(crate) fn next_lease(&self) -> Option<Millis> {
        self.held().map(|(until, _)| until).min()
    }

    fn held(&self) -> impl Iterator<Item = (Millis, &Entry)> {
        self.entries.values().filter_map(|entry| match entry.place {
            Place::Held(lease) => Some((lease.until, entry)),
            Place::Waiting | Place::Ended => None,
        })
    }
}

impl Rows for MapRows {
    type Error = Infallible;

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Infallible> {
        Ok(self.entries.get(key).cloned())
    }

    fn save(&mut self, entry: &Entry) -> Result<(), Infallible> {
        self.last = self.last.max((entry.sequence, entry.enqueued_at));
        let key = &entry.card.key;
        let replaced = self.entries.insert(key.clone(), entry.clone());
        self.journal.push((key.clone(), replaced));
        Ok(())
    }

    fn last_accepted(&self) -> Result<(u64, Millis), Infallible> {
        Ok(self.last)
    }

    fn first_waiting(&self) -> Result<Option<Entry>, Infallible> {
        Ok(self.waiting().min_by_key(|entry| entry.order()).cloned())
    }

    fn count_waiting(&self) -> Result<u64, Infallible> {
        Ok(self.waiting().count() as u64)
    }

    fn count_waiting_before(&self, order: Order) -> Result<u64, Infallible> {
        Ok(self.waiting().filter(|entry| entry.order() < order).count() as u64)
    }

    fn count_held(&self) -> Result<u64, Infallible> {
        Ok(self.held().count() as u64)
    }

    fn leases_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Infallible> {
        let mut over: Vec<_> = self.held().filter(|(until, _)| *until <= now).collect();
        over.sort_by_key(|(until, _)| *until);
        Ok(over.into_iter().take(limit).map(|(_, entry)| entry.clone()).collect())
    }

    fn next_lease_end(&self) -> Result<Option<Millis>, Infallible> {
        Ok(self.next_lease())
    }
}
