//! While an operator has paused the queue, no job is given a slot in any mode and on any occasion
//! (I17), and waiting jobs keep their places.

use crate::queue_story::{QueueStory, said, slot, summary, told};
use reelay::machine::Status;
use reelay::machine::lease::START_PATIENCE;
use reelay::machine::queue::{
    ALARM_DELAY, Alarm, BlockedBy, Mode, Pause, Question, Resume, SWEEP_PATIENCE, Stage, Terms,
    claim_again,
};
use reelay::time::{DAY, HOUR, MINUTE, SECOND};

type Occasion = fn(&mut QueueStory);

#[test]
fn while_paused_no_occasion_grants_a_slot_in_any_mode_i17() {
    let occasions: [(&str, Occasion); 7] = [
        ("an order", |story| _ = story.enqueue(summary("other", 0))),
        ("a report", |story| {
            story.report(told("ended", 1, 2, Status::Completed));
        }),
        ("an answer", |story| {
            story.hears("ended", 1, said(1, 1, Status::Completed, None));
        }),
        ("an alarm", |story| drop(story.takes(Alarm))),
        ("a claim", |story| _ = story.claim("job")),
        ("a sweep", QueueStory::sweep),
        ("a second pause", |story| _ = story.takes(Pause)),
    ];
    for mode in Mode::ALL {
        let mut story = paused(mode, 1);
        for (name, occasion) in occasions {
            occasion(&mut story);
            story.now += SWEEP_PATIENCE;
            assert!(story.holders().is_empty(), "{name} in {mode:?}");
        }
        let position = story.position("job");
        assert_eq!(
            (position.number, position.blocked_by),
            (1, Some(BlockedBy::Paused)),
            "{mode:?}"
        );
        assert_eq!(
            position.estimated_start, None,
            "a paused queue has no estimate, in {mode:?}"
        );
    }
}

#[test]
fn a_resumption_admits_where_an_order_would_and_elsewhere_at_the_next_occasion_i2() {
    for mode in Mode::ALL {
        let mut story = paused(mode, 1);
        story.now += HOUR;
        story.takes(Resume);
        let resumed_at = story.now;
        assert_eq!(
            story.holders().is_empty(),
            mode != Mode::Immediate,
            "{mode:?}"
        );
        if mode != Mode::Immediate {
            assert_ne!(story.position("job").blocked_by, Some(BlockedBy::Paused));
        }
        let latest = match mode {
            Mode::Immediate => 0,
            Mode::Alarm => ALARM_DELAY,
            Mode::Cron | Mode::Queue => SWEEP_PATIENCE,
        };
        assert_eq!(story.alarm(), ["job"], "{mode:?}");
        assert_eq!(story.now, resumed_at + latest, "{mode:?}");
    }
}

#[test]
fn a_paused_queue_wakes_for_nothing_but_what_it_looks_after() {
    for mode in Mode::ALL {
        let mut story = paused(mode, 2);
        assert_eq!(story.wake_at, None, "{mode:?}");
        let until = story.now + 5 * MINUTE;
        story.enqueue_on(
            summary("later", 0),
            Terms {
                not_before: Some(until),
                ..Terms::default()
            },
        );
        assert_eq!(
            story.wake_at,
            Some(until),
            "the alarm is set to the end of the delay, in {mode:?}"
        );
        story.alarm();
        assert_eq!(
            (story.stage("later"), story.wake_at),
            (Stage::Waiting, None),
            "{mode:?}"
        );
        story.report(told("running", 1, 1, Status::Processing));
        story.report(told("running", 2, 2, Status::Processing));
    }
}

#[test]
fn what_holds_a_slot_goes_on_and_one_that_was_granted_it_before_is_started() {
    let mut story = QueueStory::with_slots(2);
    story.enqueue(summary("running", 0));
    story.enqueue(summary("granted", 0));
    story.enqueue(summary("waiting", 0));
    story.takes(Pause);
    story.now += START_PATIENCE - SECOND;
    story.report(told("running", 1, 1, Status::Processing));
    story.now += SECOND;
    assert_eq!(
        story.alarm(),
        ["granted"],
        "the start of a granted job is repeated"
    );
    story.report(told("granted", 1, 1, Status::Processing));
    story.ends("running");
    assert_eq!(story.holders(), ["granted"], "the free slot is not granted");
    story.takes(Resume);
    assert_eq!(story.holders(), ["granted", "waiting"]);
}

#[test]
fn a_submit_that_is_refused_while_paused_goes_back_to_its_place_and_waits_i6() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("first", 0));
    story.enqueue(summary("second", 0));
    story.takes(Pause);
    story.enqueue_on(
        told("first", 2, 2, Status::Queued),
        Terms {
            keeps_place: true,
            ..Terms::default()
        },
    );
    assert!(story.holders().is_empty());
    assert_eq!(
        (
            story.position("first").number,
            story.position("second").number
        ),
        (1, 2)
    );
    story.takes(Resume);
    assert_eq!(story.holders(), ["first"]);
}

#[test]
fn pausing_again_keeps_the_first_time_and_resuming_again_changes_nothing() {
    let mut story = QueueStory::with_slots(1);
    let since = story.now;
    assert_eq!(story.takes(Pause).queue, Some(since));
    story.now += HOUR;
    assert_eq!(story.takes(Pause).queue, Some(since));
    assert_eq!(story.takes(Resume).queue, None);
    let before = story.rows.clone();
    assert_eq!(story.takes(Resume).queue, None);
    assert_eq!(story.rows, before);
}

#[test]
fn a_message_of_the_platforms_queue_comes_back_within_a_minute_and_uses_few_of_its_hundred_tries() {
    let mut story = paused(Mode::Queue, 1);
    let sent_at = story.now;
    let mut tries = 0;
    while story.now < sent_at + 30 * MINUTE {
        let position = story.claim("job").unwrap();
        let delay = claim_again(&position, story.now, story.now - sent_at);
        assert!(tries > 0 || delay <= MINUTE, "{delay}");
        story.now += delay;
        tries += 1;
    }
    assert!(tries <= 30, "{tries} tries");
    story.takes(Resume);
    assert_eq!(story.claim("job").unwrap().admitted, slot(1));
}

#[test]
fn orders_are_taken_while_paused_until_the_queue_is_full() {
    let mut story = QueueStory::with_slots(1);
    story.policy.max_waiting = 1;
    story.takes(Pause);
    assert!(story.order(summary("1", 0)).is_some());
    assert!(
        story.order(summary("2", 0)).is_some(),
        "a free slot makes room for one more"
    );
    assert_eq!(story.order(summary("3", 0)), None);
}

#[test]
fn ended_jobs_are_watched_and_forgotten_while_paused() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("old", 0));
    story.ends("old");
    story.takes(Pause);
    assert_eq!(story.asks().len(), 1);
    story.hears("old", 1, said(1, 2, Status::Completed, None));
    story.now += 8 * DAY;
    assert_eq!(story.mark_for_deletion(story.now - DAY), 1);
    story.now += SECOND;
    assert_eq!(
        story.asks().first().map(|ask| ask.question),
        Some(Question::Delete)
    );
}

/// One job waits in a paused queue.
fn paused(mode: Mode, slots: u64) -> QueueStory {
    let mut story = QueueStory::in_mode(mode, slots);
    story.takes(Pause);
    story.enqueue(summary("job", 0));
    story
}
