//! The money rule (I4): nothing is paid for twice unless a user asks for it.

use crate::job_story::{Answer, JobStory, again, never};
use reelay::machine::Status;
use reelay::machine::job::{Effect, Phase, Retry, SubmitAnswer, UnknownSubmit};
use reelay::machine::outcome::{ErrorCode, Trouble};

#[test]
fn the_intent_is_in_the_ledger_before_the_call_leaves_i4() {
    let mut story = JobStory::started();
    assert!(matches!(
        story.acts(),
        Effect::Submit {
            attempt: 1,
            epoch: 1
        }
    ));
    let row = story.job.submits.last().unwrap();
    assert_eq!(
        (row.attempt, row.epoch, row.answer),
        (1, 1, SubmitAnswer::Intended)
    );
}

#[test]
fn a_lost_answer_of_a_submit_ends_as_submit_outcome_unknown_i4() {
    let mut story = JobStory::started();
    story.acts();
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(story.failure(), Some(ErrorCode::SubmitOutcomeUnknown));
    assert_eq!(story.job.submits[0].answer, SubmitAnswer::Unknown);
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    assert_eq!(story.job.submits.len(), 1);
}

#[test]
fn a_crash_between_submit_and_answer_is_a_lost_answer_i4() {
    let mut story = JobStory::started();
    story.acts();
    story.sleeps();
    let effect = story.acts();
    assert_eq!(story.failure(), Some(ErrorCode::SubmitOutcomeUnknown));
    assert!(
        matches!(effect, Effect::Report { .. }),
        "the report comes first, so that the slot is freed"
    );
}

#[test]
fn an_answer_that_comes_after_its_call_was_given_up_changes_nothing_i3() {
    let mut story = JobStory::started();
    story.acts();
    let submitted = Answer::Submitted(Ok("operations/1".to_owned()));
    let answer = story.answer_of(story.job.effect_number, submitted);
    story.sleeps();
    story.acts();
    let before = story.job.clone();
    story.takes(answer);
    assert_eq!(story.job, before);
}

#[test]
fn a_refusal_is_submitted_again_after_the_wait_it_asked_for() {
    let mut story = JobStory::started();
    story.acts();
    let refused_at = story.now;
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderRateLimited,
        Some(40_000),
    )));
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    assert!(story.now >= refused_at + 40_000);
    let answers: Vec<_> = story.job.submits.iter().map(|row| row.answer).collect();
    assert_eq!(answers, [SubmitAnswer::Refused, SubmitAnswer::Intended]);
}

#[test]
fn refusals_end_after_the_last_retry() {
    let mut story = JobStory::started();
    for _ in 0..=story.policy.max_retries {
        story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
        assert_eq!(story.job.status(), Status::Processing);
        story.hears(Answer::Submitted(again(
            ErrorCode::ProviderUnavailable,
            None,
        )));
    }
    assert_eq!(story.failure(), Some(ErrorCode::ProviderUnavailable));
}

#[test]
fn a_final_refusal_is_not_submitted_again() {
    let mut story = JobStory::started();
    story.acts();
    story.hears(Answer::Submitted(never(ErrorCode::ModelRetired)));
    assert_eq!(story.failure(), Some(ErrorCode::ModelRetired));
    assert_eq!(story.job.submits.len(), 1);
}

#[test]
fn an_operator_may_choose_to_submit_again_after_a_lost_answer() {
    let mut story = JobStory::started();
    story.policy.unknown_submit = UnknownSubmit::Retry;
    story.acts();
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    story.until_it_acts(|effect| {
        matches!(
            effect,
            Effect::Submit {
                attempt: 1,
                epoch: 2
            }
        )
    });
    assert!(matches!(
        story.job.phase,
        Phase::Submitting { tries: 1, .. }
    ));
}

#[test]
fn a_users_retry_is_a_new_attempt_with_a_new_epoch_and_its_own_row_i4() {
    let mut story = JobStory::started();
    story.acts();
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(story.takes(Retry), None);
    assert_eq!(
        (story.job.attempt, story.job.epoch, story.job.status()),
        (2, 2, Status::Queued)
    );
    story.start(2);
    story.until_it_acts(|effect| {
        matches!(
            effect,
            Effect::Submit {
                attempt: 2,
                epoch: 2
            }
        )
    });
    assert_eq!(story.job.submits.len(), 2);
}
