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
mod entry;
mod line;
mod news;
mod wake;

pub use admission::{BlockedBy, Standing, standing, standing_of};
pub use book::Book;
pub use budget::{Charge, OverBudget, Whose, day_of};
pub use counting::{MINUTES_KEPT, Minute, Sample, totals};
pub use deliveries::Redelivered;
pub use entry::{Card, Closed, Entry, HEAD_START, MAX_PRIORITY, Place, Rows, Terms};
pub use line::{Line, Spot, Standpoint, Waiting};
pub use news::Said;
pub use wake::{ALARM_DELAY, SWEEP_PATIENCE, claim_again, claim_delay};

use super::bug::{self, Bug};
use super::limiter::Availability;
use super::tally::Tallies;
use crate::ids::JobKey;
use crate::time::{MINUTE, Millis, Moment, SECOND};

/// How many jobs one alarm asks at most.
pub const MAX_ASKS_PER_ALARM: usize = 50;
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

/// What happens to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A job asks for its place. `promised` jobs have been accepted before and are never refused.
    Enqueue { card: Card, promised: bool, terms: Terms },
    /// A job reports a status change, and what the answer of its last submit says about the upstream.
    Report { card: Card, availability: Option<Availability> },
    /// A message of the platform's queue says that a job waits; its consumer will start that one.
    Claim { key: JobKey },
    /// Someone asks where a job stands that says that it waits.
    Stand { key: JobKey },
    /// Someone asks whether a further attempt of a job may be paid for.
    Afford { key: JobKey },
    /// The alarm fired.
    Alarm,
    /// The cron trigger, each minute.
    Sweep,
    /// The day's clean-up: entries that ended before this are to be forgotten.
    Expire { before: Millis },
    /// What a job said when it was asked.
    Heard { ask: Ask, said: Said },
    /// An operator wants nobody started; who has a slot goes on.
    Pause,
    /// An operator wants jobs started again.
    Resume,
    /// What came of events that an operator had sent again.
    Redelivered { news: Vec<Redelivered> },
}

/// A job to be sent a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: JobKey,
    /// Tells the job from one that is made anew under its name after it was withdrawn.
    pub created_at: Millis,
    pub epoch: u64,
    pub errand: Errand,
}

/// What a job is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// To start; one that has is asked whether it still works.
    Start,
    /// Whether it has done what was left to do.
    Check,
    /// To delete what is left of it.
    Forget,
}

/// The answer to the sender of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Standing(Standing),
    /// The queue is full; nothing was stored.
    Full {
        retry_after: Millis,
    },
    /// It would cost more than today has left; nothing was stored.
    OverBudget(OverBudget),
    /// The queue does not know the job.
    Unknown,
    /// Since when the queue is paused, if it is.
    Paused {
        since: Option<Millis>,
    },
    /// So many entries were marked to be forgotten.
    Expiring {
        count: u64,
    },
    Nothing,
}

impl Reply {
    /// Whether the sender was refused, with nothing stored.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::OverBudget(_))
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

/// What one step came to; the entries have been saved through [`Rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub reply: Reply,
    /// To be carried out in the alarm handler only.
    pub asks: Vec<Ask>,
    /// When the alarm must fire next.
    pub wake_at: Option<Millis>,
    /// In the order in which it happened.
    pub events: Vec<Event>,
}

/// One step's context: what it reads and writes.
struct Turn<'a, R> {
    rows: &'a mut R,
    book: Book,
    policy: &'a Policy,
    now: Millis,
    /// What the step has counted so far.
    counted: Tallies,
    sample: Option<Sample>,
    events: Vec<Event>,
}

/// Takes one input.
pub fn step<R: Rows>(rows: &mut R, input: Input, moment: Moment, policy: &Policy) -> Result<Step, R::Error> {
    let before = rows.book()?;
    let mut book = before.clone();
    book.line = Some(before.line(rows)?.into_owned());
    let mut turn =
        Turn { book, rows, policy, now: moment.now, counted: Tallies::default(), sample: None, events: Vec::new() };
    let mut occasion = wake::Occasion::of(&input, turn.book.admit_at, policy.mode, turn.now);
    let is_alarm = matches!(input, Input::Alarm);
    let is_sweep = matches!(input, Input::Sweep);
    let mut asked_for = None;
    let reply = match input {
        Input::Enqueue { card, promised, terms } => {
            asked_for = Some(card.key.clone());
            turn.enqueue(card, promised, terms, occasion.admits)?
        }
        Input::Report { card, availability } => turn.report(card, availability)?,
        Input::Claim { key } => {
            asked_for = Some(key);
            Reply::Unknown
        }
        Input::Stand { key } => {
            turn.look_after(&key)?;
            asked_for = Some(key);
            Reply::Unknown
        }
        Input::Afford { key } => turn.afford(&key)?,
        Input::Alarm | Input::Sweep => Reply::Nothing,
        Input::Expire { before } => {
            let count = turn.rows.expire(before, turn.now)?;
            // Yesterday's is kept for a clock that is set back.
            turn.rows.forget_spending(day_of(turn.now).saturating_sub(1))?;
            turn.rows.forget_minutes(turn.now.saturating_sub(MINUTES_KEPT) / MINUTE)?;
            Reply::Expiring { count }
        }
        Input::Heard { ask, said } => {
            turn.heard(&ask, &said)?;
            Reply::Nothing
        }
        Input::Pause => turn.pause(),
        Input::Resume => turn.resume(),
        Input::Redelivered { news } => {
            turn.redelivered(news)?;
            Reply::Nothing
        }
    };
    // In every mode, or the alarm of a delay that is over would be due again at once.
    if (occasion.admits || is_alarm) && turn.take_into_line()? {
        occasion.changed = true;
    }
    if occasion.admits && !reply.is_refusal() {
        turn.admit(asked_for.as_ref())?;
    }
    if is_sweep {
        turn.sample()?;
    }
    let asks = if is_alarm { turn.ask()? } else { Vec::new() };
    let reply = match (reply, asked_for) {
        (reply @ (Reply::Full { .. } | Reply::OverBudget(_)), _) | (reply, None) => reply,
        (_, Some(key)) => turn.reply_standing(&key)?,
    };
    turn.schedule(occasion)?;
    let minute = turn.record()?;
    let wake_at = turn.wake_at()?;
    if turn.book != before || minute.is_some() {
        let latest = minute.as_ref().map(|(number, minute)| (*number, minute));
        turn.rows.save_book(&turn.book, latest)?;
    }
    let forgotten = bug::planted(Bug::QueueNotRearmed) && is_alarm;
    Ok(Step { reply, asks, wake_at: wake_at.filter(|_| !forgotten), events: turn.events })
}
