//! Submits per minute, and the backoff that one refusal sets for all jobs of the upstream. A submit
//! counts from its grant on, reported or not (I9).

use crate::queue_story::{QueueStory, summary, told};
use proptest::prelude::*;
use reelay::machine::Status;
use reelay::machine::limiter::{Availability, WINDOW};
use reelay::machine::queue::{Alarm, BlockedBy, Mode, Resume, Summary, Sweep, Terms};
use reelay::time::{HOUR, MINUTE, Millis, SECOND};

#[test]
fn no_more_submits_are_granted_than_a_minute_may_hold() {
    let mut story = limited(2);
    for name in ["1", "2", "3"] {
        story.enqueue(summary(name, 0));
    }
    assert_eq!(story.holders(), ["1", "2"]);
    assert_eq!(story.position("3").blocked_by, Some(BlockedBy::RateLimit));
    for name in ["1", "2"] {
        story.report(submitted(name));
        story.report(ended(name));
    }
    assert!(
        story.holders().is_empty(),
        "the slots are free, but the minute's submits are used up"
    );
}

#[test]
fn the_queue_wakes_when_the_minute_is_over_and_starts_the_next() {
    for mode in [Mode::Immediate, Mode::Alarm] {
        let mut story = limited(1);
        story.policy.mode = mode;
        story.enqueue(summary("first", 0));
        story.enqueue(summary("second", 0));
        story.sweep();
        let heard_at = story.now;
        story.report(submitted("first"));
        story.report(ended("first"));
        let waiting = story.position("second");
        story.asks_until(|story| story.holders() == ["second"]);
        assert!(
            (heard_at + WINDOW..=heard_at + WINDOW + SECOND).contains(&story.now),
            "{mode:?}"
        );
        assert_eq!(waiting.estimated_start, Some(story.now), "{mode:?}");
    }
}

#[test]
fn a_right_that_is_given_back_unused_lets_the_next_one_start() {
    let mut story = limited(1);
    story.enqueue(summary("first", 0));
    story.enqueue(summary("second", 0));
    story.report(told("first", 1, 2, Status::Cancelled));
    assert_eq!(story.holders(), ["second"]);
}

#[test]
fn a_job_that_has_submitted_again_counts_again() {
    let mut story = limited(2);
    story.enqueue(summary("job", 0));
    story.report(submitted("job"));
    let again = Summary {
        epoch: 2,
        report_number: 2,
        submits: 1,
        ..summary("job", 0)
    };
    story.enqueue_on(
        again,
        Terms {
            keeps_place: true,
            ..Terms::default()
        },
    );
    story.report(Summary {
        epoch: 2,
        report_number: 3,
        submits: 2,
        ..submitted("job")
    });
    story.enqueue(summary("next", 0));
    assert_eq!(
        story.position("next").blocked_by,
        Some(BlockedBy::RateLimit)
    );
}

#[test]
fn a_submit_is_counted_once_however_often_it_is_told() {
    let mut story = limited(2);
    story.enqueue(summary("job", 0));
    for _ in 0..5 {
        story.report(submitted("job"));
        story.enqueue(Summary {
            submits: 1,
            ..summary("job", 0)
        });
    }
    story.enqueue(summary("next", 0));
    assert_eq!(story.holders(), ["job", "next"]);
}

#[test]
fn another_model_has_a_minute_of_its_own() {
    let mut story = limited(1);
    story.enqueue(summary("first", 0));
    story.enqueue(summary("second", 0));
    story.enqueue(of_another_model("other"));
    assert_eq!(story.holders(), ["first", "other"]);
}

#[test]
fn one_refusal_closes_the_upstream_for_everyone_and_no_other_one() {
    for told_by_report in [true, false] {
        let mut story = QueueStory::with_slots(5);
        let until = story.now + 90 * SECOND;
        story.enqueue(summary("refused", 0));
        if told_by_report {
            story.report_with(submitted("refused"), Some(not_now(90 * SECOND)));
        } else {
            story.enqueue_on(refused("refused", 2, 1), keeps(not_now(90 * SECOND)));
        }
        let held = story.holders().len();
        let waiting = story.enqueue(summary("waiting", 0)).unwrap();
        assert_eq!(
            (waiting.blocked_by, waiting.estimated_start),
            (Some(BlockedBy::UpstreamBackoff), Some(until))
        );
        assert!(
            story
                .enqueue(of_another_model("other"))
                .unwrap()
                .admitted
                .is_some()
        );
        story.now = until - 1;
        story.takes(Alarm);
        assert_eq!(story.holders().len(), held + 1);
        story.now = until;
        story.takes(Alarm);
        assert_eq!(story.holders().len(), held + 2, "one probe");
    }
}

