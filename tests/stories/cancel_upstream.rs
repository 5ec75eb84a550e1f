//! A render that nobody needs any more is cancelled at the upstream, where the upstream allows it.

use crate::job_story::{Answer, JobStory, again, never};
use crate::life::{ready, submitted};
use reelay::machine::Status;
use reelay::machine::job::{Cancel, Effect, MAX_CANCEL_TRIES, Phase, Progress};
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::MINUTE;

#[test]
fn a_cancelled_render_is_given_up_once_the_app_and_the_queue_have_been_told() {
    let mut story = cancellable().then(Cancel);
    assert_eq!(story.status(), Status::Cancelled);
    let left = story.rests();
    assert!(
        matches!(left.as_slice(), [Effect::Deliver { .. }, Effect::CancelUpstream { operation }] if operation == OPERATION)
    );
    assert!(story.timeline().contains(&"render_abandoned") && story.job.is_deletable());
}

#[test]
fn a_render_past_its_deadline_is_given_up() {
    let mut story = cancellable();
    story.now = story.deadline().unwrap();
    story.may_act();
    assert_eq!(story.failure(), Some(ErrorCode::DeadlineExceeded));
    assert_eq!(upstream_cancels(&mut story), 1);
}

#[test]
fn a_render_accepted_after_its_job_was_cancelled_is_given_up() {
    let mut story = JobStory::submitting();
    story.alter(|record| record.terms.cancellable = true);
    let mut cancelled = story.then(Cancel);
    cancelled.hears(submitted());
    assert_eq!(upstream_cancels(&mut cancelled), 1);
}

#[test]
fn the_old_epochs_render_is_given_up_while_the_new_attempt_works_i3() {
    let mut story = JobStory::submitting();
    story.alter(|record| record.terms.cancellable = true);
    let mut story = story.then(Cancel).then_tried_again();
    story.hears(submitted());
    assert!(matches!(story.job.phase, Phase::Submitting { .. }));
    assert!(
        matches!(story.next(), Effect::Submit { epoch: 2, .. }),
        "the new attempt's submit comes first"
    );
    story.hears(Answer::Submitted(Ok("operations/2".to_owned())));
    let left = story.rests();
    let given_up: Vec<&Effect> = left
        .iter()
        .filter(|effect| matches!(effect, Effect::CancelUpstream { .. }))
        .collect();
    assert_eq!(
        given_up,
        [&Effect::CancelUpstream {
            operation: OPERATION.to_owned()
        }]
    );
    assert_eq!(story.status(), Status::Completed);
}

#[test]
fn an_upstream_that_cannot_be_told_is_not_told() {
    let mut late = JobStory::submitting().then(Cancel);
    late.hears(submitted());
    for mut story in [JobStory::rendering().then(Cancel), late] {
        assert_eq!(upstream_cancels(&mut story), 0);
    }
}

#[test]
fn what_is_over_or_was_never_begun_is_not_given_up() {
    let lives = [
        JobStory::accepted,
        JobStory::started,
        JobStory::rendered,
        JobStory::storing,
    ];
    for life in lives {
        let mut story = life();
        story.alter(|record| record.terms.cancellable = true);
        assert_eq!(upstream_cancels(&mut story.then(Cancel)), 0);
    }
    let mut lost = JobStory::submitting();
    lost.alter(|record| record.terms.cancellable = true);
    lost.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(
        upstream_cancels(&mut lost),
        0,
        "the operation's name is unknown"
    );
}

#[test]
fn a_render_that_a_late_answer_finds_over_is_not_given_up() {
    for (answer, told) in [
        (ready(), 0),
        (Answer::Polled(never(ErrorCode::ProviderRejectedContent)), 0),
        (Answer::Polled(Ok(Progress::Running)), 1),
        (Answer::Polled(Err(Trouble::Unknown)), 1),
    ] {
        let mut story = cancellable();
        assert!(matches!(story.next(), Effect::Poll { .. }));
        let mut story = story.then(Cancel);
        story.hears(answer);
        assert_eq!(upstream_cancels(&mut story), told);
    }
}

#[test]
fn an_upstream_that_does_not_answer_is_told_a_few_times_and_then_left_alone_i2() {
    for outcome in [
        Err(Trouble::Unknown),
        again(ErrorCode::ProviderUnavailable, Some(u64::MAX / 4)),
    ] {
        let mut story = cancellable().then(Cancel);
        for _ in 0..MAX_CANCEL_TRIES {
            let before = story.now;
            story.until_it_acts(|effect| matches!(effect, Effect::CancelUpstream { .. }));
            assert!(story.now <= before + 10 * MINUTE);
            story.hears(Answer::UpstreamCancelled(outcome.clone()));
        }
        assert_eq!(
            (story.job.wake(story.now), story.timeline().last()),
            (None, Some(&"render_not_abandoned"))
        );
    }
}

#[test]
fn a_refusal_to_give_a_render_up_is_final() {
    let mut story = cancellable().then(Cancel);
    story.until_it_acts(|effect| matches!(effect, Effect::CancelUpstream { .. }));
    story.hears(Answer::UpstreamCancelled(never(ErrorCode::InvalidRequest)));
    assert_eq!(
        (upstream_cancels(&mut story), story.timeline().last()),
        (0, Some(&"render_not_abandoned"))
    );
}

#[test]
fn a_cut_off_word_is_said_again() {
    let mut story = cancellable().then(Cancel);
    story.until_it_acts(|effect| matches!(effect, Effect::CancelUpstream { .. }));
    assert_eq!(upstream_cancels(&mut story), 1);
}

#[test]
fn a_job_is_not_forgotten_before_its_render_was_given_up() {
    let mut story = cancellable().then(Cancel);
    story.until_it_acts(|effect| matches!(effect, Effect::CancelUpstream { .. }));
    assert!(!story.is_deleted());
    story.hears(Answer::UpstreamCancelled(Ok(())));
    assert!(story.is_deleted());
}

/// The name of the stories' operations.
const OPERATION: &str = "operations/1";

fn cancellable() -> JobStory {
    let mut story = JobStory::rendering();
    story.alter(|record| record.terms.cancellable = true);
    story
}

/// How often the job asks the upstream to cancel until nothing is left to do.
fn upstream_cancels(story: &mut JobStory) -> usize {
    story
        .rests()
        .iter()
        .filter(|effect| matches!(effect, Effect::CancelUpstream { .. }))
        .count()
}
