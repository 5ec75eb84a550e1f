//! Who may start: order, slots, limits, and the leases that keep both sides honest.
//!
//! The queue is too large to load whole, so the machine works on [`Rows`], a synchronous view of
//! the stored entries: SQL in the Durable Object, a map in the simulation. It decides; it calls
//! nobody.
//!
//! One admission serves every [`Mode`]; a mode only says on which occasions it runs. The sweep runs
//! it in all of them, and so does the queue's own alarm when no sweep has come for
//! [`SWEEP_PATIENCE`].
//!
//! Invariants held here: I2 (whoever has something left to do is asked), I3 (one live lease a job,
//! an older epoch changes nothing), I6 (start order is accept order within a priority and user,
//! users take turns, and nobody starves), I9 (held slots never exceed the limit nor leak), I13 (no
//! accepted order exceeds a budget), I17 (nobody is given a slot while the queue is paused), I18
//! (nothing is counted twice).

mod admission;
mod book;
mod budget;
mod charge;
mod counting;
mod deliveries;
mod enqueue;
mod entry;
mod message;
mod minute;
mod operators;
mod policy;
mod position;
mod question;
mod report;
mod rows;
mod schedule;
mod step;

pub use book::Book;
pub use charge::{Charge, OverBudget, Whose, day_of};
pub use counting::totals;
pub use entry::{Entry, HEAD_START, MAX_PRIORITY, Stage, Summary, Terms};
pub use message::{
    Afford, Claim, DeleteOld, Enqueue, EnqueueAgain, GetPosition, Pause, Redelivered,
    RedeliveredEvent, Refused, Report, Resume, Sweep, Unaffordable,
};
pub use minute::{MINUTES_KEPT, Minute, Sample};
pub use policy::{Mode, Policy};
pub use position::{BlockedBy, Position, backoffs, position, position_of};
pub use question::{Alarm, Ask, Heard, MAX_ASKS_PER_ALARM, Question};
pub use rows::{Closed, Rows};
pub(super) use schedule::claim_delay;
pub use schedule::{ALARM_DELAY, SWEEP_PATIENCE, claim_again};
pub use step::{Context, Event, Input, Step, step};
