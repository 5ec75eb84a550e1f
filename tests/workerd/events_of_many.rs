//! A thousand open streams on one machine.

use crate::harness::process::resident_bytes;
use crate::harness::{Api, Setup, World, now, told, unique};
use reqwest::{Client, Response};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const JOBS: usize = 20;
const STREAMS: usize = 1_000;
/// All jobs render at once, until all streams are open.
const SETTINGS: [(&str, &str); 2] = [
    ("MAX_CONCURRENT_JOBS", "20"),
    ("UPSTREAM_TIMEOUT_MS", "120000"),
];
/// How long a live stream may be silent.
const SILENCE: Duration = Duration::from_mins(1);

#[test]
fn a_thousand_streams_are_open_at_once_and_each_sees_its_job_to_its_end() {
    // Each stream has a connection, on both sides of two processes.
    let files = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: files.maximum,
            ..files
        },
    )
    .expect("as many files as the system allows");
    let world = World::start_with(&Setup {
        variables: &SETTINGS,
        ..Setup::default()
    });
    let user = world.user();
    world.upstream.close("poll");
    let ids: Vec<String> = (0..JOBS)
        .map(|_| user.generate(&unique("watched by many")))
        .collect();
    world.upstream.wait_held("poll", "watched by many", JOBS);
    let before = memory(&world);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(watch(&world, &user, &ids, before));
    for id in &ids {
        user.ends_as(id, "completed");
    }
    world.all_slots_are_free();
}

async fn watch(world: &World, user: &Api, ids: &[String], before: [u64; 2]) {
    let began = now();
    // Streams and test meet at a barrier once all are open.
    let (open, ended) = (
        Arc::new(Barrier::new(STREAMS + 1)),
        Arc::new(AtomicUsize::new(0)),
    );
    let http = Client::builder()
        .no_proxy()
        .read_timeout(SILENCE)
        .build()
        .expect("an HTTP client");
    let mut streams = JoinSet::new();
    for id in ids.iter().cycle().take(STREAMS) {
        let request = http
            .get(user.address(&format!("/api/generations/{id}/events")))
            .bearer_auth(user.bearer());
        let (open, ended) = (open.clone(), ended.clone());
        streams.spawn(async move {
            let mut response = request.send().await.expect("the worker answers");
            assert_eq!(response.status(), 200);
            let mut text = read_until(&mut response, "\"step\":\"submitted\"").await;
            open.wait().await;
            text += &read_until(&mut response, "event: end\n").await;
            text += &read_to_its_end(&mut response).await;
            ended.fetch_add(1, Ordering::Relaxed);
            text
        });
    }
    open.wait().await;
    assert_eq!(
        ended.load(Ordering::Relaxed),
        0,
        "all are open at the same time"
    );
    let (opened_in, during) = (now() - began, memory(world));
    let went_on = now();
    tokio::task::block_in_place(|| world.upstream.open("poll"));
    while let Some(text) = streams.join_next().await {
        sees_its_job_to_the_end(&text.expect("the stream was read"));
    }
    let mebibytes = |bytes: u64| bytes / (1 << 20);
    told(&format!(
        "{STREAMS} streams of {JOBS} jobs: open after {opened_in} ms, all ended {} ms after their jobs went on; resident \
         memory of both workerds, of which one is the local proxy: {:?} MiB before, {:?} MiB with them",
        now() - went_on,
        before.map(mebibytes),
        during.map(mebibytes),
    ));
}

/// Bytes of the two processes, the larger one first.
fn memory(world: &World) -> [u64; 2] {
    let mut each: Vec<u64> = world
        .worker
        .workerds()
        .iter()
        .map(|pid| resident_bytes(&[*pid]))
        .collect();
    each.sort_unstable_by(|one, other| other.cmp(one));
    <[u64; 2]>::try_from(each).expect("wrangler runs two")
}

fn sees_its_job_to_the_end(text: &str) {
    let ids: Vec<usize> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: ")?.parse().ok())
        .collect();
    assert_eq!(
        ids,
        (1..=ids.len()).collect::<Vec<_>>(),
        "no step is missing or repeated: {text}"
    );
    assert!(text.contains("\"step\":\"completed\""), "{text}");
    assert!(
        text.ends_with("event: end\ndata: {\"status\":\"completed\"}\n\n"),
        "{text}"
    );
}

async fn read_until(response: &mut Response, sought: &str) -> String {
    let mut text = String::new();
    while !text.contains(sought) {
        let chunk = response
            .chunk()
            .await
            .expect("the stream is not cut off")
            .expect("the stream goes on");
        text += std::str::from_utf8(&chunk).expect("text");
    }
    text
}

async fn read_to_its_end(response: &mut Response) -> String {
    let mut text = String::new();
    while let Some(chunk) = response.chunk().await.expect("the stream is not cut off") {
        text += std::str::from_utf8(&chunk).expect("text");
    }
    text
}
