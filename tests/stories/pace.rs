//! When a render is looked at, and what that gains over a look every `POLL_INTERVAL_MS` from the submit on.

use crate::job_story::JobStory;
use reelay::machine::job::{Answer, Effect, Input, Progress};
use reelay::machine::outcome::Outcome;
use reelay::machine::{Millis, SECOND, Status};
use reelay::models::MODELS;
use std::collections::BTreeSet;
use std::iter;

/// Renders take from 11 seconds to 6 minutes.
const SHORTEST: f64 = 11_000.0;
const LONGEST: f64 = 360_000.0;

#[test]
fn looks_begin_at_sixty_per_cent_of_the_usual_time_come_often_around_it_and_seldom_long_after_it() {
    let looks = looks(60 * SECOND, 5 * SECOND, None);
    assert_eq!(looks[..4], [36_000, 41_000, 43_050, 45_100]);
    let after = |from: Millis| {
        let first = looks.iter().position(|look| *look >= from).unwrap();
        looks[first + 1] - looks[first]
    };
    assert_eq!(
        [after(60_000), after(93_000), after(97_000), after(120_000), after(300_000)],
        [2_050, 2_050, 5_000, 10_000, 10_000]
    );
}

#[test]
fn a_look_comes_in_half_the_time_and_no_more_are_made_where_renders_take_about_as_long_as_usual() {
    let gain = Gain::over_the_models(0.25);
    assert!(gain.looks <= 1.0 && gain.delay <= 0.5, "{gain:?}");
}

#[test]
fn the_more_the_times_scatter_the_less_is_gained_and_little_is_ever_paid_for_it() {
    let (wide, wider) = (Gain::over_the_models(0.35), Gain::over_the_models(0.5));
    assert!(wide.looks <= 1.01 && wide.delay <= 0.65, "{wide:?}");
    assert!(wider.looks <= 1.03 && wider.delay <= 0.92, "{wider:?}");
}

#[test]
fn where_the_usual_time_tells_nothing_fewer_looks_are_made() {
    let times = (0..400).map(|step| (SHORTEST * (LONGEST / SHORTEST).powf((f64::from(step) + 0.5) / 400.0), 1.0));
    let gain = Gain::of(&looks(60 * SECOND, 5 * SECOND, None), &times.collect::<Vec<_>>());
    assert!(gain.looks < 1.0, "{gain:?}");
}

#[test]
fn a_tenth_of_the_interval_and_of_the_first_look_is_the_same_in_a_tenth_of_the_time() {
    let whole = looks(60 * SECOND, 5 * SECOND, None);
    let tenth = looks(60 * SECOND, SECOND / 2, Some(3_600));
    let scaled: Vec<Millis> = tenth.iter().map(|look| look * 10).take_while(|look| *look < 200_000).collect();
    assert_eq!(scaled, whole[..scaled.len()]);
}

#[test]
fn a_first_look_at_once_makes_the_next_ones_neither_seldom_nor_many() {
    let looks = looks(60 * SECOND, 5 * SECOND, Some(0));
    assert_eq!(looks[..6], [0, 5_000, 10_000, 15_000, 20_000, 22_050]);
}

#[test]
fn a_render_that_a_push_will_tell_of_is_looked_at_each_half_minute_in_case_the_push_is_lost() {
    let told = |story: &mut JobStory| story.job.request.told = true;
    let looks = looks_of(60 * SECOND, told);
    assert_eq!(looks[..4], [36_000, 66_000, 96_000, 126_000]);
    assert!(looks.windows(2).all(|pair| pair[1] - pair[0] == 30 * SECOND));
}

#[test]
fn a_push_that_came_too_early_leaves_the_looks_as_frequent_as_without_one() {
    let mut story = JobStory::ordered(|request| request.told = true);
    story.start(1);
    story.acts();
    story.hears(Answer::Submitted(Outcome::Done("operations/1".to_owned())));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    story.hears(Answer::Polled(Outcome::Done(Progress::Running)));
    let looked_at = story.now;
    story.now += 6 * SECOND;
    assert_eq!(story.takes_any(Input::Nudge { id: "1".to_owned() }), None);
    assert!(matches!(story.acts(), Effect::Poll { .. }), "the look that the push brings");
    story.hears(Answer::Polled(Outcome::Done(Progress::Running)));
    story.until_it_acts(|effect| matches!(effect, Effect::Poll { .. }));
    assert_eq!(story.now, looked_at + 6 * SECOND + 2_050);
}

