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
    caught(Bug::SlotFreedUnasked, &[Invariant::I1, Invariant::I9]);
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
    caught(Bug::DiscardForgotten, &[Invariant::I8, Invariant::I15]);
}

#[test]
fn an_end_that_is_overwritten_was_not_final() {
    caught(Bug::EndOverwritten, &[Invariant::I5, Invariant::I8]);
}

#[test]
fn a_stale_enqueue_takes_the_place_of_what_runs() {
    caught(Bug::StaleEnqueueTaken, &[Invariant::I3, Invariant::I6, Invariant::I9]);
}

#[test]
fn an_unbounded_priority_starves_the_others() {
    caught(Bug::PriorityUnbounded, &[Invariant::I6]);
}

#[test]
fn jobs_of_one_user_that_all_come_first_take_the_turns_of_others() {
    caught(Bug::TurnsForgotten, &[Invariant::I6]);
}

#[test]
fn a_limit_that_is_counted_by_job_is_none() {
    caught(Bug::LimiterPerJob, &[Invariant::Limit]);
}

#[test]
fn a_pause_that_only_one_job_heard_of_is_not_kept() {
    caught(Bug::BackoffNotShared, &[Invariant::Limit]);
}

#[test]
fn a_user_without_a_limit_takes_the_slots_of_others() {
    caught(Bug::UserSlotsIgnored, &[Invariant::I9]);
}

#[test]
fn a_delay_that_is_not_kept_breaks_the_order_s_terms() {
    caught(Bug::DelayIgnored, &[Invariant::Terms]);
}

#[test]
fn a_job_that_goes_to_the_end_of_the_line_loses_its_turn() {
    caught(Bug::PlaceLost, &[Invariant::I6]);
}

#[test]
fn an_answer_about_an_older_slot_frees_one_that_is_used() {
    caught(Bug::SlotFreedTwice, &[Invariant::I1, Invariant::I9]);
}

#[test]
fn a_queue_that_forgets_its_alarm_sleeps() {
    caught(Bug::QueueNotRearmed, &[Invariant::I2]);
}

#[test]
fn an_alarm_whose_time_has_come_and_that_is_trusted_wakes_nobody() {
    caught(Bug::PassedAlarmKept, &[Invariant::I2]);
}

#[test]
fn a_budget_that_is_ignored_is_exceeded() {
    caught(Bug::BudgetIgnored, &[Invariant::I13]);
}

#[test]
fn a_refund_that_is_forgotten_is_missed() {
    caught(Bug::RefundForgotten, &[Invariant::I13]);
}

#[test]
fn a_render_that_nobody_gives_up_goes_on_for_nobody() {
    caught(Bug::AbandonForgotten, &[Invariant::I14]);
}

#[test]
fn a_push_that_is_heard_again_and_again_brings_too_many_polls() {
    caught(Bug::PushHeardAgain, &[Invariant::I16]);
}

#[test]
fn images_that_are_deleted_once_they_were_sent_are_missed() {
    caught(Bug::InputsDiscardedEarly, &[Invariant::I15]);
}

#[test]
fn a_pause_that_is_ignored_is_none() {
    caught(Bug::PauseIgnored, &[Invariant::I17]);
}

#[test]
fn an_event_that_is_sent_again_under_another_id_is_another_event() {
    caught(Bug::RedeliveredAsNew, &[Invariant::I5]);
}

#[test]
fn what_is_said_late_of_an_event_hides_what_became_of_it() {
    caught(Bug::StaleDeliveryTaken, &[Invariant::I5]);
}

#[test]
fn what_an_ended_job_has_left_to_do_is_not_forgotten() {
    caught(Bug::WatchForgotten, &[Invariant::I1, Invariant::I2, Invariant::I5, Invariant::I17, Invariant::I18]);
}

#[test]
fn what_a_job_tells_again_is_counted_again_when_it_is_added_as_a_whole() {
    caught(Bug::TallyAddedWhole, &[Invariant::I18]);
}

#[test]
fn what_a_late_message_lowers_is_counted_twice() {
    caught(Bug::TallyLowered, &[Invariant::I18]);
}

#[test]
fn a_webhook_that_is_counted_when_it_leaves_and_when_it_is_answered_counts_twice() {
    caught(Bug::AttemptCountedTwice, &[Invariant::I18]);
}
