//! A mode only decides on which occasions slots are granted; order and slots are the same in all
//! modes (I2, I6, I9).

use crate::queue_story::{QueueStory, said, slot, summary, told};
use reelay::machine::Status;
use reelay::machine::lease::Lease;
use reelay::machine::queue::{ALARM_DELAY, Alarm, Mode, SWEEP_PATIENCE, Stage};
use reelay::time::{MINUTE, SECOND};

type Occasion = fn(&mut QueueStory);

#[test]
fn each_occasion_grants_slots_in_the_modes_it_belongs_to() {
    let all: &[Mode] = &Mode::ALL;
    let occasions: [(&str, &[Mode], Occasion); 7] = [
        ("an order", &[Mode::Immediate], |story| {
            _ = story.enqueue(summary("other", 0));
        }),
        ("a report", &[Mode::Immediate], |story| {
            story.report(told("ended", 1, 2, Status::Completed));
        }),
        ("an answer", &[Mode::Immediate], |story| {
            story.hears("ended", 1, said(1, 1, Status::Completed, None));
        }),
        ("an alarm", &[Mode::Immediate], |story| {
            drop(story.takes(Alarm));
        }),
        ("a claim", all, |story| _ = story.claim("job")),
        ("a sweep", all, QueueStory::sweep),
        ("a clean-up", &[], |story| _ = story.mark_for_deletion(0)),
    ];
    for mode in Mode::ALL {
        for (name, admitting, occasion) in &occasions {
            let mut story = QueueStory::in_mode(Mode::Cron, 1);
            story.enqueue(summary("job", 0));
            story.policy.mode = mode;
            occasion(&mut story);
            let started = story.holders() == ["job"];
            assert_eq!(started, admitting.contains(&mode), "{name} in {mode:?}");
        }
    }
}

#[test]
fn in_the_mode_cron_the_own_alarm_stands_in_for_a_sweep_that_does_not_come_and_not_before() {
    for mode in [Mode::Cron, Mode::Queue] {
        let mut story = QueueStory::in_mode(mode, 1);
        let enqueued_at = story.now;
        story.enqueue(summary("job", 0));
        assert_eq!(story.wake_at, Some(enqueued_at + SWEEP_PATIENCE));
        story.now += MINUTE;
        story.takes(Alarm);
        assert!(story.holders().is_empty(), "an early alarm admits no job");
        story.alarm();
        assert_eq!(
            (story.now, story.holders()),
            (enqueued_at + SWEEP_PATIENCE, vec!["job".to_owned()])
        );
    }
}

#[test]
fn a_sweep_that_comes_each_minute_leaves_the_own_alarm_nothing_to_do() {
    let mut story = QueueStory::in_mode(Mode::Cron, 1);
    story.enqueue(summary("running", 0));
    story.enqueue(summary("waiting", 0));
    for _ in 0..10 {
        story.now += MINUTE;
        story.sweep();
        assert_eq!(story.rows.book.admit_at, Some(story.now + SWEEP_PATIENCE));
    }
}

#[test]
fn in_the_mode_alarm_a_job_is_started_within_the_delay_even_under_a_stream_of_others_i2() {
    let mut story = QueueStory::in_mode(Mode::Alarm, 50);
    let first_at = story.now;
    for number in 0..20 {
        story.enqueue(summary(&format!("{number:02}"), 0));
        assert!(
            story.wake_at.unwrap() <= first_at + ALARM_DELAY,
            "postponed by job {number}"
        );
        story.now += ALARM_DELAY / 20;
    }
    story.now = first_at;
    assert_eq!(
        story.alarm().len(),
        20,
        "jobs that came meanwhile start with it"
    );
    assert_eq!(story.now, first_at + ALARM_DELAY);
}

