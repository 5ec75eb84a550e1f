//! The queue's entries in memory, with a journal of what the step under way has changed.

use reelay::ids::JobKey;
use reelay::machine::delivery::DeliveryCard;
use reelay::machine::queue::{Book, Closed, Entry, Minute, Place, Rows, Spot, Standpoint, Waiting};
use reelay::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// By day and user; `None` is all users.
pub(crate) type Spending = BTreeMap<(u64, Option<String>), u64>;

/// The catalogue of events, by job and id.
pub(crate) type Deliveries = BTreeMap<(JobKey, String), DeliveryCard>;

#[derive(Debug, Default)]
pub(crate) struct MapRows {
    pub(crate) entries: BTreeMap<JobKey, Entry>,
    pub(crate) book: Book,
    /// What is charged to each day for each user, and for all.
    pub(crate) spending: Spending,
    pub(crate) deliveries: Deliveries,
    /// What the step has replaced, oldest first.
    journal: Vec<(JobKey, Option<Entry>)>,
    /// The book as it was when the step began, if the step has replaced it.
    book_before: Option<Book>,
    spending_before: Option<Spending>,
    deliveries_before: Option<Deliveries>,
    /// What was counted within each minute; within minute 0, in all before the latest.
    pub(crate) minutes: BTreeMap<u64, Minute>,
    /// The minutes that the step has replaced, oldest first.
    minutes_before: Vec<(u64, Option<Minute>)>,
}

impl MapRows {
    /// Begins a step.
    pub(crate) fn begin(&mut self) {
        self.journal.clear();
        self.book_before = None;
        self.spending_before = None;
        self.deliveries_before = None;
        self.minutes_before.clear();
    }

    /// Takes back what the step has written.
    pub(crate) fn roll_back(&mut self) {
        while let Some((key, entry)) = self.journal.pop() {
            match entry {
                Some(entry) => self.entries.insert(key, entry),
                None => self.entries.remove(&key),
            };
        }
        if let Some(book) = self.book_before.take() {
            self.book = book;
        }
        if let Some(spending) = self.spending_before.take() {
            self.spending = spending;
        }
        if let Some(deliveries) = self.deliveries_before.take() {
            self.deliveries = deliveries;
        }
        while let Some((number, minute)) = self.minutes_before.pop() {
            match minute {
                Some(minute) => self.minutes.insert(number, minute),
                None => self.minutes.remove(&number),
            };
        }
    }

    /// What was charged when the step began.
    pub(crate) fn spending_before(&self) -> &Spending {
        self.spending_before.as_ref().unwrap_or(&self.spending)
    }

    fn keep_spending(&mut self) {
        if self.spending_before.is_none() {
            self.spending_before = Some(self.spending.clone());
        }
    }

    fn keep_deliveries(&mut self) {
        if self.deliveries_before.is_none() {
            self.deliveries_before = Some(self.deliveries.clone());
        }
    }

    /// The entry as it was when the step began.
    pub(crate) fn before(&self, key: &JobKey) -> Option<&Entry> {
        let replaced = self.journal.iter().find(|(replaced, _)| replaced == key);
        replaced.map_or_else(|| self.entries.get(key), |(_, entry)| entry.as_ref())
    }

    /// The keys of the entries that the step has written.
    pub(crate) fn touched(&self) -> BTreeSet<JobKey> {
        self.journal.iter().map(|(key, _)| key.clone()).collect()
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| matches!(entry.place, Place::Waiting))
    }

    fn of_priority(&self, priority: u8) -> impl Iterator<Item = &Entry> {
        self.waiting().filter(move |entry| entry.card.priority == priority)
    }

    pub(crate) fn held(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| is_held(entry))
    }

    /// When the queue's alarm has to fire next.
    pub(crate) fn next_alarm(&self) -> Option<Millis> {
        self.next_entry_due().into_iter().chain(self.book.admit_at).min()
    }

    fn next_entry_due(&self) -> Option<Millis> {
        self.entries.values().filter_map(due).min()
    }

    fn push(&mut self, key: JobKey, replaced: Option<Entry>) {
        self.journal.push((key, replaced));
    }
}

/// When an entry is to be looked at.
fn due(entry: &Entry) -> Option<Millis> {
    match entry.place {
        Place::Held(lease) => Some(lease.until),
        Place::Watched { until } | Place::Expiring { until } | Place::Delayed { until } => Some(until),
        Place::Waiting | Place::Ended => None,
    }
}

pub(crate) fn is_held(entry: &Entry) -> bool {
    matches!(entry.place, Place::Held(_))
}

