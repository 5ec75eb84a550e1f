//! What waiting jobs cost.

use crate::load::load;
use crate::prices::Bill;
use crate::progress;
use crate::reelay;
use crate::report::{Goal, Section, Table};
use crate::statistics::number;
use crate::upstream::Upstream;
use crate::worker::{Kind, Stage, Used};
use std::time::Duration;

const JOBS: usize = 10_000;
const AT_ONCE: usize = 16;
/// The minutes of observation.
const MINUTES: u32 = 2;
/// A waiting job regularly re-checks its place in the queue (`QUEUED_HEARTBEAT`): an alarm, a
/// message, and these rows, two of which set alarms.
const HEARTBEAT_ROWS: f64 = 4.0;
/// The objects of the queue and of the job with the slot. The queue regularly checks whether that
/// job still needs its slot.
const OTHERS: f64 = 2.0;
/// One job holds the only slot during the whole measurement, and is not polled meanwhile.
const SETTINGS: [(&str, &str); 3] = [
    ("MAX_CONCURRENT_JOBS", "1"),
    ("POLL_INTERVAL_MS", "600000"),
    ("JOB_TIMEOUT_MS", "86400000"),
];

pub(crate) async fn measure() -> Section {
    let upstream = Upstream::start(&[]);
    let stage = Stage::new(Kind::Reelay, true);
    let worker = stage.start(&reelay::variables(&upstream, &SETTINGS));
    reelay::order(&worker, "holder", "A boat. [[render:86400000]]").await;
    upstream.submitted("render:86400000").await;
    progress::say(&format!("{JOBS} orders"));
    let send = |index| {
        let worker = &worker;
        async move {
            reelay::order(
                worker,
                &format!("user-{}", index % 1_000),
                "A boat that waits",
            )
            .await;
        }
    };
    load(JOBS, AT_ONCE, send).await;
    // The work after the last orders is done.
    tokio::time::sleep(Duration::from_secs(15)).await;
    worker.tick().await;
    progress::say(&format!("{MINUTES} minutes"));
    worker.count_anew().await;
    for _ in 0..MINUTES {
        tokio::time::sleep(Duration::from_mins(1)).await;
        worker.tick().await;
    }
    let used = worker.used().await;
    let mut table = Table::new(&["", "total", "per minute"]);
    let mut row = |name: &str, amount: f64| {
        table.row([
            name.to_owned(),
            number(amount, 0),
            number(amount / f64::from(MINUTES), 2),
        ]);
    };
    row("sweeps", f64::from(MINUTES));
    row("messages to objects", used.object_messages);
    row("alarms", used.alarms);
    row("objects that had any of these", used.objects_woken);
    row(
        "rows written, alarms set included",
        used.rows_written + used.alarms_set,
    );
    row("rows read", used.rows_read);
    let heartbeat = Used {
        object_messages: 1.0,
        alarms: 1.0,
        rows_written: HEARTBEAT_ROWS,
        ..Used::default()
    };
    let heartbeat = Bill::of(&heartbeat, 0.0);
    let beyond = used.object_messages + used.alarms - f64::from(MINUTES);
    let waiting = (used.objects_woken - OTHERS).max(0.0);
    Section {
        title: "Waiting",
        method: format!(
            "{} waiting jobs, made by as many orders, with no free slot, observed for {MINUTES} \
             minutes with a sweep every minute. The sweeps cost ${} an hour for 1,000 waiting \
             jobs. Not seen in minutes: after 1 h, 2 h, 4 h and so on, at most daily, a waiting \
             job re-checks its place with an alarm and a message. This costs ${} for 1,000 jobs.",
            number(JOBS as f64, 0),
            number(
                Bill::of(&used, 0.0).total() * 60.0 / f64::from(MINUTES) * 1_000.0 / JOBS as f64,
                5
            ),
            number(heartbeat.total() * 1_000.0, 4)
        ),
        table,
        goals: vec![Goal {
            aim: "no object request of a waiting job within its first hour".to_owned(),
            found: format!(
                "of {} waiting jobs {} had one; apart from the {MINUTES} sweeps there were {}, \
                 to check the job with the slot",
                number(JOBS as f64, 0),
                number(waiting, 0),
                number(beyond, 0)
            ),
            met: waiting <= 0.0,
            reason: "Something sends requests to waiting jobs.".to_owned(),
        }],
    }
}
