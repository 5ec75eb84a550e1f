//! Jobs that wait for their user: for a confirmation or for another prompt. Neither costs anything
//! (I4).

use crate::job_story::{Answer, Input, JobStory, never};
use reelay::machine::Status;
use reelay::machine::delivery::EventKind;
use reelay::machine::job::{
    Cancel, Clarify, Confirm, ENQUEUE_GRACE, Effect, MAX_ATTEMPTS, MAX_PROMPT, PENDING_EXPIRY,
    Refusal, Retry,
};
use reelay::machine::outcome::ErrorCode;
use reelay::time::HOUR;

#[test]
fn an_order_to_be_confirmed_spends_nothing_until_then_i4() {
    let mut story = to_confirm();
    assert_eq!(
        (story.status(), story.job.phase_name()),
        (Status::PendingConfirmation, "confirming")
    );
    story.start(1);
    assert_eq!(
        story.status(),
        Status::PendingConfirmation,
        "not even a slot starts it"
    );
    let mut story = story.then(Confirm);
    assert_eq!((story.status(), story.job.epoch), (Status::Queued, 2));
    assert_eq!(story.next(), Effect::Enqueue { epoch: 2 });
    story.is_granted_a_slot();
    assert_eq!(
        story.next(),
        Effect::Submit {
            epoch: 2,
            attempt: 1
        }
    );
}

#[test]
fn an_order_to_be_confirmed_tells_the_queue_of_itself_when_nobody_did_i1() {
    let mut story = to_confirm();
    let created_at = story.now;
    story.sleeps();
    assert_eq!(
        (story.acts(), story.now),
        (
            Effect::Report {
                epoch: 1,
                number: 0
            },
            created_at + ENQUEUE_GRACE
        )
    );
    story.hears(Answer::Reported(Ok(())));
    assert_eq!(
        story.job.wake(story.now).unwrap().at,
        created_at + PENDING_EXPIRY
    );
}

#[test]
fn an_order_that_nobody_confirms_ends_after_a_day_and_has_cost_nothing_i1() {
    let mut story = to_confirm();
    let created_at = story.now;
    let left = story.rests();
    assert_eq!(
        (story.failure(), story.job.ended_at),
        (
            Some(ErrorCode::DeadlineExceeded),
            Some(created_at + PENDING_EXPIRY)
        )
    );
    assert_eq!(
        (story.events(), story.ledger()),
        (vec![EventKind::Failed], Vec::new())
    );
    assert!(
        left.iter()
            .all(|effect| matches!(effect, Effect::Deliver { .. })),
        "{left:?}"
    );
}

#[test]
fn what_expired_unconfirmed_may_be_retried_which_is_a_confirmation() {
    let mut story = to_confirm();
    story.rests();
    let story = story.then_tried_again();
    assert_eq!(story.status(), Status::Processing);
}

#[test]
fn a_confirmation_is_taken_once() {
    let mut story = to_confirm().then(Confirm);
    assert_eq!(story.takes_any(Confirm), Some(Refusal::NotConfirmable));
}

#[test]
fn only_what_waits_for_it_can_be_confirmed_or_clarified_i8() {
    let lives: [fn() -> JobStory; 8] = [
        JobStory::accepted,
        JobStory::submitting,
        JobStory::rendering,
        JobStory::storing,
        JobStory::completed,
        JobStory::failed,
        JobStory::cancelled,
        to_clarify,
    ];
    for life in lives {
        assert_refused(life(), Confirm, Refusal::NotConfirmable);
    }
    for life in lives
        .into_iter()
        .filter(|life| life().status() != Status::PendingClarification)
        .chain([to_confirm as _])
    {
        assert_refused(
            life(),
            another("a lighthouse at dawn"),
            Refusal::NotClarifiable,
        );
    }
}

#[test]
fn a_prompt_refused_by_the_filter_may_be_replaced_where_that_is_on() {
    for refusal in ["submit", "poll"] {
        let mut story = if refusal == "submit" {
            JobStory::submitting()
        } else {
            JobStory::rendering()
        };
        story.policy.clarifications = true;
        story.policy.events.insert(EventKind::PendingClarification);
        let refused = never(ErrorCode::ProviderRejectedContent);
        if refusal == "submit" {
            story.hears(Answer::Submitted(refused));
        } else {
            story.next();
            story.hears(Answer::Polled(never(ErrorCode::ProviderRejectedContent)));
        }
        assert_eq!(
            (story.status(), story.job.phase_name()),
            (Status::PendingClarification, "clarifying")
        );
        assert_eq!(
            story.failure(),
            Some(ErrorCode::ProviderRejectedContent),
            "the event says why"
        );
        assert_eq!(story.events(), [EventKind::PendingClarification]);
        assert!(
            story.job.report.is_some(),
            "it is reported to the queue, so that the slot is freed (I9)"
        );
    }
}

#[test]
fn only_a_refused_prompt_is_worth_another_one() {
    for code in [
        ErrorCode::InvalidRequest,
        ErrorCode::ModelRetired,
        ErrorCode::ProviderQuotaExhausted,
    ] {
        let mut story = JobStory::submitting();
        story.policy.clarifications = true;
        story.hears(Answer::Submitted(never(code)));
        assert_eq!(story.failure(), Some(code));
        assert_eq!(story.status(), Status::Failed);
    }
}

