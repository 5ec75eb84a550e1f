//! How much one queue carries.

use super::readers::read_at;
use crate::clock;
use crate::line::{self, filled};
use crate::load::{count, load, paced};
use crate::progress;
use crate::reelay;
use crate::report::{Section, Table};
use crate::statistics::{number, quantile};
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Worker};
use std::time::Duration;

/// The first rates that are tried, a second.
const FIRST_ORDERS: f64 = 20.0;
const FIRST_READS: f64 = 100.0;
/// How often a rate is doubled at most, and then how often the range is halved.
const DOUBLINGS: u32 = 8;
const HALVINGS: u32 = 3;
/// How long each rate is tried, in seconds.
const SECONDS: f64 = 5.0;
/// Jobs are kept up with if the last webhook comes within this time after the last order, in
/// milliseconds. A job without any other takes about half of it.
const LATE_MS: f64 = 2_000.0;
/// Reads are kept up with if their p99 is below this, in milliseconds.
const SLOW_MS: f64 = 250.0;
/// How many orders may be unanswered.
const AT_MOST: usize = 500;
const SLOTS: usize = 1_000;
/// Slots that stay free where the others are held.
const FREE: usize = 200;
const HELD: usize = SLOTS - FREE;
/// The number of waiting jobs.
const LINE: u64 = 100_000;
/// The waiting jobs that are read.
const READ: usize = 300;
/// Orders that are accepted while so many wait.
const ACCEPTED: usize = 600;
const AT_ONCE: usize = 16;
const USERS: usize = 100;
/// A job takes one poll.
const POLLED: [(&str, &str); 2] = [
    ("MAX_CONCURRENT_JOBS", "1000"),
    ("POLL_INTERVAL_MS", "1000"),
];
/// Google's webhook tells the end of a render, so that the held slots cause few polls.
const PUSHED: [(&str, &str); 4] = [
    ("MAX_CONCURRENT_JOBS", "1000"),
    ("UPSTREAM_WEBHOOK_SECRET", "per-request"),
    ("POLL_INTERVAL_MS", "2000"),
    ("JOB_TIMEOUT_MS", "86400000"),
];
const SHORT: &str = "[[render:900 download:bytes:20480]]";
const PATIENCE: Duration = Duration::from_mins(2);

/// The highest rate that was kept up with, and the lowest that was not.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit {
    kept: f64,
    failed: f64,
}

pub(crate) async fn measure() -> Section {
    let (free, held) = (jobs(0).await, jobs(HELD).await);
    let ((few, _), (many, accepted)) = (reads(1).await, reads(LINE).await);
    let mut table = Table::new(&["", "kept up with", "not with"]);
    let minute = |limit: Limit| {
        [limit.kept, limit.failed].map(|rate| format!("{} a minute", number(rate * 60.0, 0)))
    };
    let second = |limit: Limit| {
        [limit.kept, limit.failed].map(|rate| format!("{} a second", number(rate, 0)))
    };
    let mut row = |name: String, cells: [String; 2]| {
        table.row(std::iter::once(name).chain(cells));
    };
    row("jobs".to_owned(), minute(free));
    row(
        format!("jobs, {HELD} of {} slots held", number(SLOTS as f64, 0)),
        minute(held),
    );
    row(
        format!("orders accepted, {} waiting", number(LINE as f64, 0)),
        [
            format!("{} a minute", number(accepted * 60.0, 0)),
            String::new(),
        ],
    );
    row(format!("reads, {READ} waiting"), second(few));
    row(
        format!("reads, {} waiting", number(LINE as f64, 0)),
        second(many),
    );
    Section {
        title: "Capacity",
        method: method(),
        table,
        goals: Vec::new(),
    }
}

fn method() -> String {
    format!(
        "What one worker with its one `QueueManager` carries on this machine. Orders of renders \
         of 0.9 s, with a video of 20 KB, come at a fixed rate for {SECONDS:.0} s. The worker \
         keeps up if the last webhook arrives within {:.0} s after the last order. The rate is \
         doubled until it does not keep up, and the range is then halved {HALVINGS} times. \
         Likewise for reads of waiting jobs, which are kept up with if their p99 is below \
         {SLOW_MS:.0} ms. A job is polled once. Where slots are held, Google's webhook notifies \
         of the end of a render instead, and each holder is polled every 24 s. The local runtime \
         runs the worker and all objects on one core, which is the limit here. At Cloudflare only \
         the queue's object is a single one.",
        LATE_MS / 1_000.0
    )
}

