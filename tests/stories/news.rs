//! A job's own statements count in the order in which the job made them, whenever they arrive, and
//! slots follow them (I3, I8, I9).

use crate::queue_story::{MISSING, QueueStory, key, said, slot, summary, told};
use reelay::machine::Status;
use reelay::machine::lease::{LEASE, Lease, START_PATIENCE, WATCH};
use reelay::machine::queue::{
    Alarm, BlockedBy, GetPositions, MAX_ASKS_PER_ALARM, Position, Report, Stage, Summary,
};
use reelay::time::MINUTE;

#[test]
fn a_late_processing_report_after_the_terminal_one_changes_nothing_i8() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.ends("job");
    let ended = story.entry("job");
    story.report(told("job", 1, 1, Status::Processing));
    story.report(told("job", 1, 2, Status::Processing));
    assert_eq!(story.entry("job"), ended);
}

#[test]
fn a_repeated_enqueue_after_the_cancel_of_a_waiting_job_does_not_bring_it_back_i8() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("running", 0));
    story.enqueue(summary("job", 0));
    story.report(told("job", 1, 1, Status::Cancelled));
    story.enqueue(summary("job", 0));
    assert!(matches!(story.stage("job"), Stage::Watched { .. }));
    story.ends("running");
    assert!(story.holders().is_empty());
}

#[test]
fn a_job_that_ended_before_it_was_enqueued_stands_in_the_catalogue() {
    let mut story = QueueStory::with_slots(1);
    story.report(told("job", 1, 1, Status::Cancelled));
    let shown = story.entry("job").unwrap();
    let watched = Stage::Watched {
        until: story.now + WATCH,
    };
    assert_eq!(
        (shown.summary.status, shown.stage),
        (Status::Cancelled, watched),
        "its webhook may still be due"
    );
}

#[test]
fn a_live_job_the_queue_does_not_know_is_not_taken_in_by_a_report() {
    for status in [Status::Queued, Status::Processing] {
        let mut story = QueueStory::with_slots(1);
        story.report(told("job", 1, 1, status));
        assert_eq!(story.entry("job"), None);
    }
}

#[test]
fn an_older_epochs_end_does_not_free_the_newer_epochs_slot_i3() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.report(told("job", 1, 2, Status::Cancelled));
    story.enqueue(told("job", 2, 2, Status::Queued));
    story.report(told("job", 1, 3, Status::Cancelled));
    assert!(matches!(
        story.stage("job"),
        Stage::Held(Lease { epoch: 2, .. })
    ));
}

#[test]
fn a_new_attempt_that_reports_before_it_enqueues_frees_the_old_slot_and_still_gets_its_place_i3() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.report(told("job", 2, 2, Status::Queued));
    assert!(story.holders().is_empty());
    assert_eq!(
        story
            .enqueue(told("job", 2, 2, Status::Queued))
            .unwrap()
            .admitted,
        slot(2)
    );
}

#[test]
fn a_holder_found_at_a_newer_epoch_or_at_its_end_gives_its_slot_back_i9() {
    let ends = [Status::Completed, Status::Failed, Status::Cancelled];
    let ended = ends.map(|status| said(1, 2, status, None));
    let tried_again = said(2, 3, Status::Queued, None);
    for answer in ended.into_iter().chain([tried_again]) {
        let mut story = QueueStory::with_slots(1);
        story.enqueue(summary("job", 0));
        story.enqueue(summary("next", 0));
        story.hears("job", 1, answer.clone());
        assert_eq!(story.holders(), ["next"], "{answer:?}");
    }
}

#[test]
fn what_is_heard_of_another_epoch_or_of_no_holder_changes_nothing_i3() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.enqueue(summary("waiting", 0));
    let before = story.rows.entries.clone();
    for (name, epoch) in [("job", 0), ("job", 2), ("waiting", 1), ("stranger", 1)] {
        story.hears(name, epoch, MISSING);
        story.hears(name, epoch, said(epoch, 9, Status::Failed, None));
        assert_eq!(story.rows.entries, before, "{name} at {epoch}");
    }
}

#[test]
fn what_is_heard_of_a_withdrawn_job_is_not_heard_of_the_one_made_anew_under_its_name_i3_i9() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(Summary {
        created_at: 5,
        ..summary("job", 0)
    });
    story.hears("job", 1, MISSING);
    assert_eq!(story.holders(), ["job"]);
}