#[test]
fn the_end_of_a_wait_wakes_the_queue_in_the_modes_that_start_by_themselves() {
    for mode in [Mode::Immediate, Mode::Alarm] {
        let mut story = QueueStory::in_mode(mode, 5);
        let until = story.now + 90 * SECOND;
        story.enqueue(summary("refused", 0));
        story.enqueue_on(refused("refused", 2, 1), keeps(not_now(90 * SECOND)));
        story.asks_until(|story| !story.holders().is_empty());
        assert_eq!(story.now, until, "{mode:?}");
    }
}

#[test]
fn a_shorter_wait_does_not_cut_a_longer_one() {
    let mut story = QueueStory::with_slots(2);
    for name in ["long", "short"] {
        story.enqueue(summary(name, 0));
    }
    story.enqueue_on(refused("long", 2, 1), keeps(not_now(5 * MINUTE)));
    story.enqueue_on(refused("short", 2, 1), keeps(not_now(SECOND)));
    story.now += MINUTE;
    story.takes(Alarm);
    assert!(story.holders().is_empty());
}

#[test]
fn an_outage_costs_nobody_their_place_and_ends_with_the_first_probe_that_is_taken() {
    let mut story = QueueStory::with_slots(3);
    let names = ["1", "2", "3", "4", "5"];
    for name in names {
        story.enqueue(summary(name, 0));
    }
    assert_eq!(story.holders(), ["1", "2", "3"]);
    for name in &names[..3] {
        story.enqueue_on(
            refused(name, 2, 1),
            keeps(Availability::NotNow { after: None }),
        );
    }
    assert!(
        story.holders().is_empty(),
        "no job holds a slot while none can start"
    );
    for probe in 2..30 {
        story.asks_until(|story| !story.holders().is_empty());
        assert_eq!(story.holders(), ["1"], "one probe: the first job in line");
        assert_eq!(
            story.position("2").blocked_by,
            Some(BlockedBy::UpstreamBackoff)
        );
        story.takes(Sweep);
        assert_eq!(story.holders(), ["1"], "a sweep sends no second probe");
        story.enqueue_on(
            refused("1", probe + 1, probe),
            keeps(Availability::NotNow { after: None }),
        );
    }
    story.asks_until(|story| !story.holders().is_empty());
    let accepted = Summary {
        epoch: 30,
        report_number: 60,
        submits: 30,
        ..submitted("1")
    };
    story.report_with(accepted, Some(Availability::Accepted));
    assert_eq!(story.holders(), names[..3], "all slots are filled in order");
}

#[test]
fn a_job_that_the_upstream_refuses_alone_holds_up_nobody_for_longer_than_an_hour() {
    for mode in Mode::ALL {
        let mut story = QueueStory::in_mode(mode, 1);
        let since = story.now;
        for name in ["odd", "good"] {
            story.enqueue(summary(name, 0));
        }
        let mut refusals = 0;
        while story.position("good").number > 0 {
            story.now += SECOND;
            if story.now.is_multiple_of(MINUTE) {
                story.sweep();
            } else {
                story.takes(Alarm);
            }
            if story.holders() == ["odd"] {
                refusals += 1;
                let terms = Terms {
                    refused_since: Some(since),
                    ..keeps(Availability::NotNow { after: None })
                };
                story.enqueue_on(refused("odd", refusals + 1, refusals), terms);
            }
            assert!(story.now < since + HOUR + 5 * MINUTE, "{mode:?}");
        }
        assert!(
            refusals >= 20,
            "{mode:?}: the first in line is the probe for an hour"
        );
        assert_eq!(story.holders(), ["good"], "{mode:?}");
        assert_eq!(story.position("odd").number, 1, "{mode:?}");
        story.report_with(submitted("good"), Some(Availability::Accepted));
        story.report_with(
            Summary {
                status: Status::Completed,
                report_number: 9,
                ..submitted("good")
            },
            None,
        );
        story.now += 2 * MINUTE;
        story.takes(Sweep);
        assert_eq!(story.holders(), ["odd"], "{mode:?}: it keeps its place");
    }
}

