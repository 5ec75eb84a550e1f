//! How long accepting an order takes, compared with the least that a durable order can take, and
//! with a long queue.

use super::runs;
use crate::line::{PROMPT, SETTINGS, USERS, filled};
use crate::load::{Load, load};
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::{Spread, number, quantile};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Worker};
use serde_json::json;

/// The numbers of jobs that already wait.
const DEPTHS: [u64; 4] = [0, 1_000, 10_000, 100_000];
/// The floor's variants, and their names.
const FLOORS: [(&str, &str); 3] = [
    ("object", "floor, an object each"),
    ("row", "floor, one object for all"),
    (
        "both",
        "floor, an object each with an alarm, then one for all",
    ),
];
/// The series with their state on disk; they follow those with state in memory.
const ON_DISK: [&str; 3] = [
    "on disk: floor, an object each",
    "on disk: floor, an object each with an alarm, then one for all",
    "on disk: Reelay, 0 waiting",
];
const IN_MEMORY: usize = FLOORS.len() + DEPTHS.len();
const WARM_UP: usize = 50;
/// Orders sent one after the other, to measure the time of each.
const ONE_BY_ONE: usize = 300;
/// Orders sent `AT_ONCE` at a time, to measure the throughput.
const TOGETHER: usize = 600;
const AT_ONCE: usize = 16;

struct Series {
    name: String,
    median: Vec<f64>,
    high: Vec<f64>,
    throughput: Vec<f64>,
    /// The runtime's processor time for an order, in milliseconds.
    processor: Vec<f64>,
}

pub(crate) async fn measure() -> Section {
    let upstream = Upstream::start(&[]);
    let depths = DEPTHS.map(|depth| format!("Reelay, {} waiting", number(depth as f64, 0)));
    let names = FLOORS
        .map(|(_, name)| name.to_owned())
        .into_iter()
        .chain(depths);
    let names = names.chain(ON_DISK.map(String::from));
    let mut series: Vec<Series> = names.map(Series::new).collect();
    let mut stages = Vec::new();
    for depth in DEPTHS {
        progress::say(&format!("a queue of {depth}"));
        stages.push(filled(&upstream, depth).await);
    }
    for run in 1..=runs() {
        progress::run(run, runs());
        for (index, (path, _)) in FLOORS.into_iter().enumerate() {
            let stage = Stage::new(Kind::Peer("floor"), false);
            let worker = stage.start(&[]);
            series[index]
                .take(&worker, |worker, _| floor(worker, path))
                .await;
        }
        for (index, stage) in stages.iter().enumerate() {
            let stage = stage.copy(Kind::Reelay);
            let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
            series[FLOORS.len() + index].take(&worker, order).await;
        }
        for (index, path) in ["object", "both"].into_iter().enumerate() {
            let stage = Stage::on_disk(Kind::Peer("floor"));
            series[IN_MEMORY + index]
                .take(&stage.start(&[]), |worker, _| floor(worker, path))
                .await;
        }
        let stage = stages[0].copy_to_disk(Kind::Reelay);
        series[IN_MEMORY + 2]
            .take(
                &stage.start(&reelay::variables(&upstream, &SETTINGS)),
                order,
            )
            .await;
    }
    section(&series)
}

/// Sends an order to a variant of the floor.
pub(super) async fn floor(worker: &Worker, path: &str) {
    let address = format!("{}/{path}", worker.origin);
    let answer = worker
        .http
        .post(address)
        .json(&json!({ "prompt": PROMPT }))
        .send()
        .await
        .expect("the floor answers");
    assert_eq!(answer.status(), 201);
    answer.bytes().await.expect("the floor's answer");
}

async fn order(worker: &Worker, index: usize) {
    let user = format!("user-{}", index as u64 % USERS);
    reelay::order(worker, &user, PROMPT).await;
}

impl Series {
    fn new(name: String) -> Self {
        Self {
            name,
            median: Vec::new(),
            high: Vec::new(),
            throughput: Vec::new(),
            processor: Vec::new(),
        }
    }