#[test]
fn a_job_says_where_it_stands_and_why_it_waits() {
    let mut story = QueueStory::with_slots(1);
    let holding = Position {
        admitted: slot(1),
        ..Position::NOT_IN_LINE
    };
    let estimated_start = Some(story.now + 2 * MINUTE);
    let blocked_by = Some(BlockedBy::Concurrency);
    let waiting = Position {
        number: 2,
        blocked_by,
        estimated_start,
        ..Position::NOT_IN_LINE
    };
    assert_eq!(story.enqueue(summary("first", 0)), Some(holding));
    story.enqueue(summary("second", 0));
    assert_eq!(story.enqueue(summary("third", 0)), Some(waiting));
    let before = story.rows.entries.clone();
    assert_eq!(
        (
            story.enqueue(summary("first", 0)),
            story.enqueue(summary("third", 0))
        ),
        (Some(holding), Some(waiting))
    );
    assert_eq!(story.rows.entries, before, "asking again keeps the stage");
    let stranger = GetPositions {
        key: key("stranger"),
        others: Vec::new(),
    };
    assert_eq!(story.takes(stranger), [None]);
}

#[test]
fn without_a_place_to_wait_a_free_slot_is_still_given() {
    let mut story = QueueStory::with_slots(1);
    story.policy.max_waiting = 0;
    assert_eq!(story.order(summary("first", 0)).unwrap().admitted, slot(1));
    assert_eq!(story.order(summary("second", 0)), None);
}

#[test]
fn the_admitted_caller_starts_itself_and_is_not_told_to_at_once() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    assert!(story.takes(Alarm).is_empty());
    assert_eq!(story.wake_at, Some(story.now + START_PATIENCE));
}

#[test]
fn what_runs_holds_a_slot_whatever_was_thought_of_it_i9() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("first", 0));
    story.enqueue(summary("eager", 0));
    story.report(told("eager", 1, 1, Status::Processing));
    assert_eq!(
        story.stage("eager"),
        Stage::Held(Lease {
            epoch: 1,
            until: story.now + LEASE,
            granted_at: story.now
        })
    );
}

#[test]
fn fewer_slots_take_none_away_and_give_none_until_enough_are_free_i9() {
    let mut story = QueueStory::with_slots(3);
    for name in ["a", "b", "c", "d"] {
        story.enqueue(summary(name, 0));
    }
    story.policy.slots = 1;
    for (ending, holding) in [("a", vec!["b", "c"]), ("b", vec!["c"]), ("c", vec!["d"])] {
        story.ends(ending);
        assert_eq!(story.holders(), holding);
    }
}

#[test]
fn more_slots_are_given_at_the_next_step() {
    let mut story = QueueStory::with_slots(1);
    for name in ["a", "b", "c"] {
        story.enqueue(summary(name, 0));
    }
    (story.policy.slots, story.policy.user_slots) = (3, 3);
    story.takes(Alarm);
    assert_eq!(story.holders(), ["a", "b", "c"]);
}

#[test]
fn one_alarm_asks_a_bounded_number_and_the_next_one_the_rest() {
    let mut story = QueueStory::with_slots(80);
    for number in 0..80 {
        story.enqueue(summary(&format!("{number:02}"), 0));
    }
    let first = story.alarm();
    let rest = story.alarm();
    assert_eq!(
        (first.len(), rest.len()),
        (MAX_ASKS_PER_ALARM, 80 - MAX_ASKS_PER_ALARM)
    );
    assert!(first.iter().all(|name| !rest.contains(name)));
}

#[test]
fn a_report_of_a_job_whose_name_an_earlier_one_holds_is_heard_once_that_is_gone_i2() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    let report = Summary {
        created_at: 5,
        ..told("job", 1, 1, Status::Cancelled)
    };
    let reports = Report {
        summary: report,
        availability: None,
    };
    assert!(!story.takes(reports.clone()), "the report must be repeated");
    story.hears("job", 1, MISSING);
    assert!(story.takes(reports));
    assert_eq!(
        story.stage("job"),
        Stage::Watched {
            until: story.now + WATCH
        }
    );
    assert_eq!(
        story.entry("job").map(|entry| entry.summary.created_at),
        Some(5)
    );
    // A report of an earlier job is ignored once a later job has its name.
    story.report(told("job", 1, 2, Status::Cancelled));
    assert_eq!(
        story.entry("job").map(|entry| entry.summary.created_at),
        Some(5)
    );
}
