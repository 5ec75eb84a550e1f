//! The bytes of a file decide whether it is a video, whatever its name, transfer or address.

use crate::harness::upstream::SAMPLE;
use crate::harness::{Api, Setup, Wire, World, bucket, on_each_wire, shared, unique, until};
use std::time::Duration;

/// A download that is silent for a second is cut off here.
const IMPATIENT: (&str, &str) = ("DOWNLOAD_IDLE_MS", "1000");
/// Downloads of a file that is always wrong: one, and `MAX_RETRIES` more.
const TRIES: usize = 4;

on_each_wire! {
    a_right_video_is_stored_whatever_its_headers_say_i8,
    what_is_no_whole_video_is_fetched_again_and_then_fails_and_leaves_nothing_i8,
    what_is_no_whole_video_at_first_is_stored_once_it_is_one_i8,
}

fn a_right_video_is_stored_whatever_its_headers_say_i8(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    let marks = [
        "type:binary/octet-stream",
        "type:none",
        "type:application/mp4",
        "type:Video/MP4",
        "type:text/plain",
        "type:application/json",
        "type:image/png",
        "type:nonsense",
        "encoding:identity",
        "encoding:aws-chunked",
    ];
    for (mark, id) in marks.map(|mark| (mark, order(&user, mark))) {
        let generation = user.ends_as(&id, "completed");
        assert_eq!(generation["result"]["fileSize"], SAMPLE.len(), "{mark}");
        let object = bucket::object(&world.worker, &key(&user, &id)).expect("an object");
        assert!(object.bytes == SAMPLE, "{mark}");
        assert_eq!(object.http_metadata["contentType"], "video/mp4", "{mark}");
        assert_eq!(served_as(&user, &id), "video/mp4", "{mark}");
    }
}

/// Kinds of wrong files, each with a part of the sentence that names the fault.
const WRONG: [(&str, &str); 8] = [
    ("json", "neither an MP4 nor a WebM"),
    ("html", "neither an MP4 nor a WebM"),
    ("half", "incomplete"),
    ("no-moov", "moov"),
    ("trailing", "data after it"),
    ("empty", "empty"),
    ("gzip", "compressed"),
    ("encoding:br", "compressed"),
];

fn what_is_no_whole_video_is_fetched_again_and_then_fails_and_leaves_nothing_i8(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    for (mark, word, prompt, id) in WRONG.map(|(mark, word)| {
        let prompt = format!("{} [[download:{mark}]]", unique("never right"));
        let id = user.generate(&prompt);
        (mark, word, prompt, id)
    }) {
        let generation = user.fails_with(&id, "storage_failed");
        let sentence = generation["error"].as_str().expect("a sentence");
        assert!(sentence.contains(word), "{mark}: {sentence}");
        assert_eq!(
            world.upstream.requests("download", &prompt).len(),
            TRIES,
            "{mark}"
        );
        assert_eq!(
            world.upstream.requests("submit", &prompt).len(),
            1,
            "{mark}"
        );
        is_removed(&world, &user, &id);
    }
}

fn what_is_no_whole_video_at_first_is_stored_once_it_is_one_i8(wire: Wire) {
    let world = shared();
    let user = world.user().over(wire);
    for (mark, id) in WRONG.map(|(mark, _)| (mark, order(&user, &format!("{mark}*1")))) {
        user.ends_as(&id, "completed");
        let object = bucket::object(&world.worker, &key(&user, &id)).expect("an object");
        assert!(object.bytes == SAMPLE, "{mark}");
    }
}

#[test]
fn a_webm_is_stored_and_served_as_one_whatever_it_is_called() {
    let world = shared();
    let user = world.user();
    let id = order(&user, "webm");
    user.ends_as(&id, "completed");
    let object = bucket::object(&world.worker, &key(&user, &id)).expect("an object");
    assert_eq!(object.http_metadata["contentType"], "video/webm");
    assert_eq!(served_as(&user, &id), "video/webm");
    let path = format!("/api/generations/{id}/video");
    let head = user.send("HEAD", &path, |request| request);
    assert_eq!(
        (head.status, &head.headers["content-type"]),
        (200, &"video/webm".parse().expect("a value"))
    );
    let part = user.send("GET", &path, |request| request.header("range", "bytes=0-3"));
    assert_eq!(
        (part.status, part.body.as_slice()),
        (206, &[0x1a, 0x45, 0xdf, 0xa3][..])
    );
}

