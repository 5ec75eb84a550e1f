//! What the queue keeps of each job, and the view of it that one step works on.

use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::bug::{self, Bug};
use crate::machine::delivery::DeliveryCard;
use crate::machine::lease::Lease;
use crate::machine::limiter::Availability;
use crate::machine::queue::{Book, Charge, Minute};
use crate::machine::tally::Tally;
use crate::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// How far one level of priority moves a job forward in the queue.
pub const HEAD_START: Millis = MINUTE;
/// The highest priority.
pub const MAX_PRIORITY: u8 = 10;

/// A job's catalogue card: what the queue keeps of it for order and listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub key: JobKey,
    pub epoch: u64,
    /// Orders the reports of one job.
    pub report_number: u64,
    pub status: Status,
    pub priority: u8,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// `{provider}/{model}`: whose limits count.
    pub upstream: String,
    /// How many submits the job has ever made.
    pub submits: u64,
    /// What the job has spent and is yet to spend, in millionths of a US dollar.
    pub cost_micros: u64,
    /// The price of one render, in millionths of a US dollar.
    pub price_micros: u64,
    /// How many renders its model lets a project ask for within a minute.
    pub submits_per_minute: Option<u64>,
    /// What the job has counted over its life; of an entry, what of that has been counted.
    pub tally: Tally,
    /// The generation as JSON, shown in listings; opaque here.
    pub snapshot: String,
    /// Its events, on the way to the queue only: an [`Entry`]'s card has none. A job has a few an attempt.
    pub deliveries: Vec<DeliveryCard>,
    /// It has ended, and nothing is left for it to do; on the way to the queue only as well.
    pub settled: bool,
}

impl Card {
    /// Orders what a job says of itself.
    pub(super) fn age(&self) -> (u64, u64) {
        (self.epoch, self.report_number)
    }
}

/// What a job asks for together with its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Before this it is not to be started.
    pub not_before: Option<Millis>,
    /// It was in line before, and goes back to the place it had.
    pub keeps_place: bool,
    /// What the answer of its last submit says about the upstream.
    pub availability: Option<Availability>,
    /// Since when the upstream has taken none of its submits for now.
    pub refused_since: Option<Millis>,
}

/// One stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub card: Card,
    /// The place in accept order; grows by one with each enqueue.
    pub sequence: u64,
    /// When the queue took the job, never earlier than the entry before it.
    pub enqueued_at: Millis,
    /// Since when it could have had a slot, or was last put in line.
    pub waits_since: Millis,
    /// The turn in which its user comes to it: users of one priority take turns.
    pub round: u64,
    /// It holds the right to one submit, and has not been heard to use it.
    pub unspent: bool,
    /// When last asked, its timer had been lost.
    pub late: bool,
    /// What was charged for it, in the order in which it was.
    pub charges: Vec<Charge>,
    pub place: Place,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In line.
    Waiting,
    /// In line, but not to be started before `until`.
    Delayed { until: Millis },
    /// Holds a slot.
    Held(Lease),
    /// Holds no slot and is not in line, but has something left to do: it is asked at `until`.
    Watched { until: Millis },
    /// Is to be forgotten; asked for that at `until`.
    Expiring { until: Millis },
    /// Nothing is left to do.
    Ended,
}

impl Entry {
    /// Orders the first entries of different priorities: each level of priority is worth a [`HEAD_START`]. By the
    /// round and the accept order within one priority.
    pub fn head_start_key(&self) -> i64 {
        let enqueued_at = i64::try_from(self.enqueued_at).unwrap_or(i64::MAX);
        let level = if bug::planted(Bug::PriorityUnbounded) { 1_000 * HEAD_START } else { HEAD_START };
        enqueued_at - i64::from(self.card.priority) * i64::try_from(level).unwrap_or(0)
    }

    /// Orders the entries of one priority: users take turns, and each user's jobs keep their order.
    pub fn turn(&self) -> (u64, u64) {
        (self.round, self.sequence)
    }

    /// Whether `card` is of a job that was made anew under the name, after this entry's was withdrawn or forgotten.
    /// The later one counts; what is over gives way to any, and who holds a slot is asked first.
    pub(super) fn gives_way_to(&self, card: &Card) -> bool {
        match self.place {
            Place::Held(_) => false,
            Place::Waiting | Place::Delayed { .. } | Place::Watched { .. } => card.created_at > self.card.created_at,
            Place::Expiring { .. } | Place::Ended => card.created_at != self.card.created_at,
        }
    }

