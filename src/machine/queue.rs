//! Who may start: order, slots, limits, and the leases that keep both sides honest.
//!
//! The queue is too large to load whole, so the machine works on [`Rows`], a synchronous view of the
//! stored entries: SQL in the Durable Object, a map in the simulation. It decides; it calls nobody.
//!
//! One admission serves every [`Mode`]; a mode only says on which occasions it runs. The sweep runs it in all of
//! them, and so does the queue's own alarm when no sweep has come for [`SWEEP_PATIENCE`].
//!
//! Invariants held here: I2 (whoever has something left to do is asked), I3 (one live lease a job, an older epoch
//! changes nothing), I6 (start order is accept order within a priority and user, users take turns, and nobody
//! starves), I9 (held slots never exceed the limit nor leak), I13 (no accepted order exceeds a budget), I17 (nobody is
//! given a slot while the queue is paused), I18 (nothing is counted twice).

mod admission;
mod book;
mod budget;
mod counting;
mod deliveries;
mod enqueue;
mod entry;
mod message;
mod operators;
mod question;
mod report;
mod schedule;

pub use admission::{BlockedBy, Standing, standing, standing_of};
pub use book::Book;
pub use budget::{Charge, OverBudget, Whose, day_of};
pub use counting::{MINUTES_KEPT, Minute, Sample, totals};
pub use entry::{Card, Closed, Entry, HEAD_START, MAX_PRIORITY, Place, Rows, Terms};
pub use message::{
    Afford, Claim, Enqueue, EnqueueAgain, Expire, Pause, Redelivered, RedeliveredEvent, Refused, Report, Resume, Stand,
    Sweep, Unaffordable,
};
pub use question::{Alarm, Ask, Heard, MAX_ASKS_PER_ALARM, Question};
pub use schedule::{ALARM_DELAY, SWEEP_PATIENCE, claim_again, claim_delay};

use super::bug::{self, Bug};
use super::message::Message;
use super::tally::Tallies;
use crate::ids::JobKey;
use crate::time::{Millis, Moment, SECOND};

/// What a caller is told to wait when the queue is full.
pub const FULL_RETRY_AFTER: Millis = 30 * SECOND;

/// How a waiting job gets started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By the request that accepts it when a slot is free, else when one frees itself.
    Immediate,
    /// By the cron trigger, each minute.
    Cron,
    /// By the queue's own alarm, within a second.
    Alarm,
    /// By the consumer of the platform's queue.
    Queue,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Immediate, Self::Cron, Self::Alarm, Self::Queue];

    /// The word in the settings and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Cron => "cron",
            Self::Alarm => "alarm",
            Self::Queue => "queue",
        }
    }
}

/// The settings of admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub mode: Mode,
    /// How many jobs may run at once.
    pub slots: u64,
    /// How many of one user's.
    pub user_slots: u64,
    /// How many jobs may wait.
    pub max_waiting: u64,
    /// How many submits may be made within a minute for each provider and model.
    pub submits_per_minute: u64,
    /// What may be spent within a UTC day, in millionths of a US dollar.
    pub max_cost_per_day: Option<u64>,
    /// The same for one user.
    pub max_cost_per_user_per_day: Option<u64>,
    /// How long an ended generation is kept, with its video, in milliseconds.
    pub retention: Millis,
}

impl Policy {
    /// Whether there is a limit to what may be spent.
    pub fn limits_cost(&self) -> bool {
        self.max_cost_per_day.is_some() || self.max_cost_per_user_per_day.is_some()
    }

    /// How many slots one user may hold, where that is fewer than all.
    fn limited_user_slots(&self) -> Option<u64> {
        (self.user_slots < self.slots && !bug::planted(Bug::UserSlotsIgnored)).then_some(self.user_slots)
    }
}

/// What the log says about the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It has a place in line.
    Enqueued { key: JobKey },
    /// It was granted a slot, so long after its place in line dates from, in milliseconds.
    Admitted { key: JobKey, waited: Millis },
    /// An upstream takes no submits; it is probed at `until`.
    Unavailable { upstream: String, until: Millis },
    /// An upstream takes submits again, after so many milliseconds.
    Available { upstream: String, took: Millis },
}

/// What the queue takes: a message, a job's answer, or its alarm.
pub trait Input: Message {
    fn take<R: Rows>(self, context: &mut Context<'_, R>) -> Result<Self::Reply, R::Error>;
}

/// What one step came to; the entries have been saved through [`Rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<T> {
    pub reply: T,
    /// When the alarm must fire next.
    pub wake_at: Option<Millis>,
    /// In the order in which it happened.
    pub events: Vec<Event>,
}

/// What one step reads and writes.
pub struct Context<'a, R> {
    rows: &'a mut R,
    book: Book,
    policy: &'a Policy,
    now: Millis,
    /// What the step has counted so far.
    counted: Tallies,
    sample: Option<Sample>,
    events: Vec<Event>,
    /// Something came that may let a job start.
    changed: bool,
    /// Everything was looked after, so the queue's own alarm need not for a while.
    swept: bool,
}

/// Takes one input.
pub fn step<I: Input, R: Rows>(
    rows: &mut R,
    input: I,
    moment: Moment,
    policy: &Policy,
) -> Result<Step<I::Reply>, R::Error> {
    let before = rows.book()?;
    let mut context = Context {
        book: before.clone(),
        rows,
        policy,
        now: moment.now,
        counted: Tallies::default(),
        sample: None,
        events: Vec::new(),
        changed: false,
        swept: false,
    };
    let reply = input.take(&mut context)?;
    context.schedule()?;
    let minute = context.record()?;
    let wake_at = context.wake_at()?;
    if context.book != before || minute.is_some() {
        let latest = minute.as_ref().map(|(number, minute)| (*number, minute));
        context.rows.save_book(&context.book, latest)?;
    }
    let forgotten = bug::planted(Bug::QueueNotRearmed) && I::NAME == Alarm::NAME;
    Ok(Step { reply, wake_at: wake_at.filter(|_| !forgotten), events: context.events })
}
