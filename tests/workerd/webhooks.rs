//! Every kind of failure of the app's receiver.

use crate::harness::{Lent, Setup, World, exclusive, unique, until};
use serde_json::Value;
use std::time::Duration;

/// How many attempts `WEBHOOK_RETRY_SECONDS` allows.
const ATTEMPTS: usize = 5;
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_receiver_that_is_down_for_three_attempts_gets_the_same_event_once_it_is_up_i5() {
    let (_world, deliveries, steps) = told("fail-first:3");
    assert_eq!(answers(&deliveries), [500, 500, 500, 200]);
    assert_eq!(count(&steps, "webhook_delivered"), 1, "{steps:?}");
}

#[test]
fn a_receiver_that_stays_down_exhausts_the_event_and_the_job_stays_completed_i5() {
    let (_world, deliveries, steps) = told("status:500");
    assert_eq!(answers(&deliveries), [500; ATTEMPTS]);
    assert_eq!(
        (
            count(&steps, "webhook_failed"),
            count(&steps, "webhook_exhausted")
        ),
        (ATTEMPTS - 1, 1),
        "{steps:?}"
    );
    assert_eq!(count(&steps, "webhook_delivered"), 0, "{steps:?}");
}

#[test]
fn a_receiver_that_says_gone_is_left_alone() {
    let (_world, deliveries, steps) = told("status:410");
    assert_eq!(answers(&deliveries), [410]);
    assert_eq!(count(&steps, "webhook_exhausted"), 1, "{steps:?}");
}

#[test]
fn a_redirect_of_the_receiver_is_never_followed() {
    let (world, deliveries, _) = told("redirect");
    assert_eq!(answers(&deliveries), [307; ATTEMPTS]);
    let elsewhere = world.upstream.other_host_requests();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[test]
fn a_receiver_that_takes_the_event_and_loses_its_answer_hears_it_again_i5() {
    let (_world, deliveries, steps) = told("commit-then-reset");
    assert_eq!(deliveries.len(), ATTEMPTS);
    assert_eq!(count(&steps, "webhook_exhausted"), 1, "{steps:?}");
}

#[test]
fn a_receiver_whose_answer_never_ends_has_taken_the_event() {
    let (_world, deliveries, steps) = told("endless");
    assert_eq!(answers(&deliveries), [200]);
    assert_eq!(count(&steps, "webhook_delivered"), 1, "{steps:?}");
}

#[test]
fn a_retry_after_in_any_form_and_on_any_failure_is_honoured_up_to_twice_the_step() {
    const STEP: i64 = 100_000;
    let variables = [("WEBHOOK_RETRY_SECONDS", "0,100")];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    let user = world.user();
    for (mode, wait) in [
        ("status:503:150", 150_000),
        ("status:429:86400", 2 * STEP),
        ("status:500:1", STEP),
        ("status:302:120", 120_000),
        ("status:503:Wed, 21 Oct 2099 07:28:00 GMT", 2 * STEP),
        ("status:429:Wed, 21 Oct 2015 07:28:00 GMT", STEP),
    ] {
        world.upstream.inbox_mode(mode);
        let id = user.generate(&unique("told later"));
        let event = until("the first attempt was made", PATIENCE, || {
            let events = user
                .get(&format!("/api/generations/{id}/deliveries"))
                .json();
            Some(events["deliveries"][0].clone()).filter(|event| event["attempts"] == 1)
        });
        let timeline = user.timeline(&id);
        let failed = timeline["timeline"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|step| step["step"] == "webhook_failed");
        let failed = failed.unwrap_or_else(|| panic!("{mode}: {timeline:#}"));
        let waits = millis(&event["nextAttemptAt"]) - millis(&failed["at"]);
        assert_eq!(waits, wait, "{mode}: {event:#}");
    }
}

fn millis(time: &Value) -> i64 {
    let text = time.as_str().expect("a time");
    chrono::DateTime::parse_from_rfc3339(text)
        .expect("a time")
        .timestamp_millis()
}

/// Delivers one completed generation to an inbox in this mode: the attempts and the job's steps.
/// Every attempt has the same id and body, and its own valid signature.
fn told(mode: &str) -> (Lent, Vec<Value>, Vec<String>) {
    let world = exclusive();
    let user = world.user();
    world.upstream.inbox_mode(mode);
    let id = user.generate(&unique("told"));
    user.ends_as(&id, "completed");
    let deliveries = world.upstream.only_event(&id, "generation.completed");
    let steps = user.steps(&id);
    (world, deliveries, steps)
}

fn answers(deliveries: &[Value]) -> Vec<u64> {
    deliveries
        .iter()
        .filter_map(|delivery| delivery["answered"].as_u64())
        .collect()
}

fn count(steps: &[String], step: &str) -> usize {
    steps.iter().filter(|own| *own == step).count()
}
