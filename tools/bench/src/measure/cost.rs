//! What a generation uses of the platform, and what that costs, in every mode.

use super::finish::{fixed_poll_variables, order_fixed_poll};
use crate::prices::{Bill, storage_of_a_video};
use crate::progress;
use crate::reelay::{self, PRICE_PER_SECOND, SECONDS};
use crate::report::{Goal, Section, Table};
use crate::statistics::{mean, number};
use crate::upstream::Upstream;
use crate::worker::{Kind, QUEUE, Stage, Used, Worker};
use futures::future::join_all;
use rusqlite::Connection;
use std::time::Duration;

const JOBS: u32 = 100;
const USER: &str = "user";
/// A render of two minutes, and a video that takes about a second to store.
const PROMPT: &str = "[[render:120000 download:slow:40000]]";
/// How long each call of the upstream takes, in milliseconds.
const ANSWER_MS: &str = "300";
/// Orders arrive evenly over this time.
const ARRIVALS: Duration = Duration::from_secs(50);
const SLOTS: (&str, &str) = ("MAX_CONCURRENT_JOBS", "1000");
const POLL_INTERVAL_MS: &str = "5000";
const MINUTE: Duration = Duration::from_mins(1);
/// Within this time after its webhook, the queue has checked a job once more.
const TAIL: Duration = Duration::from_secs(40);
/// Sweeps of an idle worker, a minute apart, to measure what a sweep costs.
const SWEEPS: u32 = 3;
/// From the second week on, each sweep also deletes one minute's row.
const ROWS_FORGOTTEN: f64 = 1.0;
/// Ended jobs are made older by this, 30 days, so that the clean-up deletes them.
const AGED_MS: u64 = 30 * 24 * 3_600_000;
/// The minutes in a month of 30 days.
const SWEEPS_A_MONTH: f64 = 43_200.0;
/// The maximum cost of 1,000 generations, in US dollars.
const LIMIT: f64 = 0.05;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Mode(&'static str),
    /// Immediate, with Google's webhook at the end of a render.
    Pushed,
    FixedPoll,
}

/// Each way with its name in the report.
const WAYS: [(Way, &str); 6] = [
    (Way::Mode("immediate"), "`immediate`"),
    (Way::Mode("cron"), "`cron`"),
    (Way::Mode("alarm"), "`alarm`"),
    (Way::Mode("queue"), "`queue`"),
    (Way::Pushed, "Google's webhook"),
    (Way::FixedPoll, "poll every 5 s"),
];

/// What one job used.
struct Cost {
    used: Used,
    /// The runtime's processor time, in milliseconds.
    processor_ms: f64,
    bill: Bill,
    /// How often the render was polled.
    polls: f64,
}

pub(crate) async fn measure() -> Section {
    progress::say(&format!(
        "{JOBS} jobs of 120 s in each way, all ways at once"
    ));
    let (taken, sweep) = tokio::join!(join_all(WAYS.map(|(way, _)| cost(way))), cost_of_a_sweep());
    let (mut costs, stages): (Vec<Cost>, Vec<Stage>) = taken.into_iter().unzip();
    progress::say("clean-up of the jobs of the first way");
    costs.push(cost_of_a_clean_up(&stages[0]).await);
    costs.push(sweep);
    section(&costs)
}

async fn cost(way: Way) -> (Cost, Stage) {
    let upstream = Upstream::start(&["--answer-ms", ANSWER_MS]);
    let kind = if way == Way::FixedPoll {
        Kind::Peer("fixed-poll")
    } else {
        Kind::Reelay
    };
    let stage = Stage::new(kind, true);
    let variables = match way {
        Way::FixedPoll => fixed_poll_variables(&upstream, POLL_INTERVAL_MS),
        Way::Mode(mode) => reelay::variables(&upstream, &[SLOTS, ("DISPATCH_MODE", mode)]),
        Way::Pushed => reelay::variables(
            &upstream,
            &[SLOTS, ("UPSTREAM_WEBHOOK_SECRET", "per-request")],
        ),
    };
    let worker = stage.start(&variables);
    // The first job creates the queue's tables, which is not part of a job's cost.
    order(way, &worker, "first").await;
    if way != Way::FixedPoll {
        worker.tick().await;
    }
    upstream.submitted("first").await;
    worker.count_anew().await;
    let before = worker.processor_time();
    let orders = async {
        for index in 0..JOBS {
            order(way, &worker, &format!("boat {index}")).await;
            tokio::time::sleep(ARRIVALS / JOBS).await;
        }
        while upstream.counts().await.inbox < u64::from(JOBS) + 1 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        tokio::time::sleep(TAIL).await;
    };
    let ticks = async {
        while upstream.counts().await.operations <= u64::from(JOBS) {
            tokio::time::sleep(MINUTE).await;
            worker.tick().await;
        }
    };
    // In the other modes the sweep has nothing to do, and is reported separately.
    if way == Way::Mode("cron") {
        tokio::join!(orders, ticks);
    } else {
        orders.await;
    }
    let operations = upstream.operations().await;
    assert_eq!(
        operations.len(),
        JOBS as usize + 1,
        "every job was paid for once"
    );
    let polls = mean(
        &operations
            .iter()
            .map(|operation| f64::from(operation.polls))
            .collect::<Vec<_>>(),
    );
    let used = worker.used().await.each(JOBS);
    let processor_ms =
        worker.processor_time().saturating_sub(before).as_secs_f64() * 1_000.0 / f64::from(JOBS);
    (
        Cost {
            bill: Bill::of(&used, processor_ms),
            used,
            processor_ms,
            polls,
        },
        stage,
    )
}

