//! When a render is polled: often while a user is watching, and less often the longer it takes.

use crate::job_story::{Answer, JobStory};
use reelay::machine::Status;
use reelay::machine::job::{Effect, Progress, UpstreamWebhook};

use reelay::time::{MINUTE, Millis, SECOND};
use std::iter;

/// The default of `POLL_INTERVAL_MS`.
const DEFAULT: Millis = 2_500;

#[test]
fn polls_come_every_two_and_a_half_seconds_for_two_minutes_then_every_five_and_after_ten_minutes_every_fifteen()
 {
    let polls = polls(|story| {
        story.policy.poll_interval = DEFAULT;
        story.policy.job_timeout = 15 * MINUTE;
    });
    let step_after = |from: Millis| {
        let first = polls.iter().position(|poll| *poll >= from).unwrap();
        polls[first + 1] - polls[first]
    };
    assert_eq!(polls[..3], [2_500, 5_000, 7_500]);
    assert_eq!(
        [step_after(115 * SECOND), step_after(2 * MINUTE)],
        [2_500, 5_000]
    );
    assert_eq!(
        [step_after(590 * SECOND), step_after(10 * MINUTE)],
        [5_000, 15_000]
    );
}

#[test]
fn a_render_is_noticed_within_one_interval_whenever_it_is_ready() {
    let polls = polls(|story| {
        story.policy.poll_interval = DEFAULT;
        story.policy.job_timeout = 15 * MINUTE;
    });
    for ready in (1..900).map(|second| second * SECOND) {
        let Some(noticed) = polls.iter().find(|poll| **poll >= ready) else {
            continue;
        };
        let most = if ready <= 2 * MINUTE {
            2_500
        } else {
            15 * SECOND
        };
        assert!(
            noticed - ready <= most,
            "ready after {ready} ms, noticed after {noticed} ms"
        );
    }
}

#[test]
fn the_usual_time_of_the_model_changes_nothing() {
    let quick = polls(|story| story.alter(|record| record.terms.usual_render = SECOND));
    let slow = polls(|story| story.alter(|record| record.terms.usual_render = 5 * MINUTE));
    assert_eq!(quick, slow);
}

#[test]
fn another_interval_scales_everything() {
    let whole = polls(|story| story.policy.poll_interval = 5 * SECOND);
    let tenth = polls(|story| story.policy.poll_interval = SECOND / 2);
    let scaled: Vec<Millis> = tenth.iter().map(|poll| poll * 10).collect();
    assert_eq!(scaled[..whole.len()], whole);
}

#[test]
fn a_poll_that_came_late_does_not_move_the_next_ones() {
    let mut story = rendering(|story| story.policy.poll_interval = DEFAULT);
    let submitted_at = story.now;
    assert_eq!(next_poll(&mut story), Some(submitted_at + DEFAULT));
    story.now += DEFAULT + 700;
    assert!(
        matches!(story.acts(), Effect::Poll { .. }),
        "the late alarm polls"
    );
    story.hears(Answer::Polled(Ok(Progress::Running)));
    assert_eq!(next_poll(&mut story), Some(submitted_at + 3 * DEFAULT));
}

#[test]
fn a_render_whose_webhook_is_awaited_is_polled_each_half_minute_in_case_it_is_lost() {
    let polls = polls(|story| {
        story.policy.poll_interval = DEFAULT;
        story.alter(|record| record.terms.wants_webhook = true);
    });
    assert_eq!(polls[..4], [30_000, 60_000, 90_000, 120_000]);
}

#[test]
fn a_webhook_that_came_too_early_leaves_the_polls_as_frequent_as_without_one() {
    let mut story = rendering(|story| {
        story.policy.poll_interval = DEFAULT;
        story.alter(|record| record.terms.wants_webhook = true);
    });
    let submitted_at = story.now;
    story.now += 6 * SECOND;
    assert_eq!(
        story.takes_any(UpstreamWebhook { id: "1".to_owned() }),
        None
    );
    assert_eq!(
        next_poll(&mut story),
        Some(submitted_at + 6 * SECOND),
        "the webhook causes a poll"
    );
    assert_eq!(next_poll(&mut story), Some(submitted_at + 7_500));
}

/// When a render that never ends is polled, counted from the submit.
fn polls(change: impl FnOnce(&mut JobStory)) -> Vec<Millis> {
    let mut story = rendering(change);
    let submitted_at = story.now;
    iter::from_fn(|| next_poll(&mut story))
        .map(|at| at - submitted_at)
        .collect()
}

fn rendering(change: impl FnOnce(&mut JobStory)) -> JobStory {
    let mut story = JobStory::accepted();
    change(&mut story);
    story.start(1);
    story.acts();
    story.hears(Answer::Submitted(Ok("operations/1".to_owned())));
    story
}

/// Goes on to the next poll, which finds the render running; `None` once the job has ended.
fn next_poll(story: &mut JobStory) -> Option<Millis> {
    while story.job.status() == Status::Processing {
        story.sleeps();
        match story.may_act() {
            Some(Effect::Poll { .. }) => {
                story.hears(Answer::Polled(Ok(Progress::Running)));
                return Some(story.now);
            }
            Some(Effect::Report { .. }) => story.hears(Answer::Reported(Ok(()))),
            Some(other) => panic!("{other:?} was not expected"),
            None => {}
        }
    }
    None
}
