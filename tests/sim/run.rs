//! Runs seeds: one with a trace, or many on every core.

use crate::choices::{Choices, Seeded};
use crate::tally::Tally;
use crate::trace::Trace;
use crate::witness::Violation;
use crate::world::World;
use reelay::time::HOUR;
use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How many seeds a run takes, unless `REELAY_SIM_SEEDS` is set.
pub(crate) const SEEDS: u64 = 10_000;
const PROGRESS_SECONDS: u64 = 5;

/// The first seed that broke an invariant.
pub(crate) struct Failed {
    pub(crate) seed: u64,
    pub(crate) violation: Violation,
}

/// `REELAY_SIM_SEEDS` seeds from `REELAY_SIM_FROM` on.
pub(crate) fn seeds() -> Range<u64> {
    let from = number_from("REELAY_SIM_FROM").unwrap_or(0);
    from..from + number_from("REELAY_SIM_SEEDS").unwrap_or(SEEDS)
}

pub(crate) fn replayed_seed() -> Option<u64> {
    number_from("REELAY_SIM_SEED")
}

/// Whether to print the progress every few seconds.
pub(crate) fn tells_progress() -> bool {
    std::env::var_os("REELAY_SIM_PROGRESS").is_some()
}

fn number_from(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is {value}, which is no number")),
    )
}

pub(crate) fn how_to_replay(seed: u64, violation: &Violation) -> String {
    let command = if tells_progress() {
        format!("npm run sim -- --seed {seed}")
    } else {
        format!("REELAY_SIM_SEED={seed} cargo test -p reelay --test sim every_seed -- --nocapture")
    };
    format!("{violation}\nreplay it: {command}")
}

pub(crate) fn run_one(seed: u64, trace: Trace) -> (World, Result<(), Violation>) {
    let mut world = World::new(Choices::new(Seeded::new(seed)), trace);
    let outcome = world.run();
    (world, outcome)
}

/// What the workers of one run share.
struct Shared {
    next: AtomicU64,
    end: u64,
    /// The smallest seed that has failed.
    failed: AtomicU64,
    done: AtomicU64,
    simulated: AtomicU64,
}

impl Shared {
    /// The next seed, unless a smaller one has failed.
    fn take(&self) -> Option<u64> {
        let seed = self.next.fetch_add(1, Ordering::Relaxed);
        (seed < self.end && seed < self.failed.load(Ordering::Relaxed)).then_some(seed)
    }
}

/// Runs `seeds` on all cores; returns the smallest failing seed.
pub(crate) fn run_many(seeds: &Range<u64>, progress: bool) -> Result<Tally, Failed> {
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let shared = Shared {
        next: AtomicU64::new(seeds.start),
        end: seeds.end,
        failed: AtomicU64::new(u64::MAX),
        done: AtomicU64::new(0),
        simulated: AtomicU64::new(0),
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let (working, all_done) = mpsc::channel::<()>();
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                let (shared, working) = (&shared, working.clone());
                scope.spawn(move || {
                    let part = run_part(shared);
                    drop(working);
                    part
                })
            })
            .collect();
        drop(working);
        if progress {
            tell_progress(&shared, seeds.end - seeds.start, &all_done);
        }
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a worker ends"))
            .collect()
    });
    let mut whole = Tally::default();
    let mut failures = Vec::new();
    for part in parts {
        match part {
            Ok(tally) => whole.add(&tally),
            Err(failed) => failures.push(failed),
        }
    }
    failures
        .into_iter()
        .min_by_key(|failed| failed.seed)
        .map_or(Ok(whole), Err)
}

fn run_part(shared: &Shared) -> Result<Tally, Failed> {
    let mut tally = Tally::default();
    while let Some(seed) = shared.take() {
        let (world, outcome) = run_one(seed, Trace::Silent);
        tally.add(&world.tally);
        shared.done.fetch_add(1, Ordering::Relaxed);
        shared
            .simulated
            .fetch_add(world.tally.simulated, Ordering::Relaxed);
        if let Err(violation) = outcome {
            shared.failed.fetch_min(seed, Ordering::Relaxed);
            return Err(Failed { seed, violation });
        }
    }
    Ok(tally)
}

/// A line every few seconds until every worker has ended.
fn tell_progress(shared: &Shared, of: u64, all_done: &mpsc::Receiver<()>) {
    let mut before = 0;
    while let Err(RecvTimeoutError::Timeout) =
        all_done.recv_timeout(Duration::from_secs(PROGRESS_SECONDS))
    {
        let done = shared.done.load(Ordering::Relaxed);
        let (rate, hours) = (
            (done - before) / PROGRESS_SECONDS,
            shared.simulated.load(Ordering::Relaxed) / HOUR,
        );
        before = done;
        writeln!(
            io::stderr(),
            "{done} of {of} seeds, {rate} a second, {hours} hours simulated"
        )
        .expect("standard error takes the figures");
    }
}
