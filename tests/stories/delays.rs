//! Delayed jobs, and jobs that return to their old place (I2, I6).

use crate::queue_story::{QueueStory, said, slot, summary, told};
use reelay::machine::Status;
use reelay::machine::queue::{ALARM_DELAY, Alarm, BlockedBy, Mode, Summary, Terms};
use reelay::time::{HOUR, MINUTE, Millis, SECOND};

#[test]
fn a_delayed_job_starts_at_its_time_and_not_before() {
    let mut story = QueueStory::with_slots(1);
    let until = story.now + HOUR;
    let position = story
        .enqueue_on(summary("later", 0), not_before(until))
        .unwrap();
    assert_eq!(
        (position.admitted, position.blocked_by),
        (None, Some(BlockedBy::StartAfter))
    );
    assert_eq!(
        (position.estimated_start, story.wake_at),
        (Some(until), Some(until))
    );
    story.now = until - 1;
    story.sweep();
    assert!(story.holders().is_empty());
    assert_eq!(
        (story.alarm(), story.now),
        (vec!["later".to_owned()], until)
    );
}

#[test]
fn a_delayed_job_holds_up_nobody() {
    let mut story = QueueStory::with_slots(1);
    let until = story.now + HOUR;
    story.enqueue_on(summary("later", 0), not_before(until));
    assert!(story.enqueue(summary("now", 0)).unwrap().admitted.is_some());
}

#[test]
fn a_delayed_job_whose_time_has_come_starts_before_an_order_that_comes_then_i6() {
    let mut story = QueueStory::with_slots(1);
    let until = story.now + HOUR;
    story.enqueue_on(summary("ann/later", 0), not_before(until));
    story.now = until;
    assert_eq!(story.enqueue(summary("bea/now", 0)).unwrap().admitted, None);
    assert_eq!(story.holders(), ["ann/later"]);
}

#[test]
fn a_time_that_has_passed_is_no_delay() {
    let mut story = QueueStory::with_slots(1);
    let passed = story.now;
    assert!(
        story
            .enqueue_on(summary("job", 0), not_before(passed))
            .unwrap()
            .admitted
            .is_some()
    );
}

#[test]
fn a_delayed_job_fills_the_queue_as_a_waiting_one_does() {
    let mut story = QueueStory::with_slots(1);
    story.policy.max_waiting = 1;
    story.enqueue(summary("running", 0));
    let until = story.now + HOUR;
    story.enqueue_on(summary("later", 0), not_before(until));
    assert_eq!(story.order(summary("new", 0)), None);
}

#[test]
fn in_every_mode_a_delay_that_is_over_is_looked_at_once_and_not_again_and_again_i2() {
    for mode in Mode::ALL {
        let mut story = QueueStory::in_mode(mode, 1);
        let until = story.now + HOUR;
        story.enqueue_on(summary("later", 0), not_before(until));
        for _ in 0..2 {
            if story.holders().is_empty() {
                story.asks();
            }
        }
        assert_eq!(story.holders(), ["later"], "{mode:?}");
        if matches!(mode, Mode::Immediate | Mode::Alarm) {
            assert!(story.now <= until + ALARM_DELAY, "{mode:?}");
        }
    }
}

#[test]
fn many_delays_that_end_together_are_all_taken_into_line_i1() {
    let mut story = QueueStory::with_slots(0);
    story.policy.max_waiting = 1_000;
    let until = story.now + HOUR;
    for number in 0..120 {
        story.enqueue_on(summary(&format!("{number:03}"), 0), not_before(until));
    }
    story.now = until;
    for _ in 0..3 {
        story.takes(Alarm);
    }
    assert_eq!(story.rows.waiting().count(), 120);
}

#[test]
fn a_refused_job_comes_back_to_the_place_it_had_i6() {
    let mut story = QueueStory::with_slots(1);
    for name in ["refused", "second", "third"] {
        story.now += SECOND;
        story.enqueue(summary(name, 0));
    }
    let (again, terms) = requeued("refused", story.now + MINUTE);
    story.enqueue_on(again, terms);
    assert_eq!(
        story.holders(),
        ["second"],
        "the next job gets its slot immediately (I9)"
    );
    story.now += MINUTE;
    story.takes(Alarm);
    assert_eq!(story.position("refused").number, 1);
    story.ends("second");
    assert_eq!(story.holders(), ["refused"]);
}

