//! What the queue's SQL must mean, on a plain map.

use reelay::machine::queue::{Card, Entry, Order, Place, Rows};
use reelay::machine::{JobKey, Millis, Status};
use reelay::store::queue::Cursor;
use reelay::wire::message::{QueueStats, Slots};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// The entries by their job.
#[derive(Debug, Default)]
pub(crate) struct Model {
    entries: BTreeMap<JobKey, Entry>,
}

impl Model {
    /// A page of a user's cards.
    pub(crate) fn list(&self, user: &str, status: Option<Status>, limit: usize, before: Option<&Cursor>) -> Vec<Card> {
        let mut cards: Vec<Card> = self.entries.values().map(|entry| entry.card.clone()).collect();
        cards.retain(|card| card.key.user_id == user && status.is_none_or(|status| card.status == status));
        cards.retain(|card| before.is_none_or(|cursor| newness(card) < (cursor.created_at, &cursor.generation_id)));
        cards.sort_by(|one, other| newness(other).cmp(&newness(one)));
        cards.truncate(limit);
        cards
    }

    pub(crate) fn stats(&self, mode: &str, slots: u64, now: Millis) -> QueueStats {
        let (mut by_status, mut waiting_by_priority) = (BTreeMap::new(), BTreeMap::new());
        for entry in self.entries.values() {
            *by_status.entry(entry.card.status.as_str().to_owned()).or_default() += 1;
        }
        for entry in self.waiting() {
            *waiting_by_priority.entry(entry.card.priority.to_string()).or_default() += 1;
        }
        QueueStats {
            mode: mode.to_owned(),
            paused: false,
            slots: Slots { total: slots, used: self.held().count() as u64 },
            by_status,
            waiting_by_priority,
            oldest_wait_ms: self.waiting().map(|entry| now.saturating_sub(entry.enqueued_at)).max(),
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| entry.place == Place::Waiting)
    }

    fn held(&self) -> impl Iterator<Item = (Millis, &Entry)> {
        self.entries.values().filter_map(|entry| match entry.place {
            Place::Held(lease) => Some((lease.until, entry)),
            Place::Waiting | Place::Ended => None,
        })
    }
}

fn newness(card: &Card) -> (Millis, &String) {
    (card.created_at, &card.key.generation_id)
}

impl Rows for Model {
    type Error = Infallible;

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Infallible> {
        Ok(self.entries.get(key).cloned())
    }

    fn save(&mut self, entry: &Entry) -> Result<(), Infallible> {
        self.entries.insert(entry.card.key.clone(), entry.clone());
        Ok(())
    }

    fn last_accepted(&self) -> Result<(u64, Millis), Infallible> {
        let last = self.entries.values().max_by_key(|entry| entry.sequence);
        Ok(last.map_or((0, 0), |entry| (entry.sequence, entry.enqueued_at)))
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
        over.sort_by_key(|(until, entry)| (*until, entry.sequence));
        Ok(over.into_iter().take(limit).map(|(_, entry)| entry.clone()).collect())
    }

    fn next_lease_end(&self) -> Result<Option<Millis>, Infallible> {
        Ok(self.held().map(|(until, _)| until).min())
    }
}