#[test]
fn a_video_within_an_answer_is_looked_at_like_any_other_and_cut_off_when_it_stalls() {
    let variables = [("VERTEX_OUTPUT", ""), IMPATIENT];
    let world = World::start_beside(&Setup {
        variables: &variables,
        ..Setup::default()
    });
    let user = world.user().over(Wire::Vertex);
    let wrong = ["json", "half", "no-moov", "trailing", "gzip"].map(|mark| order(&user, mark));
    let none = order(&user, "empty");
    let at_first = ["half*1", "no-moov*1", "stall*1", "slow:1000*1"].map(|mark| order(&user, mark));
    for id in &wrong {
        user.fails_with(id, "storage_failed");
        is_removed(&world, &user, id);
    }
    let error = user.fails_with(&none, "provider_unavailable")["error"].to_string();
    assert!(error.contains("without a video"), "{error}");
    for id in &at_first {
        user.ends_as(id, "completed");
        let object = bucket::object(&world.worker, &key(&user, id)).expect("an object");
        assert!(object.bytes == SAMPLE);
    }
    world.all_slots_are_free();
}

#[test]
fn a_download_that_stalls_or_trickles_is_let_go_of_and_tried_again() {
    let world = World::start_beside(&Setup {
        variables: &[IMPATIENT],
        ..Setup::default()
    });
    let user = world.user();
    let marks = [
        "stall*1",
        "slow:1000*1",
        "stall*1 download:bytes:20000000",
        "slow:2000*2 download:bytes:20000000",
    ];
    let mut orders = Vec::new();
    for mark in marks {
        let prompt = format!("{} [[download:{mark}]]", unique("stalls"));
        orders.push((mark, user.generate(&prompt), prompt));
    }
    for (mark, id, prompt) in orders {
        user.ends_as(&id, "completed");
        world.upstream.wait_abandoned("bytes", &prompt, 1);
        assert_eq!(
            world.upstream.requests("submit", &prompt).len(),
            1,
            "{mark}"
        );
    }
    // The job ends after its downloads were cut off, and its slot is freed.
    let ids = ["stall", "slow:1000"].map(|mark| order(&user, mark));
    for (id, word) in ids.iter().zip(["stalled", "too slow"]) {
        let generation = user.fails_with(id, "storage_failed");
        assert!(
            generation["error"]
                .as_str()
                .is_some_and(|error| error.contains(word)),
            "{generation:#}"
        );
        is_removed(&world, &user, id);
    }
    world.all_slots_are_free();
}

/// Addresses that the worker must not fetch from.
const FORBIDDEN: [&str; 10] = [
    "http://127.0.0.1:9/v.mp4",
    "https://localhost:9/v.mp4",
    "https://2130706433:9/v.mp4",
    "https://[::1]:9/v.mp4",
    "https://[::ffff:169.254.169.254]/v.mp4",
    "https://10.0.0.1/v.mp4",
    "https://metadata.google.internal/v.mp4",
    "http://cdn.example.com/v.mp4",
    "https://user:word@cdn.example.com/v.mp4",
    "ftp://cdn.example.com/v.mp4",
];

#[test]
fn an_address_of_no_public_host_fails_the_job_at_once_and_is_never_visited() {
    let world = shared();
    for wire in [Wire::Gemini, Wire::Omni] {
        let user = world.user().over(wire);
        let named = FORBIDDEN.map(|address| (format!("result:at:{address}"), 0));
        let redirected = FORBIDDEN.map(|address| (format!("download:redirect-to:{address}"), 1));
        let other = [("download:redirect-other".to_owned(), 1)];
        let mut orders = Vec::new();
        for (mark, downloads) in named.into_iter().chain(redirected).chain(other) {
            let prompt = format!("{} [[{mark}]]", unique("leads inside"));
            orders.push((user.generate(&prompt), prompt, downloads));
        }
        for (id, prompt, downloads) in orders {
            let generation = user.fails_with(&id, "storage_failed");
            let sentence = generation["error"].as_str().expect("a sentence");
            assert!(
                sentence.contains("address is not allowed"),
                "{prompt}: {sentence}"
            );
            assert!(
                !user.steps(&id).contains(&"store_failed".to_owned()),
                "{prompt}: the download is not retried"
            );
            assert_eq!(
                world.upstream.requests("download", &prompt).len(),
                downloads,
                "{prompt}"
            );
        }
    }
    let visited = world.upstream.other_host_requests();
    let file = visited.iter().find(|request| {
        request["path"]
            .as_str()
            .is_some_and(|path| path.contains("/files/"))
    });
    assert!(
        file.is_none(),
        "a file was fetched from another host: {file:?}"
    );
}

fn order(user: &Api, mark: &str) -> String {
    user.generate(&format!("{} [[download:{mark}]]", unique("a file")))
}

fn key(user: &Api, id: &str) -> String {
    format!("videos/{}/{id}/1.mp4", user.user)
}

fn served_as(user: &Api, id: &str) -> String {
    let answer = user.get(&format!("/api/generations/{id}/video"));
    assert_eq!(answer.status, 200);
    answer.headers["content-type"]
        .to_str()
        .expect("text")
        .to_owned()
}

#[track_caller]
fn is_removed(world: &World, user: &Api, id: &str) {
    until("the object is removed", Duration::from_secs(30), || {
        bucket::object(&world.worker, &key(user, id))
            .is_none()
            .then_some(())
    });
}