    async fn take<'a, F: Future<Output = ()>>(
        &mut self,
        worker: &'a Worker,
        send: impl Fn(&'a Worker, usize) -> F,
    ) {
        load(WARM_UP, 1, |index| send(worker, index)).await;
        let Load { took, .. } = load(ONE_BY_ONE, 1, |index| send(worker, index)).await;
        self.median.push(quantile(&took, 0.5));
        self.high.push(quantile(&took, 0.99));
        let before = worker.processor_time();
        let Load { throughput, .. } = load(TOGETHER, AT_ONCE, |index| send(worker, index)).await;
        self.throughput.push(throughput);
        let spent = worker.processor_time().saturating_sub(before).as_secs_f64() * 1_000.0;
        self.processor.push(spent / TOGETHER as f64);
        progress::say(&format!(
            "{}: p50 {:.1} ms, {throughput:.0} a second, {:.2} ms processor",
            self.name,
            quantile(&took, 0.5),
            spent / TOGETHER as f64
        ));
    }
}

fn section(series: &[Series]) -> Section {
    let mut table = Table::new(&[
        "",
        "p50, ms",
        "p99, ms",
        "per second",
        "processor, ms",
        "p50 ÷ floor's",
    ]);
    for (index, one) in series.iter().enumerate() {
        let floor = if index < IN_MEMORY {
            &series[0]
        } else {
            &series[IN_MEMORY]
        };
        table.row([
            one.name.clone(),
            Spread::of(&one.median).show(1),
            Spread::of(&one.high).show(1),
            Spread::of(&one.throughput).show(0),
            Spread::of(&one.processor).show(1),
            format!(
                "{} ×",
                Spread::of_ratios(&one.median, &floor.median).show(2)
            ),
        ]);
    }
    let [
        floor,
        _,
        both,
        empty,
        _,
        long,
        longest,
        disk_floor,
        disk_both,
        disk,
    ] = series
    else {
        unreachable!("there are ten")
    };
    let over = |one: &Series, other: &Series| Spread::of_ratios(&one.median, &other.median);
    let (over_floor, over_disk_floor) = (over(empty, floor), over(disk, disk_floor));
    let (over_empty, longest_over_empty) = (over(long, empty), over(longest, empty));
    Section {
        title: "Accept",
        method: format!(
            "`POST /api/generations` of an order that must wait, compared with a floor: a worker \
             of a few lines whose Durable Object writes one row. The floor has three variants: \
             an object for each order, as Reelay has for each job; one object for all orders; \
             and both in sequence, the first with an alarm. The last is the least that an order \
             with a queue needs. p50 and p99 are of {ONE_BY_ONE} orders, one after the other. \
             Throughput and processor time are of {TOGETHER} orders, {AT_ONCE} at a time. With \
             state on disk, the times include waiting for the disk."
        ),
        table,
        goals: vec![
            Goal {
                aim: "p50 at most 1.5 × the floor's".to_owned(),
                found: format!(
                    "{} × in memory, {} × on disk; compared with two objects {} × and {} ×",
                    over_floor.show(2),
                    over_disk_floor.show(2),
                    over(empty, both).show(2),
                    over(disk, disk_both).show(2)
                ),
                met: over_floor.median <= 1.5 && over_disk_floor.median <= 1.5,
                reason: format!(
                    "An order is durable in its job, with an alarm, before the queue gives it a \
                     position, so it can neither be lost nor get stuck between them. Two objects \
                     in sequence alone take {} × the floor. The rest is authentication, limits, \
                     checks, and about thirty SQL statements for order, budgets, limits and \
                     metrics instead of two. No part dominates the profile: the largest are \
                     SQLite, calls between objects, and the four log lines.",
                    over(both, floor).show(2)
                ),
            },
            Goal {
                aim: "p50 with 10,000 waiting, and with 100,000, at most 1.2 × that with none"
                    .to_owned(),
                found: format!(
                    "{} × and {} ×",
                    over_empty.show(2),
                    longest_over_empty.show(2)
                ),
                met: over_empty.median <= 1.2 && longest_over_empty.median <= 1.2,
                reason: "The queue keeps the ranks of the waiting jobs, so this is a defect."
                    .to_owned(),
            },
        ],
    }
}
