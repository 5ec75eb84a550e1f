//! A webhook of the upstream causes a poll, and nothing more.

use crate::job_story::{Answer, JobStory, again};
use crate::life::ready;
use reelay::machine::delivery::Receipt;
use reelay::machine::job::{
    Cancel, Effect, MAX_UPSTREAM_WEBHOOK_ID, MAX_UPSTREAM_WEBHOOKS, Phase, Progress,
    UpstreamWebhook,
};
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::MINUTE;

#[test]
fn a_push_has_the_job_look_at_once_and_counts_no_try() {
    let mut story = JobStory::rendering();
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(Answer::Polled(again(
        ErrorCode::ProviderUnavailable,
        Some(20_000),
    )));
    let tries = tries(&story);
    nudge(&mut story, "1");
    assert!(matches!(story.acts(), Effect::Poll { .. }));
    assert_eq!(self::tries(&story), tries);
}

#[test]
fn a_push_that_comes_again_brings_no_further_look() {
    let mut story = JobStory::rendering();
    for push in ["1", "1", "2", "1", "2"] {
        nudge(&mut story, push);
    }
    assert!(matches!(story.acts(), Effect::Poll { .. }));
    running(&mut story);
    nudge(&mut story, "1");
    assert_eq!(looks_due(&mut story), 0);
    nudge(&mut story, "3");
    assert_eq!(looks_due(&mut story), 1);
}

#[test]
fn a_push_while_a_look_is_under_way_brings_another_one_behind_it() {
    let unheard = Answer::Polled(Err(Trouble::Unknown));
    let refused = Answer::Polled(again(ErrorCode::ProviderRateLimited, Some(20_000)));
    for answer in [Answer::Polled(Ok(Progress::Running)), unheard, refused] {
        let mut story = JobStory::rendering();
        story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
        nudge(&mut story, "1");
        nudge(&mut story, "2");
        story.hears(answer);
        assert_eq!(looks_due(&mut story), 1, "one poll covers both webhooks");
    }
}

#[test]
fn a_push_while_something_else_is_under_way_waits_until_that_is_over() {
    let mut story = JobStory::started();
    assert!(matches!(
        story.until_it_acts_beside_submit(),
        Effect::Report { .. }
    ));
    nudge(&mut story, "1");
    story.hears(Answer::Reported(Ok(())));
    assert!(matches!(story.acts(), Effect::Poll { .. }));
}

#[test]
fn a_push_in_any_other_phase_changes_nothing() {
    let confirming = || JobStory::ordered(|request| request.order.confirm = true);
    for life in [
        JobStory::accepted,
        JobStory::started,
        JobStory::submitting,
        JobStory::rendered,
        JobStory::storing,
        JobStory::completed,
        JobStory::failed,
        JobStory::cancelled,
        confirming,
    ] {
        let mut story = life();
        let before = story.job.clone();
        nudge(&mut story, "1");
        assert_eq!(story.job, before);
    }
}

#[test]
fn a_push_does_not_move_the_deadline() {
    let mut story = JobStory::rendering();
    story.now = story.deadline().unwrap() + MINUTE;
    nudge(&mut story, "1");
    story.may_act();
    assert_eq!(story.failure(), Some(ErrorCode::DeadlineExceeded));
}

#[test]
fn a_push_has_the_job_woken_at_once() {
    let mut story = JobStory::rendering();
    story.reports();
    nudge(&mut story, "1");
    assert_eq!(story.job.wake(story.now).unwrap().at, story.now);
}

#[test]
fn no_more_pushes_are_remembered_than_the_record_has_room_for() {
    let mut story = JobStory::rendering();
    for push in 0..3 * MAX_UPSTREAM_WEBHOOKS {
        nudge(&mut story, &push.to_string());
    }
    assert_eq!(story.job.upstream_webhooks.len(), MAX_UPSTREAM_WEBHOOKS);
    assert_eq!(
        story.job.upstream_webhooks.last().map(String::as_str),
        Some("23")
    );
    let before = story.job.clone();
    nudge(&mut story, &"x".repeat(MAX_UPSTREAM_WEBHOOK_ID + 1));
    assert_eq!(story.job, before, "an id that is too long is not kept");
}

#[test]
fn a_push_of_an_earlier_attempt_brings_a_look_at_this_one_and_no_harm() {
    let mut story = JobStory::rendering().then(Cancel).then_tried_again();
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.hears(Answer::Submitted(Ok("operations/2".to_owned())));
    nudge(&mut story, "of the first attempt");
    assert_eq!(
        story.acts(),
        Effect::Poll {
            epoch: 2,
            operation: "operations/2".to_owned()
        }
    );
    story.hears(ready());
    assert!(matches!(story.job.phase, Phase::Storing { .. }));
}

fn nudge(story: &mut JobStory, id: &str) {
    assert_eq!(story.takes_any(UpstreamWebhook { id: id.to_owned() }), None);
}

fn running(story: &mut JobStory) {
    story.hears(Answer::Polled(Ok(Progress::Running)));
}

/// How many polls follow without waiting.
fn looks_due(story: &mut JobStory) -> usize {
    let mut looks = 0;
    while let Some(effect) = story.may_act() {
        match effect {
            Effect::Poll { .. } => {
                looks += 1;
                running(story);
            }
            Effect::Report { .. } => story.hears(Answer::Reported(Ok(()))),
            Effect::Deliver { .. } => {
                story.hears(Answer::Delivered(Receipt::Accepted { status: 200 }));
            }
            other => panic!("{other:?} was not expected"),
        }
    }
    looks
}

fn tries(story: &JobStory) -> u32 {
    match story.job.phase {
        Phase::Rendering { tries, .. } => tries,
        _ => panic!("the job no longer renders"),
    }
}
