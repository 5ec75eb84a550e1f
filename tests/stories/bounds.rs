//! Every job ends, whatever goes wrong and however often (I1).

use crate::job_story::{Answer, JobStory, again, never};
use crate::life::ready;
use reelay::machine::job::{Effect, Phase, SubmitAnswer, UnknownSubmit};
use reelay::machine::outcome::{ErrorCode, Outcome, Trouble};
use reelay::time::{DAY, HOUR, MINUTE, SECOND};

#[test]
fn a_job_whose_every_effect_is_cut_off_still_ends_i1() {
    for unknown_submit in [UnknownSubmit::Fail, UnknownSubmit::Retry] {
        for life in [
            JobStory::started,
            JobStory::submitting,
            JobStory::rendering,
            JobStory::rendered,
            JobStory::storing,
        ] {
            let mut story = life();
            story.policy.unknown_submit = unknown_submit;
            let starts = u64::from(story.policy.max_retries) + 1;
            let bound = story.now + starts * (story.policy.job_timeout + 2 * MINUTE);
            while !story.status().is_terminal() {
                if let Some(Effect::Enqueue { epoch }) = story.may_act() {
                    story.start(epoch);
                }
                story.sleeps();
                assert!(story.now <= bound, "still in {:?}", story.job.phase);
            }
        }
    }
}

#[test]
fn submitting_again_after_lost_answers_is_bounded_too_i1() {
    let mut story = JobStory::started();
    story.policy.unknown_submit = UnknownSubmit::Retry;
    assert_eq!(submits_until_over(&mut story, &Err(Trouble::Unknown)), 4);
    assert_eq!(story.failure(), Some(ErrorCode::SubmitOutcomeUnknown));
    assert_eq!(
        story.ledger(),
        [1, 2, 3, 4].map(|epoch| (epoch, SubmitAnswer::Unknown))
    );
}

#[test]
fn without_retries_the_first_refusal_is_the_last() {
    let mut story = JobStory::started();
    story.policy.max_retries = 0;
    assert_eq!(
        submits_until_over(&mut story, &again(ErrorCode::ProviderUnavailable, None)),
        1
    );
}

#[test]
fn nothing_is_paid_for_after_the_deadline() {
    let mut story = JobStory::started();
    story.now += story.policy.job_timeout;
    let effect = story.acts();
    assert!(matches!(effect, Effect::Report { .. }), "{effect:?}");
    assert_eq!(
        (story.failure(), story.ledger()),
        (Some(ErrorCode::DeadlineExceeded), Vec::new())
    );
}

#[test]
fn an_upstream_that_asks_for_a_long_wait_between_polls_is_asked_each_minute_until_the_deadline() {
    let mut story = JobStory::rendering();
    let deadline = story.deadline().unwrap();
    story.next();
    for after in [MINUTE + 1, HOUR, DAY, u64::MAX / 4] {
        let asked = story.now;
        story.hears(Answer::Polled(again(
            ErrorCode::ProviderRateLimited,
            Some(after),
        )));
        assert!(matches!(story.next(), Effect::Poll { .. }), "{after}");
        assert_eq!(story.now, asked + MINUTE, "{after}");
    }
    while story.failure().is_none() {
        story.hears(Answer::Polled(again(
            ErrorCode::ProviderRateLimited,
            Some(HOUR),
        )));
        story.next();
    }
    assert_eq!(
        (story.failure(), story.now),
        (Some(ErrorCode::DeadlineExceeded), deadline)
    );
}

#[test]
fn a_render_found_ready_by_a_poll_that_outlasted_the_deadline_is_kept() {
    let mut story = JobStory::rendering();
    story.next();
    story.now = story.deadline().unwrap() + SECOND;
    story.hears(ready());
    assert!(matches!(story.next(), Effect::Store { .. }));
}

#[test]
fn transfers_that_are_all_cut_off_are_given_up_i1() {
    let mut story = JobStory::storing();
    for tries in 1..=3 {
        story.sleeps();
        assert!(matches!(story.next(), Effect::Store { .. }));
        assert!(matches!(story.job.phase, Phase::Storing { tries: so_far, .. } if so_far == tries));
    }
    story.sleeps();
    story.next();
    assert_eq!(story.failure(), Some(ErrorCode::StorageFailed));
}

#[test]
fn no_wait_for_the_next_transfer_is_longer_than_ten_minutes_i2() {
    let mut story = JobStory::storing();
    let began = story.now;
    story.hears(Answer::Stored(again(
        ErrorCode::StorageFailed,
        Some(u64::MAX / 4),
    )));
    assert!(matches!(story.next(), Effect::Store { .. }));
    assert_eq!(story.now, began + 10 * MINUTE);
}

#[test]
fn what_a_refused_transfer_left_is_removed() {
    let mut story = JobStory::storing();
    story.hears(Answer::Stored(never(ErrorCode::StorageFailed)));
    assert_eq!(story.failure(), Some(ErrorCode::StorageFailed));
    assert!(story.rests().contains(&Effect::DeleteFile { attempt: 1 }));
}

#[test]
fn waiting_for_a_slot_has_no_deadline() {
    let mut story = JobStory::accepted();
    story.now += 100 * 24 * 60 * MINUTE;
    assert!(matches!(story.next(), Effect::Enqueue { .. }));
    story.start(1);
    assert!(story.deadline().unwrap() > story.now);
}

/// How many submits are made until the job has ended, when each gets the same answer.
fn submits_until_over(story: &mut JobStory, outcome: &Outcome<String>) -> usize {
    for submits in 0..100 {
        if story.status().is_terminal() {
            return submits;
        }
        story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
        story.hears(Answer::Submitted(outcome.clone()));
    }
    panic!("the submit is repeated without end");
}
