//! A video larger than the worker's memory passes through it.
//!
//! The measured size is that of whole processes, in which the platform's development R2 moves the
//! bytes too and leaves garbage. To measure what is held, and not what is yet to be collected,
//! workerd collects often here, and small videos with as many bytes have passed through before. A
//! worker that held the video would still grow by all of it.

use crate::harness::process::resident_bytes;
use crate::harness::upstream::follows_pattern;
use crate::harness::{World, unique, until};
use std::io::Write as _;
use std::time::Duration;

const MIB: u64 = 1 << 20;
const SIZE: u64 = 200 * MIB;
/// How much more memory workerd may hold during the transfer than before.
const GROWTH: u64 = 64 * MIB;
/// The small videos before it.
const WARM_UP: [u64; 4] = [25 * MIB; 4];
/// Makes workerd collect its garbage often.
pub(crate) const COLLECT_OFTEN: (&str, &str) = (
    "MINIFLARE_WORKERD_V8_FLAGS",
    "--gc-global --gc-interval=1000",
);

#[test]
fn two_hundred_megabytes_pass_through_less_than_64_of_memory() {
    let world = World::start_in(&[], &[COLLECT_OFTEN]);
    let user = world.user();
    for size in WARM_UP {
        user.ends_as(
            &user.generate(&format!("{} [[download:bytes:{size}]]", unique("small"))),
            "completed",
        );
    }
    let before = resident_bytes(&world.worker.workerds());
    let prompt = format!("{} [[download:bytes:{SIZE}]]", unique("large"));
    let id = user.generate(&prompt);
    world.upstream.wait("bytes", &prompt, 1);
    let (mut most, mut samples) = (before, 0_u32);
    until(
        "the app gets the event of the large video",
        Duration::from_mins(2),
        || {
            most = most.max(resident_bytes(&world.worker.workerds()));
            samples += 1;
            Some(()).filter(|()| !world.upstream.inbox(&id).is_empty())
        },
    );
    let generation = user.ends_as(&id, "completed");
    let growth = most - before;
    // Printed directly: the test runner hides the output of a test that passes.
    writeln!(
        std::io::stderr(),
        "{} MiB passed through workerd: {} MiB resident before, at most {} MiB during it, {} MiB more ({samples} samples)",
        SIZE / MIB,
        before / MIB,
        most / MIB,
        growth / MIB,
    )
    .expect("standard error can be written");
    assert!(samples > 10, "the transfer was watched");
    assert!(growth < GROWTH, "{} MiB more", growth / MIB);
    assert_eq!(generation["result"]["fileSize"], SIZE);
    for first in [0, 77 * MIB + 13, SIZE - 1_000] {
        let range = format!("bytes={first}-{}", first + 999);
        let path = format!("/api/generations/{id}/video");
        let part = user.send("GET", &path, |request| request.header("range", range));
        assert_eq!(part.status, 206);
        assert!(
            part.body.len() == 1_000 && follows_pattern(&part.body, first),
            "the bytes from {first} on"
        );
    }
}
