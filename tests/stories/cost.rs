//! What a job has cost, and what it reports to the queue about it.

use crate::job_story::{Answer, JobStory, again, never};
use crate::life::stored;
use reelay::machine::job::{Cancel, Clarify, Confirm, Effect, Progress, Retry, UnknownSubmit};
use reelay::machine::outcome::{ErrorCode, Trouble};

/// The price of one render in these stories.
const PRICE: u64 = 3_200_000;

#[test]
fn a_job_that_waits_has_cost_nothing_and_reserves_its_price() {
    for story in [JobStory::accepted(), JobStory::started()] {
        assert_eq!(costs(&story), (0, PRICE), "{:?}", story.job.phase);
    }
    let unconfirmed = JobStory::ordered(|request| request.order.confirm = true);
    assert_eq!(
        costs(&unconfirmed),
        (0, 0),
        "nothing is reserved before the confirmation"
    );
    assert_eq!(costs(&unconfirmed.then(Confirm)), (0, PRICE));
}

#[test]
fn a_paid_call_counts_as_its_price_until_more_is_known() {
    for life in [
        JobStory::submitting,
        JobStory::rendering,
        JobStory::storing,
        JobStory::completed,
    ] {
        let story = life();
        assert_eq!(costs(&story), (PRICE, PRICE), "{:?}", story.job.phase);
    }
    let mut lost = JobStory::submitting();
    lost.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(
        costs(&lost),
        (PRICE, PRICE),
        "the submit may have been charged"
    );
}

#[test]
fn a_refused_submit_costs_nothing_and_its_repeat_is_still_reserved() {
    let mut story = JobStory::submitting();
    story.hears(Answer::Submitted(again(
        ErrorCode::ProviderUnavailable,
        None,
    )));
    assert_eq!(costs(&story), (0, PRICE));
    assert_eq!(
        costs(&JobStory::failed()),
        (0, 0),
        "nothing is reserved after the end"
    );
}

#[test]
fn a_render_that_the_upstream_gave_up_is_not_charged() {
    for code in [ErrorCode::ProviderRejectedContent, ErrorCode::Internal] {
        let mut story = polled();
        story.hears(Answer::Polled(never(code)));
        assert_eq!(costs(&story), (0, 0));
    }
}

#[test]
fn what_the_upstream_says_replaces_the_price() {
    for cost in [0, 1, 2_500_000] {
        let mut story = polled();
        story.hears(ready_for(cost));
        assert_eq!(costs(&story), (cost, cost));
        story.until_it_acts(|effect| matches!(effect, Effect::Store { .. }));
        story.hears(stored());
        assert_eq!(
            (costs(&story), story.job.render_cost_micros()),
            ((cost, cost), cost)
        );
    }
}

#[test]
fn a_render_nobody_waits_for_stays_charged_and_only_the_upstreams_word_changes_that() {
    let cancelled = || polled().then(Cancel);
    for (answer, cost) in [
        (Answer::Polled(Ok(Progress::Running)), PRICE),
        (Answer::Polled(Err(Trouble::Unknown)), PRICE),
        (ready_for(7), 7),
        (Answer::Polled(never(ErrorCode::ProviderRejectedContent)), 0),
    ] {
        let mut story = cancelled();
        assert_eq!(costs(&story), (PRICE, PRICE));
        story.hears(answer);
        assert_eq!(costs(&story), (cost, cost));
    }
    let mut late = JobStory::rendering();
    late.now = late.deadline().unwrap();
    late.may_act();
    assert_eq!(
        (late.failure(), costs(&late)),
        (Some(ErrorCode::DeadlineExceeded), (PRICE, PRICE))
    );
}

#[test]
fn a_users_retry_is_paid_for_besides_what_was_spent() {
    let mut story = polled().then(Cancel).then(Retry);
    assert_eq!(costs(&story), (PRICE, 2 * PRICE));
    story.start(2);
    story.hears(ready_for(1_000));
    assert_eq!(
        costs(&story),
        (1_000, PRICE + 1_000),
        "the late answer corrects the first render"
    );
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    assert_eq!(costs(&story), (PRICE + 1_000, PRICE + 1_000));
}

#[test]
fn a_job_that_waits_for_another_prompt_reserves_its_price_with_it() {
    let mut story = polled();
    story.policy.clarifications = true;
    story.hears(Answer::Polled(never(ErrorCode::ProviderRejectedContent)));
    assert_eq!(costs(&story), (0, 0));
    assert_eq!(
        costs(&story.then(Clarify::Prompt("another".to_owned()))),
        (0, PRICE)
    );
}

#[test]
fn a_call_that_is_made_again_after_a_lost_answer_may_cost_twice() {
    let mut story = JobStory::submitting();
    story.policy.unknown_submit = UnknownSubmit::Retry;
    story.hears(Answer::Submitted(Err(Trouble::Unknown)));
    assert_eq!(costs(&story), (PRICE, PRICE));
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    assert_eq!(costs(&story), (2 * PRICE, 2 * PRICE));
}

#[test]
fn the_queue_is_told_of_each_change_of_what_is_committed() {
    let mut rendered = polled();
    let before = rendered.job.report_number;
    rendered.hears(ready_for(PRICE));
    assert_eq!(
        (rendered.job.report_number, rendered.job.report.is_some()),
        (before, false),
        "an actual cost equal to the price is not reported"
    );
    let mut dearer = polled();
    dearer.hears(ready_for(PRICE + 1));
    assert!(dearer.job.report.is_some() && dearer.job.report_number == before + 1);
    let mut ended = polled().then(Cancel);
    let number = ended.job.report_number;
    ended.hears(ready_for(7));
    assert_eq!(
        ended.job.report_number,
        number + 1,
        "the answer came after the end"
    );
}

/// A poll is in flight.
fn polled() -> JobStory {
    let mut story = JobStory::rendering();
    assert!(matches!(story.next(), Effect::Poll { .. }));
    story
}

fn ready_for(cost_micros: u64) -> Answer {
    Answer::Polled(Ok(Progress::Ready {
        uri: "files/1".to_owned(),
        cost_micros: Some(cost_micros),
    }))
}

/// What it has cost, and what is committed for it.
fn costs(story: &JobStory) -> (u64, u64) {
    (story.job.cost_micros(), story.job.committed_micros())
}