async fn order(way: Way, worker: &Worker, name: &str) {
    let prompt = format!("A paper boat, {name}. {PROMPT}");
    match way {
        Way::FixedPoll => order_fixed_poll(worker, &prompt).await,
        Way::Mode(_) | Way::Pushed => reelay::order(worker, USER, &prompt).await,
    };
}

async fn cost_of_a_sweep() -> Cost {
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, true);
    let worker = stage.start(&reelay::variables(&upstream, &[]));
    worker.tick().await;
    worker.count_anew().await;
    for _ in 0..SWEEPS {
        tokio::time::sleep(MINUTE).await;
        worker.tick().await;
    }
    let mut used = worker.used().await.each(SWEEPS);
    used.rows_written += ROWS_FORGOTTEN;
    Cost {
        bill: Bill::of(&used, 0.0),
        used,
        processor_ms: 0.0,
        polls: 0.0,
    }
}

/// What it costs to delete a job after its retention: the jobs on this stage are made old enough.
async fn cost_of_a_clean_up(stage: &Stage) -> Cost {
    {
        let database = Connection::open(stage.only_database(QUEUE))
            .expect("the queue's database can be opened");
        let aged =
            format!("UPDATE entry SET updated_at = updated_at - {AGED_MS} WHERE stage = 'ended'");
        let count = database.execute(&aged, []).expect("jobs can be made older");
        assert_eq!(count, JOBS as usize + 1, "every job has ended");
    }
    let upstream = Upstream::start(&[]);
    let worker = stage.start(&reelay::variables(&upstream, &[]));
    worker.count_anew().await;
    let before = worker.processor_time();
    worker.daily().await;
    while reelay::has_any(&worker, USER).await {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let processor_ms =
        worker.processor_time().saturating_sub(before).as_secs_f64() * 1_000.0 / f64::from(JOBS);
    let used = worker.used().await.each(JOBS + 1);
    Cost {
        bill: Bill::of(&used, processor_ms),
        used,
        processor_ms,
        polls: 0.0,
    }
}

impl Used {
    pub(super) fn each(self, jobs: u32) -> Self {
        let jobs = f64::from(jobs);
        Self {
            worker_requests: self.worker_requests / jobs,
            object_messages: self.object_messages / jobs,
            queue_messages: self.queue_messages / jobs,
            alarms: self.alarms / jobs,
            objects_woken: self.objects_woken / jobs,
            active_ms: self.active_ms / jobs,
            rows_read: self.rows_read / jobs,
            rows_written: self.rows_written / jobs,
            alarms_set: self.alarms_set / jobs,
            r2_class_a: self.r2_class_a / jobs,
            r2_class_b: self.r2_class_b / jobs,
            queue_operations: self.queue_operations / jobs,
            log_lines: self.log_lines / jobs,
        }
    }
}

fn section(costs: &[Cost]) -> Section {
    let names = WAYS.map(|(_, name)| name);
    let mut table = Table::new(&[&["a job"], &names[..], &["clean-up", "a sweep"]].concat());
    let mut row = |name: &str, digits: usize, of: &dyn Fn(&Cost) -> f64| {
        let cells = costs.iter().map(|cost| number(of(cost), digits));
        table.row(std::iter::once(name.to_owned()).chain(cells));
    };
    row("polls", 1, &|cost| cost.polls);
    row("worker requests", 2, &|cost| cost.used.worker_requests);
    row("messages to objects", 2, &|cost| cost.used.object_messages);
    row("alarms", 2, &|cost| cost.used.alarms);
    row("objects active, s", 2, &|cost| {
        cost.used.active_ms / 1_000.0
    });
    row("rows read", 0, &|cost| cost.used.rows_read);
    row("rows written", 1, &|cost| cost.used.rows_written);
    row("alarms set, a row each", 1, &|cost| cost.used.alarms_set);
    row("R2 puts", 2, &|cost| cost.used.r2_class_a);
    row("R2 heads", 2, &|cost| cost.used.r2_class_b);
    row("queue operations", 2, &|cost| cost.used.queue_operations);
    row("log lines", 1, &|cost| cost.used.log_lines);
    row("runtime's processor time, ms", 1, &|cost| cost.processor_ms);
    for (index, (part, _)) in costs[0].bill.parts.iter().enumerate() {
        row(&format!("1,000: {part}, $"), 5, &|cost| {
            cost.bill.parts[index].1 * 1_000.0
        });
    }
    row("**1,000: the total, $**", 4, &|cost| {
        cost.bill.total() * 1_000.0
    });
    let thousand = |cost: &Cost| cost.bill.total() * 1_000.0;
    let (ways, [clean_up, sweep]) = costs.split_at(WAYS.len()) else {
        unreachable!("these two are the last ones")
    };
    let each = WAYS
        .iter()
        .zip(ways)
        .map(|((_, name), cost)| format!("{name} ${}", number(thousand(cost), 4)));
    let mut reelay = WAYS
        .iter()
        .zip(ways)
        .filter(|((way, _), _)| *way != Way::FixedPoll);
    let goal = Goal {
        aim: format!("below ${LIMIT} for 1,000 generations of 120 s in every way"),
        found: format!(
            "{}; and ${} for the clean-up a week later",
            each.collect::<Vec<_>>().join(", "),
            number(thousand(clean_up), 4)
        ),
        met: reelay.all(|(_, cost)| thousand(cost) < LIMIT),
        reason: reason(&costs[0], &costs[4]),
    };
    Section {
        title: "Cost",
        method: method(sweep),
        goals: vec![goal],
        table,
    }
}

/// Explains the cost, from the counts.
fn reason(usual: &Cost, pushed: &Cost) -> String {
    let rows = |cost: &Cost| cost.used.rows_written + cost.used.alarms_set;
    let a_poll = (usual.bill.total() - pushed.bill.total()) / (usual.polls - pushed.polls);
    format!(
        "Most of the cost is for rows. {} of them are not for polls: each step is durable before \
         the next one, in the job and often in the queue, with the data for limits, budgets, \
         lists, metrics and webhooks. The fixed poll has none of this. These rows alone cost as \
         much as the goal allows. A poll needs a row for its alarm, a request and 0.3 s of an \
         object: ${} for 1,000 polls. There are {} polls, one every 2.5 s, because a user is \
         watching, and {} with Google's webhook.",
        number(rows(pushed) - pushed.polls, 0),
        number(a_poll * 1_000.0, 4),
        number(usual.polls, 0),
        number(pushed.polls, 0)
    )
}

fn method(sweep: &Cost) -> String {
    let upstream = PRICE_PER_SECOND * SECONDS * 1_000.0;
    format!(
        "{JOBS} jobs in each way, in real time: renders of 120 s, default settings except the \
         slots and what the column names, an upstream that takes {ANSWER_MS} ms for each \
         response, and about a second to store a video. Columns without a dispatch mode use \
         `immediate`. A wrapper around the running worker (`tools/bench/counter.js`) counts. \
         Prices are Cloudflare's list prices beyond the included amounts \
         (`tools/bench/src/prices.rs`), so a small app pays less. The processor time is that of \
         the whole local runtime, so it is an upper bound. The daily clean-up deletes jobs after \
         seven days. Not counted: the rows of `deleteAll`, and about 15 KB of SQLite for these \
         seven days. The upstream charges ${} for 1,000 videos of {SECONDS} s; R2 charges ${} \
         for 1,000 videos of 20 MB for seven days. The sweep runs every minute, with or without \
         jobs: ${} a month.",
        number(upstream, 0),
        number(storage_of_a_video() * 1_000.0, 3),
        number(sweep.bill.total() * SWEEPS_A_MONTH, 3)
    )
}