/// What is left of the looks and of the delay of a look every five seconds.
#[derive(Debug)]
struct Gain {
    looks: f64,
    /// From ready until it is noticed.
    delay: f64,
}

impl Gain {
    /// Renders of all models alike, whose times scatter log-normally around their usual ones.
    fn over_the_models(sigma: f64) -> Self {
        let usual: BTreeSet<Millis> =
            MODELS.iter().map(|model| model.usual_render_ms).filter(|usual| *usual > 0).collect();
        let mut ours = (0.0, 0.0);
        let mut fixed = (0.0, 0.0);
        for usual in usual {
            let times: Vec<_> = (-300..=300_i32)
                .map(|step| {
                    let deviation = f64::from(step) / 100.0;
                    let time = seconds(usual) * 1_000.0 * (sigma * deviation).exp();
                    (time.clamp(SHORTEST, LONGEST), (-deviation * deviation / 2.0).exp())
                })
                .collect();
            add(&mut ours, mean(&looks(usual, 5 * SECOND, None), &times));
            add(&mut fixed, mean(&every_five_seconds(), &times));
        }
        Self { looks: ours.0 / fixed.0, delay: ours.1 / fixed.1 }
    }

    fn of(looks: &[Millis], times: &[(f64, f64)]) -> Self {
        let (ours, fixed) = (mean(looks, times), mean(&every_five_seconds(), times));
        Self { looks: ours.0 / fixed.0, delay: ours.1 / fixed.1 }
    }
}

fn add(sum: &mut (f64, f64), more: (f64, f64)) {
    sum.0 += more.0;
    sum.1 += more.1;
}

fn every_five_seconds() -> Vec<Millis> {
    (1..=120).map(|look| look * 5 * SECOND).collect()
}

fn seconds(time: Millis) -> f64 {
    f64::from(u32::try_from(time).unwrap()) / 1_000.0
}

/// How many looks are made on average, and how long a render is ready before one finds it so; times with their weights.
fn mean(looks: &[Millis], times: &[(f64, f64)]) -> (f64, f64) {
    let (mut made, mut late, mut weights) = (0.0, 0.0, 0.0);
    for (time, weight) in times {
        let found = looks.iter().map(|look| seconds(*look) * 1_000.0).enumerate().find(|(_, look)| look >= time);
        let (before, look) = found.expect("it is found before the deadline");
        made += weight * f64::from(u32::try_from(before + 1).unwrap());
        late += weight * (look - time);
        weights += weight;
    }
    (made / weights, late / weights)
}

/// When a render that never ends is looked at, from the submit on.
fn looks(usual: Millis, poll_interval: Millis, first_poll: Option<Millis>) -> Vec<Millis> {
    looks_of(usual, |story| {
        story.policy.poll_interval = poll_interval;
        story.policy.first_poll = first_poll;
    })
}

fn looks_of(usual: Millis, change: impl FnOnce(&mut JobStory)) -> Vec<Millis> {
    let mut story = JobStory::ordered(|request| request.usual_render = usual);
    change(&mut story);
    story.start(1);
    story.acts();
    story.hears(Answer::Submitted(Outcome::Done("operations/1".to_owned())));
    let submitted_at = story.now;
    let next = || {
        while story.job.status() == Status::Processing {
            story.sleeps();
            match story.may_act() {
                Some(Effect::Poll { .. }) => {
                    story.hears(Answer::Polled(Outcome::Done(Progress::Running)));
                    return Some(story.now - submitted_at);
                }
                Some(Effect::Report { .. }) => story.hears(Answer::Reported(Outcome::Done(()))),
                Some(other) => panic!("{other:?} was not expected"),
                None => {}
            }
        }
        None
    };
    iter::from_fn(next).collect()
}
