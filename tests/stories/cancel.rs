//! Cancelling, retrying, and inputs that come too late for either.

use crate::job_story::{Answer, JobStory, slot, video};
use reelay::machine::Status;
use reelay::machine::job::{
    Cancel, Check, Effect, Phase, Progress, Refusal, Retry, Start, SubmitAnswer,
};
use reelay::machine::outcome::{ErrorCode, Trouble};

#[test]
fn a_job_is_cancelled_at_every_live_phase_and_ends_once_i8() {
    let lives = [
        JobStory::accepted,
        JobStory::started,
        JobStory::rendering,
        JobStory::storing,
    ];
    for life in lives {
        let mut story = life();
        assert_eq!(story.takes(Cancel), None);
        assert_eq!(story.job.status(), Status::Cancelled);
        assert_eq!(story.failure(), Some(ErrorCode::Cancelled));
        assert_eq!(story.takes(Cancel), Some(Refusal::AlreadyEnded));
        assert_eq!(story.job.outbox.len(), 1, "one end is one event (I5)");
    }
}

#[test]
fn a_submit_that_was_in_flight_when_cancelled_is_still_told_what_it_cost_i4() {
    let mut story = JobStory::started();
    story.acts();
    story.takes(Cancel);
    story.hears(Answer::Submitted(Ok("operations/1".to_owned())));
    assert_eq!(story.job.status(), Status::Cancelled);
    assert_eq!(story.job.submits[0].answer, SubmitAnswer::Accepted);
}

#[test]
fn cancelling_while_the_video_is_stored_discards_it_i8() {
    let mut story = JobStory::storing();
    story.takes(Cancel);
    story.hears(Answer::Stored(Ok(video(1))));
    assert_eq!(story.job.status(), Status::Cancelled);
    let effect = story.until_it_acts(|effect| matches!(effect, Effect::DeleteFile { .. }));
    assert_eq!(effect, Effect::DeleteFile { attempt: 1 });
    story.hears(Answer::FileDeleted(Err(Trouble::Unknown)));
    story.until_it_acts(|effect| matches!(effect, Effect::DeleteFile { attempt: 1 }));
    story.hears(Answer::FileDeleted(Ok(())));
    assert_eq!(story.job.wake(story.now), None);
}

#[test]
fn a_late_answer_of_the_older_epoch_is_ignored_after_cancel_and_retry_i3() {
    let mut story = JobStory::started();
    story.acts();
    story.takes(Cancel);
    story.takes(Retry);
    story.start(2);
    story.hears(Answer::Submitted(Ok("operations/1".to_owned())));
    assert!(
        matches!(story.job.phase, Phase::Submitting { .. }),
        "the new attempt makes its own submit"
    );
    story.until_it_acts(|effect| {
        matches!(
            effect,
            Effect::Submit {
                attempt: 2,
                epoch: 2
            }
        )
    });
}

#[test]
fn a_late_video_of_the_older_attempt_is_discarded_and_not_taken_for_the_new_one_i8() {
    let mut story = JobStory::storing();
    story.takes(Cancel);
    story.takes(Retry);
    story.start(2);
    story.hears(Answer::Stored(Ok(video(1))));
    assert_eq!(story.job.status(), Status::Processing);
    assert!(story.job.deletions.contains_key(&1));
}

#[test]
fn a_start_of_the_older_epoch_starts_nothing_i3() {
    let mut story = JobStory::started();
    story.takes(Cancel);
    story.takes(Retry);
    story.start(1);
    assert_eq!(story.job.status(), Status::Queued);
    story.start(2);
    assert_eq!(story.job.status(), Status::Processing);
}

#[test]
fn a_repeated_start_starts_once() {
    let mut story = JobStory::started();
    let before = story.job.clone();
    story.start(1);
    assert_eq!(story.job, before);
}

#[test]
fn what_completed_can_be_neither_cancelled_nor_retried_i8() {
    let mut story = JobStory::storing();
    story.hears(Answer::Stored(Ok(video(1))));
    assert_eq!(story.job.status(), Status::Completed);
    assert_eq!(story.takes(Cancel), Some(Refusal::AlreadyEnded));
    assert_eq!(story.takes(Retry), Some(Refusal::NotRetryable));
}

#[test]
fn a_job_may_be_tried_twenty_times_and_no_more() {
    let mut story = JobStory::accepted();
    for _ in 1..reelay::machine::job::MAX_ATTEMPTS {
        assert_eq!(story.takes(Cancel), None);
        assert_eq!(story.takes(Retry), None);
    }
    story.takes(Cancel);
    assert_eq!(story.takes(Retry), Some(Refusal::TooManyAttempts));
}

#[test]
fn an_event_of_one_attempt_is_not_touched_by_the_next_i5() {
    let mut story = JobStory::rendering();
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.takes(Cancel);
    let first = story.job.outbox[0].clone();
    story.takes(Retry);
    story.hears(Answer::Polled(Ok(Progress::Running)));
    story.takes(Cancel);
    assert_eq!(story.job.outbox[0], first);
    assert_ne!(story.job.outbox[1].id, first.id);
}

#[test]
fn a_job_is_forgotten_only_by_its_own_refusal_and_only_while_nobody_was_told_i1() {
    let mut story = JobStory::accepted();
    let born = story.job.created_at;
    assert!(story.job.can_withdraw(born));
    assert!(
        !story.job.can_withdraw(born - 1),
        "this was an earlier job of the same name"
    );
    assert!(story.job.promise());
    assert!(
        !story.job.can_withdraw(born),
        "a repeat of the order was answered as accepted"
    );
}

#[test]
fn an_order_to_be_confirmed_can_be_taken_back_until_the_queue_was_told_of_it() {
    let mut story = JobStory::ordered(|request| request.order.confirm = true);
    let born = story.job.created_at;
    assert!(story.job.can_withdraw(born) && !story.job.can_withdraw(born - 1));
    let mut promised = story.job.clone();
    promised.promise();
    assert!(!promised.can_withdraw(born));
    story.sleeps();
    assert!(matches!(story.acts(), Effect::Report { .. }));
    assert!(!story.job.can_withdraw(born), "the report is in flight");
    story.hears(Answer::Reported(Err(Trouble::Unknown)));
    assert!(!story.job.can_withdraw(born), "it may have arrived");
}

#[test]
fn a_start_meant_for_an_earlier_job_of_the_same_name_is_known_as_such_i3() {
    let mut story = JobStory::accepted();
    let earlier = Start {
        created_at: story.job.created_at - 1,
        ..slot(1)
    };
    assert_eq!(
        (story.says(earlier), story.status()),
        (None, Status::Queued)
    );
    assert!(
        story.says(Check { created_at: None }).is_some(),
        "a check without a creation time fits every job of the name"
    );
}
