//! Whether the rows that an order and its job read depend on how many jobs hold slots or wait.

use super::{SETTLED, is_quick};
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::number;
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Used};
use std::time::Duration;

/// The numbers of held slots and of waiting jobs. The first is what the others are compared with.
const STATES: [(usize, usize); 3] = [(3, FEW), (1_000, FEW), (3, 10_000)];
/// In place of a long line of waiting jobs, with `--quick`.
const QUICK_LINE: usize = 1_500;
/// The fewest waiting jobs with which jobs can be counted.
const FEW: usize = 80;
/// The counted orders; they are the last ones to join the line.
const ORDERS: u32 = 50;
/// Jobs that run before the counted ones, and the counted ones.
const FIRST: u64 = 10;
const JOBS: u64 = 50;
const USERS: usize = 1_000;
/// Google's webhook tells the end of a render, so that the jobs with slots need not be polled.
const SETTINGS: [(&str, &str); 3] = [
    ("UPSTREAM_WEBHOOK_SECRET", "per-request"),
    ("POLL_INTERVAL_MS", "5000"),
    ("JOB_TIMEOUT_MS", "86400000"),
];
/// Long enough for the submit's answer to be recorded before the webhook comes.
const SHORT: &str = "[[render:300 download:bytes:20480]]";
/// The time in which the work after an order's response is done.
const TAIL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_mins(5);
/// As many rows as in the first state, except for questions that depend on the time.
const TOLERANCE: f64 = 1.05;

/// What an order used, and what a job used from its slot on.
struct Rows {
    held: usize,
    waiting: usize,
    order: Used,
    job: Used,
}

pub(crate) async fn measure() -> Section {
    let mut taken = Vec::new();
    for (held, waiting) in STATES {
        let waiting = if is_quick() {
            waiting.min(QUICK_LINE)
        } else {
            waiting
        };
        let rows = take(held, waiting).await;
        progress::say(&format!(
            "{held} held, {waiting} waiting: an order reads {:.0} rows, a job {:.0}",
            rows.order.rows_read, rows.job.rows_read
        ));
        taken.push(rows);
    }
    section(&taken)
}

async fn take(held: usize, waiting: usize) -> Rows {
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, true);
    let slots = held.to_string();
    let settings: Vec<(&str, &str)> = SETTINGS
        .into_iter()
        .chain([("MAX_CONCURRENT_JOBS", slots.as_str())])
        .collect();
    let worker = stage.start(&reelay::variables(&upstream, &settings));
    let holders = reelay::hold(&worker, &upstream, held).await;
    let before = waiting - ORDERS as usize;
    reelay::orders(&worker, before, USERS, |index| {
        format!("A boat, {index}. {SHORT}")
    })
    .await;
    tokio::time::sleep(SETTLED).await;
    worker.count_anew().await;
    for index in 0..ORDERS {
        let prompt = format!("A late boat, {index}. {SHORT}");
        reelay::order(&worker, &format!("late-{index}"), &prompt).await;
    }
    tokio::time::sleep(TAIL).await;
    let order = worker.used().await.each(ORDERS);
    tokio::time::sleep(SETTLED).await;
    // The slot of this one goes from one waiting job to the next.
    reelay::cancel(&worker, &holders[0]).await;
    arrived(&upstream, FIRST).await;
    worker.count_anew().await;
    let first = upstream.counts().await.inbox;
    arrived(&upstream, first + JOBS).await;
    let used = worker.used().await;
    let jobs = upstream.counts().await.inbox - first;
    Rows {
        held,
        waiting,
        order,
        job: used.each(u32::try_from(jobs).expect("few jobs")),
    }
}

async fn arrived(upstream: &Upstream, count: u64) {
    let in_time = upstream.webhooks(count, PATIENCE).await;
    assert!(in_time, "{count} webhooks arrive");
}

fn section(taken: &[Rows]) -> Section {
    let mut table = Table::new(&[
        "slots held, jobs waiting",
        "order: rows read",
        "rows written",
        "messages",
        "job: rows read",
        "rows written",
        "messages",
        "both: rows read ÷ first",
    ]);
    for rows in taken {
        let mut cells = vec![format!(
            "{}, {}",
            number(rows.held as f64, 0),
            number(rows.waiting as f64, 0)
        )];
        for used in [&rows.order, &rows.job] {
            cells.push(number(used.rows_read, 0));
            cells.push(number(used.rows_written + used.alarms_set, 1));
            cells.push(number(used.object_messages, 1));
        }
        cells.push(format!("{} ×", number(rows.over(&taken[0]), 2)));
        table.row(cells);
    }
    let goal = |rows: &Rows, beyond: String, reason: &str| {
        let over = rows.over(&taken[0]);
        Goal {
            aim: format!(
                "an order and its job read as many rows with {beyond} (at most {TOLERANCE} ×)"
            ),
            found: format!(
                "{} × ({} instead of {})",
                number(over, 2),
                number(rows.read(), 0),
                number(taken[0].read(), 0)
            ),
            met: over <= TOLERANCE,
            reason: reason.to_owned(),
        }
    };
    Section {
        title: "Rows",
        method: format!(
            "Rows that an order reads and writes when it must wait, and a job from its slot to \
             its webhook, counted as in \"Cost\". All slots are held by renders that last for a \
             day, and jobs wait. The last {ORDERS} orders are counted. Then one render is \
             cancelled, so that its slot goes from one waiting job to the next, and about {JOBS} \
             of these jobs are counted. Google's webhook notifies of the end of a render. Rows \
             written include alarms set."
        ),
        goals: vec![
            goal(
                &taken[1],
                format!(
                    "{} slots held as with {}",
                    number(taken[1].held as f64, 0),
                    taken[0].held
                ),
                "The queue keeps the number of held slots, so this is a defect.",
            ),
            goal(
                &taken[2],
                format!(
                    "{} jobs waiting as with {}",
                    number(taken[2].waiting as f64, 0),
                    taken[0].waiting
                ),
                "The queue keeps the ranks of the waiting jobs, so this is a defect.",
            ),
        ],
        table,
    }
}

impl Rows {
    fn read(&self) -> f64 {
        self.order.rows_read + self.job.rows_read
    }

    fn over(&self, other: &Self) -> f64 {
        self.read() / other.read()
    }
}
