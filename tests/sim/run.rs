//! Runs seeds: one with a trace, or many on every core.

use crate::choices::{Choices, Seeded};
use crate::tally::Tally;
use crate::trace::Trace;
use crate::witness::Violation;
use crate::world::World;
use reelay::machine::bug::{self, Bug};
use std::ops::Range;

/// How many seeds a run takes unless `REELAY_SIM_SEEDS` says otherwise.
pub(crate) const SEEDS: u64 = 4_000;

/// The first seed that broke an invariant.
pub(crate) struct Failed {
    pub(crate) seed: u64,
    pub(crate) violation: Violation,
}

pub(crate) fn seeds() -> u64 {
    number_from("REELAY_SIM_SEEDS").unwrap_or(SEEDS)
}

pub(crate) fn replayed_seed() -> Option<u64> {
    number_from("REELAY_SIM_SEED")
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

pub(crate) fn how_to_replay(seed: u64, violation: &Violation) -> String {
    format!("{violation}\nreplay it: REELAY_SIM_SEED={seed} cargo test -p reelay --test sim every_seed -- --nocapture")
}

pub(crate) fn run_one(seed: u64, trace: Trace) -> (World, Result<(), Violation>) {
    let mut world = World::new(Choices::new(Seeded::new(seed)), trace);
    let outcome = world.run();
    (world, outcome)
}

/// Runs `seeds` on every core, with a bug planted or not; the smallest failing seed is the answer.
pub(crate) fn run_many(seeds: Range<u64>, bug: Option<Bug>) -> Result<Tally, Failed> {
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) as u64;
    let parts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let seeds = seeds.clone();
                scope.spawn(move || run_part(seeds.skip(usize::try_from(worker).unwrap_or(0)), workers, bug))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a worker ends")).collect()
    });
    let mut whole = Tally::default();
    let mut failures = Vec::new();
    for part in parts {
        match part {
            Ok(tally) => whole.add(&tally),
            Err(failed) => failures.push(failed),
        }
    }
    failures.into_iter().min_by_key(|failed| failed.seed).map_or(Ok(whole), Err)
}

fn run_part(seeds: impl Iterator<Item = u64>, workers: u64, bug: Option<Bug>) -> Result<Tally, Failed> {
    bug::plant(bug);
    let mut tally = Tally::default();
    for seed in seeds.step_by(usize::try_from(workers).unwrap_or(1)) {
        let (world, outcome) = run_one(seed, Trace::Silent);
        tally.add(&world.tally);
        if let Err(violation) = outcome {
            return Err(Failed { seed, violation });
        }
    }
    Ok(tally)
}
