//! What users who read their waiting jobs cost those who order.

use super::{SETTLED, runs};
use crate::clock;
use crate::line::SETTINGS;
use crate::load::paced;
use crate::progress;
use crate::reelay::{self, Ordered, Reader};
use crate::report::{Goal, Section, Table};
use crate::statistics::{Spread, number, quantile};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Worker};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The waiting jobs that are read in turn.
const WAITING: usize = 300;
/// Reads a second.
const RATE: f64 = 300.0;
/// The reads of a run: five seconds of them.
const READS: usize = 1_500;
/// How many reads may be unanswered; beyond that the readers wait.
const AT_MOST: usize = 300;
const WARM_UP: usize = 50;
/// Orders are sent one after the other for as long as this.
const SECONDS: f64 = READS as f64 / RATE;
/// The reads whose messages are counted: ten seconds of them.
const COUNTED: usize = 3_000;
/// The goals.
const SLOWER: f64 = 1.5;
const MESSAGES: f64 = 1.0;

/// Times in milliseconds, by run.
#[derive(Default)]
struct Series {
    median: Vec<f64>,
    high: Vec<f64>,
    /// A second.
    rate: Vec<f64>,
}

pub(crate) async fn measure() -> Section {
    let (mut alone, mut beside, mut reads) = <(Series, Series, Series)>::default();
    for run in 1..=runs() {
        progress::run(run, runs());
        take(&mut alone, &mut beside, &mut reads).await;
    }
    let messages = messages_to_the_queue().await;
    section(&alone, &beside, &reads, messages)
}

async fn take(alone: &mut Series, beside: &mut Series, reads: &mut Series) {
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, false);
    let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
    let jobs = waiting(&worker, &upstream).await;
    for _ in 0..WARM_UP {
        order(&worker).await;
    }
    let (took, seconds) = orders_while(&worker, |seconds| seconds < SECONDS).await;
    alone.add(&took, seconds);
    let began = clock::now();
    let readers = read_at(&worker, jobs, RATE, READS);
    let (took, seconds) = orders_while(&worker, |_| !readers.is_finished()).await;
    beside.add(&took, seconds);
    let took = readers.await.expect("the readers do not panic");
    reads.add(&took, began.elapsed().as_secs_f64());
    progress::say(&format!(
        "an order: p99 {:.1} ms, beside readers {:.1} ms",
        alone.high.last().copied().unwrap_or_default(),
        beside.high.last().copied().unwrap_or_default()
    ));
}

/// How many messages a second the queue gets from the readers.
async fn messages_to_the_queue() -> f64 {
    progress::say("messages to the queue");
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, true);
    let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
    let jobs = waiting(&worker, &upstream).await;
    tokio::time::sleep(SETTLED).await;
    // The first read of a job asks for its own position.
    let readers = read_at(&worker, jobs.clone(), RATE, WAITING);
    readers.await.expect("the readers do not panic");
    worker.count_anew().await;
    let began = clock::now();
    let readers = read_at(&worker, jobs, RATE, COUNTED);
    readers.await.expect("the readers do not panic");
    worker.used().await.queue_messages / began.elapsed().as_secs_f64()
}

/// Jobs that wait behind one that holds the only slot.
async fn waiting(worker: &Worker, upstream: &Upstream) -> Vec<Ordered> {
    reelay::hold(worker, upstream, 1).await;
    reelay::orders(worker, WAITING, WAITING, |_| "A boat that waits".to_owned()).await
}

async fn order(worker: &Worker) {
    reelay::order(worker, "buyer", "A boat that waits").await;
}

/// Sends orders one after the other while `more` is true of the seconds since the first. Returns
/// the time of each in milliseconds, and the time of all in seconds.
async fn orders_while(worker: &Worker, more: impl Fn(f64) -> bool) -> (Vec<f64>, f64) {
    let (began, mut took) = (clock::now(), Vec::new());
    while more(began.elapsed().as_secs_f64()) {
        let sent = clock::now();
        order(worker).await;
        took.push(clock::since(sent));
    }
    (took, began.elapsed().as_secs_f64())
}

/// Reads these jobs in turn at this rate, in a task of its own. Returns how long each read took, in
/// milliseconds.
pub(super) fn read_at(
    worker: &Worker,
    jobs: Vec<Ordered>,
    rate: f64,
    count: usize,
) -> JoinHandle<Vec<f64>> {
    let (reader, jobs) = (Reader::of(worker), Arc::new(jobs));
    tokio::spawn(async move {
        let send = |index: usize| {
            let (reader, jobs) = (reader.clone(), Arc::clone(&jobs));
            async move {
                let status = reader.status(&jobs[index % jobs.len()]).await;
                assert_eq!(status.as_deref(), Some("queued"), "a waiting job is read");
            }
        };
        paced(rate, count, AT_MOST, send).await
    })
}

impl Series {
    fn add(&mut self, took: &[f64], seconds: f64) {
        self.median.push(quantile(took, 0.5));
        self.high.push(quantile(took, 0.99));
        self.rate.push(took.len() as f64 / seconds);
    }

    fn row(&self, name: &str) -> [String; 4] {
        [
            name.to_owned(),
            Spread::of(&self.median).show(1),
            Spread::of(&self.high).show(1),
            Spread::of(&self.rate).show(0),
        ]
    }
}

fn section(alone: &Series, beside: &Series, reads: &Series, messages: f64) -> Section {
    let mut table = Table::new(&["", "p50, ms", "p99, ms", "per second"]);
    table.row(alone.row("order, without readers"));
    table.row(beside.row("order, beside readers"));
    table.row(reads.row("read"));
    table.row([
        "messages to the queue's object for the reads".to_owned(),
        String::new(),
        String::new(),
        number(messages, 1),
    ]);
    let slower = Spread::of_ratios(&beside.high, &alone.high);
    Section {
        title: "Readers",
        method: format!(
            "Orders that must wait, one after the other, without readers and beside {RATE:.0} \
             reads a second of {WAITING} waiting jobs (`GET /api/generations/{{id}}`). The reads \
             come at this rate whether or not the earlier ones are answered, up to {AT_MOST} \
             unanswered ones; a read's time counts from the moment at which it was due. Each part \
             lasts for {SECONDS:.0} s. The messages are counted in a separate run without orders, \
             as in \"Cost\". All of it is one isolate; Cloudflare runs more of them."
        ),
        table,
        goals: vec![
            Goal {
                aim: format!(
                    "an order's p99 beside {RATE:.0} reads a second is at most {SLOWER} × that \
                     without"
                ),
                found: format!("{} ×", slower.show(2)),
                met: slower.median <= SLOWER,
                reason: "A read of a waiting job asks the job's object and the queue's object, \
                         and the local runtime runs all objects and the worker on one core."
                    .to_owned(),
            },
            Goal {
                aim: format!(
                    "reads cost the queue's object at most {MESSAGES:.0} message a second and \
                     isolate"
                ),
                found: number(messages, 1),
                // The first and the last second are cut off.
                met: messages <= MESSAGES * 1.1,
                reason:
                    "The readers of an isolate share one question a second, so this is a defect."
                        .to_owned(),
            },
        ],
    }
}