/// The jobs that are kept up with while `held` slots are held.
async fn jobs(held: usize) -> Limit {
    progress::say(&format!("jobs, {held} slots held"));
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, false);
    let settings = if held == 0 { &POLLED[..] } else { &PUSHED };
    let worker = stage.start(&reelay::variables(&upstream, settings));
    reelay::hold(&worker, &upstream, held).await;
    burst(&worker, &upstream, FIRST_ORDERS).await;
    highest(FIRST_ORDERS, async |rate| {
        let late = burst(&worker, &upstream, rate).await;
        progress::say(&format!("{rate:.0} jobs a second: last after {late:.0} ms"));
        late <= LATE_MS
    })
    .await
}

/// Sends orders at this rate. Returns how many milliseconds after the last one was due the last
/// webhook came.
async fn burst(worker: &Worker, upstream: &Upstream, rate: f64) -> f64 {
    let count = count(rate, SECONDS);
    let before = upstream.counts().await.inbox;
    let began = clock::now();
    let send = |index: usize| async move {
        let prompt = format!("A boat, {rate} {index}. {SHORT}");
        reelay::order(worker, &format!("user-{}", index % USERS), &prompt).await;
    };
    paced(rate, count, AT_MOST, send).await;
    let all = upstream.webhooks(before + count as u64, PATIENCE).await;
    if all {
        clock::since(began) - SECONDS * 1_000.0
    } else {
        f64::INFINITY
    }
}

/// The reads that are kept up with while `waiting` jobs wait besides those that are read, and how
/// many orders a second are then accepted.
async fn reads(waiting: u64) -> (Limit, f64) {
    progress::say(&format!("reads, {waiting} waiting"));
    let upstream = Upstream::start(&[]);
    let stage = filled(&upstream, waiting).await;
    let worker = stage.start(&reelay::variables(&upstream, &line::SETTINGS));
    let jobs = reelay::orders(&worker, READ, READ, |_| line::PROMPT.to_owned()).await;
    let limit = highest(FIRST_READS, async |rate| {
        let count = count(rate, SECONDS);
        let reads = read_at(&worker, jobs.clone(), rate, count);
        let took = reads.await.expect("the readers do not panic");
        let high = quantile(&took, 0.99);
        progress::say(&format!("{rate:.0} reads a second: p99 {high:.0} ms"));
        high <= SLOW_MS
    })
    .await;
    let send = |index: usize| {
        let worker = &worker;
        async move {
            let user = format!("user-{}", index as u64 % line::USERS);
            reelay::order(worker, &user, line::PROMPT).await;
        }
    };
    (limit, load(ACCEPTED, AT_ONCE, send).await.throughput)
}

/// The highest rate that is kept up with: doubles the first one until it is too high, and then
/// halves the range between the last two.
async fn highest(first: f64, keeps_up: impl AsyncFn(f64) -> bool) -> Limit {
    let mut limit = Limit {
        kept: 0.0,
        failed: f64::INFINITY,
    };
    let mut rate = first;
    for _ in 0..DOUBLINGS {
        if !keeps_up(rate).await {
            limit.failed = rate;
            break;
        }
        limit.kept = rate;
        rate *= 2.0;
    }
    if limit.failed.is_infinite() {
        return limit;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(limit.kept, limit.failed);
        if keeps_up(middle).await {
            limit.kept = middle;
        } else {
            limit.failed = middle;
        }
    }
    limit
}

#[cfg(test)]
mod tests {
    use super::{Limit, highest};

    #[tokio::test]
    async fn the_highest_rate_is_found_between_two_that_were_tried() {
        let found = highest(20.0, async |rate| rate <= 95.0).await;
        // 20, 40, 80, not 160; not 120, not 100, 90.
        assert_eq!(
            found,
            Limit {
                kept: 90.0,
                failed: 100.0
            }
        );
    }
}
