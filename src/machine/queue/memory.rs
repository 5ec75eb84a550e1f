//! What an instance of the queue's object keeps in memory between two steps.

use super::{Book, Minute, Ranks, Tally};
use crate::time::Millis;

/// What every step needs and no step should read again: all of it can be read from the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    pub book: Book,
    /// The latest minute with counters, and its number in minutes since the Unix epoch.
    pub latest: Option<(u64, Minute)>,
    pub tally: Tally,
    pub ranks: Ranks,
    /// The sequence and time of the latest enqueue, `(0, 0)` if there was none.
    pub last_accepted: (u64, Millis),
}