#[test]
fn resuming_probes_at_once_an_upstream_that_asked_for_a_long_wait() {
    let mut story = QueueStory::with_slots(3);
    story.enqueue(summary("1", 0));
    story.enqueue(summary("2", 0));
    story.enqueue_on(refused("1", 2, 1), keeps(not_now(20 * HOUR)));
    story.enqueue_on(refused("2", 2, 1), keeps(not_now(SECOND)));
    assert!(story.holders().is_empty());
    story.takes(Resume);
    assert_eq!(story.holders(), ["1"], "one probe");
}

#[test]
fn an_upstream_that_nobody_waits_for_is_out_only_as_long_as_it_has_said() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("1", 0));
    story.enqueue_on(refused("1", 2, 1), keeps(not_now(MINUTE)));
    let cancelled = Summary {
        status: Status::Cancelled,
        epoch: 3,
        report_number: 9,
        submits: 1,
        ..summary("1", 0)
    };
    story.report_with(cancelled, None);
    assert_eq!(story.backoffs(), ["veo3/veo-3.1"]);
    story.now += MINUTE;
    assert!(story.backoffs().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Jobs submit at any time after their grant, and their reports arrive at any time after that.
    #[test]
    fn no_minute_holds_more_submits_than_the_limit_whatever_is_heard_when(
        limit in 1_u64..5,
        steps in prop::collection::vec((0_u8..5, 0_usize..4, 0_u64..15_000), 1..120),
    ) {
        let mut story = QueueStory::with_slots(4);
        story.policy.submits_per_minute = limit;
        let (mut made, mut submits): (usize, Vec<Millis>) = (0, Vec::new());
        let mut secret: Vec<String> = Vec::new();
        for (kind, which, passed) in steps {
            story.now += passed;
            let holder = story.holders().into_iter().nth(which);
            match (kind, holder) {
                (0 | 1, _) => {
                    story.enqueue(summary(&format!("{made:03}"), 0));
                    made += 1;
                }
                (2, Some(holder)) if !secret.contains(&holder) => {
                    submits.push(story.now);
                    secret.push(holder);
                }
                (3, Some(holder)) if secret.contains(&holder) => story.report(submitted(&holder)),
                (4, Some(holder)) => {
                    let submits = u64::from(secret.contains(&holder));
                    story.report(Summary { submits, ..ended(&holder) });
                }
                (_, _) => drop(story.takes(Alarm)),
            }
        }
        for (index, at) in submits.iter().enumerate() {
            let within = submits[index..].iter().take_while(|other| **other < at + MINUTE).count() as u64;
            prop_assert!(within <= limit, "{within} submits within a minute");
        }
    }
}

/// Enough slots, but only this many submits a minute.
fn limited(submits_per_minute: u64) -> QueueStory {
    let mut story = QueueStory::with_slots(9);
    story.policy.submits_per_minute = submits_per_minute;
    story
}

fn submitted(name: &str) -> Summary {
    Summary {
        submits: 1,
        ..told(name, 1, 1, Status::Processing)
    }
}

/// Back in line after a refusal, with this many submits made.
fn refused(name: &str, epoch: u64, submits: u64) -> Summary {
    Summary {
        epoch,
        report_number: 2 * epoch,
        submits,
        ..summary(name, 0)
    }
}

fn keeps(availability: Availability) -> Terms {
    Terms {
        keeps_place: true,
        availability: Some(availability),
        ..Terms::default()
    }
}

fn not_now(after: Millis) -> Availability {
    Availability::NotNow { after: Some(after) }
}

fn ended(name: &str) -> Summary {
    Summary {
        submits: 1,
        ..told(name, 1, 2, Status::Completed)
    }
}

fn of_another_model(name: &str) -> Summary {
    Summary {
        upstream: "veo3/veo-3.1-fast".to_owned(),
        ..summary(name, 0)
    }
}
