//! The queue's list of the jobs' events: always the newest known state, whatever the order in which
//! the messages arrive.

use crate::queue_story::{MISSING, QueueStory, asking, key, said, state, summary, told};
use reelay::machine::Status;
use reelay::machine::delivery::{DeliveryState, DeliverySummary, EventKind};
use reelay::machine::job::State;
use reelay::machine::lease::WATCH;
use reelay::machine::queue::{Heard, Question, Redelivered, RedeliveredEvent, Stage, Summary};
use reelay::time::Millis;

const PENDING: DeliveryState = DeliveryState::Pending { next_at: 0 };
const DELIVERED: DeliveryState = DeliveryState::Delivered { at: 7 };
const EXHAUSTED: DeliveryState = DeliveryState::Exhausted { at: 9 };

#[test]
fn a_report_and_an_answer_bring_the_events_and_older_words_of_them_change_nothing() {
    let mut story = ended();
    says(&mut story, vec![event(0, 0, PENDING)]);
    assert_eq!(listed(&story), [event(0, 0, PENDING)]);
    says(&mut story, vec![event(0, 8, EXHAUSTED)]);
    assert_eq!(listed(&story), [event(0, 8, EXHAUSTED)]);
    story.report(Summary {
        report_number: 2,
        deliveries: vec![event(0, 3, PENDING)],
        ..end()
    });
    assert_eq!(
        listed(&story),
        [event(0, 8, EXHAUSTED)],
        "a stale report changes nothing"
    );
    says(&mut story, vec![event(1, 8, PENDING)]);
    says(&mut story, vec![event(0, 8, EXHAUSTED)]);
    assert_eq!(
        listed(&story),
        [event(1, 8, PENDING)],
        "the newer redelivery counts"
    );
    story.report(Summary {
        report_number: 2,
        deliveries: vec![event(1, 9, DELIVERED)],
        ..end()
    });
    assert_eq!(
        listed(&story),
        [event(1, 9, DELIVERED)],
        "a report that changes nothing else still updates the event"
    );
}

#[test]
fn a_new_attempts_enqueue_tells_what_the_report_before_it_would_have() {
    let mut story = ended();
    let again = Summary {
        deliveries: vec![event(0, 8, EXHAUSTED)],
        ..told("job", 2, 3, Status::Queued)
    };
    story.enqueue(again);
    assert_eq!(listed(&story), [event(0, 8, EXHAUSTED)]);
}

#[test]
fn the_card_of_an_entry_keeps_no_events() {
    let story = ended();
    assert!(story.entry("job").unwrap().summary.deliveries.is_empty());
}

#[test]
fn events_go_with_their_job() {
    let mut story = ended();
    story.hears("job", 1, said(1, 2, Status::Completed, None));
    story.mark_for_deletion(Millis::MAX);
    story.takes(Heard {
        ask: asking("job", 1, Question::Delete),
        said: MISSING,
    });
    assert!(listed(&story).is_empty() && story.entry("job").is_none());
}

#[test]
fn events_of_a_job_that_is_gone_are_pending_for_nobody() {
    let mut story = ended();
    story.hears("job", 1, MISSING);
    assert_eq!(
        (listed(&story), story.stage("job")),
        (Vec::new(), Stage::Ended)
    );
}

#[test]
fn a_job_made_anew_under_the_name_has_events_of_its_own() {
    let mut story = ended();
    story.hears("job", 1, said(1, 2, Status::Completed, None));
    story.enqueue(Summary {
        created_at: 5,
        ..summary("job", 0)
    });
    assert!(listed(&story).is_empty());
}

#[test]
fn a_job_that_is_about_to_tell_the_app_is_looked_after_until_it_says_that_nothing_is_left_i2() {
    let mut story = ended();
    assert_eq!(
        story.stage("job"),
        Stage::Watched {
            until: story.now + WATCH
        }
    );
    story.report(Summary {
        report_number: 3,
        ..settled()
    });
    assert_eq!((story.stage("job"), story.wake_at), (Stage::Ended, None));
    assert_eq!(listed(&story), [event(0, 1, DELIVERED)]);
}

