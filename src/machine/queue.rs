//! Who may start: order, slots and the leases that keep both sides honest.
//!
//! The queue is too large to load whole, so the machine works on [`Rows`], a synchronous view of the
//! stored entries: SQL in the Durable Object, a map in the simulation. It decides; it calls nobody.
//!
//! Invariants held here: I3 (one live lease a job, an older epoch changes nothing), I6 (start order is
//! accept order within a priority, and nobody starves), I9 (held slots never exceed the limit nor leak).

use super::bug::{self, Bug};
use super::lease::Lease;
use super::{JobKey, MINUTE, Millis, Moment, SECOND, Status};
use serde::{Deserialize, Serialize};

/// How far one level of priority moves a job forward in the queue.
pub const HEAD_START: Millis = MINUTE;
/// The highest priority.
pub const MAX_PRIORITY: u8 = 10;
/// How many holders one alarm asks at most.
pub const MAX_STARTS_PER_ALARM: usize = 50;
/// What a caller is told to wait when the queue is full.
pub const FULL_RETRY_AFTER: Millis = 30 * SECOND;

/// The settings of admission.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How many jobs may run at once.
    pub slots: u64,
    /// How many jobs may wait.
    pub max_waiting: u64,
}

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
    /// The generation as JSON, shown in listings; opaque here.
    pub snapshot: String,
}

impl Card {
    /// Orders what a job says of itself.
    fn age(&self) -> (u64, u64) {
        (self.epoch, self.report_number)
    }
}

/// One stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub card: Card,
    /// The place in accept order; grows by one with each enqueue.
    pub sequence: u64,
    /// When the queue took the job, never earlier than the entry before it.
    pub enqueued_at: Millis,
    pub place: Place,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Waiting,
    /// Holds a slot.
    Held(Lease),
    Ended,
}

/// The sort key of waiting entries: earlier first, then by sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// `enqueued_at − priority × HEAD_START`, in milliseconds.
    pub key: i64,
    pub sequence: u64,
}

impl Entry {
    pub fn order(&self) -> Order {
        let enqueued_at = i64::try_from(self.enqueued_at).unwrap_or(i64::MAX);
        let level = if bug::planted(Bug::PriorityUnbounded) { 1_000 * HEAD_START } else { HEAD_START };
        let head_start = i64::from(self.card.priority) * i64::try_from(level).unwrap_or(0);
        Order { key: enqueued_at - head_start, sequence: self.sequence }
    }
}

/// The stored entries, read and written within one step.
pub trait Rows {
    type Error;

    fn find(&self, key: &JobKey) -> Result<Option<Entry>, Self::Error>;
    /// Inserts or replaces the entry of `entry.card.key`.
    fn save(&mut self, entry: &Entry) -> Result<(), Self::Error>;
    /// The sequence and time of the latest enqueue, `(0, 0)` if there was none.
    fn last_accepted(&self) -> Result<(u64, Millis), Self::Error>;
    /// The waiting entry with the smallest [`Order`].
    fn first_waiting(&self) -> Result<Option<Entry>, Self::Error>;
    fn count_waiting(&self) -> Result<u64, Self::Error>;
    /// How many entries wait before `order`.
    fn count_waiting_before(&self, order: Order) -> Result<u64, Self::Error>;
    fn count_held(&self) -> Result<u64, Self::Error>;
    /// Held entries whose lease is over, the longest over first.
    fn leases_over(&self, now: Millis, limit: usize) -> Result<Vec<Entry>, Self::Error>;
    /// When the next lease ends.
    fn next_lease_end(&self) -> Result<Option<Millis>, Self::Error>;
}

/// What happens to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A job asks for its place. `promised` jobs have been accepted before and are never refused.
    Enqueue { card: Card, promised: bool },
    /// A job tells of a status change.
    Report { card: Card },
    /// The alarm fired.
    Alarm,
    /// What a holder said when it was told to start or asked.
    Heard { key: JobKey, epoch: u64, said: Said },
}

