//! A thousand orders that arrive at once.

use super::runs;
use crate::clock;
use crate::load::load;
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::{Spread, number};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage};
use std::collections::BTreeSet;
use std::time::Duration;

const JOBS: usize = 1_000;
/// The number of concurrent connections.
const AT_ONCE: usize = 100;
const RENDER_MS: u64 = 2_000;
const SLOTS: u64 = 50;
/// The first poll comes when the render is done.
const SETTINGS: [(&str, &str); 2] = [("MAX_CONCURRENT_JOBS", "50"), ("POLL_INTERVAL_MS", "2000")];
const RECEIVER: &str = "slow:50";
/// How long a run may take.
const PATIENCE: Duration = Duration::from_mins(10);

#[derive(Default)]
struct Series {
    accepted_in: Vec<f64>,
    per_minute: Vec<f64>,
    lost: usize,
    paid_twice: usize,
}

pub(crate) async fn measure() -> Section {
    let mut series = Series::default();
    for run in 1..=runs() {
        progress::run(run, runs());
        series.take().await;
    }
    let bound = SLOTS as f64 * 60_000.0 / RENDER_MS as f64;
    let share: Vec<f64> = series.per_minute.iter().map(|rate| rate / bound).collect();
    let mut table = Table::new(&["", ""]);
    table.row([
        "all accepted within, s".to_owned(),
        Spread::of(&series.accepted_in).show(1),
    ]);
    table.row([
        "jobs per minute, from the first order to the last webhook".to_owned(),
        Spread::of(&series.per_minute).show(0),
    ]);
    table.row([
        format!("of the {} that the slots allow", number(bound, 0)),
        Spread::of(&share).show(2),
    ]);
    table.row([
        format!("lost, of {}", number((runs() * JOBS) as f64, 0)),
        series.lost.to_string(),
    ]);
    table.row([
        format!("paid twice, of {}", number((runs() * JOBS) as f64, 0)),
        series.paid_twice.to_string(),
    ]);
    Section {
        title: "Burst",
        method: format!(
            "{} orders over {AT_ONCE} connections at once, renders of {} s, {SLOTS} slots, a \
             poll every 2 s, and a receiver that takes 50 ms for each webhook.",
            number(JOBS as f64, 0),
            RENDER_MS / 1_000
        ),
        table,
        goals: vec![Goal {
            aim: "none lost, none paid twice".to_owned(),
            found: format!("{} lost, {} paid twice", series.lost, series.paid_twice),
            met: series.lost == 0 && series.paid_twice == 0,
            reason: "This is a defect.".to_owned(),
        }],
    }
}

impl Series {
    async fn take(&mut self) {
        let upstream = Upstream::start(&[]);
        upstream.inbox_mode(RECEIVER).await;
        let stage = Stage::new(Kind::Reelay, false);
        let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
        let began = clock::unix_ms();
        let send = |index| {
            let worker = &worker;
            async move {
                let prompt = format!("A boat, {index}. [[render:{RENDER_MS}]]");
                reelay::order(worker, &format!("user-{}", index % 100), &prompt).await;
            }
        };
        load(JOBS, AT_ONCE, send).await;
        self.accepted_in.push((clock::unix_ms() - began) / 1_000.0);
        let ended = async {
            while upstream.counts().await.inbox < JOBS as u64 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        // Webhooks that have not arrived by then count as lost.
        let _ = tokio::time::timeout(PATIENCE, ended).await;
        let arrived: Vec<_> = upstream.inbox().await;
        let completed: BTreeSet<_> = arrived
            .iter()
            .filter(|one| one.event.as_deref() == Some("generation.completed"))
            .filter_map(|one| one.generation_id.as_deref())
            .collect();
        let last = arrived
            .iter()
            .map(|one| one.received_at)
            .max()
            .unwrap_or_default() as f64;
        let operations = upstream.operations().await;
        let prompts: BTreeSet<_> = operations.iter().map(|one| one.prompt.as_str()).collect();
        self.lost += JOBS - completed.len();
        self.paid_twice += operations.len() - prompts.len();
        self.per_minute
            .push(completed.len() as f64 * 60_000.0 / (last - began));
    }
}
