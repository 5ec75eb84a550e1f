//! The time from an order to its submit.

use crate::clock;
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::{Spread, quantile};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage};

/// Each mode, its orders per run, and the limit for the median in milliseconds.
const MODES: [(&str, usize, Option<f64>); 4] = [
    ("immediate", 60, Some(15.0)),
    ("alarm", 15, Some(1_050.0)),
    ("queue", 30, Some(1_000.0)),
    ("cron", 20, None),
];
const WARM_UP: usize = 20;
/// Every job has a slot, and no job is polled during the measurement.
const SETTINGS: [(&str, &str); 2] = [
    ("MAX_CONCURRENT_JOBS", "1000"),
    ("POLL_INTERVAL_MS", "300000"),
];

pub(crate) async fn measure() -> Section {
    let mut table = Table::new(&["mode", "p50, ms", "p90, ms"]);
    let mut goals = Vec::new();
    for (mode, count, limit) in MODES {
        progress::say(mode);
        let runs = measure_mode(mode, count).await;
        let of = |p| Spread::of(&runs.iter().map(|run| quantile(run, p)).collect::<Vec<_>>());
        let name = if mode == "cron" {
            "`cron`, from the trigger on".to_owned()
        } else {
            format!("`{mode}`")
        };
        table.row([name, of(0.5).show(1), of(0.9).show(1)]);
        goals.extend(limit.map(|limit| {
            Goal {
                aim: format!(
                    "`{mode}`: p50 below {} ms",
                    crate::statistics::number(limit, 0)
                ),
                found: format!("{} ms", of(0.5).show(1)),
                met: of(0.5).median < limit,
                reason: "The order is durable in two objects before the response; its start \
                     and the intent to pay are durable before the submit."
                    .to_owned(),
            }
        }));
    }
    Section {
        title: "Dispatch",
        method: "From sending `POST /api/generations` until the submit reaches the \
                 upstream, with free slots, orders one after the other. In the mode `cron` the \
                 trigger fires every minute, so up to 60 s pass before the measured time. In the \
                 mode `queue` the queue is the local runtime's; Cloudflare's was not measured."
            .to_owned(),
        table,
        goals,
    }
}

async fn measure_mode(mode: &'static str, count: usize) -> Vec<Vec<f64>> {
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, false);
    let own: Vec<(&str, &str)> = SETTINGS
        .into_iter()
        .chain([("DISPATCH_MODE", mode)])
        .collect();
    let worker = stage.start(&reelay::variables(&upstream, &own));
    let once = async |name: String| {
        let prompt = format!("A boat {name}. [[render:3600000]]");
        let mut began = clock::unix_ms();
        reelay::order(&worker, &name, &prompt).await;
        if mode == "cron" {
            began = clock::unix_ms();
            worker.tick().await;
        }
        // The upstream truncates to whole milliseconds: half of one makes up for that.
        upstream.submitted(&name).await as f64 + 0.5 - began
    };
    for index in 0..WARM_UP {
        once(format!("warm-up-{index}-")).await;
    }
    let mut runs = Vec::new();
    for run in 1..=super::runs() {
        let mut took = Vec::new();
        for index in 0..count {
            took.push(once(format!("run-{run}-{index}-")).await);
        }
        runs.push(took);
    }
    runs
}