impl MapRows {
    fn keep_minute(&mut self, number: u64, minute: &Minute) {
        let replaced = self.minutes.insert(number, minute.clone());
        self.minutes_before.push((number, replaced));
    }
}

impl Rows for MapRows {
    type Error = Infallible;

    fn book(&self) -> Result<Book, Infallible> {
        Ok(self.book.clone())
    }

    fn save_book(&mut self, book: &Book, latest: Option<(u64, &Minute)>) -> Result<(), Infallible> {
        let before = std::mem::replace(&mut self.book, book.clone());
        self.book_before.get_or_insert(before);
        if let Some((number, minute)) = latest {
            self.keep_minute(number, minute);
        }
        Ok(())
    }

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Infallible> {
        Ok(self.entries.get(key).cloned())
    }

    fn save(&mut self, entry: &Entry) -> Result<Option<Spot>, Infallible> {
        let key = &entry.card.key;
        let replaced = self.entries.insert(key.clone(), entry.clone());
        let spot = replaced.as_ref().and_then(Entry::spot);
        self.push(key.clone(), replaced);
        Ok(spot)
    }

    fn remove(&mut self, key: &JobKey) -> Result<(), Infallible> {
        let replaced = self.entries.remove(key);
        self.push(key.clone(), replaced);
        Ok(())
    }

    fn last_accepted(&self) -> Result<(u64, Millis), Infallible> {
        let last = self.entries.values().max_by_key(|entry| entry.sequence);
        Ok(last.map_or((0, 0), |entry| (entry.sequence, entry.enqueued_at)))
    }

    fn last_round(&self, user_id: &str, priority: u8) -> Result<Option<u64>, Infallible> {
        let own = self.waiting().filter(|entry| entry.card.key.user_id == user_id && entry.card.priority == priority);
        Ok(own.map(|entry| entry.round).max())
    }

    fn heads(&self, closed: &Closed) -> Result<Vec<Entry>, Infallible> {
        let is_open = |entry: &&Entry| {
            let user = &entry.card.key.user_id;
            let full = closed.user_slots.is_some_and(|slots| self.count_held_by(user).is_ok_and(|held| held >= slots));
            !full && !closed.upstreams.contains(&entry.card.upstream)
        };
        let mut heads: BTreeMap<u8, &Entry> = BTreeMap::new();
        for entry in self.waiting().filter(is_open) {
            let head = heads.entry(entry.card.priority).or_insert(entry);
            if entry.turn() < head.turn() {
                *head = entry;
            }
        }
        Ok(heads.into_values().cloned().collect())
    }

    fn count_line(&self) -> Result<(Waiting, u64), Infallible> {
        let mut waiting = Waiting::new();
        for entry in self.waiting() {
            *waiting.entry((entry.card.priority, entry.card.upstream.clone())).or_default() += 1;
        }
        let delayed = self.entries.values().filter(|entry| matches!(entry.place, Place::Delayed { .. }));
        Ok((waiting, delayed.count() as u64))
    }

    fn count_turns(&self, priority: u8, from: Standpoint, before: Standpoint) -> Result<u64, Infallible> {
        let counted = self.of_priority(priority).filter(|entry| from <= entry.turn() && entry.turn() < before);
        Ok(counted.count() as u64)
    }

    fn count_sooner(&self, priority: u8, before: Standpoint, sooner: (i64, u64)) -> Result<u64, Infallible> {
        let counted = self.of_priority(priority).filter(|entry| entry.turn() < before);
        Ok(counted.filter(|entry| (entry.head_start_key(), entry.sequence) < sooner).count() as u64)
    }

    fn stands_at(&self, priority: u8, from: Standpoint, behind: u64) -> Result<Option<(Standpoint, i64)>, Infallible> {
        let mut line: Vec<&Entry> = self.of_priority(priority).filter(|entry| from <= entry.turn()).collect();
        line.sort_by_key(|entry| entry.turn());
        let found = line.into_iter().nth(usize::try_from(behind).unwrap_or(usize::MAX));
        Ok(found.map(|entry| (entry.turn(), entry.head_start_key())))
    }

    fn count_held(&self) -> Result<u64, Infallible> {
        Ok(self.held().count() as u64)
    }

    fn count_held_by(&self, user_id: &str) -> Result<u64, Infallible> {
        Ok(self.held().filter(|entry| entry.card.key.user_id == user_id).count() as u64)
    }

    fn count_unspent(&self, upstream: &str) -> Result<u64, Infallible> {
        Ok(self.held().filter(|entry| entry.unspent && entry.card.upstream == upstream).count() as u64)
    }

