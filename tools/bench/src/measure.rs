//! The measurements, one file each.

pub(crate) mod accept;
pub(crate) mod burst;
pub(crate) mod capacity;
pub(crate) mod cost;
pub(crate) mod dispatch;
pub(crate) mod finish;
pub(crate) mod job;
pub(crate) mod readers;
pub(crate) mod rows;
pub(crate) mod start_up;
pub(crate) mod sustained;
pub(crate) mod video;
pub(crate) mod waiting;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A job makes sure of its place once, ten seconds after its order. Counts begin after that.
const SETTLED: Duration = Duration::from_secs(12);

/// How often each measurement is repeated.
const RUNS: usize = 5;
static QUICK: AtomicBool = AtomicBool::new(false);

/// From now on each measurement is taken once, and a sustained load lasts for a minute.
pub(crate) fn be_quick() {
    QUICK.store(true, Ordering::Relaxed);
}

fn is_quick() -> bool {
    QUICK.load(Ordering::Relaxed)
}

/// How often each measurement is repeated in this run of the program.
pub(crate) fn runs() -> usize {
    if is_quick() { 1 } else { RUNS }
}
