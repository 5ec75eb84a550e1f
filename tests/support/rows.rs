//! The queue's rows on a plain map: what its SQL must mean, and all that a story needs.

use reelay::ids::JobKey;
use reelay::machine::alerts::Alerts;
use reelay::machine::bulk::BulkAction;
use reelay::machine::delivery::{DeliveryState, DeliverySummary};
use reelay::machine::queue::{
    BULKS_KEPT, Book, Bulk, BulkFilter, BulkItem, BulkRows, Closed, Entry, MAX_PRIORITY, Matching,
    Memory, Minute, Rank, Rows, Stage, Tally,
};
use reelay::time::Millis;
use std::collections::BTreeMap;
use std::convert::Infallible;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct MapRows {
    pub(crate) entries: BTreeMap<JobKey, Entry>,
    pub(crate) book: Book,
    /// The charges of each day, by user and for all users.
    pub(crate) spending: BTreeMap<(u64, Option<String>), u64>,
    /// The counters of each minute; minute 0 sums all minutes before the latest.
    pub(crate) minutes: BTreeMap<u64, Minute>,
    /// The catalogue of events, by id, each with its job.
    pub(crate) deliveries: BTreeMap<String, (JobKey, DeliverySummary)>,
    pub(crate) alerts: Alerts,
    /// The items of the running bulk, in the order of choice.
    pub(crate) items: Vec<BulkItem>,
    /// The bulks that have ended, by id.
    pub(crate) bulks: BTreeMap<u64, Bulk>,
}

impl MapRows {
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .values()
            .filter(|entry| entry.stage == Stage::Waiting)
    }

    pub(crate) fn held(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .values()
            .filter(|entry| matches!(entry.stage, Stage::Held(_)))
    }

    /// The delayed jobs, and the end of each delay.
    pub(crate) fn delayed(&self) -> impl Iterator<Item = (Millis, &Entry)> {
        self.entries.values().filter_map(|entry| match entry.stage {
            Stage::Delayed { until } => Some((until, entry)),
            Stage::Waiting
            | Stage::Held(_)
            | Stage::Watched { .. }
            | Stage::Deleting { .. }
            | Stage::Ended => None,
        })
    }

    /// The jobs to check, and when.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (Millis, &Entry)> {
        self.entries.values().filter_map(|entry| match entry.stage {
            Stage::Held(lease) => Some((lease.until, entry)),
            Stage::Watched { until } | Stage::Deleting { until } => Some((until, entry)),
            Stage::Waiting | Stage::Delayed { .. } | Stage::Ended => None,
        })
    }

    /// When each exhausted event was given up.
    pub(crate) fn exhausted_at(&self) -> impl Iterator<Item = Millis> {
        self.deliveries
            .values()
            .filter_map(|(_, summary)| match summary.state {
                DeliveryState::Exhausted { at } => Some(at),
                DeliveryState::Pending { .. } | DeliveryState::Delivered { .. } => None,
            })
    }
}

/// The entries whose time has passed at `now`, the earliest first.
fn over<'a>(
    entries: impl Iterator<Item = (Millis, &'a Entry)>,
    now: Millis,
    limit: usize,
) -> Vec<Entry> {
    let mut over: Vec<_> = entries.filter(|(until, _)| *until <= now).collect();
    over.sort_by_key(|(until, entry)| (*until, entry.sequence));
    over.into_iter()
        .take(limit)
        .map(|(_, entry)| entry.clone())
        .collect()
}

impl BulkRows for MapRows {
    type Error = Infallible;

    fn matching(
        &self,
        action: BulkAction,
        filter: &BulkFilter,
        limit: u64,
    ) -> Result<Matching, Infallible> {
        let chosen = self
            .entries
            .values()
            .filter(|entry| matches(filter, action, entry))
            .take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(chosen.fold(Matching::default(), |sum, entry| Matching {
            count: sum.count + 1,
            cost_micros: sum.cost_micros + entry.summary.price_micros,
        }))
    }

    fn choose_items(
        &mut self,
        action: BulkAction,
        filter: &BulkFilter,
        now: Millis,
    ) -> Result<(), Infallible> {
        let mut chosen: Vec<&Entry> = self
            .entries
            .values()
            .filter(|entry| matches(filter, action, entry))
            .collect();
        chosen.sort_by_key(|entry| {
            let key = &entry.summary.key;
            (entry.summary.created_at, &key.generation_id, &key.user_id)
        });
        let item = |entry: &Entry| BulkItem {
            key: entry.summary.key.clone(),
            created_at: entry.summary.created_at,
            epoch: entry.summary.epoch,
            due_at: now,
            tries: 0,
        };
        self.items = chosen.into_iter().map(item).collect();
        Ok(())
    }