#[test]
fn in_the_mode_alarm_a_freed_slot_is_given_within_the_delay() {
    let mut story = QueueStory::in_mode(Mode::Alarm, 1);
    story.enqueue(summary("running", 0));
    story.enqueue(summary("next", 0));
    story.alarm();
    assert!(
        story.wake_at.unwrap() > story.now + SECOND,
        "without a free slot no early alarm is needed"
    );
    story.ends("running");
    let ended_at = story.now;
    assert_eq!(story.alarm(), ["next"]);
    assert_eq!(story.now, ended_at + ALARM_DELAY);
}

#[test]
fn a_claim_of_a_job_later_in_line_admits_the_first_in_line_and_not_that_one_i6() {
    let mut story = QueueStory::in_mode(Mode::Queue, 1);
    story.enqueue(summary("first", 0));
    story.enqueue(summary("second", 0));
    let position = story.claim("second").unwrap();
    assert_eq!((position.number, position.admitted), (1, None));
    assert_eq!(story.holders(), ["first"]);
    assert_eq!(
        story.alarm(),
        ["first"],
        "without a claim of its own, only the alarm starts it"
    );
}

#[test]
fn whoever_claims_its_own_turn_starts_itself() {
    let mut story = QueueStory::in_mode(Mode::Queue, 1);
    story.enqueue(summary("job", 0));
    assert_eq!(story.claim("job").unwrap().admitted, slot(1));
    assert!(
        story.wake_at.unwrap() > story.now,
        "the alarm leaves the consumer time to start it"
    );
    assert_eq!(
        story.claim("job").unwrap().admitted,
        slot(1),
        "a duplicate message gets the same answer (I3)"
    );
}

#[test]
fn a_claim_of_a_job_the_queue_does_not_know_is_told_so() {
    let mut story = QueueStory::in_mode(Mode::Queue, 1);
    assert_eq!(story.claim("stranger"), None);
}

#[test]
fn changing_the_mode_between_steps_keeps_the_order_and_starts_nobody_twice_i3_i6() {
    let mut story = QueueStory::with_slots(1);
    let names: Vec<String> = (0..12).map(|number| format!("{number:02}")).collect();
    for (name, mode) in names.iter().zip(Mode::ALL.into_iter().cycle()) {
        story.policy.mode = mode;
        story.enqueue(summary(name, 0));
    }
    let mut started = Vec::new();
    for mode in Mode::ALL.into_iter().cycle().skip(1).take(100) {
        story.policy.mode = mode;
        story.now += MINUTE;
        match mode {
            Mode::Immediate | Mode::Alarm => drop(story.takes(Alarm)),
            Mode::Cron => story.sweep(),
            Mode::Queue => drop(story.claim(&names[11])),
        }
        for name in story.holders() {
            assert!(matches!(
                story.stage(&name),
                Stage::Held(Lease { epoch: 1, .. })
            ));
            story.ends(&name);
            started.push(name);
        }
    }
    assert_eq!(started, names);
}

#[test]
fn what_a_sweep_admits_the_alarm_starts_at_once_in_every_mode_i2() {
    for mode in Mode::ALL {
        let mut story = QueueStory::in_mode(Mode::Cron, 2);
        story.enqueue(summary("one", 0));
        story.enqueue(summary("two", 0));
        story.policy.mode = mode;
        let swept_at = story.now;
        story.sweep();
        assert_eq!(
            (story.alarm(), story.now),
            (vec!["one".to_owned(), "two".to_owned()], swept_at),
            "{mode:?}"
        );
    }
}

#[test]
fn in_every_mode_a_waiting_job_has_the_queue_woken_i2() {
    for mode in Mode::ALL {
        let mut story = QueueStory::in_mode(mode, 0);
        let latest = story.now + SWEEP_PATIENCE;
        story.enqueue(summary("job", 0));
        assert!(story.wake_at.is_some_and(|at| at <= latest), "{mode:?}");
    }
}

#[test]
fn without_anyone_to_start_or_to_ask_nothing_wakes_the_queue() {
    for mode in Mode::ALL {
        let mut story = QueueStory::in_mode(mode, 1);
        story.sweep();
        assert_eq!(story.wake_at, None, "{mode:?}");
    }
}
