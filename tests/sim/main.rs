//! The whole of Reelay in one seeded world: many faults, then healing, then convergence.
//!
//! `cargo test -p reelay --test sim` runs every seed; a failing one prints the command that replays
//! it.

#![allow(
    clippy::print_stdout,
    reason = "a test run prints its results on standard output"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a fake treats all cases alike for which it has no special answer"
)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod agenda;
mod arbitrary;
mod bucket;
mod bulks;
mod choices;
mod crash;
mod exhaustive;
mod faults;
mod job_alarm;
mod job_object;
mod limits;
#[path = "../support/rows.rs"]
mod map_rows;
mod message_queue;
mod network;
mod operator;
mod outage;
mod outside;
mod plan;
mod platform;
mod poster;
mod queue_object;
mod receiver;
mod rows;
mod run;
mod script;
mod seen;
mod settings;
mod spending;
mod steering;
mod stories;
mod story;
mod tally;
mod trace;
mod turns;
mod upstream;
#[path = "../support/order.rs"]
mod usual_order;
mod watch_alerts;
mod watch_counts;
mod watch_inputs;
mod watch_job;
mod watch_push;
mod watch_queue;
mod watch_render;
mod watch_world;
mod witness;
mod world;

use run::{Failed, run_many, run_one, seeds};
use trace::Trace;

#[test]
fn every_seed_keeps_every_invariant_and_every_fault_is_met() {
    if let Some(seed) = run::replayed_seed() {
        let (_, outcome) = run_one(seed, Trace::Printed);
        assert!(outcome.is_ok(), "seed {seed}: {}", outcome.unwrap_err());
        return;
    }
    let seeds = seeds();
    let whole = seeds.end - seeds.start >= run::SEEDS;
    match run_many(&seeds, run::tells_progress()) {
        Ok(tally) => {
            tally.tell().expect("standard error takes the figures");
            assert_eq!(
                (tally.lost, tally.paid_twice),
                (0, 0),
                "lost and paid twice"
            );
            let unmet = tally.unmet();
            assert!(
                !whole || unmet.is_empty(),
                "never met over the seeds {seeds:?}: {unmet:?}"
            );
        }
        Err(Failed { seed, violation }) => panic!("{}", run::how_to_replay(seed, &violation)),
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_i12() {
    for seed in 0..50 {
        let (first, _) = run_one(seed, Trace::hashed());
        let (second, _) = run_one(seed, Trace::hashed());
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}
