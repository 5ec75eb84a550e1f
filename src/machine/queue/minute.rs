//! The counters of one minute.

use crate::machine::metrics::MetricsByUpstream;
use crate::time::{DAY, Millis};
use serde::{Deserialize, Serialize};

/// How long counters can be read by the minute.
pub const MINUTES_KEPT: Millis = 7 * DAY;

/// The counters of one minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    pub counted: MetricsByUpstream,
    /// The sample of the minute's sweep; `None` if there was none.
    pub sample: Option<Sample>,
}

/// The state of the queue at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// How many jobs waited that could have started if a slot had been free.
    pub waiting: u64,
    /// How many jobs held a slot.
    pub running: u64,
    /// How long the oldest waiting job had waited, in milliseconds; 0 if none waited.
    pub oldest_wait: Millis,
}