#[test]
fn an_event_is_listed_from_the_first_report_on_with_what_came_of_it() {
    let mut story = ended();
    assert_eq!(listed(&story), [event(0, 0, PENDING)]);
    let again = DeliveryState::Pending { next_at: story.now };
    story.report(Summary {
        report_number: 3,
        deliveries: vec![event(0, 1, again)],
        ..end()
    });
    assert_eq!(listed(&story), [event(0, 1, again)]);
}

#[test]
fn an_event_that_waits_for_its_first_attempt_is_listed() {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    let later = DeliveryState::Pending {
        next_at: story.now + 60_000,
    };
    story.report(Summary {
        deliveries: vec![event(0, 0, later)],
        ..end()
    });
    assert_eq!(listed(&story), [event(0, 0, later)]);
}

#[test]
fn that_nothing_is_left_does_not_count_of_a_job_that_has_gone_on_since_i2() {
    let mut story = ended();
    story.report(Summary {
        report_number: 3,
        ..end()
    });
    let watched = story.stage("job");
    story.report(settled());
    assert_eq!(
        story.stage("job"),
        watched,
        "the notice is older than the last report"
    );
    story.enqueue(told("job", 2, 4, Status::Queued));
    story.report(settled());
    assert!(matches!(story.stage("job"), Stage::Held(_)));
}

#[test]
fn what_came_of_a_redelivery_is_listed_at_once_and_its_job_is_looked_after_i2() {
    let mut story = ended();
    says(&mut story, vec![event(0, 8, EXHAUSTED)]);
    assert_eq!(story.stage("job"), Stage::Ended);
    story.takes(redelivered(Some(event(1, 8, PENDING))));
    assert_eq!(listed(&story), [event(1, 8, PENDING)]);
    assert_eq!(
        story.stage("job"),
        Stage::Watched {
            until: story.now + WATCH
        }
    );
}

#[test]
fn an_event_that_turns_out_to_be_gone_is_listed_no_longer() {
    let mut story = ended();
    story.takes(redelivered(None));
    assert!(listed(&story).is_empty());
    story.takes(redelivered(Some(event(1, 8, PENDING))));
    assert!(
        listed(&story).is_empty(),
        "a late update does not bring it back"
    );
}

#[test]
fn that_nothing_is_left_does_not_count_of_a_job_whose_event_is_sent_again_since_i2() {
    let mut story = ended();
    says(&mut story, vec![event(0, 1, DELIVERED)]);
    story.takes(redelivered(Some(event(1, 1, PENDING))));
    story.report(settled());
    assert_eq!(
        story.stage("job"),
        Stage::Watched {
            until: story.now + WATCH
        }
    );
}

/// A job that has ended and is about to deliver its event.
fn ended() -> QueueStory {
    let mut story = QueueStory::with_slots(1);
    story.enqueue(summary("job", 0));
    story.report(end());
    story
}

/// The last event is delivered, so nothing is left to do.
fn settled() -> Summary {
    Summary {
        settled: true,
        deliveries: vec![event(0, 1, DELIVERED)],
        ..end()
    }
}

fn end() -> Summary {
    Summary {
        deliveries: vec![event(0, 0, PENDING)],
        ..told("job", 1, 2, Status::Completed)
    }
}

/// The job answers a check: nothing is left to do.
fn says(story: &mut QueueStory, events: Vec<DeliverySummary>) {
    let said = State {
        deliveries: events,
        ..state(1, 2, Status::Completed, None)
    };
    story.hears("job", 1, Ok(Some(said)));
}

fn redelivered(delivery: Option<DeliverySummary>) -> Redelivered {
    Redelivered {
        events: vec![RedeliveredEvent {
            key: key("job"),
            event_id: "msg_1".to_owned(),
            delivery,
        }],
    }
}

fn event(redeliveries: u32, attempts: u32, state: DeliveryState) -> DeliverySummary {
    let last_status = (attempts > 0).then_some(503);
    let (id, kind) = ("msg_1".to_owned(), EventKind::Completed);
    DeliverySummary {
        id,
        kind,
        created_at: 1,
        attempts,
        last_status,
        state,
        redeliveries,
    }
}

fn listed(story: &QueueStory) -> Vec<DeliverySummary> {
    story
        .rows
        .deliveries
        .values()
        .map(|(_, summary)| summary.clone())
        .collect()
}
