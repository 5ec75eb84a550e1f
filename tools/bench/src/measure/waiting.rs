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
const MINUTES: u32 = 4;
/// From time to time a waiting job makes sure that the queue still knows it (`QUEUED_HEARTBEAT`):
/// an alarm, a message, and these rows, two of which set alarms.
const HEARTBEAT_ROWS: f64 = 4.0;
/// The queue's object, and that of the job with the slot: the queue regularly checks whether that
/// job still needs it.
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
    let mut table = Table::new(&["", "in all", "a minute"]);
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
            "{} jobs in line, made by as many orders, with no slot free, watched for {MINUTES} minutes with the sweep each minute. \
             What the sweeps used costs ${} for each 1,000 of them and hour. What is not seen in minutes: a job that has \
             waited for one hour, two, four and so on, or a day more, asks whether the queue still knows it, by an alarm and a \
             message, which is ${} for each 1,000.",
            number(JOBS as f64, 0),
            number(Bill::of(&used, 0.0).total() * 60.0 / f64::from(MINUTES) * 1_000.0 / JOBS as f64, 5),
            number(heartbeat.total() * 1_000.0, 4)
        ),
        table,
        goals: vec![Goal {
            aim: "no object request for a job that waits, within its first hour and from one question of its own to the next".to_owned(),
            found: format!(
                "of {} such jobs {} had one; beyond the {MINUTES} sweeps there were {}, to ask the job with the slot",
                number(JOBS as f64, 0),
                number(waiting, 0),
                number(beyond, 0)
            ),
            met: waiting <= 0.0,
            reason: "Something looks after jobs that wait.".to_owned(),
        }],
    }
}
