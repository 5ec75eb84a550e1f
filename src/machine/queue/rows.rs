//! The stored entries as one step sees them.

use super::{Book, BulkRows, Closed, Entry, Memory, Minute};
use crate::ids::JobKey;
use crate::machine::alerts::Alerts;
use crate::machine::delivery::DeliverySummary;
use crate::time::Millis;

/// The stored entries, read and written within one step.
pub trait Rows: BulkRows {
    /// Reads everything that an instance keeps in memory.
    fn memory(&self) -> Result<Memory, Self::Error>;
    /// Saves the book and, if it has changed, the latest minute: the two are one row.
    fn save_book(&mut self, book: &Book, latest: Option<(u64, &Minute)>)
    -> Result<(), Self::Error>;
    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Self::Error>;
    /// Inserts the entry of `entry.summary.key`, or replaces `before`.
    fn save(&mut self, before: Option<&Entry>, entry: &Entry) -> Result<(), Self::Error>;
    fn remove(&mut self, key: &JobKey) -> Result<(), Self::Error>;
    /// The sequence and time of the latest enqueue, `(0, 0)` if there was none.
    fn last_accepted(&self) -> Result<(u64, Millis), Self::Error>;
    /// The last round of a user's waiting entries of one priority.
    fn last_round(&self, user_id: &str, priority: u8) -> Result<Option<u64>, Self::Error>;
    /// For each priority, the waiting entry whose [`Entry::turn`] comes first among those that are
    /// not closed.
    fn heads(&self, closed: &Closed) -> Result<Vec<Entry>, Self::Error>;
    /// Delayed entries whose time has come, longest overdue first.
    fn delays_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Self::Error>;
    /// Entries to ask, longest overdue first: held ones, because a job may be waiting for its
    /// start, then watched and deleting ones.
    fn to_ask(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Self::Error>;
    /// When the next entry is due: a lease, a watch, a deletion or a delay.
    fn next_due(&self) -> Result<Option<Millis>, Self::Error>;
    /// Marks ended entries unchanged since `before` for deletion, due at `now`; returns how many.
    fn mark_for_deletion(&mut self, before: Millis, now: Millis) -> Result<u64, Self::Error>;
    /// The events of a job, in any order.
    fn deliveries(&self, key: &JobKey) -> Result<Vec<DeliverySummary>, Self::Error>;
    /// Inserts or replaces a job's event.
    fn save_delivery(
        &mut self,
        key: &JobKey,
        delivery: &DeliverySummary,
    ) -> Result<(), Self::Error>;
    /// Removes one event of a job.
    fn remove_delivery(&mut self, key: &JobKey, id: &str) -> Result<(), Self::Error>;
    /// Removes all events of a job.
    fn remove_deliveries(&mut self, key: &JobKey) -> Result<(), Self::Error>;
    /// How many events are exhausted, and since when the first of them is.
    fn exhausted(&self) -> Result<(u64, Option<Millis>), Self::Error>;
    /// The amount charged to a day (in days since the Unix epoch), for one user or with `None` for
    /// all.
    fn spent(&self, day: u64, user_id: Option<&str>) -> Result<u64, Self::Error>;
    /// Charges an amount to a day for one user, and so for all.
    fn spend(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Self::Error>;
    /// Returns an amount to a day, if that day is still stored.
    fn give_back(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Self::Error>;
    /// Deletes the charges of the days before this one.
    fn delete_spending(&mut self, before: u64) -> Result<(), Self::Error>;
    /// When the waiting job that has waited longest was enqueued.
    fn waits_since(&self) -> Result<Option<Millis>, Self::Error>;
    /// The sum of all minutes before the latest one, deleted ones included.
    fn counted_before(&self) -> Result<Minute, Self::Error>;
    fn save_counted_before(&mut self, sum: &Minute) -> Result<(), Self::Error>;
    /// Deletes the minutes before this one, except the latest.
    fn delete_minutes(&mut self, before: u64) -> Result<(), Self::Error>;
    fn alerts(&self) -> Result<Alerts, Self::Error>;
    fn save_alerts(&mut self, alerts: &Alerts) -> Result<(), Self::Error>;
}
