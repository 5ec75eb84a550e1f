//! What a poll costs: one alarm, as long as the render runs, and each half minute a write.

use crate::job_story::{JobStory, again};
use crate::life::ready;
use reelay::machine::job;
use reelay::machine::job::{Answer, Effect, InFlight, Input, Job, LATE, Phase, Progress, WakeReason};
use reelay::machine::outcome::{ErrorCode, Outcome};
use reelay::machine::tally::table;
use reelay::time::{MINUTE, Millis, Moment, SECOND};

#[test]
fn a_poll_of_a_render_that_runs_is_one_alarm_and_each_half_minute_a_write() {
    let mut story = polling();
    story.hears(running());
    assert_eq!(story.may_act(), None);
    let began = story.now;
    let mut saved = story.job.clone();
    let mut alarm = story.job.wake(story.now).unwrap().at;
    let (mut polls, mut writes, mut alarms) = (0, 0, 0);
    while story.now < began + 2 * MINUTE {
        story.now = alarm;
        assert!(matches!(story.acts(), Effect::Poll { .. }));
        polls += 1;
        writes += written(&mut saved, &story.job);
        alarms += set(&mut alarm, &story);
        story.now += SECOND / 2;
        story.hears(running());
        writes += written(&mut saved, &story.job);
        assert_eq!(story.may_act(), None);
        writes += written(&mut saved, &story.job);
        alarms += set(&mut alarm, &story);
    }
    assert_eq!((polls, writes, alarms), (24, 3, 24));
}

#[test]
fn whoever_knows_the_record_alone_takes_no_timer_for_lost_and_polls_once_more_i2() {
    let mut story = polling();
    let mut record = story.job.clone();
    for _ in 0..40 {
        story.hears(running());
        story.sleeps();
        assert!(!record.is_late(story.now), "its timer is there");
        let alone = job::step(record.clone(), Input::Alarm, moment(story.now), &story.policy);
        assert!(matches!(alone.effect, Some(InFlight { effect: Effect::Poll { .. }, .. })));
        let again = job::step(alone.job, Input::Alarm, moment(story.now), &story.policy);
        assert_eq!(again.effect, None, "it does so once");
        assert!(matches!(story.acts(), Effect::Poll { .. }));
        written(&mut record, &story.job);
    }
    let lost_at = story.job.wake(story.now).unwrap().at;
    assert!(record.is_late(lost_at + LATE + 1), "and one that is lost is seen as soon as ever");
}

#[test]
fn whatever_else_happens_is_written_at_once() {
    let happens: [fn(&mut JobStory); 6] = [
        |story| story.hears(ready()),
        |story| story.hears(Answer::Polled(Outcome::Unknown)),
        |story| story.hears(Answer::Polled(again(ErrorCode::ProviderUnavailable, None))),
        |story| assert_eq!(story.takes(Input::Cancel), None),
        |story| assert_eq!(story.takes(Input::Nudge { id: "1".to_owned() }), None),
        |story| {
            story.now += MINUTE;
            story.hears(running());
        },
    ];
    for (number, happens) in happens.into_iter().enumerate() {
        let mut story = polling();
        story.hears(running());
        let record = story.job.clone();
        story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
        assert!(story.job.has_only_looked_since(&record));
        happens(&mut story);
        assert!(!story.job.has_only_looked_since(&record), "{number}");
    }
}

#[test]
fn a_poll_that_ends_something_else_is_written() {
    let mut story = JobStory::started();
    assert!(matches!(story.until_it_acts_beside_submit(), Effect::Report { .. }));
    let record = story.job.clone();
    story.hears(Answer::Reported(Outcome::Done(())));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    assert!(!story.job.has_only_looked_since(&record));
}

#[test]
fn a_poll_that_is_cut_off_is_made_again_when_the_next_one_was_planned_i2() {
    let mut story = polling();
    let wake = story.job.wake(story.now).unwrap();
    assert_eq!((wake.at, wake.reason), (story.now + 5 * SECOND, WakeReason::Phase));
    let cut_off = story.job.effect_number;
    assert_eq!(story.may_act(), None, "an alarm that comes twice polls once");
    story.sleeps();
    assert!(matches!(story.acts(), Effect::Poll { .. }));
    assert_eq!(story.takes_any(Input::Answer { number: cut_off, answer: ready() }), None);
    assert!(matches!(story.job.phase, Phase::Rendering { .. }), "the answer of another poll is not heard");
    story.hears(ready());
    assert!(matches!(story.job.phase, Phase::Storing { .. }));
}

#[test]
fn a_poll_that_takes_longer_than_the_plan_is_not_followed_by_the_next_at_once() {
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
fn every_poll_is_counted_once_whatever_became_of_it_i18() {
    let mut story = polling();
    story.hears(running());
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    // This one is cut off.
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(Answer::Polled(Outcome::Unknown));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(running());
    story.takes(Input::Cancel);
    story.rests();
    let polls: Vec<_> = story.job.tally.of_metric(&table::CALLS).filter(|(labels, _)| labels[0] == "poll").collect();
    assert_eq!(polls, [(vec!["poll", "done"], 3), (vec!["poll", "unknown"], 1)]);
    assert_eq!(story.job.in_flight, None);
}

#[test]
fn a_poll_that_an_earlier_build_left_in_flight_is_made_again_at_once_i11() {
    let mut story = polling();
    let now = story.now;
    if let Phase::Rendering { next_at, .. } = &mut story.job.phase {
        *next_at = now;
    }
    story.now += MINUTE;
    assert!(matches!(story.acts(), Effect::Poll { .. }));
}

/// The first poll is under way.
fn polling() -> JobStory {
    let mut story = JobStory::rendering();
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story
}

fn running() -> Answer {
    Answer::Polled(Outcome::Done(Progress::Running))
}

fn tries(job: &Job) -> u32 {
    match job.phase {
        Phase::Rendering { tries, .. } => tries,
        _ => panic!("it renders no more"),
    }
}

/// How many writes what is saved needs, now that this is the job.
fn written(saved: &mut Job, job: &Job) -> usize {
    if saved == job || job.has_only_looked_since(saved) {
        return 0;
    }
    *saved = job.clone();
    1
}

fn moment(now: Millis) -> Moment {
    Moment { now, random: 1 }
}

/// How many settings bring the alarm to when the job wants to be woken now.
fn set(alarm: &mut Millis, story: &JobStory) -> usize {
    let wanted = story.job.wake(story.now).unwrap().at;
    let changed = *alarm != wanted;
    *alarm = wanted;
    usize::from(changed)
}
