//! A long line of waiting jobs, without sending that many orders.

use crate::reelay;
use crate::upstream::Upstream;
use crate::worker::{Kind, QUEUE, Stage};
use rusqlite::Connection;

/// The number of users that the waiting jobs and the orders are spread over.
pub(crate) const USERS: u64 = 1_000;
pub(crate) const PROMPT: &str = "A paper boat sails down a rainy street at dusk";
/// One job holds the only slot during the whole measurement, and is not polled meanwhile.
pub(crate) const SETTINGS: [(&str, &str); 3] = [
    ("MAX_CONCURRENT_JOBS", "1"),
    ("POLL_INTERVAL_MS", "600000"),
    ("JOB_TIMEOUT_MS", "86400000"),
];
/// Where the queue's record has counts of waiting jobs. They are removed, so that it counts again.
const COUNTS: [&str; 1] = ["$.line"];

/// A stage whose queue has one job with a slot and `depth` waiting jobs. One of them is ordered,
/// and the others are copies of its row in the database: the queue sends those jobs no message
/// before they have a slot.
pub(crate) async fn filled(upstream: &Upstream, depth: u64) -> Stage {
    let stage = Stage::new(Kind::Reelay, false);
    {
        let worker = stage.start(&reelay::variables(upstream, &SETTINGS));
        reelay::order(&worker, "holder", &format!("{PROMPT} [[render:86400000]]")).await;
        upstream.submitted("render:86400000").await;
        if depth > 0 {
            reelay::order(&worker, "user-0", PROMPT).await;
        }
    }
    upstream.reset().await;
    if depth > 1 {
        multiply(&stage, depth);
    }
    stage
}

fn multiply(stage: &Stage, depth: u64) {
    let database =
        Connection::open(stage.only_database(QUEUE)).expect("the queue's database can be opened");
    let columns: Vec<String> = {
        let mut statement = database
            .prepare("SELECT name FROM pragma_table_info('entry')")
            .expect("the columns");
        let names = statement
            .query_map([], |row| row.get(0))
            .expect("the columns");
        names.collect::<Result<_, _>>().expect("the columns")
    };
    let value = |column: &String| match column.as_str() {
        "user_id" => format!("'user-' || (n % {USERS})"),
        "generation_id" => "'waiting-' || n".to_owned(),
        "round" => format!("round + n / {USERS}"),
        "sequence" | "enqueued_at" | "order_key" | "created_at" => format!("{column} + n"),
        _ => column.clone(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let statement = format!(
        "WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < {}) \
         INSERT INTO entry ({}) SELECT {} FROM entry, numbers WHERE user_id = 'user-0'",
        depth - 1,
        columns.join(", "),
        values.join(", ")
    );
    database
        .execute_batch(&statement)
        .expect("the waiting jobs can be written");
    let waiting: i64 = database
        .query_row(
            "SELECT count(*) FROM entry WHERE stage = 'waiting'",
            [],
            |row| row.get(0),
        )
        .expect("the waiting jobs can be counted");
    assert_eq!(u64::try_from(waiting), Ok(depth), "this many jobs wait");
    let counts = COUNTS.map(|path| format!("'{path}'")).join(", ");
    let forget = format!("UPDATE book SET record = json_remove(record, {counts})");
    assert_eq!(
        database
            .execute(&forget, [])
            .expect("the book can be written"),
        1,
        "the book exists"
    );
    // Everything in the database file itself, so that it can be copied.
    database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("the log is written back");
}
