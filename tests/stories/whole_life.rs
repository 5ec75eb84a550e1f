//! A whole life of a job, woken at every step (I2), and what the app receives (I5).

use crate::job_story::{Answer, DELETE, Input, JobStory, again, dead_letter, slot};
use crate::life::{ready, stored, submitted};
use reelay::machine::Status;
use reelay::machine::delivery::{DeliveryState, EventKind, Receipt};
use reelay::machine::job::{
    Cancel, Confirm, DeleteVideo, EFFECT_GUARD, ENQUEUE_GRACE, Effect, Retry, WakeReason,
};
use reelay::machine::outcome::ErrorCode;
use reelay::time::{MINUTE, SECOND};

const BUSY: Receipt = Receipt::Failed {
    status: Some(503),
    retry_after: None,
};

#[test]
fn a_whole_life_is_woken_at_every_step_i2() {
    let mut story = JobStory::accepted();
    assert_eq!(woken(&story), (WakeReason::Phase, ENQUEUE_GRACE));
    story.start(1);
    assert_eq!(woken(&story), (WakeReason::Phase, 0));
    story.next();
    assert_eq!(woken(&story), (WakeReason::Guard, EFFECT_GUARD));
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderRateLimited,
        Some(9 * SECOND),
    )));
    assert_eq!(woken(&story), (WakeReason::Phase, 0));
    assert!(matches!(story.next(), Effect::Enqueue { epoch: 2 }));
    assert_eq!(woken(&story), (WakeReason::Guard, EFFECT_GUARD));
    story.is_granted_a_slot();
    assert_eq!(woken(&story), (WakeReason::Phase, 0));
    story.next();
    story.hears(submitted());
    assert_eq!(woken(&story), (WakeReason::Report, 0));
    story.reports();
    assert_eq!(woken(&story), (WakeReason::Phase, 5 * SECOND));
    story.next();
    story.hears(ready());
    assert_eq!(woken(&story), (WakeReason::Phase, 0));
    story.next();
    story.hears(stored());
    assert_eq!(woken(&story), (WakeReason::Report, 0));
    story.next();
    assert_eq!(woken(&story), (WakeReason::Guard, EFFECT_GUARD));
    story.rests();
    assert_eq!(
        (story.status(), story.job.wake(story.now)),
        (Status::Completed, None)
    );
}

#[test]
fn only_an_alarm_acts() {
    let inputs: [Input; 7] = [
        slot(1).into(),
        Cancel.into(),
        Retry.into(),
        Confirm.into(),
        DeleteVideo.into(),
        dead_letter(1).into(),
        DELETE.into(),
    ];
    for input in inputs {
        for life in [
            JobStory::accepted,
            JobStory::started,
            JobStory::rendered,
            JobStory::failed,
            JobStory::completed,
        ] {
            let mut story = life();
            story.takes_any(input.clone());
            assert_eq!(story.job.in_flight, None, "after {input:?}");
        }
    }
}

#[test]
fn an_app_that_wants_everything_hears_of_each_step_in_order() {
    let mut story = JobStory::accepted();
    story.policy.events = EventKind::ALL.into_iter().collect();
    story.start(1);
    story.rests();
    let kinds = [
        EventKind::Started,
        EventKind::Progress,
        EventKind::Progress,
        EventKind::Completed,
    ];
    assert_eq!(story.events(), kinds);
    assert!(
        story
            .job
            .outbox
            .iter()
            .all(|delivery| matches!(delivery.state, DeliveryState::Delivered { .. }))
    );
}

#[test]
fn an_event_the_app_does_not_want_is_not_made() {
    let mut story = JobStory::accepted();
    story.policy.events.clear();
    assert!(story.then(Cancel).events().is_empty());
}

#[test]
fn the_waits_between_webhook_attempts_follow_the_schedule_by_a_fifth_at_most() {
    let mut story = JobStory::cancelled();
    let mut times = Vec::new();
    while story.next_or_rest().is_some() {
        times.push(story.now);
        story.hears(Answer::Delivered(BUSY));
    }
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 2);
    assert!((4 * SECOND..=6 * SECOND).contains(&waits[0]), "{waits:?}");
    assert!((4 * MINUTE..=6 * MINUTE).contains(&waits[1]), "{waits:?}");
}

#[test]
fn a_receiver_that_is_gone_is_not_asked_again() {
    let mut story = JobStory::cancelled();
    story.next();
    story.hears(Answer::Delivered(Receipt::Gone));
    assert_eq!(
        (story.next_or_rest(), story.job.phase_name()),
        (None, "done")
    );
    assert_eq!(
        story.job.outbox[0].state,
        DeliveryState::Exhausted { at: story.now }
    );
}

#[test]
fn a_receiver_that_is_down_does_not_hold_up_the_next_attempt() {
    let mut story = JobStory::cancelled();
    story.next();
    story.hears(Answer::Delivered(BUSY));
    let mut story = story.then_tried_again();
    assert!(matches!(story.next(), Effect::Submit { epoch: 2, .. }));
}

/// Why the job wakes next, and in how many milliseconds.
fn woken(story: &JobStory) -> (WakeReason, u64) {
    let wake = story.job.wake(story.now).unwrap();
    (wake.reason, wake.at - story.now)
}
