//! The contents of the bucket, read from R2's own files and not through the worker (I8).

use crate::harness::upstream::{SAMPLE, follows_pattern};
use crate::harness::{Api, World, bucket, exclusive, shared, unique, until};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_bucket_holds_the_upstreams_bytes_under_the_attempts_key_i8() {
    let world = shared();
    let user = world.user();
    let id = user.generate(&unique("into the bucket"));
    let generation = user.ends_as(&id, "completed");
    let object = bucket::object(&world.worker, &key(&user, &id, 1)).expect("an object");
    assert!(
        object.bytes == SAMPLE,
        "{} bytes of {}",
        object.bytes.len(),
        SAMPLE.len()
    );
    assert_eq!(object.http_metadata["contentType"], "video/mp4");
    let expected = json!({ "generationId": id, "userId": user.user, "model": generation["model"], "attempt": "1" });
    assert_eq!(object.custom_metadata, expected);
}

#[test]
fn a_video_without_a_known_length_is_put_together_from_equal_parts_i8() {
    const SIZE: usize = 20_000_000;
    let world = shared();
    let user = world.user();
    let id = user.generate(&format!(
        "{} [[download:chunked download:bytes:{SIZE}]]",
        unique("in parts")
    ));
    user.ends_as(&id, "completed");
    let object = bucket::object(&world.worker, &key(&user, &id, 1)).expect("an object");
    assert_eq!(object.bytes.len(), SIZE);
    assert!(follows_pattern(&object.bytes, 0));
    assert_eq!(object.http_metadata["contentType"], "video/mp4");
}

#[test]
fn nothing_of_a_video_cancelled_while_storing_stays_in_the_bucket_i8() {
    let world = exclusive();
    let (user, prompt) = (world.user(), unique("cancelled halfway"));
    world.upstream.close("bytes");
    let id = user.generate(&prompt);
    world.upstream.wait_held("bytes", &prompt, 1);
    assert_eq!(
        user.post(&format!("/api/generations/{id}/cancel")).status,
        200
    );
    world.upstream.open("bytes");
    user.ends_as(&id, "cancelled");
    is_removed(&world, &key(&user, &id, 1));

    assert_eq!(
        user.post(&format!("/api/generations/{id}/retry")).status,
        200
    );
    user.ends_as(&id, "completed");
    assert!(
        bucket::object(&world.worker, &key(&user, &id, 2))
            .is_some_and(|object| object.bytes == SAMPLE)
    );
    assert!(
        bucket::object(&world.worker, &key(&user, &id, 1)).is_none(),
        "the first attempt's video is not in the bucket"
    );
}

#[test]
fn nothing_of_a_download_that_never_worked_stays_in_the_bucket_i8() {
    let world = shared();
    let user = world.user();
    let marks = [
        "download:truncated",
        "download:empty",
        "download:truncated download:bytes:20000000",
    ];
    let ids = marks.map(|mark| user.generate(&format!("{} [[{mark}]]", unique("never whole"))));
    for id in &ids {
        user.fails_with(id, "storage_failed");
        is_removed(&world, &key(&user, id, 1));
    }
}

#[test]
fn a_deleted_video_is_gone_from_the_bucket_and_its_generation_stays_completed_i8() {
    let world = shared();
    let user = world.user();
    let id = user.generate(&unique("to be deleted"));
    let generation = user.ends_as(&id, "completed");
    let url = generation["result"]["videoUrl"]
        .as_str()
        .expect("a signed address");
    assert!(bucket::object(&world.worker, &key(&user, &id, 1)).is_some());

    let deleted = user.send("DELETE", &format!("/api/storage/videos/{id}"), |request| {
        request
    });
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    assert_eq!(
        (
            user.get(url).status,
            user.generation(&id)["status"].as_str()
        ),
        (404, Some("completed"))
    );
    is_removed(&world, &key(&user, &id, 1));
    assert_eq!(user.get("/api/storage/videos").json()["videos"], json!([]));
    assert_eq!(world.upstream.inbox(&id).len(), 1, "no second event (I5)");
}

fn key(user: &Api, id: &str, attempt: u32) -> String {
    format!("videos/{}/{id}/{attempt}.mp4", user.user)
}

#[track_caller]
fn is_removed(world: &World, key: &str) {
    until("the object is removed", Duration::from_secs(30), || {
        bucket::object(&world.worker, key).is_none().then_some(())
    });
}
