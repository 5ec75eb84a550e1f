//! Messages of the build before this one are understood, because a worker and an object may be of different builds.

use reelay::machine::queue::{Card, Standing, Terms};
use reelay::objects::messages::{JobMessage, JobReply, QueueMessage, QueueReply, WakeUp};
use serde_json::{Value, json};

#[test]
fn an_enqueue_and_a_report_without_the_newer_fields_are_read_with_what_was_meant() {
    let enqueue = serde_json::from_value(json!({ "enqueue": { "card": old_card(), "promised": true } }));
    let QueueMessage::Enqueue { card, promised: true, terms } = enqueue.expect("an old message") else {
        panic!("another message")
    };
    assert_eq!((card.upstream.as_str(), card.submits, terms), ("", 0, Terms::default()));
    assert_eq!((card.cost_micros, card.price_micros, card.submits_per_minute), (0, 0, None));
    let report = serde_json::from_value(json!({ "report": { "card": old_card() } })).expect("an old message");
    assert!(matches!(report, QueueMessage::Report { availability: None, .. }));
}

#[test]
fn a_start_that_does_not_say_when_its_job_was_made_is_taken() {
    let start: JobMessage = serde_json::from_value(json!({ "start": { "epoch": 2 } })).expect("an old message");
    assert_eq!(start, JobMessage::Start { epoch: 2, created_at: None });
}

#[test]
fn answers_without_the_newer_fields_are_read() {
    let state = json!({ "state": { "epoch": 1, "report_number": 2, "status": "processing" } });
    let state: JobReply = serde_json::from_value(state).expect("an old answer");
    assert!(matches!(state, JobReply::State { submits: 0, cost_micros: None, wake_at: None, late: false, .. }));
    let standing: Standing =
        serde_json::from_value(json!({ "position": 1, "admitted": null, "blocked_by": "concurrency" })).expect("one");
    assert_eq!(standing.estimated_start, None);
    let page: QueueReply =
        serde_json::from_value(json!({ "page": { "cards": [old_card()], "next": null } })).expect("one");
    assert!(matches!(page, QueueReply::Page { standings, .. } if standings.is_empty()));
}

#[test]
fn a_newer_builds_fields_are_passed_over() {
    let mut newer = old_card();
    newer["of_the_future"] = json!(1);
    let card: Card = serde_json::from_value(newer).expect("a newer card");
    assert_eq!(card.key.generation_id, "g_1");
}

#[test]
fn a_wake_up_names_the_job_and_its_epoch() {
    let wake_up: WakeUp = serde_json::from_value(json!({ "generationId": "g_1", "userId": "u_1" })).expect("a message");
    assert_eq!((wake_up.key().object_name().as_str(), wake_up.epoch, wake_up.created_at), ("u_1/g_1", 0, None));
    let written = serde_json::to_value(WakeUp::of(&wake_up.key(), 3, 9)).expect("JSON");
    assert_eq!(written, json!({ "generationId": "g_1", "userId": "u_1", "epoch": 3, "createdAt": 9 }));
}

fn old_card() -> Value {
    json!({
        "key": { "user_id": "u_1", "generation_id": "g_1" }, "epoch": 1, "report_number": 0, "status": "queued",
        "priority": 0, "created_at": 1, "updated_at": 1, "snapshot": "{}",
    })
}
