//! What a poll costs: one alarm, and no write while the render runs.

use crate::job_story::{Answer, Input, JobStory, again};
use crate::life::ready;
use reelay::machine::job::{Effect, InFlight, Job, Phase, Progress, WakeReason};
use reelay::machine::metrics::table;
use reelay::machine::outcome::{ErrorCode, Trouble};
use reelay::time::SECOND;

#[test]
fn a_poll_that_finds_the_render_running_writes_nothing() {
    let mut story = polling();
    let before = story.job.clone();
    for _ in 0..24 {
        story.now += SECOND / 2;
        story.hears(running());
        assert_eq!(story.may_act(), None, "this run has already polled");
        assert_eq!(story.job, before);
        story.sleeps();
        assert!(matches!(story.acts(), Effect::Poll { .. }));
        assert_eq!(
            story.job, before,
            "beginning the next poll writes nothing either"
        );
    }
}

#[test]
fn a_render_that_was_just_submitted_is_not_polled_in_the_same_run() {
    let mut story = JobStory::started();
    assert!(matches!(
        story.until_it_acts_beside_submit(),
        Effect::Report { .. }
    ));
    story.hears(Answer::Reported(Ok(())));
    assert_eq!(story.may_act(), None);
    let wake = story.job.wake(story.now).unwrap();
    assert_eq!(
        (wake.at, wake.reason),
        (story.now + 5 * SECOND, WakeReason::Phase)
    );
}

#[test]
fn a_poll_that_is_cut_off_is_made_again_with_the_next_alarm_i2() {
    let mut story = polling();
    let wake = story.job.wake(story.now).unwrap();
    assert_eq!(
        (wake.at, wake.reason),
        (story.now + 5 * SECOND, WakeReason::Phase)
    );
    story.sleeps();
    assert!(matches!(story.acts(), Effect::Poll { .. }));
    story.hears(ready());
    assert!(matches!(story.job.phase, Phase::Storing { .. }));
}

#[test]
fn the_answer_to_a_poll_of_an_earlier_epoch_is_not_heard_i3() {
    let mut story = polling();
    let Some(InFlight {
        number,
        effect: Effect::Poll { epoch, operation },
    }) = story.begun.clone()
    else {
        panic!("it polls")
    };
    let answer = ready().to(Effect::Poll {
        epoch: epoch - 1,
        operation,
    });
    assert_eq!(story.takes(Input::Answer { number, answer }), None);
    assert!(matches!(story.job.phase, Phase::Rendering { .. }));
}

#[test]
fn a_poll_that_takes_longer_than_the_interval_is_not_followed_by_the_next_at_once() {
    let mut story = polling();
    story.now += 20 * SECOND;
    story.hears(running());
    assert_eq!(story.may_act(), None);
    let next = story.job.wake(story.now).unwrap().at;
    assert!((story.now + 1..=story.now + story.policy.poll_interval).contains(&next));
}

#[test]
fn a_poll_that_finds_the_render_running_ends_the_trouble_of_those_before() {
    let mut story = polling();
    for expected in [1, 2] {
        story.hears(Answer::Polled(again(ErrorCode::ProviderUnavailable, None)));
        assert_eq!(tries(&story.job), expected);
        story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    }
    story.hears(running());
    assert_eq!(tries(&story.job), 0);
}

#[test]
fn a_poll_counts_unless_it_finds_the_render_running_i18() {
    let mut story = polling();
    story.hears(running());
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    // This poll is cut off.
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(Answer::Polled(Err(Trouble::Unknown)));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(ready());
    let polls: Vec<_> = story
        .job
        .metrics
        .of_metric(&table::CALLS)
        .filter(|(labels, _)| labels[0] == "poll")
        .collect();
    assert_eq!(
        polls,
        [(vec!["poll", "done"], 1), (vec!["poll", "unknown"], 1)]
    );
    assert_eq!(story.job.in_flight, None);
}

/// The first poll is in flight.
fn polling() -> JobStory {
    let mut story = JobStory::rendering();
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story
}

fn running() -> Answer {
    Answer::Polled(Ok(Progress::Running))
}

fn tries(job: &Job) -> u32 {
    match job.phase {
        Phase::Rendering { tries, .. } => tries,
        _ => panic!("the job no longer renders"),
    }
}
