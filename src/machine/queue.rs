//! Which jobs may start: order, slots, limits and leases.
//!
//! The queue is too large to load whole, so the machine works on [`Rows`], a synchronous view of
//! the stored entries: SQL in the Durable Object, a map in the simulation. An [`QueueInstance`] keeps
//! what every step needs in [`Memory`]. It decides and calls nothing.
//!
//! Every [`Mode`] uses the same admission; the mode only says when it runs. The sweep runs it in
//! every mode. The queue's own alarm does too, when no sweep has run for [`SWEEP_PATIENCE`].
//!
//! Invariants held here: I2 (the queue checks every job that has work left), I3 (one live lease per
//! job, and an older epoch changes nothing), I6 (start order is accept order within a priority and
//! user, users take turns, and no job starves), I9 (held slots never exceed the limit nor leak),
//! I13 (no accepted order exceeds a budget), I17 (no slot is granted while the queue or the job's
//! upstream is paused), I18 (nothing is counted twice), I19 (alerts are checked in time), I20 (a bulk
//! acts at most once on each job that it chose).

mod admission;
mod alerts;
mod book;
mod budget;
mod bulk;
mod bulk_rows;
mod bulk_run;
mod charge;
mod counting;
mod deliveries;
mod enqueue;
mod entry;
mod instance;
mod memory;
mod message;
mod minute;
mod operators;
mod overrides;
mod pause;
mod policy;
mod position;
mod question;
mod ranks;
mod readers;
mod report;
mod rows;
mod schedule;
mod step;
mod tally;

pub use alerts::{AlertAnswered, AlertsDue, CHECK_PATIENCE};
pub use book::Book;
pub use bulk::{
    BULK_PORTION, BULKS_KEPT, Bulk, BulkFilter, BulkItem, BulkRefused, MAX_BULK, MAX_BULK_TRIES,
    Matching, StartBulk, StopBulk,
};
pub use bulk_rows::BulkRows;
pub use bulk_run::matching;
pub use charge::{Charge, OverBudget, Whose, day_of};
pub use counting::totals;
pub use entry::{Entry, HEAD_START, MAX_PRIORITY, Stage, Summary, Terms};
pub use instance::QueueInstance;
pub use memory::Memory;
pub use message::{
    Afford, Claim, DeleteOld, Enqueue, EnqueueAgain, GetPositions, Pause, Redelivered,
    RedeliveredEvent, Refused, Report, Resume, Sweep, Unaffordable,
};
pub use minute::{MINUTES_KEPT, Minute, Sample};
pub use overrides::{ChangeLimits, Limit, LimitConflict, Override, Overrides};
pub use pause::{PauseUpstream, Pauses, ResumeUpstream, Scope, UpstreamPause};
pub use policy::{Mode, Policy};
pub use position::{BlockedBy, Position, backoffs, position_of};
pub use question::{Alarm, Ask, Heard, MAX_ASKS_PER_ALARM, Question};
pub use ranks::{Rank, Ranks};
pub use readers::{Lookup, Readers, Wanted};
pub use rows::Rows;
pub(super) use schedule::claim_delay;
pub use schedule::{ALARM_DELAY, SWEEP_PATIENCE, claim_again};
pub use step::{Context, Event, Input, Step};
pub use tally::{Closed, Tally};
