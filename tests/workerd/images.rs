//! An order's images: stored in R2, sent upstream, and deleted when they can no longer be needed.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, Wire, World, bucket, exclusive, on_each_wire, shared, unique, until};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// One pixel.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PATIENCE: Duration = Duration::from_secs(30);

on_each_wire! {
    an_image_reaches_the_upstream_and_is_gone_once_the_video_is_there,
    a_large_image_passes_and_the_order_is_echoed_without_it,
    killed_before_the_submit_the_image_is_still_there,
}

fn an_image_reaches_the_upstream_and_is_gone_once_the_video_is_there(wire: Wire) {
    let world = shared();
    let (user, prompt) = (world.user().over(wire), unique("an image moves"));
    let generation = ordered(&user, &prompt, &json!({ "image": image(PNG) }));
    let id = generation["generationId"].as_str().expect("an id");
    user.ends_as(id, "completed");
    let submits = world.upstream.requests("submit", &prompt);
    assert_eq!(submits.len(), 1, "{submits:#?}");
    let body: Value =
        serde_json::from_str(submits[0]["body"].as_str().expect("a body")).expect("JSON");
    let sent = match wire {
        Wire::Gemini | Wire::Vertex => body.pointer("/instances/0/image/bytesBase64Encoded"),
        Wire::Omni => body.pointer("/input/0/content/1/data"),
    };
    assert_eq!(sent, Some(&json!(PNG)), "{body:#}");
    until("no image is left", PATIENCE, || {
        images(&world, &user, id).is_empty().then_some(())
    });
    assert!(user.get(&format!("/api/generations/{id}/video")).body == SAMPLE);
}

fn a_large_image_passes_and_the_order_is_echoed_without_it(wire: Wire) {
    const SIZE: usize = 7 << 20;
    // Not the shared world, where an upstream call times out soon.
    let world = exclusive();
    let (user, prompt) = (world.user().over(wire), unique("a large image moves"));
    let mut bytes = STANDARD.decode(PNG).expect("base64");
    bytes.resize(SIZE, 7);
    let generation = ordered(
        &user,
        &prompt,
        &json!({ "image": image(&STANDARD.encode(bytes)), "mine": "kept" }),
    );
    let id = generation["generationId"].as_str().expect("an id");
    let shown = user.ends_as(id, "completed");
    let echoed = json!({ "image": { "mimeType": "image/png", "size": SIZE }, "mine": "kept" });
    assert_eq!(shown["parameters"], echoed);
    let submits = world.upstream.requests("submit", &prompt);
    assert!(
        submits[0]["bodyBytes"].as_u64() > Some(9 << 20),
        "{}",
        submits[0]["bodyBytes"]
    );
}

fn killed_before_the_submit_the_image_is_still_there(wire: Wire) {
    let world = exclusive();
    let user = world.user().over(wire);
    world.upstream.close("poll");
    let holders: Vec<String> = (0..3)
        .map(|_| user.generate(&unique("holds a slot")))
        .collect();
    world.upstream.wait_held("poll", "holds a slot", 3);
    let prompt = unique("an image waits");
    let generation = ordered(&user, &prompt, &json!({ "image": image(PNG) }));
    let id = generation["generationId"].as_str().expect("an id");
    assert_eq!(
        images(&world, &user, id).len(),
        1,
        "the image is kept in R2"
    );
    world.worker.kill();
    world.upstream.wait_abandoned("poll", "holds a slot", 3);
    world.upstream.open("poll");
    world.worker.restart();
    for id in holders.iter().map(String::as_str).chain([id]) {
        user.ends_as(id, "completed");
    }
    assert!(
        world.upstream.requests("submit", &prompt)[0]["body"]
            .as_str()
            .is_some_and(|body| body.contains(PNG))
    );
}

#[test]
fn what_is_refused_leaves_no_image_behind() {
    let world = shared();
    let user = world.user();
    let id = unique("refused_with_image");
    let order = |prompt: &str| json!({ "generationId": id, "prompt": prompt, "parameters": { "image": image(PNG) } });
    // A failed order keeps its image for a retry.
    let first = format!("{} [[submit:400-safety]]", unique("kept"));
    assert_eq!(user.create(&order(&first)).status, 201);
    user.fails_with(&id, "provider_rejected_content");
    assert_eq!(images(&world, &user, &id).len(), 1);
    let conflict = user.create(&order("another prompt"));
    assert_eq!(conflict.status, 422, "{}", conflict.text());
    assert_eq!(
        images(&world, &user, &id).len(),
        1,
        "nothing of the second order is stored"
    );
    let mut bad = order("not an image");
    bad["parameters"]["image"]["data"] = json!("bm90IGFuIGltYWdl");
    let refused = user.create(&bad);
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["pointer"]),
        (400, &json!("/parameters/image/data"))
    );
}

fn image(data: &str) -> Value {
    json!({ "mimeType": "image/png", "data": data })
}

#[track_caller]
fn ordered(user: &Api, prompt: &str, parameters: &Value) -> Value {
    let order =
        json!({ "prompt": prompt, "provider": user.wire.provider(), "parameters": parameters });
    let answer = user.create(&order);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// The keys of an order's images in the bucket.
fn images(world: &World, user: &Api, id: &str) -> Vec<String> {
    bucket::keys(&world.worker, &format!("inputs/{}/{id}/", user.user))
}
