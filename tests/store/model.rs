//! What the catalogue's SQL must mean, on the plain map of the stories.

use crate::rows::MapRows;
use reelay::machine::queue::{Card, Entry, Policy, day_of};
use reelay::machine::{MINUTE, Millis, Status};
use reelay::store::cursor::Cursor;
use reelay::wire::api::dollars;
use reelay::wire::message::{Cost, QueueStats, Slots};
use std::collections::BTreeMap;

/// A page of a user's entries.
pub(crate) fn list(
    rows: &MapRows,
    user: &str,
    status: Option<Status>,
    limit: usize,
    before: Option<&Cursor>,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = rows.entries.values().cloned().collect();
    entries.retain(|entry| entry.card.key.user_id == user);
    entries.retain(|entry| status.is_none_or(|status| entry.card.status == status));
    entries
        .retain(|entry| before.is_none_or(|cursor| newness(&entry.card) < (cursor.created_at, &cursor.generation_id)));
    entries.sort_by(|one, other| newness(&other.card).cmp(&newness(&one.card)));
    entries.truncate(limit);
    entries
}

pub(crate) fn stats(rows: &MapRows, policy: &Policy, now: Millis) -> QueueStats {
    let (mut by_status, mut waiting_by_priority) = (BTreeMap::new(), BTreeMap::new());
    for entry in rows.entries.values() {
        *by_status.entry(entry.card.status.as_str().to_owned()).or_default() += 1;
    }
    for entry in rows.waiting() {
        *waiting_by_priority.entry(entry.card.priority.to_string()).or_default() += 1;
    }
    let silent = |entry: &Entry| rows.asked().any(|(at, other)| other == entry && at + MINUTE < now);
    QueueStats {
        mode: policy.mode.as_str().to_owned(),
        paused: false,
        slots: Slots { total: policy.slots, used: rows.held().count() as u64 },
        by_status,
        waiting_by_priority,
        oldest_wait_ms: rows.waiting().map(|entry| now.saturating_sub(entry.enqueued_at)).max(),
        jobs_without_timer: rows.entries.values().filter(|entry| entry.late || silent(entry)).count() as u64,
        timers_repaired: rows.book.timers_repaired,
        cost: Some(Cost {
            today: dollars(rows.spending.get(&(day_of(now), None)).copied().unwrap_or(0)),
            limit: policy.max_cost_per_day.map(dollars),
        }),
    }
}

fn newness(card: &Card) -> (Millis, &String) {
    (card.created_at, &card.key.generation_id)
}
