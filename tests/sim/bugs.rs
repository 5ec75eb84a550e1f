//! Deliberate bugs: each is planted in the machines, and the seeds must catch it by the invariant it breaks.
//!
//! The unplanted machines pass the same seeds, so it is the bug that is caught.

use crate::run::{SEEDS, run_many};
use crate::witness::Invariant;
use reelay::machine::bug::Bug;
use std::io::{self, Write as _};

fn caught(bug: Bug, by: &[Invariant]) {
    let Err(failed) = run_many(&(0..SEEDS), Some(bug), false) else { panic!("{bug:?} passed {SEEDS} seeds") };
    let told = writeln!(io::stderr(), "{bug:?} is caught by seed {}: {}", failed.seed, failed.violation);
    told.expect("standard error takes the figures");
    assert!(by.contains(&failed.violation.invariant), "{bug:?} was caught as {}", failed.violation);
}

#[test]
fn a_paid_call_without_a_durable_intent_breaks_the_money_rule() {
    caught(Bug::SubmitIntentDropped, &[Invariant::I4]);
}

#[test]
fn a_lost_submit_that_is_repeated_breaks_the_money_rule() {
    caught(Bug::UnknownSubmitRepeated, &[Invariant::I4]);
}

#[test]
fn an_older_epoch_that_is_heard_runs_without_a_slot() {
    caught(Bug::EpochIgnored, &[Invariant::I3, Invariant::I9]);
}

#[test]
fn a_new_event_id_for_each_attempt_is_another_event() {
    caught(Bug::EventIdRemade, &[Invariant::I5]);
}

#[test]
fn a_body_made_anew_is_another_event() {
    caught(Bug::BodyRemade, &[Invariant::I5]);
}

#[test]
fn a_slot_freed_by_time_alone_is_still_used() {
    caught(Bug::SlotFreedUnasked, &[Invariant::I9]);
}

#[test]
fn a_forgotten_wake_up_leaves_a_job_asleep() {
    caught(Bug::WakeForgotten, &[Invariant::I2]);
}

#[test]
fn a_job_that_asks_only_once_for_a_place_waits_for_ever() {
    caught(Bug::EnqueueAskedOnce, &[Invariant::I1, Invariant::I2]);
}

#[test]
fn a_late_withdrawal_takes_an_accepted_job_away() {
    caught(Bug::WithdrawUnfenced, &[Invariant::I1, Invariant::I10]);
}

#[test]
fn an_unchecked_size_completes_half_a_video() {
    caught(Bug::SizeUnchecked, &[Invariant::I8]);
}

#[test]
fn a_forgotten_discard_leaves_a_video_behind() {
    caught(Bug::DiscardForgotten, &[Invariant::I8]);
}

#[test]
fn an_end_that_is_overwritten_was_not_final() {
    caught(Bug::EndOverwritten, &[Invariant::I5, Invariant::I8]);
}

#[test]
fn a_stale_enqueue_takes_the_place_of_what_runs() {
    caught(Bug::StaleEnqueueTaken, &[Invariant::I3, Invariant::I9]);
}

#[test]
fn an_unbounded_priority_starves_the_others() {
    caught(Bug::PriorityUnbounded, &[Invariant::I6]);
}