#[test]
fn a_refused_job_waits_for_the_upstream_and_not_for_a_time_of_its_own() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("refused", 0));
    let until = story.now + MINUTE;
    let (again, terms) = requeued("refused", until);
    let position = story.enqueue_on(again, terms).unwrap();
    assert_eq!(position.blocked_by, Some(BlockedBy::UpstreamBackoff));
    assert_eq!(position.estimated_start, Some(until));
}

#[test]
fn a_repeated_enqueue_of_a_refused_job_changes_nothing_i3() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("refused", 0));
    let (again, terms) = requeued("refused", story.now + MINUTE);
    story.enqueue_on(again.clone(), terms);
    let before = story.rows.clone();
    story.now += SECOND;
    story.enqueue_on(again, terms);
    story.enqueue(summary("refused", 0));
    assert_eq!(story.rows.entries, before.entries);
}

#[test]
fn a_refused_job_whose_old_slot_was_asked_about_first_keeps_its_place_too_i6() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("refused", 0));
    story.enqueue(summary("second", 0));
    story.hears("refused", 1, said(2, 2, Status::Queued, Some(story.now)));
    assert_eq!(story.holders(), ["second"]);
    let (again, terms) = requeued("refused", story.now);
    story.enqueue_on(again, terms);
    story.enqueue(summary("third", 0));
    assert_eq!(
        (
            story.position("refused").number,
            story.position("third").number
        ),
        (1, 2)
    );
}

#[test]
fn messages_about_the_old_slot_do_not_touch_the_new_one_i3() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("refused", 0));
    let (again, terms) = requeued("refused", story.now);
    assert_eq!(story.enqueue_on(again, terms).unwrap().admitted, slot(2));
    let before = story.rows.entries.clone();
    story.hears("refused", 1, said(2, 2, Status::Queued, None));
    story.report(Summary {
        submits: 1,
        ..told("refused", 1, 1, Status::Processing)
    });
    assert_eq!(story.rows.entries, before);
}

#[test]
fn an_estimated_start_is_never_in_the_past_and_a_full_minute_in_the_mode_cron() {
    for mode in Mode::ALL {
        let mut story = QueueStory::in_mode(mode, 0);
        story.now += 1_234;
        let mut last = 0;
        for number in 0..5 {
            let estimated = story
                .enqueue(summary(&format!("{number}"), 0))
                .unwrap()
                .estimated_start
                .unwrap();
            assert!(estimated >= story.now && estimated >= last, "{mode:?}");
            assert!(
                mode != Mode::Cron || estimated.is_multiple_of(MINUTE),
                "{estimated}"
            );
            last = estimated;
        }
    }
}

#[test]
fn the_estimate_learns_how_long_slots_are_held() {
    let mut story = QueueStory::with_slots(1);
    for number in 0..20 {
        story.enqueue(summary(&format!("{number:02}"), 0));
        story.now += 10 * SECOND;
        story.ends(&format!("{number:02}"));
    }
    story.enqueue(summary("running", 0));
    let waiting = story.enqueue(summary("waiting", 0)).unwrap();
    assert_eq!(waiting.estimated_start, Some(story.now + 10 * SECOND));
}

fn not_before(until: Millis) -> Terms {
    Terms {
        not_before: Some(until),
        ..Terms::default()
    }
}

/// What a job enqueues after an upstream refused its first submit until `until`.
fn requeued(name: &str, until: Millis) -> (Summary, Terms) {
    let summary = Summary {
        epoch: 2,
        report_number: 2,
        submits: 1,
        ..summary(name, 0)
    };
    (
        summary,
        Terms {
            not_before: Some(until),
            keeps_place: true,
            ..Terms::default()
        },
    )
}
