//! What the app receives (I5).

use crate::job_story::{Answer, JobStory};
use reelay::machine::delivery::{DeliveryState, Receipt};
use reelay::machine::job::{Cancel, Effect};

#[test]
fn an_event_keeps_its_id_and_its_body_until_it_is_exhausted_i5() {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    let (id, body) = (
        story.job.outbox[0].id.clone(),
        story.job.outbox[0].body.clone(),
    );
    assert!(body.is_some());
    for attempt in 1..=3 {
        let effect = story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
        assert_eq!(
            effect,
            Effect::Deliver {
                event_id: id.clone()
            }
        );
        story.hears(Answer::Delivered(Receipt::Failed {
            status: Some(500),
            retry_after: None,
        }));
        let row = &story.job.outbox[0];
        assert_eq!((row.attempts, &row.id, &row.body), (attempt, &id, &body));
    }
    assert!(matches!(
        story.job.outbox[0].state,
        DeliveryState::Exhausted { .. }
    ));
    assert_eq!(story.job.phase_name(), "done");
}

#[test]
fn an_attempt_that_was_cut_off_counts_and_is_repeated_i5() {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    story.sleeps();
    assert!(
        matches!(story.may_act(), Some(Effect::Report { .. })),
        "the failed attempt is reported to the queue"
    );
    story.hears(Answer::Reported(Ok(())));
    assert_eq!(story.job.outbox[0].attempts, 1);
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
}

#[test]
fn the_queue_hears_of_an_end_before_the_app_does() {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    assert!(matches!(story.acts(), Effect::Report { number: 1, .. }));
}

#[test]
fn a_report_is_repeated_until_the_queue_confirms_its_number_i9() {
    let mut story = JobStory::started();
    let effect = story.until_it_acts_beside_submit();
    assert_eq!(
        effect,
        Effect::Report {
            epoch: 1,
            number: 1
        }
    );
    story.takes(Cancel);
    story.hears(Answer::Reported(Ok(())));
    let again = story.until_it_acts(|effect| matches!(effect, Effect::Report { .. }));
    assert_eq!(
        again,
        Effect::Report {
            epoch: 1,
            number: 2
        },
        "the confirmation of the older report does not confirm the end"
    );
}

#[test]
fn a_job_reports_that_nothing_is_left_to_do() {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    assert!(matches!(story.acts(), Effect::Report { .. }));
    assert!(
        !story.job.has_only_to_report(),
        "the event is not delivered yet"
    );
    story.hears(Answer::Reported(Ok(())));
    assert!(matches!(story.acts(), Effect::Deliver { .. }));
    story.hears(Answer::Delivered(Receipt::Accepted { status: 200 }));
    assert!(matches!(story.acts(), Effect::Report { .. }));
    assert!(story.job.has_only_to_report());
    story.hears(Answer::Reported(Ok(())));
    assert_eq!((story.may_act(), story.job.wake(story.now)), (None, None));
}

#[test]
fn of_an_event_that_fails_the_first_failure_and_the_end_are_reported() {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    let mut reported = Vec::new();
    for _ in 1..=3 {
        story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
        let before = story.job.report_number;
        story.hears(Answer::Delivered(Receipt::Failed {
            status: None,
            retry_after: None,
        }));
        reported.push(story.job.report_number > before);
    }
    assert_eq!(reported, [true, false, true]);
}