    /// All that was charged for it, in millionths of a US dollar.
    pub fn charged(&self) -> u64 {
        self.charges.iter().fold(0, |sum, charge| sum.saturating_add(charge.micros))
    }

    pub fn is_in_line(&self) -> bool {
        matches!(self.place, Place::Waiting | Place::Delayed { .. })
    }
}

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
    /// Saves the book, and with it what was counted within the latest minute, if that has changed: the two are one row.
    fn save_book(&mut self, book: &Book, latest: Option<(u64, &Minute)>) -> Result<(), Self::Error>;
    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Self::Error>;
    /// Inserts or replaces the entry of `entry.card.key`.
    fn save(&mut self, entry: &Entry) -> Result<(), Self::Error>;
    fn remove(&mut self, key: &JobKey) -> Result<(), Self::Error>;
    /// The sequence and time of the latest enqueue, `(0, 0)` if there was none.
    fn last_accepted(&self) -> Result<(u64, Millis), Self::Error>;
    /// The last round of a user's waiting entries of one priority.
    fn last_round(&self, user_id: &str, priority: u8) -> Result<Option<u64>, Self::Error>;
    /// Of each priority, the waiting entry whose [`Entry::turn`] comes first among those that are not closed.
    fn heads(&self, closed: &Closed) -> Result<Vec<Entry>, Self::Error>;
    /// How many are in line, delayed ones included; counts no further than `limit`.
    fn count_line(&self, limit: u64) -> Result<u64, Self::Error>;
    /// How many wait before an entry in line, with an earlier [`Entry::turn`] of the same priority, or with an earlier
    /// [`Entry::head_start_key`] (then by sequence) of another one; counts no further than `limit` of either.
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
    /// Entries that are to be asked, the longest over first: held ones, because a job may be waiting to be started,
    /// and then watched and expiring ones.
    fn to_ask(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Self::Error>;
    /// When the next entry is due: a lease, a watch, an expiry or a delay.
    fn next_due(&self) -> Result<Option<Millis>, Self::Error>;
    /// Marks ended entries unchanged since `before` as expiring, due at `now`; how many.
    fn expire(&mut self, before: Millis, now: Millis) -> Result<u64, Self::Error>;
    /// The events of a job, in any order.
    fn deliveries(&self, key: &JobKey) -> Result<Vec<DeliveryCard>, Self::Error>;
    /// Inserts or replaces a job's event.
    fn save_delivery(&mut self, key: &JobKey, delivery: &DeliveryCard) -> Result<(), Self::Error>;
    /// Removes one event of a job.
    fn remove_delivery(&mut self, key: &JobKey, id: &str) -> Result<(), Self::Error>;
    /// Removes all events of a job.
    fn remove_deliveries(&mut self, key: &JobKey) -> Result<(), Self::Error>;
    /// What is charged to a day, in days since the Unix epoch: for one user, or with `None` for all.
    fn spent(&self, day: u64, user_id: Option<&str>) -> Result<u64, Self::Error>;
    /// Charges so much to a day for one user, and so for all.
    fn spend(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Self::Error>;
    /// Takes so much off again, where the day is still remembered.
    fn give_back(&mut self, day: u64, user_id: &str, micros: u64) -> Result<(), Self::Error>;
    /// Forgets what was charged to the days before this one.
    fn forget_spending(&mut self, before: u64) -> Result<(), Self::Error>;
    /// How many wait, and when the one that was enqueued first was.
    fn waiting_since(&self) -> Result<(u64, Option<Millis>), Self::Error>;
    /// The latest minute in which anything was counted, in minutes since the Unix epoch.
    fn latest_minute(&self) -> Result<Option<(u64, Minute)>, Self::Error>;
    /// The sum of all minutes before the latest one, those that are forgotten included.
    fn counted_before(&self) -> Result<Minute, Self::Error>;
    fn save_counted_before(&mut self, sum: &Minute) -> Result<(), Self::Error>;
    /// Forgets the minutes before this one, but not the latest.
    fn forget_minutes(&mut self, before: u64) -> Result<(), Self::Error>;
}
