//! Every phase has its wake-up (I2) and an absolute deadline.

use crate::job_story::{Answer, BEGINNING, JobStory, again};
use reelay::machine::Status;
use reelay::machine::job::{
    EFFECT_GUARD, ENQUEUE_GRACE, Effect, Phase, Progress, QUEUED_HEARTBEAT, WakeReason,
};
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::MINUTE;

#[test]
fn an_accepted_job_enqueues_itself_when_nobody_did_and_goes_on_until_confirmed_i1() {
    let mut story = JobStory::accepted();
    assert_eq!(
        story.job.wake(story.now).unwrap().at,
        BEGINNING + ENQUEUE_GRACE
    );
    assert_eq!(story.may_act(), None);
    for _ in 0..30 {
        story.until_it_acts(|effect| matches!(effect, Effect::Enqueue { epoch: 1 }));
        let asked_at = story.now;
        story.hears(Answer::Enqueued(Err(Trouble::Unknown)));
        let wake = story.job.wake(story.now).unwrap();
        assert!(wake.at > asked_at && wake.at <= asked_at + MINUTE);
    }
    story.until_it_acts(|effect| matches!(effect, Effect::Enqueue { .. }));
    story.hears(Answer::Enqueued(Ok(false)));
    assert_eq!(
        story.job.wake(story.now).unwrap().at,
        story.now + QUEUED_HEARTBEAT.0
    );
}

#[test]
fn the_longer_a_job_waits_the_more_seldom_it_asks_whether_it_is_still_in_line() {
    let mut story = JobStory::accepted();
    let mut asked = Vec::new();
    for _ in 0..8 {
        story.until_it_acts(|effect| matches!(effect, Effect::Enqueue { .. }));
        asked.push(story.now);
        story.hears(Answer::Enqueued(Ok(false)));
    }
    let waits: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[0], QUEUED_HEARTBEAT.0);
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
    assert_eq!(waits[6], QUEUED_HEARTBEAT.1);
}

#[test]
fn a_slot_granted_with_the_enqueue_starts_the_job() {
    let mut story = JobStory::accepted();
    story.until_it_acts(|effect| matches!(effect, Effect::Enqueue { .. }));
    story.hears(Answer::Enqueued(Ok(true)));
    assert_eq!(story.job.status(), Status::Processing);
    assert!(matches!(story.acts(), Effect::Submit { .. }));
}

#[test]
fn whatever_is_in_flight_is_guarded_by_an_alarm_i2() {
    for life in [JobStory::started, JobStory::rendering] {
        let mut story = life();
        story.sleeps();
        story.acts();
        let wake = story.job.wake(story.now).unwrap();
        assert_eq!(
            (wake.at, wake.reason),
            (story.now + EFFECT_GUARD, WakeReason::Guard)
        );
    }
}

#[test]
fn a_render_that_is_never_done_fails_at_its_deadline_and_not_later_i2() {
    for answer in [
        Ok(Progress::Running),
        Err(Trouble::Unknown),
        again(ErrorCode::ProviderUnavailable, None),
    ] {
        let mut story = JobStory::rendering();
        let Phase::Rendering { deadline_at, .. } = story.job.phase else {
            panic!("it renders")
        };
        while story.job.status() == Status::Processing {
            story.sleeps();
            match story.may_act() {
                Some(Effect::Poll { .. }) => story.hears(Answer::Polled(answer.clone())),
                Some(Effect::Report { .. }) => story.hears(Answer::Reported(Ok(()))),
                other => panic!("{other:?} was not expected"),
            }
        }
        assert_eq!(story.failure(), Some(ErrorCode::DeadlineExceeded));
        assert_eq!(story.now, deadline_at);
    }
}

#[test]
fn a_wait_longer_than_the_deadline_is_waited_in_line_because_the_deadline_counts_from_the_start() {
    let mut story = JobStory::started();
    story.acts();
    let refused_at = story.now;
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderRateLimited,
        Some(60 * MINUTE),
    )));
    assert_eq!(story.job.status(), Status::Queued);
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    assert_eq!(story.now, refused_at + 60 * MINUTE);
    assert_eq!(story.deadline(), Some(story.now + story.policy.job_timeout));
}

#[test]
fn a_poll_that_fails_is_repeated_and_the_job_goes_on() {
    let mut story = JobStory::rendering();
    for _ in 0..3 {
        story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
        story.hears(Answer::Polled(Err(Trouble::Unknown)));
    }
    assert_eq!(story.job.status(), Status::Processing);
    assert_eq!(story.job.submits.len(), 1);
}
