//! What was counted within one minute.

use crate::machine::metrics::MetricsByUpstream;
use crate::time::{DAY, Millis};
use serde::{Deserialize, Serialize};

/// For how long what was counted can be read by the minute.
pub const MINUTES_KEPT: Millis = 7 * DAY;

/// What was counted within one minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    pub counted: MetricsByUpstream,
    /// The minute's sweep; `None` when none came.
    pub sample: Option<Sample>,
}

/// How the queue stood at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// How many waited that could have been started, had there been a slot.
    pub waiting: u64,
    /// How many held a slot.
    pub running: u64,
    /// How long the one that was enqueued first had waited, in milliseconds; 0 when nobody waited.
    pub oldest_wait: Millis,
}
