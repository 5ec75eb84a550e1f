//! The stored entries, as one step works on them.

use super::{Book, Entry, Minute};
use crate::ids::JobKey;
use crate::machine::delivery::DeliverySummary;
use crate::time::Millis;

/// Who cannot be started now, whatever their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Users that hold so many slots; `None` when there is no such limit.
    pub user_slots: Option<u64>,
    /// Providers and models that take no submit for now.
    pub upstreams: Vec<String>,
}

/// The stored entries, read and written within one step.
pub trait Rows {
    type Error;

    /// What the queue remembers besides its entries.
    fn book(&self) -> Result<Book, Self::Error>;
    /// Saves the book, and with it what was counted within the latest minute, if that has changed:
    /// the two are one row.
    fn save_book(&mut self, book: &Book, latest: Option<(u64, &Minute)>)
    -> Result<(), Self::Error>;
    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Self::Error>;
    /// Inserts or replaces the entry of `entry.summary.key`.
    fn save(&mut self, entry: &Entry) -> Result<(), Self::Error>;
    fn remove(&mut self, key: &JobKey) -> Result<(), Self::Error>;
    /// The sequence and time of the latest enqueue, `(0, 0)` if there was none.
    fn last_accepted(&self) -> Result<(u64, Millis), Self::Error>;
    /// The last round of a user's waiting entries of one priority.
    fn last_round(&self, user_id: &str, priority: u8) -> Result<Option<u64>, Self::Error>;
    /// Of each priority, the waiting entry whose [`Entry::turn`] comes first among those that are
    /// not closed.
    fn heads(&self, closed: &Closed) -> Result<Vec<Entry>, Self::Error>;
    /// How many are in line, delayed ones included.
    fn count_line(&self) -> Result<u64, Self::Error>;
    /// How many wait before an entry in line, with an earlier [`Entry::turn`] of the same priority,
    /// or with an earlier [`Entry::head_start_key`] (then by sequence) of another one; counts no
    /// further than `limit` of either.
    fn count_before(&self, entry: &Entry, limit: u64) -> Result<u64, Self::Error>;
    /// The first upstream after this one, by name, that anyone waits for.
    fn next_upstream(&self, after: Option<&str>) -> Result<Option<String>, Self::Error>;
    /// Whether anyone waits for this upstream.
    fn waits_for(&self, upstream: &str) -> Result<bool, Self::Error>;
    fn count_held(&self) -> Result<u64, Self::Error>;
    fn count_held_by(&self, user_id: &str) -> Result<u64, Self::Error>;
    /// How many hold a right to a submit to this upstream that they have not been heard to use.
    fn count_unspent(&self, upstream: &str) -> Result<u64, Self::Error>;
    fn has_waiting(&self) -> Result<bool, Self::Error>;
    /// Delayed entries whose time has come, the longest over first.
    fn delays_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Self::Error>;
    /// Entries that are to be asked, the longest over first: held ones, because a job may be
    /// waiting to be started, and then watched and deleting ones.
    fn to_ask(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Self::Error>;
    /// When the next entry is due: a lease, a watch, a deletion or a delay.
    fn next_due(&self) -> Result<Option<Millis>, Self::Error>;
    /// Marks ended entries unchanged since `before` as to be deleted, due at `now`; how many.
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
    /// What is charged to a day, in days since the Unix epoch: for one user, or with `None` for
    /// all.
    fn spent(&self, day: u64, user_id: Option<&str>) -> Result<u64, Self::Error>;
    /// Charges so much to a day for one user, and so for all.
    fn spend(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Self::Error>;
    /// Takes so much off again, where the day is still remembered.
    fn give_back(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Self::Error>;
    /// Forgets what was charged to the days before this one.
    fn delete_spending(&mut self, before: u64) -> Result<(), Self::Error>;
    /// How many wait, and when the one that was enqueued first was.
    fn waiting_since(&self) -> Result<(u64, Option<Millis>), Self::Error>;
    /// The latest minute in which anything was counted, in minutes since the Unix epoch.
    fn latest_minute(&self) -> Result<Option<(u64, Minute)>, Self::Error>;
    /// The sum of all minutes before the latest one, those that were deleted included.
    fn counted_before(&self) -> Result<Minute, Self::Error>;
    fn save_counted_before(&mut self, sum: &Minute) -> Result<(), Self::Error>;
    /// Forgets the minutes before this one, but not the latest.
    fn delete_minutes(&mut self, before: u64) -> Result<(), Self::Error>;
}
