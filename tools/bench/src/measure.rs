//! The measurements, one file each.

pub(crate) mod accept;
pub(crate) mod burst;
pub(crate) mod cost;
pub(crate) mod dispatch;
pub(crate) mod finish;
pub(crate) mod start_up;
pub(crate) mod video;
pub(crate) mod waiting;

/// How often each measurement is repeated.
pub(crate) const RUNS: usize = 5;
