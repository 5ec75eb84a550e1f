//! A refused submit frees its slot, and the attempt returns to its old place under a new epoch
//! (I3, I4).

use crate::job_story::{Answer, JobStory, again, dead_letter, never, not_now};
use crate::life::{ready, stored, submitted};
use reelay::machine::Status;
use reelay::machine::delivery::EventKind;
use reelay::machine::job::{Cancel, Effect, Phase, Refusal, Retry, SubmitAnswer, UnknownSubmit};
use reelay::machine::limiter::Availability;
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::{DAY, HOUR, MINUTE, SECOND};

#[test]
fn a_refused_job_waits_in_line_under_a_new_epoch_and_keeps_its_place_i3() {
    let story = refused(Some(22 * SECOND));
    assert_eq!(
        (story.status(), story.job.attempt, story.job.epoch),
        (Status::Queued, 1, 2)
    );
    let terms = story.job.terms();
    assert_eq!(
        (terms.not_before, terms.keeps_place),
        (Some(story.now + 22 * SECOND), true)
    );
    assert_eq!(story.timeline().last(), Some(&"requeued"));
    assert!(
        !story.job.enqueued && story.job.report.is_none(),
        "the enqueue carries all that a report would"
    );
}

#[test]
fn a_refused_job_tells_the_queue_at_once_and_again_until_it_knows_i1() {
    let mut story = refused(None);
    let refused_at = story.now;
    assert_eq!(story.next(), Effect::Enqueue { epoch: 2 });
    assert_eq!(story.now, refused_at);
    story.hears(Answer::Enqueued(Err(Trouble::Unknown)));
    assert_eq!(story.next(), Effect::Enqueue { epoch: 2 });
    assert!(story.now <= refused_at + 2 * SECOND);
}

#[test]
fn the_old_slots_start_starts_nothing_and_the_new_ones_does_i3() {
    let mut story = refused(None);
    story.start(1);
    assert_eq!(story.status(), Status::Queued);
    story.start(2);
    assert_eq!(
        story.next(),
        Effect::Submit {
            epoch: 2,
            attempt: 1
        }
    );
}

#[test]
fn tries_are_counted_over_the_attempt_and_not_over_the_slot_i1() {
    let mut story = JobStory::started();
    for _ in 0..=story.policy.max_retries {
        story.until_it_acts(|effect| matches!(effect, Effect::Submit { attempt: 1, .. }));
        story.hears(Answer::Submitted(again(
            ErrorCode::ProviderUnavailable,
            None,
        )));
    }
    assert_eq!(story.failure(), Some(ErrorCode::ProviderUnavailable));
    assert_eq!(
        story.ledger(),
        [1, 2, 3, 4].map(|epoch| (epoch, SubmitAnswer::Refused))
    );
}

#[test]
fn a_users_retry_begins_to_count_anew() {
    let mut story = JobStory::started();
    while !story.status().is_terminal() {
        story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
        story.hears(Answer::Submitted(again(
            ErrorCode::ProviderUnavailable,
            None,
        )));
    }
    let mut story = story.then_tried_again();
    assert!(matches!(
        story.job.phase,
        Phase::Submitting { tries: 0, .. }
    ));
    assert!(
        !story.job.keeps_place,
        "a new attempt waits at the end of the line"
    );
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { attempt: 2, .. }));
}

#[test]
fn what_each_answer_says_about_the_upstream_goes_with_the_next_message() {
    let asked = Some(22 * SECOND);
    for (answer, says) in [
        (submitted(), Availability::Accepted),
        (
            Answer::Submitted(not_now(asked)),
            Availability::NotNow { after: asked },
        ),
        (
            Answer::Submitted(not_now(None)),
            Availability::NotNow { after: None },
        ),
        (
            Answer::Submitted(again(ErrorCode::ProviderUnavailable, asked)),
            Availability::Failed,
        ),
        (
            Answer::Submitted(Err(Trouble::Unknown)),
            Availability::Failed,
        ),
        (
            Answer::Submitted(never(ErrorCode::InvalidRequest)),
            Availability::Refused,
        ),
    ] {
        let mut story = JobStory::submitting();
        story.hears(answer);
        assert_eq!(story.job.terms().availability, Some(says));
    }
}

#[test]
fn a_lost_answer_opens_no_breaker() {
    let mut story = JobStory::submitting();
    story.policy.unknown_submit = UnknownSubmit::Retry;
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(
        (story.status(), story.job.availability),
        (Status::Queued, Some(Availability::Failed))
    );
}