    fn has_waiting(&self) -> Result<bool, Infallible> {
        Ok(self.waiting().next().is_some())
    }

    fn delays_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Infallible> {
        let is_over = |entry: &&Entry| matches!(entry.place, Place::Delayed { until } if until <= now);
        let mut over: Vec<_> = self.entries.values().filter(is_over).collect();
        over.sort_by_key(|entry| (due(entry), entry.sequence));
        Ok(over.into_iter().take(limit).cloned().collect())
    }

    fn to_ask(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Infallible> {
        let is_asked = |entry: &&Entry| {
            matches!(entry.place, Place::Held(_) | Place::Watched { .. } | Place::Expiring { .. })
                && due(entry).is_some_and(|until| until <= now)
        };
        let mut asked: Vec<_> = self.entries.values().filter(is_asked).collect();
        asked.sort_by_key(|entry| (due(entry), entry.sequence));
        Ok(asked.into_iter().take(limit).cloned().collect())
    }

    fn next_due(&self) -> Result<Option<Millis>, Infallible> {
        Ok(self.next_entry_due())
    }

    fn expire(&mut self, before: Millis, now: Millis) -> Result<u64, Infallible> {
        let is_old = |entry: &&Entry| entry.place == Place::Ended && entry.card.updated_at < before;
        let old: Vec<Entry> = self.entries.values().filter(is_old).cloned().collect();
        let count = old.len() as u64;
        for entry in old {
            self.save(&Entry { place: Place::Expiring { until: now }, ..entry })?;
        }
        Ok(count)
    }

    fn deliveries(&self, key: &JobKey) -> Result<Vec<DeliveryCard>, Infallible> {
        Ok(self.deliveries.iter().filter(|((of, _), _)| of == key).map(|(_, card)| card.clone()).collect())
    }

    fn save_delivery(&mut self, key: &JobKey, delivery: &DeliveryCard) -> Result<(), Infallible> {
        self.keep_deliveries();
        self.deliveries.insert((key.clone(), delivery.id.clone()), delivery.clone());
        Ok(())
    }

    fn remove_delivery(&mut self, key: &JobKey, id: &str) -> Result<(), Infallible> {
        self.keep_deliveries();
        self.deliveries.remove(&(key.clone(), id.to_owned()));
        Ok(())
    }

    fn remove_deliveries(&mut self, key: &JobKey) -> Result<(), Infallible> {
        self.keep_deliveries();
        self.deliveries.retain(|(of, _), _| of != key);
        Ok(())
    }

    fn spent(&self, day: u64, user_id: Option<&str>) -> Result<u64, Infallible> {
        Ok(self.spending.get(&(day, user_id.map(str::to_owned))).copied().unwrap_or(0))
    }

    fn spend(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Infallible> {
        self.keep_spending();
        for whose in [Some(user_id.to_owned()), None] {
            *self.spending.entry((day, whose)).or_default() += micros;
        }
        Ok(())
    }

    fn give_back(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Infallible> {
        self.keep_spending();
        for whose in [Some(user_id.to_owned()), None] {
            if let Some(sum) = self.spending.get_mut(&(day, whose)) {
                *sum = sum.saturating_sub(micros);
            }
        }
        Ok(())
    }

    fn forget_spending(&mut self, before: u64) -> Result<(), Infallible> {
        self.keep_spending();
        self.spending.retain(|(day, _), _| *day >= before);
        Ok(())
    }

    fn waiting_since(&self) -> Result<(u64, Option<Millis>), Infallible> {
        Ok((self.waiting().count() as u64, self.waiting().map(|entry| entry.enqueued_at).min()))
    }

    fn latest_minute(&self) -> Result<Option<(u64, Minute)>, Infallible> {
        let latest = self.minutes.range(1..).next_back();
        Ok(latest.map(|(number, minute)| (*number, minute.clone())))
    }

    fn counted_before(&self) -> Result<Minute, Infallible> {
        Ok(self.minutes.get(&0).cloned().unwrap_or_default())
    }

    fn save_counted_before(&mut self, sum: &Minute) -> Result<(), Infallible> {
        self.keep_minute(0, sum);
        Ok(())
    }

    fn forget_minutes(&mut self, before: u64) -> Result<(), Infallible> {
        let latest = self.minutes.keys().next_back().copied().unwrap_or(0);
        let over: Vec<u64> = self.minutes.range(1..before.min(latest).max(1)).map(|(number, _)| *number).collect();
        for number in over {
            let replaced = self.minutes.remove(&number);
            self.minutes_before.push((number, replaced));
        }
        Ok(())
    }
}