    fn due_items(&self, now: Millis, limit: usize) -> Result<Vec<BulkItem>, Infallible> {
        let mut due: Vec<BulkItem> = self
            .items
            .iter()
            .filter(|item| item.due_at <= now)
            .cloned()
            .collect();
        due.sort_by_key(|item| item.due_at);
        due.truncate(limit);
        Ok(due)
    }

    fn find_item(&self, key: &JobKey) -> Result<Option<BulkItem>, Infallible> {
        Ok(self.items.iter().find(|item| item.key == *key).cloned())
    }

    fn save_item(&mut self, item: &BulkItem) -> Result<(), Infallible> {
        if let Some(stored) = self.items.iter_mut().find(|known| known.key == item.key) {
            (stored.due_at, stored.tries) = (item.due_at, item.tries);
        }
        Ok(())
    }

    fn remove_item(&mut self, key: &JobKey) -> Result<(), Infallible> {
        self.items.retain(|item| item.key != *key);
        Ok(())
    }

    fn remove_unasked_items(&mut self) -> Result<u64, Infallible> {
        let before = self.items.len();
        self.items.retain(|item| item.tries > 0);
        Ok((before - self.items.len()) as u64)
    }

    fn next_item_due(&self) -> Result<Option<Millis>, Infallible> {
        Ok(self.items.iter().map(|item| item.due_at).min())
    }

    fn save_ended_bulk(&mut self, bulk: &Bulk) -> Result<(), Infallible> {
        self.bulks.insert(bulk.id, bulk.clone());
        while self.bulks.len() > BULKS_KEPT as usize {
            self.bulks.pop_first();
        }
        Ok(())
    }
}

/// Whether a bulk chooses this entry.
fn matches(filter: &BulkFilter, action: BulkAction, entry: &Entry) -> bool {
    let summary = &entry.summary;
    let (provider, model) = summary
        .upstream
        .split_once('/')
        .unwrap_or(("", &summary.upstream));
    let code = || -> Option<String> {
        let snapshot: serde_json::Value = serde_json::from_str(&summary.snapshot).ok()?;
        Some(snapshot["errorCode"].as_str()?.to_owned())
    };
    let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|text| text == own);
    filter.statuses(action).contains(&summary.status)
        && is(&filter.user_id, &summary.key.user_id)
        && is(&filter.provider, provider)
        && is(&filter.model, model)
        && filter
            .created_after
            .is_none_or(|at| summary.created_at >= at)
        && filter
            .created_before
            .is_none_or(|at| summary.created_at < at)
        && filter
            .error_code
            .is_none_or(|wanted| code().as_deref() == Some(wanted.as_str()))
}

fn is_open(entry: &Entry, closed: &Closed) -> bool {
    let Closed { users, upstreams } = closed;
    !users.contains(&entry.summary.key.user_id) && !upstreams.contains(&entry.summary.upstream)
}

impl Rows for MapRows {
    fn memory(&self) -> Result<Memory, Infallible> {
        let mut tally = Tally::default();
        self.entries.values().for_each(|entry| tally.add(entry));
        let latest = self.minutes.range(1..).next_back();
        Ok(Memory {
            book: self.book.clone(),
            latest: latest.map(|(number, minute)| (*number, minute.clone())),
            tally,
            ranks: self.waiting().map(Rank::of).collect(),
            last_accepted: self.last_accepted()?,
        })
    }

    fn save_book(&mut self, book: &Book, latest: Option<(u64, &Minute)>) -> Result<(), Infallible> {
        self.book = book.clone();
        self.minutes
            .extend(latest.map(|(number, minute)| (number, minute.clone())));
        Ok(())
    }

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Infallible> {
        Ok(self.entries.get(key).cloned())
    }

    fn save(&mut self, before: Option<&Entry>, entry: &Entry) -> Result<(), Infallible> {
        let stored = self
            .entries
            .insert(entry.summary.key.clone(), entry.clone());
        assert_eq!(stored.as_ref(), before, "the step knows what is stored");
        Ok(())
    }

    fn remove(&mut self, key: &JobKey) -> Result<(), Infallible> {
        self.entries.remove(key);
        Ok(())
    }

    fn last_accepted(&self) -> Result<(u64, Millis), Infallible> {
        let last = self.entries.values().max_by_key(|entry| entry.sequence);
        Ok(last.map_or((0, 0), |entry| (entry.sequence, entry.enqueued_at)))
    }