#[test]
fn no_wait_for_the_upstream_is_longer_than_a_day() {
    let story = refused(Some(u64::MAX / 4));
    assert_eq!(story.job.not_before, Some(story.now + DAY));
}

#[test]
fn a_wait_of_no_time_is_still_a_back_off() {
    let story = refused(Some(0));
    assert!(story.job.not_before.unwrap() >= story.now + SECOND);
}

#[test]
fn the_deadline_counts_anew_with_each_start() {
    let mut story = refused(None);
    story.now += HOUR;
    story.start(2);
    assert_eq!(story.deadline(), Some(story.now + story.policy.job_timeout));
}

#[test]
fn an_orders_own_time_is_its_deadline_if_it_is_shorter() {
    for (timeout, expected) in [(MINUTE, MINUTE), (HOUR, 10 * MINUTE)] {
        let mut story = JobStory::ordered(|request| request.order.timeout = Some(timeout));
        story.start(1);
        assert_eq!(story.deadline(), Some(story.now + expected));
    }
}

#[test]
fn the_app_hears_of_one_start_an_attempt_i5() {
    let mut story = JobStory::accepted();
    story.policy.events = EventKind::ALL.into_iter().collect();
    story.start(1);
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderUnavailable,
        None,
    )));
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    assert_eq!(story.events(), [EventKind::Started]);
    story.hears(Answer::Submitted(never(ErrorCode::InvalidRequest)));
    let story = story.then_tried_again();
    assert_eq!(
        story.events(),
        [EventKind::Started, EventKind::Failed, EventKind::Started]
    );
}

#[test]
fn a_refused_job_completes_after_all_i4() {
    let mut story = refused(Some(22 * SECOND));
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(submitted());
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(ready());
    story.until_it_acts(|effect| matches!(effect, Effect::Store { attempt: 1, .. }));
    story.hears(stored());
    assert_eq!(story.status(), Status::Completed);
    assert_eq!(
        story.ledger(),
        [(1, SubmitAnswer::Refused), (2, SubmitAnswer::Accepted)]
    );
}

#[test]
fn a_refused_job_that_waits_is_cancelled_as_any_waiting_one() {
    let story = refused(None).then(Cancel);
    assert_eq!(
        (story.status(), story.events()),
        (Status::Cancelled, vec![EventKind::Cancelled])
    );
}

#[test]
fn a_refused_job_that_waits_can_neither_be_retried_nor_withdrawn_i1() {
    let mut story = refused(None);
    assert_eq!(story.takes_any(Retry), Some(Refusal::NotRetryable));
    assert!(!story.job.can_withdraw(story.job.created_at));
}

#[test]
fn a_late_answer_of_the_old_slots_submit_is_not_taken_for_the_new_ones_i3() {
    let mut story = JobStory::submitting();
    let number = story.job.effect_number;
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderUnavailable,
        None,
    )));
    story.start(2);
    let answer = story.answer_of(number, submitted());
    story.takes_any(answer);
    assert!(matches!(story.job.phase, Phase::Submitting { .. }));
    assert_eq!(story.ledger(), [(1, SubmitAnswer::Refused)]);
}

#[test]
fn an_ordered_delay_is_told_to_the_queue_with_every_attempt() {
    let later = 50 * HOUR;
    let story = JobStory::ordered(|request| request.order.start_after = Some(later));
    assert_eq!(story.job.terms().not_before, Some(later));
    let story = story.then(Cancel).then(Retry);
    assert_eq!(story.job.terms().not_before, Some(later));
}

#[test]
fn a_dead_letter_ends_only_a_waiting_job_of_its_epoch_i3() {
    for (life, epoch, ends) in [
        (JobStory::accepted as fn() -> JobStory, 1, true),
        (JobStory::accepted, 0, false),
        (JobStory::accepted, 2, false),
        (|| refused(None), 1, false),
        (|| refused(None), 2, true),
        (JobStory::started, 1, false),
        (JobStory::rendering, 1, false),
        (JobStory::completed, 1, false),
        (JobStory::cancelled, 1, false),
    ] {
        let mut story = life();
        let before = story.job.clone();
        assert_eq!(story.takes_any(dead_letter(epoch)), None);
        if ends {
            assert_eq!(
                (story.failure(), story.events()),
                (Some(ErrorCode::Internal), vec![EventKind::Failed])
            );
            assert!(
                story.job.report.is_some(),
                "the failure is reported to the queue"
            );
        } else {
            assert_eq!(story.job, before);
        }
    }
}

/// A job whose first submit failed and may be repeated after this many milliseconds.
fn refused(after: Option<u64>) -> JobStory {
    let mut story = JobStory::submitting();
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderUnavailable,
        after,
    )));
    story
}