/// A holder's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is at this epoch and status, with this many status changes so far.
    State { epoch: u64, report_number: u64, status: Status },
    /// There is no such job.
    Missing,
    /// No answer came.
    Nothing,
}

/// Why a waiting job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedBy {
    Concurrency,
}

/// A job's standing in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// From 1 while waiting, 0 otherwise.
    pub position: u64,
    /// The epoch that holds a slot.
    pub admitted: Option<u64>,
    pub blocked_by: Option<BlockedBy>,
}

/// A holder to be told to start, or asked whether it still works: one message serves both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    pub key: JobKey,
    pub epoch: u64,
}

/// The answer to the sender of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Standing(Standing),
    /// The queue is full; nothing was stored.
    Full {
        retry_after: Millis,
    },
    Nothing,
}

/// What one step came to; the entries have been saved through [`Rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub reply: Reply,
    /// To be carried out in the alarm handler only.
    pub starts: Vec<Start>,
    /// When the alarm must fire next.
    pub wake_at: Option<Millis>,
}

/// Takes one input.
pub fn step<R: Rows>(rows: &mut R, input: Input, moment: Moment, policy: Policy) -> Result<Step, R::Error> {
    let now = moment.now;
    let mut starts = Vec::new();
    let reply = match input {
        Input::Enqueue { card, promised } => enqueue(rows, card, promised, now, policy)?,
        Input::Report { card } => {
            report(rows, card, now)?;
            Reply::Nothing
        }
        Input::Alarm => {
            starts = ask_holders(rows, now)?;
            Reply::Nothing
        }
        Input::Heard { key, epoch, said } => {
            heard(rows, &key, epoch, said, now)?;
            Reply::Nothing
        }
    };
    admit(rows, now, policy, None)?;
    Ok(Step { reply, starts, wake_at: rows.next_lease_end()? })
}

/// A job's standing; `None` when the queue does not know it.
pub fn standing<R: Rows>(rows: &R, key: &JobKey) -> Result<Option<Standing>, R::Error> {
    rows.find(key)?.map(|entry| standing_of(rows, &entry)).transpose()
}

fn standing_of<R: Rows>(rows: &R, entry: &Entry) -> Result<Standing, R::Error> {
    Ok(match entry.place {
        Place::Waiting => Standing {
            position: rows.count_waiting_before(entry.order())? + 1,
            admitted: None,
            blocked_by: Some(BlockedBy::Concurrency),
        },
        Place::Held(lease) => Standing { position: 0, admitted: Some(lease.epoch), blocked_by: None },
        Place::Ended => Standing { position: 0, admitted: None, blocked_by: None },
    })
}

fn enqueue<R: Rows>(rows: &mut R, card: Card, promised: bool, now: Millis, policy: Policy) -> Result<Reply, R::Error> {
    let known = rows.find(&card.key)?;
    if let Some(entry) = &known {
        let stale = card.age() < entry.card.age() && !bug::planted(Bug::StaleEnqueueTaken);
        let repeat = card.epoch == entry.card.epoch && !matches!(entry.place, Place::Ended);
        if stale || repeat {
            return Ok(Reply::Standing(standing_of(rows, entry)?));
        }
    }
    let free_slot = rows.count_held()? < policy.slots;
    if !promised && !free_slot && rows.count_waiting()? >= policy.max_waiting {
        return Ok(Reply::Full { retry_after: FULL_RETRY_AFTER });
    }
    let (sequence, enqueued_at) = rows.last_accepted()?;
    let key = card.key.clone();
    let entry = Entry { card, sequence: sequence + 1, enqueued_at: enqueued_at.max(now), place: Place::Waiting };
    rows.save(&entry)?;
    admit(rows, now, policy, Some(&key))?;
    let entry = rows.find(&key)?.unwrap_or(entry);
    Ok(Reply::Standing(standing_of(rows, &entry)?))
}