    fn last_round(&self, user_id: &str, priority: u8) -> Result<Option<u64>, Infallible> {
        let own = self.waiting().filter(|entry| {
            entry.summary.key.user_id == user_id && entry.summary.priority == priority
        });
        Ok(own.map(|entry| entry.round).max())
    }

    fn heads(&self, closed: &Closed) -> Result<Vec<Entry>, Infallible> {
        let head = |priority| {
            let open = self
                .waiting()
                .filter(|entry| entry.summary.priority == priority && is_open(entry, closed));
            open.min_by_key(|entry| (entry.round, entry.sequence))
                .cloned()
        };
        Ok((0..=MAX_PRIORITY).filter_map(head).collect())
    }

    fn delays_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Infallible> {
        Ok(over(self.delayed(), now, limit))
    }

    fn to_ask(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Infallible> {
        let (held, others): (Vec<_>, Vec<_>) = self
            .asked()
            .partition(|(_, entry)| matches!(entry.stage, Stage::Held(_)));
        let mut asked = over(held.into_iter(), now, limit);
        asked.extend(over(others.into_iter(), now, limit - asked.len()));
        Ok(asked)
    }

    fn next_due(&self) -> Result<Option<Millis>, Infallible> {
        Ok(self
            .asked()
            .chain(self.delayed())
            .map(|(until, _)| until)
            .min())
    }

    fn mark_for_deletion(&mut self, before: Millis, now: Millis) -> Result<u64, Infallible> {
        let mut count = 0;
        for entry in self.entries.values_mut() {
            if entry.stage == Stage::Ended && entry.summary.updated_at < before {
                entry.stage = Stage::Deleting { until: now };
                count += 1;
            }
        }
        Ok(count)
    }

    fn deliveries(&self, key: &JobKey) -> Result<Vec<DeliverySummary>, Infallible> {
        Ok(self
            .deliveries
            .values()
            .filter(|(of, _)| of == key)
            .map(|(_, summary)| summary.clone())
            .collect())
    }

    fn save_delivery(
        &mut self,
        key: &JobKey,
        delivery: &DeliverySummary,
    ) -> Result<(), Infallible> {
        self.deliveries
            .insert(delivery.id.clone(), (key.clone(), delivery.clone()));
        Ok(())
    }

    fn remove_delivery(&mut self, key: &JobKey, id: &str) -> Result<(), Infallible> {
        self.deliveries
            .retain(|known, (of, _)| known != id || of != key);
        Ok(())
    }

    fn remove_deliveries(&mut self, key: &JobKey) -> Result<(), Infallible> {
        self.deliveries.retain(|_, (of, _)| of != key);
        Ok(())
    }

    fn spent(&self, day: u64, user_id: Option<&str>) -> Result<u64, Infallible> {
        Ok(self
            .spending
            .get(&(day, user_id.map(str::to_owned)))
            .copied()
            .unwrap_or(0))
    }

    fn spend(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Infallible> {
        for whose in [Some(user_id.to_owned()), None] {
            *self.spending.entry((day, whose)).or_default() += micros;
        }
        Ok(())
    }

    fn give_back(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Infallible> {
        for whose in [Some(user_id.to_owned()), None] {
            if let Some(sum) = self.spending.get_mut(&(day, whose)) {
                *sum = sum.saturating_sub(micros);
            }
        }
        Ok(())
    }

    fn delete_spending(&mut self, before: u64) -> Result<(), Infallible> {
        self.spending.retain(|(day, _), _| *day >= before);
        Ok(())
    }

    fn waits_since(&self) -> Result<Option<Millis>, Infallible> {
        Ok(self.waiting().map(|entry| entry.enqueued_at).min())
    }

    fn counted_before(&self) -> Result<Minute, Infallible> {
        Ok(self.minutes.get(&0).cloned().unwrap_or_default())
    }

    fn save_counted_before(&mut self, sum: &Minute) -> Result<(), Infallible> {
        self.minutes.insert(0, sum.clone());
        Ok(())
    }

    fn delete_minutes(&mut self, before: u64) -> Result<(), Infallible> {
        let latest = self.minutes.keys().next_back().copied().unwrap_or(0);
        self.minutes
            .retain(|number, _| *number == 0 || *number >= before.min(latest));
        Ok(())
    }

    fn exhausted(&self) -> Result<(u64, Option<Millis>), Infallible> {
        Ok((
            self.exhausted_at().count() as u64,
            self.exhausted_at().min(),
        ))
    }

    fn alerts(&self) -> Result<Alerts, Infallible> {
        Ok(self.alerts.clone())
    }

    fn save_alerts(&mut self, alerts: &Alerts) -> Result<(), Infallible> {
        self.alerts = alerts.clone();
        Ok(())
    }
}
