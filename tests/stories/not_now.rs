//! An upstream that takes no submits from anyone fails no job (I1, I4).

use crate::job_story::{Answer, JobStory, not_now};
use crate::life::submitted;
use reelay::machine::Status;
use reelay::machine::job::{Effect, Phase};
use reelay::machine::outcome::ErrorCode;
use reelay::time::{DAY, HOUR, MINUTE};

#[test]
fn a_job_that_is_refused_for_now_waits_in_line_at_its_place_and_asks_for_no_delay_of_its_own() {
    let story = refused(JobStory::submitting());
    let terms = story.job.terms();
    assert_eq!(
        (story.status(), terms.keeps_place, terms.not_before),
        (Status::Queued, true, None)
    );
}

#[test]
fn no_number_of_such_refusals_uses_up_the_retries_or_fills_the_record() {
    let mut story = JobStory::submitting();
    for _ in 0..500 {
        story = probed(refused(story));
    }
    assert!(matches!(
        story.job.phase,
        Phase::Submitting { tries: 0, .. }
    ));
    assert_eq!(
        (story.job.submits.len(), story.job.submits_made()),
        (2, 500)
    );
    assert!(
        story.timeline().len() < 80,
        "{} steps",
        story.timeline().len()
    );
    assert_eq!(
        (story.events(), story.job.cost_micros()),
        (Vec::new(), 3_200_000),
        "the call in flight may cost its price"
    );
    story.hears(submitted());
    assert!(matches!(story.job.phase, Phase::Rendering { .. }));
}

#[test]
fn it_fails_with_the_upstreams_words_a_day_after_its_first_refusal() {
    let mut story = refused(JobStory::submitting());
    let first = story.now;
    story.now += HOUR;
    story = refused(probed(story));
    knows(&mut story);
    while story.status() == Status::Queued {
        story.sleeps();
        if let Some(Effect::Enqueue { .. }) = story.may_act() {
            knows_too(&mut story);
        }
    }
    assert_eq!(
        (story.failure(), story.now),
        (Some(ErrorCode::ProviderRateLimited), first + DAY)
    );
}

#[test]
fn an_order_that_gives_itself_a_time_fails_when_it_is_not_started_in_it() {
    let mut never_tried =
        JobStory::ordered(|request| request.order.start_timeout = Some(10 * MINUTE));
    let ordered = never_tried.now;
    knows(&mut never_tried);
    never_tried.sleeps();
    never_tried.may_act();
    let failure = (never_tried.failure(), never_tried.now);
    assert_eq!(
        failure,
        (Some(ErrorCode::DeadlineExceeded), ordered + 10 * MINUTE)
    );

    let mut story = JobStory::ordered(|request| request.order.start_timeout = Some(10 * MINUTE));
    story.start(1);
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    let mut story = refused(story);
    knows(&mut story);
    story.sleeps();
    story.may_act();
    let message = story.job.failure().unwrap().message;
    assert_eq!(
        (story.failure(), story.now),
        (Some(ErrorCode::DeadlineExceeded), ordered + 10 * MINUTE)
    );
    assert!(message.contains("Too many requests"), "{message}");
}

#[test]
fn the_time_to_start_counts_from_when_the_order_may_start_and_anew_with_each_attempt() {
    let later = 5 * HOUR;
    let mut story = JobStory::ordered(|request| {
        request.order.start_after = Some(later);
        request.order.start_timeout = Some(MINUTE);
    });
    story.now = later + MINUTE - 1;
    assert!(matches!(story.may_act(), Some(Effect::Enqueue { .. })));
    assert_eq!(story.status(), Status::Queued);
    story.now += 1;
    story.hears(Answer::Enqueued(Ok(false)));
    story.may_act();
    assert_eq!(story.failure(), Some(ErrorCode::DeadlineExceeded));
    let story = story.then(reelay::machine::job::Retry);
    assert_eq!(
        story.status(),
        Status::Queued,
        "a further attempt has its own start timeout"
    );
}

#[test]
fn what_has_started_in_time_is_not_ended_by_the_time_to_start() {
    let mut story = JobStory::ordered(|request| request.order.start_timeout = Some(MINUTE));
    story.start(1);
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story.now += 2 * MINUTE;
    story.hears(submitted());
    assert!(matches!(story.job.phase, Phase::Rendering { .. }));
}

fn refused(mut story: JobStory) -> JobStory {
    story.hears(Answer::Submitted(not_now(None)));
    story
}

/// It was granted a slot again, and its submit is in flight.
fn probed(mut story: JobStory) -> JobStory {
    story.start(story.job.epoch);
    story.until_it_acts(|effect| matches!(effect, Effect::Submit { .. }));
    story
}

/// The queue knows the job.
fn knows(story: &mut JobStory) {
    story.until_it_acts(|effect| matches!(effect, Effect::Enqueue { .. }));
    knows_too(story);
}

fn knows_too(story: &mut JobStory) {
    story.hears(Answer::Enqueued(Ok(false)));
}