/// Grants free slots in order. The caller of `starting` starts that one itself; the others are due to be
/// started by the alarm at once.
fn admit<R: Rows>(rows: &mut R, now: Millis, policy: Policy, starting: Option<&JobKey>) -> Result<(), R::Error> {
    let mut held = rows.count_held()?;
    while held < policy.slots {
        let Some(mut entry) = rows.first_waiting()? else { break };
        let granted = Lease::grant(entry.card.epoch, now);
        let lease = if starting == Some(&entry.card.key) { granted } else { Lease { until: now, ..granted } };
        entry.place = Place::Held(lease);
        rows.save(&entry)?;
        held += 1;
    }
    Ok(())
}

fn report<R: Rows>(rows: &mut R, card: Card, now: Millis) -> Result<(), R::Error> {
    let Some(mut entry) = rows.find(&card.key)? else {
        // The job ended before it was ever enqueued: only the catalogue needs to know.
        if card.status.is_terminal() {
            let (sequence, enqueued_at) = rows.last_accepted()?;
            rows.save(&Entry { card, sequence: sequence + 1, enqueued_at: enqueued_at.max(now), place: Place::Ended })?;
        }
        return Ok(());
    };
    if card.age() <= entry.card.age() {
        return Ok(());
    }
    let same_epoch = card.epoch == entry.card.epoch;
    entry.place = match (card.status, entry.place) {
        (Status::Processing, Place::Held(lease)) if same_epoch => Place::Held(lease.heard(now)),
        // The job is the truth about itself: what runs holds a slot, whatever was thought of it.
        (Status::Processing, _) => Place::Held(Lease::grant(card.epoch, now).heard(now)),
        (Status::Queued, place) if same_epoch => place,
        // A new attempt still has to enqueue itself; until then only the old one's slot is freed.
        (Status::Queued | Status::Completed | Status::Failed | Status::Cancelled, _) => Place::Ended,
    };
    // The epoch of an entry grows by enqueueing only, so that the new attempt's own enqueue is not taken for a repeat.
    let epoch = if matches!(card.status, Status::Queued) { entry.card.epoch } else { card.epoch };
    entry.card = Card { epoch, ..card };
    rows.save(&entry)
}

fn ask_holders<R: Rows>(rows: &mut R, now: Millis) -> Result<Vec<Start>, R::Error> {
    let mut starts = Vec::new();
    for mut entry in rows.leases_over(now, MAX_STARTS_PER_ALARM)? {
        let Place::Held(lease) = entry.place else { continue };
        if bug::planted(Bug::SlotFreedUnasked) && lease.until < now {
            entry.place = Place::Ended;
            rows.save(&entry)?;
            continue;
        }
        entry.place = Place::Held(lease.asked(now));
        rows.save(&entry)?;
        starts.push(Start { key: entry.card.key, epoch: lease.epoch });
    }
    Ok(starts)
}

fn heard<R: Rows>(rows: &mut R, key: &JobKey, epoch: u64, said: Said, now: Millis) -> Result<(), R::Error> {
    let Some(mut entry) = rows.find(key)? else { return Ok(()) };
    let Place::Held(lease) = entry.place else { return Ok(()) };
    if lease.epoch != epoch {
        return Ok(());
    }
    match said {
        Said::Nothing => return Ok(()),
        Said::Missing => {
            entry.place = Place::Ended;
            entry.card.status = Status::Failed;
        }
        Said::State { epoch: theirs, .. } if theirs > epoch => entry.place = Place::Ended,
        Said::State { status, report_number, .. } => {
            entry.place = if status.is_terminal() { Place::Ended } else { Place::Held(lease.heard(now)) };
            // The report itself follows with its snapshot and must still count as newer.
            entry.card.report_number = entry.card.report_number.max(report_number.saturating_sub(1));
            entry.card.status = status;
        }
    }
    rows.save(&entry)
}
