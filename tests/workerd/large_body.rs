//! A body far over the limit is neither held in memory nor stored.

use crate::harness::process::resident_bytes;
use crate::harness::{World, unique};
use crate::large_video::COLLECT_OFTEN;
use reqwest::blocking::Body;
use serde_json::json;
use std::io::{Read, Write};

const MIB: u64 = 1 << 20;
const SIZE: u64 = 100 * MIB;
/// How much workerd may grow. A worker that read the body would grow by all of it, and wasm never
/// gives memory back.
const GROWTH: u64 = 64 * MIB;

#[test]
fn bodies_of_a_hundred_megabytes_are_refused_without_being_held() {
    let world = World::start_in(&[], &[COLLECT_OFTEN]);
    let user = world.user();
    let post = |body: Body| {
        user.send("POST", "/api/generations", |request| {
            request
                .header("content-type", "application/json")
                .body(body)
        })
    };
    // First the largest body that is read, so that its memory is already allocated.
    assert_eq!(post(" ".repeat(10 << 20).into()).status, 400);
    let workerds = world.worker.workerds();
    let before = resident_bytes(&workerds);
    for announced in [true, false] {
        let spaces = std::io::repeat(b' ').take(SIZE);
        let answer = post(if announced {
            Body::sized(spaces, SIZE)
        } else {
            Body::new(spaces)
        });
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (413, "application/problem+json"),
            "{}",
            answer.text()
        );
        assert_eq!(answer.json()["code"], "payload_too_large");
    }
    let growth = resident_bytes(&workerds).saturating_sub(before);
    // Printed directly: the test runner hides the output of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "two bodies of {} MiB: workerd {} MiB before, {} MiB more",
        SIZE / MIB,
        before / MIB,
        growth / MIB
    );
    assert!(growth < GROWTH, "{} MiB more", growth / MIB);
    assert_eq!(
        user.get("/api/generations").json()["data"],
        json!([]),
        "the refused order was not stored"
    );
    user.ends_as(
        &user.generate(&unique("as if nothing had happened")),
        "completed",
    );
}
