//! A user cancels in each phase, and retries.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, World, exclusive, unique};
use serde_json::json;

#[test]
fn cancelled_while_queued_nothing_is_ever_submitted_i8() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("cancelled while queued"));
    world.upstream.close("submit");
    let holders: Vec<String> = (0..3)
        .map(|_| user.generate(&unique("holds a slot")))
        .collect();
    world.upstream.wait_held("submit", "holds a slot", 3);
    let id = user.generate(&prompt);
    cancels(&user, &id);
    world.upstream.open("submit");
    for holder in &holders {
        user.ends_as(holder, "completed");
    }
    stays_cancelled(&world, &user, &id);
    assert_eq!(world.upstream.requests("submit", &prompt).len(), 0);
}

#[test]
fn cancelled_while_rendering_the_video_is_never_fetched_i8() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("cancelled while rendering"));
    world.upstream.close("poll");
    let id = user.generate(&prompt);
    world.upstream.wait_held("poll", &prompt, 1);
    cancels(&user, &id);
    world.upstream.open("poll");
    stays_cancelled(&world, &user, &id);
    assert_eq!(world.upstream.requests("download", &prompt).len(), 0);
    assert_eq!(world.upstream.paid(&prompt).len(), 1);
}

#[test]
fn cancelled_while_storing_nothing_of_the_video_stays_i8() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("cancelled while storing"));
    world.upstream.close("bytes");
    let id = user.generate(&prompt);
    world.upstream.wait_held("bytes", &prompt, 1);
    cancels(&user, &id);
    world.upstream.open("bytes");
    stays_cancelled(&world, &user, &id);
}

#[test]
fn a_retry_is_a_second_attempt_that_completes_and_is_told_i3_i4() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("tried again"));
    world.upstream.close("poll");
    let id = user.generate(&prompt);
    world.upstream.wait_held("poll", &prompt, 1);
    cancels(&user, &id);
    world.upstream.open("poll");
    stays_cancelled(&world, &user, &id);
    let answer = user.post(&format!("/api/generations/{id}/retry"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let generation = user.ends_as(&id, "completed");
    assert_eq!(generation["attempts"], 2, "{generation:#}");
    assert_eq!(
        world.upstream.paid(&prompt).len(),
        2,
        "each attempt is paid for once"
    );
    let events: Vec<_> = world
        .upstream
        .inbox(&id)
        .into_iter()
        .map(|delivery| delivery["event"].clone())
        .collect();
    assert_eq!(
        events,
        [json!("generation.cancelled"), json!("generation.completed")]
    );
    let video = user.get(&format!("/api/generations/{id}/video"));
    assert!(
        video.status == 200 && video.body == SAMPLE,
        "{} with {} bytes",
        video.status,
        video.body.len()
    );
    let again = user.post(&format!("/api/generations/{id}/retry"));
    assert_eq!(
        (again.status, again.json()["code"].as_str()),
        (409, Some("not_retryable"))
    );
    let late = user.post(&format!("/api/generations/{id}/cancel"));
    assert_eq!(
        (late.status, late.json()["code"].as_str()),
        (409, Some("already_ended"))
    );
}

#[track_caller]
fn cancels(user: &Api, id: &str) {
    let answer = user.post(&format!("/api/generations/{id}/cancel"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.json()["status"],
        "cancelled",
        "immediately: {}",
        answer.text()
    );
}

/// The job is done, with one event and no video.
#[track_caller]
fn stays_cancelled(world: &World, user: &Api, id: &str) {
    let generation = user.ends_as(id, "cancelled");
    assert_eq!(generation["errorCode"], "cancelled");
    let deliveries = world.upstream.only_event(id, "generation.cancelled");
    assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    assert_eq!(
        user.get(&format!("/api/generations/{id}/video")).status,
        404
    );
}
