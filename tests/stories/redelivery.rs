//! An operator has an event sent again (I5).

use crate::job_story::{Answer, JobStory};
use crate::life::submitted;
use reelay::machine::delivery::{Delivery, DeliveryState, EventKind, Receipt};
use reelay::machine::job::{Cancel, Effect, Progress, Redeliver, Refusal};

const DOWN: Receipt = Receipt::Failed {
    status: Some(503),
    retry_after: None,
};
const TAKEN: Receipt = Receipt::Accepted { status: 200 };

#[test]
fn an_exhausted_event_goes_out_at_once_with_its_id_and_body_and_a_whole_schedule_i5() {
    let mut story = exhausted();
    let before = event(&story).clone();
    story.now += 1_000_000;
    assert_eq!(story.takes(redeliver(&before.id)), None);
    assert_eq!(story.timeline().last(), Some(&"webhook_redelivered"));
    for attempt in 4..=6 {
        deliver(&mut story, DOWN);
        assert_eq!(event(&story).attempts, attempt);
    }
    let after = event(&story);
    assert!(
        matches!(after.state, DeliveryState::Exhausted { .. }),
        "{after:?}"
    );
    assert_eq!(
        (&after.id, &after.body, after.kind),
        (&before.id, &before.body, before.kind)
    );
}

#[test]
fn a_delivered_event_is_sent_again_too_and_is_delivered_again() {
    let mut story = cancelled();
    deliver(&mut story, TAKEN);
    let id = event(&story).id.clone();
    story.takes(redeliver(&id));
    assert_eq!(
        story.job.wake(story.now).map(|wake| wake.at),
        Some(story.now),
        "due immediately"
    );
    deliver(&mut story, TAKEN);
    assert_eq!(
        (event(&story).attempts, story.job.phase_name()),
        (2, "done")
    );
}

#[test]
fn a_pending_event_becomes_due_now() {
    let mut story = cancelled();
    deliver(&mut story, DOWN);
    let id = event(&story).id.clone();
    assert!(event(&story).next_at() > Some(story.now));
    story.takes(redeliver(&id));
    assert_eq!(event(&story).next_at(), Some(story.now));
}

#[test]
fn an_attempt_under_way_when_its_event_is_to_be_sent_again_counts_for_it() {
    let mut story = cancelled();
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    let id = event(&story).id.clone();
    assert_eq!(story.takes(redeliver(&id)), None);
    story.hears(Answer::Delivered(TAKEN));
    assert!(matches!(
        event(&story).state,
        DeliveryState::Delivered { .. }
    ));
}

#[test]
fn an_unknown_event_is_refused_and_nothing_changes() {
    let mut story = exhausted();
    let before = story.job.clone();
    assert_eq!(
        story.takes(redeliver("msg_unknown")),
        Some(Refusal::NoEvent)
    );
    assert_eq!(story.job, before);
}

#[test]
fn the_queue_hears_at_once_of_an_exhausted_event_and_of_what_becomes_of_one_sent_again() {
    let mut story = exhausted();
    assert!(reports(&mut story), "the exhaustion is reported");
    let id = event(&story).id.clone();
    story.takes(redeliver(&id));
    assert!(reports(&mut story), "the redelivery is reported");
    deliver(&mut story, TAKEN);
    assert!(reports(&mut story), "the delivery is reported");
}

#[test]
fn the_queue_is_not_bothered_with_an_event_that_is_delivered_as_usual() {
    let mut story = JobStory::accepted();
    story.policy.events.insert(EventKind::Started);
    story.start(1);
    while story.job.outbox[0].next_at().is_some() {
        let effect = story.acts();
        story.hears(match effect {
            Effect::Submit { .. } => submitted(),
            Effect::Report { .. } => Answer::Reported(Ok(())),
            Effect::Poll { .. } => Answer::Polled(Ok(Progress::Running)),
            Effect::Deliver { .. } => Answer::Delivered(TAKEN),
            other => panic!("{other:?} was not expected"),
        });
    }
    assert_eq!(
        story.job.report, None,
        "nothing is reported while more is to come"
    );
}

/// Cancelled and reported to the queue.
fn cancelled() -> JobStory {
    let mut story = JobStory::accepted();
    story.takes(Cancel);
    story
}

fn exhausted() -> JobStory {
    let mut story = cancelled();
    for _ in 0..3 {
        deliver(&mut story, DOWN);
    }
    assert!(matches!(
        event(&story).state,
        DeliveryState::Exhausted { .. }
    ));
    story
}

fn deliver(story: &mut JobStory, receipt: Receipt) {
    story.until_it_acts(|effect| matches!(effect, Effect::Deliver { .. }));
    story.hears(Answer::Delivered(receipt));
}

/// Whether the job's next effect is a report to the queue; the report succeeds.
fn reports(story: &mut JobStory) -> bool {
    let effect = story.may_act();
    if let Some(Effect::Report { .. }) = effect {
        story.hears(Answer::Reported(Ok(())));
    }
    matches!(effect, Some(Effect::Report { .. }))
}

fn redeliver(id: &str) -> Redeliver {
    Redeliver {
        event_id: id.to_owned(),
    }
}

fn event(story: &JobStory) -> &Delivery {
    &story.job.outbox[0]
}
