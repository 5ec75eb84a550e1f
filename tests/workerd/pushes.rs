//! Google's own webhooks only cause a poll, whose answer decides.

use crate::harness::{self, Api, Setup, Wire, World, unique, until, worlds};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use std::time::Duration;

/// Polls so far apart that no test waits for one, except the first, which comes soon.
const SLOW: [(&str, &str); 2] = [("POLL_INTERVAL_MS", "60000"), ("PUBLIC_URL", "")];
const SECRET: &str = "whsec_dGhlLXVwc3RyZWFtcy1vd24td2ViaG9vay1zZWNyZXQh";
const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn a_push_signed_for_the_one_request_ends_the_wait_on_each_wire_that_has_them() {
    let world = pushed("per-request");
    for wire in [Wire::Gemini, Wire::Omni] {
        let (user, prompt) = (world.user().over(wire), unique("pushed"));
        let id = user.generate(&prompt);
        soon_completed(&user, &id);
        assert_eq!(
            world.upstream.requests("poll", &prompt).len(),
            1,
            "one poll, caused by the webhook"
        );
        assert!(
            world
                .upstream
                .pushes(&prompt)
                .iter()
                .all(|push| push["status"] == 204),
            "{wire:?}"
        );
    }
}

#[test]
fn a_push_of_a_registered_webhook_ends_the_wait_and_a_second_one_is_dropped() {
    let world = pushed(SECRET);
    world.upstream.push_to(
        &format!("{}/api/webhooks/upstream", world.worker.origin()),
        SECRET,
    );
    let (user, prompt) = (
        world.user().over(Wire::Omni),
        unique("pushed twice [[push:twice]]"),
    );
    let id = user.generate(&prompt);
    soon_completed(&user, &id);
    assert_eq!(world.upstream.requests("poll", &prompt).len(), 1);
}

#[test]
fn a_push_before_its_time_changes_nothing() {
    let world = pushed("per-request");
    let (user, prompt) = (
        world.user().over(Wire::Omni),
        unique("[[push:early render:600000]] pushed early"),
    );
    let id = user.generate(&prompt);
    until("the webhook was sent", PATIENCE, || {
        world
            .upstream
            .pushes(&prompt)
            .iter()
            .any(|push| push["status"] == 204)
            .then_some(())
    });
    assert_eq!(user.generation(&id)["status"], "processing");
    assert!(
        world.upstream.requests("poll", &prompt).len() <= 1,
        "one poll at most"
    );
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
}

#[test]
fn a_forged_or_an_old_push_is_refused_and_nothing_happens() {
    let world = pushed(SECRET);
    world.upstream.push_to(
        &format!("{}/api/webhooks/upstream", world.worker.origin()),
        SECRET,
    );
    for mark in ["push:forged", "push:old"] {
        let (user, prompt) = (
            world.user().over(Wire::Omni),
            unique(&format!("not to be believed [[{mark}]]")),
        );
        let id = user.generate(&prompt);
        let pushes = until("the webhook was sent", PATIENCE, || {
            Some(world.upstream.pushes(&prompt))
                .filter(|pushes| pushes.iter().any(|push| !push["status"].is_null()))
        });
        assert!(
            pushes.iter().all(|push| push["status"] == 401),
            "{mark}: {pushes:#?}"
        );
        assert_eq!(world.upstream.requests("poll", &prompt).len(), 0, "{mark}");
        assert_eq!(
            user.post(&format!("/api/generations/{id}/cancel")).status,
            200
        );
    }
}

#[test]
fn what_is_signed_rightly_but_is_not_ours_is_taken_and_forgotten() {
    let world = pushed(SECRET);
    let user = world.user();
    for body in [
        json!({ "type": "video.generated", "data": { "id": "x" } }),
        json!({ "type": "batch.succeeded", "user_metadata": { "userId": user.user, "generationId": "g1" } }),
        json!({ "type": "interaction.completed", "user_metadata": { "userId": user.user, "generationId": "no_such" } }),
        json!({ "type": "interaction.completed", "user_metadata": { "userId": "a/b", "generationId": "../x" } }),
        json!([]),
    ] {
        let answer = push(&user, &body.to_string(), now(), SECRET);
        assert_eq!(answer, 204, "{body}");
    }
    assert_eq!(
        push(
            &user,
            "{}",
            now(),
            "whsec_c29tZW9uZSBlbHNlJ3Mgc2VjcmV0IG9mIDMyIGJ5dGVzIQ=="
        ),
        401
    );
    assert_eq!(push(&user, "{}", now() - 301, SECRET), 401);
    assert_eq!(push(&user, &"x".repeat(65 << 10), now(), SECRET), 413);
    let unsigned = user
        .with_token(None)
        .send("POST", "/api/webhooks/upstream", |request| {
            request.json(&json!({}))
        });
    assert_eq!(unsigned.status, 401);
}

#[test]
fn without_a_secret_there_is_no_such_address() {
    let world = harness::shared();
    let user = world.user();
    assert_eq!(push(&user, "{}", now(), SECRET), 404);
}

fn pushed(secret: &str) -> worlds::Lent {
    let variables: Vec<_> = SLOW
        .into_iter()
        .chain([("UPSTREAM_WEBHOOK_SECRET", secret)])
        .collect();
    World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    })
}

#[track_caller]
fn soon_completed(user: &Api, id: &str) {
    let generation = until("the webhook was received", PATIENCE, || {
        Some(user.generation(id)).filter(|generation| generation["phase"] == "done")
    });
    assert_eq!(generation["status"], "completed", "{generation:#}");
}

/// Sends a webhook as the upstream would; returns the status.
fn push(user: &Api, body: &str, timestamp: u64, secret: &str) -> u16 {
    let key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    let id = unique("msg");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let answer = user
        .with_token(None)
        .send("POST", "/api/webhooks/upstream", |request| {
            request
                .header("content-type", "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp.to_string())
                .header("webhook-signature", signature)
                .body(body.to_owned())
        });
    answer.status
}

/// Seconds since the Unix epoch.
fn now() -> u64 {
    harness::now() / 1_000
}
