//! Order and slots (I6, I9), and the leases that keep both sides honest (I3).

use crate::queue_story::{MISSING, NOTHING, QueueStory, said, slot, summary, told};
use reelay::machine::Status;
use reelay::machine::lease::{ASK_AGAIN, LEASE, START_PATIENCE, WATCH};
use reelay::machine::queue::{HEAD_START, Stage};
use reelay::time::SECOND;

#[test]
fn twenty_jobs_with_three_slots_start_in_the_order_they_came_i6_i9() {
    let mut story = QueueStory::with_slots(3);
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    for name in &names {
        story.now += SECOND;
        story.enqueue(summary(name, 0));
    }
    for first in 0..20 {
        let holding = &names[first..names.len().min(first + 3)];
        assert_eq!(story.holders(), holding);
        story.ends(&names[first]);
    }
    assert!(story.holders().is_empty());
}

#[test]
fn a_priority_jumps_ahead_by_its_head_start_and_no_further_i6() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("running", 0));
    story.enqueue(summary("patient", 0));
    story.now += HEAD_START - 1;
    let position = story.enqueue(summary("hasty", 1)).unwrap();
    assert_eq!(position.number, 1);
    story.now += 2;
    let position = story.enqueue(summary("late", 1)).unwrap();
    assert_eq!(
        position.number, 3,
        "a minute of waiting outweighs one priority level"
    );
    for next in ["hasty", "patient", "late"] {
        let ending = story.holders().remove(0);
        story.ends(&ending);
        assert_eq!(story.holders(), [next]);
    }
}

#[test]
fn a_stream_of_the_highest_priority_never_starves_the_lowest_i6() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("running", 0));
    story.enqueue(summary("patient", 0));
    for number in 0..12 {
        story.now += HEAD_START;
        let name = format!("vip-{number:02}");
        story.enqueue(summary(&name, 10));
        let ending = story.holders().remove(0);
        story.ends(&ending);
        if story.holders() == ["patient"] {
            assert!(number >= 9, "ten priority levels are ten minutes");
            return;
        }
    }
    panic!("the patient job never started");
}

#[test]
fn a_full_queue_refuses_only_whom_nobody_promised_a_place_i1() {
    let mut story = QueueStory::with_slots(1);
    story.policy.max_waiting = 1;
    story.enqueue(summary("running", 0));
    story.enqueue(summary("waiting", 0));
    assert_eq!(story.order(summary("new", 0)), None);
    assert!(
        !story
            .rows
            .entries
            .values()
            .any(|entry| entry.summary.key.generation_id == "new"),
        "nothing is stored"
    );
    assert_eq!(story.enqueue(summary("promised", 0)).unwrap().number, 2);
    assert_eq!(
        story.order(summary("waiting", 0)).unwrap().number,
        1,
        "a repeat is not a new job"
    );
}

#[test]
fn an_enqueue_that_comes_after_the_cancellation_brings_nothing_back_i9() {
    let mut story = QueueStory::with_slots(1);
    story.report(told("cancelled", 1, 1, Status::Cancelled));
    story.enqueue(summary("cancelled", 0));
    assert!(matches!(story.stage("cancelled"), Stage::Watched { .. }));
    assert!(story.holders().is_empty());
}

#[test]
fn an_older_epoch_changes_nothing_i3() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(told("job", 2, 1, Status::Queued));
    let before = story.stage("job");
    story.enqueue(summary("job", 0));
    story.report(told("job", 1, 9, Status::Completed));
    story.hears("job", 1, said(1, 9, Status::Completed, None));
    assert_eq!(story.stage("job"), before);
}

#[test]
fn a_retry_waits_at_the_end_of_the_line_again() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.enqueue(summary("other", 0));
    story.report(told("job", 1, 2, Status::Failed));
    story.enqueue(told("job", 2, 2, Status::Queued));
    assert_eq!(story.holders(), ["other"]);
    assert_eq!(story.stage("job"), Stage::Waiting);
}

#[test]
fn a_retry_that_is_enqueued_before_its_old_end_is_told_frees_the_old_slot_i9() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.enqueue(told("job", 2, 2, Status::Queued));
    assert_eq!(story.holders(), ["job"]);
    story.report(told("job", 2, 2, Status::Queued));
    assert!(matches!(story.stage("job"), Stage::Held(lease) if lease.epoch == 2));
}

#[test]
fn a_start_that_nobody_confirms_is_sent_again_i2() {
    let mut story = QueueStory::with_slots(1);
    let granted_at = story.now;
    assert_eq!(story.enqueue(summary("job", 0)).unwrap().admitted, slot(1));
    assert_eq!(story.wake_at, Some(granted_at + START_PATIENCE));
    assert_eq!(story.alarm(), ["job"]);
    story.hears("job", 1, NOTHING);
    assert_eq!(story.wake_at, Some(story.now + ASK_AGAIN));
    assert_eq!(story.alarm(), ["job"]);
    story.hears("job", 1, said(1, 1, Status::Processing, None));
    assert_eq!(story.wake_at, Some(story.now + LEASE));
}

#[test]
fn a_slot_is_freed_on_the_jobs_own_word_only_i9() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.enqueue(summary("next", 0));
    let mut asked = 0;
    for _ in 0..50 {
        for name in story.alarm() {
            assert_eq!(name, "job");
            asked += 1;
            story.hears("job", 1, NOTHING);
        }
        assert_eq!(story.holders(), ["job"]);
    }
    assert!(asked > 40, "{asked} questions");
    story.hears("job", 1, said(1, 2, Status::Failed, None));
    assert_eq!(story.holders(), ["next"]);
    assert_eq!(
        story.alarm(),
        ["next"],
        "the next job is started immediately"
    );
}

#[test]
fn a_holder_that_does_not_exist_gives_its_slot_back_i9() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("ghost", 0));
    story.alarm();
    story.hears("ghost", 1, MISSING);
    assert!(story.holders().is_empty());
    assert_eq!(story.wake_at, None);
}

#[test]
fn the_report_that_follows_an_answer_still_counts_as_news() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.alarm();
    story.hears("job", 1, said(1, 2, Status::Completed, None));
    let mut report = told("job", 1, 2, Status::Completed);
    "the whole generation".clone_into(&mut report.snapshot);
    story.report(report);
    let shown = story.rows.entries.values().next().unwrap();
    assert_eq!(
        (shown.stage, shown.summary.snapshot.as_str()),
        (
            Stage::Watched {
                until: story.now + WATCH
            },
            "the whole generation"
        )
    );
}
