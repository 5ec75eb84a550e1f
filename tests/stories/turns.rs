//! Users of one priority take turns, and no user holds more than their share (I6, I9).

use crate::queue_story::{QueueStory, summary, told};
use reelay::machine::Status;
use reelay::machine::queue::{BlockedBy, Mode, Terms};
use reelay::time::HOUR;

#[test]
fn one_users_thousand_jobs_do_not_stand_before_anothers_first_i6() {
    let mut story = QueueStory::with_slots(1);
    for number in 0..1_000 {
        story.enqueue(summary(&format!("ada/{number:04}"), 0));
    }
    let position = story.enqueue(summary("bea/only", 0)).unwrap();
    assert!(
        position.number <= 2,
        "{position:?}: at most one of the thousand may stand before it"
    );
    story.ends("ada/0000");
    story.ends("ada/0001");
    assert_eq!(story.holders(), ["bea/only"]);
}

#[test]
fn users_take_turns_and_each_ones_jobs_keep_their_order_i6() {
    let mut story = QueueStory::in_mode(Mode::Cron, 1);
    for name in [
        "ann/1", "ann/2", "ann/3", "ann/4", "bea/1", "bea/2", "cid/1",
    ] {
        story.enqueue(summary(name, 0));
    }
    let expected = [
        "ann/1", "bea/1", "cid/1", "ann/2", "bea/2", "ann/3", "ann/4",
    ];
    assert_eq!(served(&mut story), expected);
}

#[test]
fn a_job_is_not_starved_by_newcomers_whose_turn_comes_first_i6() {
    let mut story = QueueStory::with_slots(1);
    for number in 0..6 {
        story.enqueue(summary(&format!("ann/{number}"), 0));
    }
    // Each time a job ends, a new user joins with two jobs.
    for number in 0..100 {
        let ending = story.holders().remove(0);
        story.ends(&ending);
        story.enqueue(summary(&format!("new-{number:03}/1"), 0));
        story.enqueue(summary(&format!("new-{number:03}/2"), 0));
        if story.holders() == ["ann/5"] {
            assert!(number < 64, "after {number} others");
            return;
        }
    }
    panic!("it never started");
}

#[test]
fn a_user_who_comes_back_does_not_make_up_for_the_turns_they_missed_i6() {
    let mut story = QueueStory::with_slots(1);
    for number in 0..10 {
        story.enqueue(summary(&format!("ann/{number}"), 0));
    }
    for number in 0..5 {
        story.ends(&format!("ann/{number}"));
    }
    for number in 0..5 {
        story.enqueue(summary(&format!("bea/{number}"), 0));
    }
    let expected = [
        "ann/5", "ann/6", "bea/0", "ann/7", "bea/1", "ann/8", "bea/2", "ann/9", "bea/3", "bea/4",
    ];
    assert_eq!(served(&mut story), expected);
}

#[test]
fn a_user_at_their_limit_is_passed_by_the_others_and_told_why_i9() {
    let mut story = QueueStory::with_slots(3);
    story.policy.user_slots = 1;
    for name in ["ann/1", "ann/2", "bea/1"] {
        story.enqueue(summary(name, 0));
    }
    assert_eq!(story.holders(), ["ann/1", "bea/1"]);
    assert_eq!(
        story.position("ann/2").blocked_by,
        Some(BlockedBy::UserConcurrency)
    );
    story.ends("bea/1");
    assert_eq!(story.holders(), ["ann/1"]);
    story.ends("ann/1");
    assert_eq!(story.holders(), ["ann/2"]);
}

#[test]
fn a_users_share_that_is_no_less_than_the_whole_is_never_the_reason_to_wait() {
    for user_slots in [1, 5] {
        let mut story = QueueStory::with_slots(1);
        story.policy.user_slots = user_slots;
        story.enqueue(summary("running", 0));
        let waiting = story.enqueue(summary("waiting", 0)).unwrap();
        assert_eq!(waiting.blocked_by, Some(BlockedBy::Concurrency));
    }
}

#[test]
fn jobs_that_waited_for_a_time_take_turns_too_i6() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("running", 0));
    let delayed = Terms {
        not_before: Some(story.now + HOUR),
        ..Terms::default()
    };
    for number in 0..50 {
        story.enqueue_on(summary(&format!("ann/{number:02}"), 0), delayed);
    }
    story.now += HOUR;
    story.sweep();
    let position = story.enqueue(summary("bea/only", 0)).unwrap();
    assert!(position.number <= 2, "{position:?}");
}

#[test]
fn a_delayed_job_does_not_make_its_users_other_jobs_wait_i6() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("running", 0));
    let delayed = Terms {
        not_before: Some(story.now + HOUR),
        ..Terms::default()
    };
    for number in 0..50 {
        story.enqueue_on(summary(&format!("ann/{number:02}"), 0), delayed);
    }
    story.enqueue(summary("bea/1", 0));
    story.enqueue(summary("ann/now", 0));
    story.enqueue(summary("bea/2", 0));
    story.ends("running");
    story.ends("bea/1");
    assert_eq!(story.holders(), ["ann/now"]);
}

/// Ends the holder of the only slot until no job is left; returns the holders in order.
fn served(story: &mut QueueStory) -> Vec<String> {
    let mut order = Vec::new();
    loop {
        story.sweep();
        let Some(holder) = story.holders().pop() else {
            return order;
        };
        story.report(told(&holder, 1, 2, Status::Completed));
        order.push(holder);
    }
}
