//! The size of the upload, and the time of a cold start.

use super::runs;
use crate::clock;
use crate::progress;
use crate::reelay;
use crate::report::{Section, Table};
use crate::statistics::Spread;
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, home, root};
use serde_json::json;
use std::process::Command;

pub(crate) async fn measure() -> Section {
    let upstream = Upstream::start(&[]);
    let (mut reelay_starts, mut floor_starts) = (Vec::new(), Vec::new());
    let (mut reelay_orders, mut floor_orders) = (Vec::new(), Vec::new());
    for run in 1..=runs() {
        progress::run(run, runs());
        let stage = Stage::new(Kind::Peer("floor"), false);
        let worker = stage.start(&[]);
        floor_starts.push(worker.started_in);
        let began = clock::now();
        worker
            .http
            .post(format!("{}/object", worker.origin))
            .json(&json!({}))
            .send()
            .await
            .expect("the floor answers");
        floor_orders.push(clock::since(began));
        drop(worker);
        let stage = Stage::new(Kind::Reelay, false);
        let worker = stage.start(&reelay::variables(&upstream, &[]));
        reelay_starts.push(worker.started_in);
        let began = clock::now();
        reelay::order(&worker, "user", "A boat. [[render:3600000]]").await;
        reelay_orders.push(clock::since(began));
    }
    let (whole, gzipped) = upload();
    let mut table = Table::new(&["", "Reelay", "floor", "Reelay − floor"]);
    table.row(["upload".to_owned(), whole, String::new(), String::new()]);
    table.row([
        "upload, gzipped".to_owned(),
        gzipped,
        String::new(),
        String::new(),
    ]);
    let mut row = |name: &str, these: &[f64], others: &[f64]| {
        let more: Vec<f64> = these
            .iter()
            .zip(others)
            .map(|(this, other)| this - other)
            .collect();
        let cells =
            [Spread::of(these), Spread::of(others), Spread::of(&more)].map(|spread| spread.show(0));
        table.row(std::iter::once(name.to_owned()).chain(cells));
    };
    row(
        "from spawn to the first answer, ms",
        &reelay_starts,
        &floor_starts,
    );
    row("the first order, ms", &reelay_orders, &floor_orders);
    Section {
        title: "Start-up and size",
        method: "The size that `wrangler deploy` would upload, and the time from \
                 spawning a runtime with empty state to its first response. Most of that time is \
                 Node and the runtime, as the floor of a few lines of JavaScript shows. The \
                 first order creates all databases. \"Cost\" has the processor time of a job."
            .to_owned(),
        table,
        goals: Vec::new(),
    }
}

/// The upload's size, whole and gzipped, as wrangler prints it without an account.
fn upload() -> (String, String) {
    let folder = home().join("upload");
    let output = Command::new("wrangler")
        .args(["deploy", "--dry-run", "--outdir"])
        .arg(&folder)
        .current_dir(root())
        .env("REELAY_PREBUILT", "1")
        .env("NO_COLOR", "1")
        .output()
        .expect("wrangler can be run");
    let _ = std::fs::remove_dir_all(folder);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let sizes = text.lines().find_map(|line| {
        line.trim()
            .strip_prefix("Total Upload: ")?
            .split_once(" / gzip: ")
    });
    let (whole, gzipped) = sizes.expect("wrangler prints the size");
    (whole.to_owned(), gzipped.to_owned())
}