#[test]
fn without_clarifications_a_refused_prompt_fails_as_ever() {
    let mut story = JobStory::submitting();
    story.hears(Answer::Submitted(never(ErrorCode::ProviderRejectedContent)));
    assert_eq!(
        (story.status(), story.events()),
        (Status::Failed, vec![EventKind::Failed])
    );
}

#[test]
fn another_prompt_begins_a_new_attempt_with_it_i4() {
    let mut story = to_clarify().then(another("a lighthouse at dawn"));
    assert_eq!(
        (story.status(), story.job.attempt, story.job.epoch),
        (Status::Queued, 2, 2)
    );
    assert_eq!(story.job.order.prompt, "a lighthouse at dawn");
    assert_eq!(story.next(), Effect::Enqueue { epoch: 2 });
    story.is_granted_a_slot();
    assert_eq!(
        story.next(),
        Effect::Submit {
            epoch: 2,
            attempt: 2
        }
    );
}

#[test]
fn a_response_is_added_to_the_prompt() {
    let story = to_clarify().then(response("without the keeper"));
    assert_eq!(
        story.job.order.prompt,
        "a lighthouse at dusk\n\nwithout the keeper"
    );
}

#[test]
fn a_response_that_makes_the_prompt_too_long_is_refused_and_may_be_given_shorter() {
    let room = MAX_PROMPT - "a lighthouse at dusk\n\n".chars().count();
    let mut story = to_clarify();
    let before = story.job.clone();
    assert_eq!(
        story.takes_any(response(&"é".repeat(room + 1))),
        Some(Refusal::PromptTooLong)
    );
    assert_eq!(story.job, before);
    assert_eq!(
        story.takes_any(another(&"é".repeat(MAX_PROMPT + 1))),
        Some(Refusal::PromptTooLong)
    );
    assert_eq!(story.takes_any(response(&"é".repeat(room))), None);
    assert_eq!(story.job.order.prompt.chars().count(), MAX_PROMPT);
}

#[test]
fn a_clarification_that_never_comes_ends_the_job_after_a_day_with_what_the_filter_said_i1() {
    let mut story = to_clarify();
    let refused_at = story.now;
    story.rests();
    assert_eq!(
        (story.status(), story.failure()),
        (Status::Failed, Some(ErrorCode::ProviderRejectedContent))
    );
    assert_eq!(story.job.ended_at, Some(refused_at + PENDING_EXPIRY));
    assert_eq!(story.events(), [EventKind::Failed]);
}

#[test]
fn a_job_that_waits_for_another_prompt_cannot_be_retried_with_the_old_one() {
    assert_refused(to_clarify(), Retry, Refusal::NotRetryable);
    assert_refused(to_confirm(), Retry, Refusal::NotRetryable);
}

#[test]
fn whoever_waits_for_a_word_is_cancelled_at_once_i8() {
    for life in [to_confirm, to_clarify] {
        let mut story = life().then(Cancel);
        assert_eq!(
            (story.status(), story.events()),
            (Status::Cancelled, vec![EventKind::Cancelled])
        );
        story.now += 2 * PENDING_EXPIRY;
        story.rests();
        assert_eq!(
            story.events(),
            [EventKind::Cancelled],
            "the expiry changes nothing any more"
        );
    }
}

#[test]
fn the_last_attempt_may_not_be_clarified() {
    let mut story = JobStory::accepted();
    story.policy.clarifications = true;
    for _ in 1..MAX_ATTEMPTS {
        story = story.then(Cancel).then(Retry);
    }
    story.start(story.job.epoch);
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(Answer::Submitted(never(ErrorCode::ProviderRejectedContent)));
    assert_eq!(story.status(), Status::Failed);
}

#[test]
fn a_prompt_may_be_replaced_again_and_again() {
    let mut story = to_clarify();
    for number in 2..=5 {
        story = story.then(another(&format!("a lighthouse, version {number}")));
        story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
        story.hears(Answer::Submitted(never(ErrorCode::ProviderRejectedContent)));
        assert_eq!(
            (story.status(), story.job.attempt),
            (Status::PendingClarification, number)
        );
    }
}

#[test]
fn a_timer_long_overdue_is_known_as_lost_and_a_running_effect_is_not() {
    let mut story = to_clarify();
    story.reports();
    let expiry = story.now + PENDING_EXPIRY;
    assert!(!story.job.is_late(Some(expiry), story.now));
    assert!(!story.job.is_late(Some(expiry), expiry));
    assert!(
        story.job.is_late(Some(expiry), expiry + HOUR),
        "the alarm has not fired"
    );
    assert!(
        story.job.is_late(Some(expiry + HOUR), story.now),
        "the alarm is set too late"
    );
    assert!(story.job.is_late(None, story.now), "no alarm");
}

fn to_confirm() -> JobStory {
    JobStory::ordered(|request| request.order.confirm = true)
}

fn to_clarify() -> JobStory {
    let mut story = JobStory::submitting();
    story.policy.clarifications = true;
    story.hears(Answer::Submitted(never(ErrorCode::ProviderRejectedContent)));
    story
}

fn another(prompt: &str) -> Clarify {
    Clarify::Prompt(prompt.to_owned())
}

fn response(words: &str) -> Clarify {
    Clarify::Response(words.to_owned())
}

fn assert_refused(mut story: JobStory, input: impl Into<Input>, refusal: Refusal) {
    let before = story.job.clone();
    assert_eq!(
        story.takes_any(input),
        Some(refusal),
        "in {:?}",
        before.phase
    );
    assert_eq!(story.job, before);
}
