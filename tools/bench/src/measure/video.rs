//! How fast a video gets from the upstream into R2, and how much memory that takes.

use super::runs;
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::Spread;
use crate::upstream::{API_KEY, Upstream};
use crate::worker::{Kind, Stage, Worker};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The size of a video in megabytes (10⁶ bytes), and how many videos a run stores.
const SIZES: [(u64, usize); 3] = [(1, 20), (20, 8), (200, 3)];
const MEGABYTE: u64 = 1_000_000;
/// The render is polled soon.
const SETTINGS: [(&str, &str); 1] = [("POLL_INTERVAL_MS", "100")];
/// How often memory is measured.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Series {
    reelay: Vec<f64>,
    plain: Vec<f64>,
    reelay_memory: Vec<f64>,
    plain_memory: Vec<f64>,
}

pub(crate) async fn measure() -> Section {
    let mut all: Vec<Series> = SIZES.iter().map(|_| Series::default()).collect();
    for run in 1..=runs() {
        progress::run(run, runs());
        for ((megabytes, count), series) in SIZES.iter().zip(&mut all) {
            series.take(*megabytes, *count).await;
        }
    }
    let mut table = Table::new(&[
        "video",
        "Reelay, MB/s",
        "plain put, MB/s",
        "Reelay ÷ plain",
        "memory, Reelay",
        "memory, plain put",
    ]);
    let mut goals = Vec::new();
    for ((megabytes, _), series) in SIZES.iter().zip(&all) {
        let ratio = Spread::of_ratios(&series.reelay, &series.plain);
        table.row([
            format!("{megabytes} MB"),
            Spread::of(&series.reelay).show(0),
            Spread::of(&series.plain).show(0),
            format!("{} ×", ratio.show(2)),
            format!("+{} MB", Spread::of(&series.reelay_memory).show(0)),
            format!("+{} MB", Spread::of(&series.plain_memory).show(0)),
        ]);
        goals.push(Goal {
            aim: format!("{megabytes} MB: at least 0.95 × the plain put"),
            found: format!("{} ×", ratio.show(2)),
            met: ratio.median >= 0.95,
            reason: "The intent to store is durable before the download starts. After \
                     the put, Reelay reads the object's size and a few short parts of it from \
                     R2, to check that the video is complete. This takes as long for a small \
                     video as for a large one."
                .to_owned(),
        });
    }
    Section {
        title: "Video",
        method: "From the poll that found the render done until the job knows that its \
                 video is stored, by the job's timeline. Compared with a worker that only calls \
                 `R2.put(key, response.body)` with the same file from the same upstream, by its \
                 own clock. Memory is the greatest increase of the runtime's resident memory, \
                 including its local R2."
            .to_owned(),
        table,
        goals,
    }
}

impl Series {
    async fn take(&mut self, megabytes: u64, count: usize) {
        let upstream = Upstream::start(&[]);
        let stage = Stage::new(Kind::Reelay, false);
        let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
        let bytes = megabytes * MEGABYTE;
        // The first video warms the worker up and is not measured.
        store(&worker, &upstream, 0, bytes).await;
        let (took, grown) = watched(&worker, async {
            let mut took = 0.0;
            for index in 1..=count {
                took += store(&worker, &upstream, index, bytes).await;
            }
            took
        })
        .await;
        let rate = |took: f64| (megabytes * count as u64) as f64 * 1_000.0 / took;
        self.reelay.push(rate(took));
        self.reelay_memory.push(grown);
        let files: Vec<String> = upstream
            .operations()
            .await
            .into_iter()
            .map(|operation| operation.file)
            .collect();
        drop(worker);
        drop(stage);
        let stage = Stage::new(Kind::Peer("plain-put"), false);
        let worker = stage.start(&[]);
        put(&worker, &upstream, &files[0]).await;
        let (took, grown) = watched(&worker, async {
            let mut took = 0.0;
            for file in &files[1..] {
                took += put(&worker, &upstream, file).await;
            }
            took
        })
        .await;
        self.plain.push(rate(took));
        self.plain_memory.push(grown);
    }
}

/// Orders a video that Reelay stores; returns the time in milliseconds.
async fn store(worker: &Worker, upstream: &Upstream, index: usize, bytes: u64) -> f64 {
    let prompt = format!("A boat, {index}. [[render:0 download:bytes:{bytes}]]");
    let before = upstream.counts().await.inbox;
    let id = reelay::order(worker, "user", &prompt).await;
    while upstream.counts().await.inbox == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let timeline = reelay::timeline(worker, "user", &id).await;
    let at = |step: &str| {
        let found = timeline.iter().find(|(name, _)| name == step);
        found
            .unwrap_or_else(|| panic!("no step {step} in {timeline:?}"))
            .1
    };
    at("stored") - at("rendered")
}

/// Makes the peer put one file; returns the time in milliseconds.
async fn put(worker: &Worker, upstream: &Upstream, file: &str) -> f64 {
    let url = format!("{}/v1beta/files/{file}:download?alt=media", upstream.origin);
    let order = json!({ "url": url, "apiKey": API_KEY, "name": file });
    let answer = worker
        .http
        .post(&worker.origin)
        .json(&order)
        .send()
        .await
        .expect("the peer answers");
    let body: Value = answer.json().await.expect("the answer is JSON");
    body["tookMs"].as_f64().expect("a time")
}

/// Does `work`; returns its result and the greatest growth of the runtime's memory in megabytes.
async fn watched(worker: &Worker, work: impl Future<Output = f64>) -> (f64, f64) {
    let (most, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let before = worker.resident_bytes();
    let watch = async {
        while !over.load(Ordering::Relaxed) {
            most.fetch_max(worker.resident_bytes(), Ordering::Relaxed);
            tokio::time::sleep(LOOK).await;
        }
    };
    let work = async {
        let took = work.await;
        over.store(true, Ordering::Relaxed);
        took
    };
    let ((), took) = tokio::join!(watch, work);
    (
        took,
        most.load(Ordering::Relaxed).saturating_sub(before) as f64 / MEGABYTE as f64,
    )
}
