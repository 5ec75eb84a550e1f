//! Writes cost money: every row of a table or index that a statement touches is paid for.

use crate::lives;
use crate::plans::filled;
use crate::put::{Put as _, save_job};
use crate::sqlite::Sqlite;
use reelay::ids::JobKey;
use reelay::machine::Status;
use reelay::machine::job::{TimelineEntry, TimelineStep};
use reelay::machine::lease::Lease;
use reelay::machine::queue::{Entry, Rows, Stage};
use reelay::store::job;
use reelay::store::queue::QueueStore;

#[test]
fn an_entry_as_it_is_stored_is_not_written_again() {
    let sql = Sqlite::new();
    let mut store = filled(&sql);
    for key in ["job-0", "job-1", "job-2", "job-3", "job-4", "job-5"] {
        let entry = find(&store, key);
        assert_eq!(sql.writes(|| store.put(&entry).unwrap()), [""; 0], "{key}");
    }
}

#[test]
fn a_change_of_an_entry_names_the_columns_that_change_and_no_other() {
    let sql = Sqlite::new();
    let mut store = filled(&sql);
    let mut entry = find(&store, "job-3");
    entry.summary.status = Status::Processing;
    let writes = sql.writes(|| store.put(&entry).unwrap());
    assert_eq!(
        writes,
        ["UPDATE entry SET status = ? WHERE user_id = ? AND generation_id = ?"]
    );
    assert_eq!(find(&store, "job-3"), entry);
    entry.stage = Stage::Held(Lease {
        epoch: 1,
        until: 9,
        granted_at: 1,
    });
    entry.summary.updated_at = 9;
    let writes = sql.writes(|| store.put(&entry).unwrap());
    assert_eq!(
        writes,
        [
            "UPDATE entry SET updated_at = ?, lease_until = ? WHERE user_id = ? AND generation_id = ?"
        ]
    );
    assert_eq!(find(&store, "job-3"), entry);
}

#[test]
fn a_job_takes_one_table_and_neither_an_index_nor_a_count_of_versions() {
    let sql = Sqlite::new();
    let writes =
        sql.writes(|| save_job(&sql, &lives::queued(), &[entry(TimelineStep::Created)]).unwrap());
    assert_eq!(sql.texts("SELECT name FROM sqlite_master"), ["job"]);
    assert_eq!(writes.len(), 2, "the table and its row: {writes:?}");
}

#[test]
fn a_step_of_a_job_is_one_write_of_one_row_whatever_it_enters() {
    let sql = Sqlite::new();
    save_job(&sql, &lives::queued(), &[]).unwrap();
    for (number, timeline) in [
        (0, Vec::new()),
        (1, vec![entry(TimelineStep::Stored)]),
        (
            3,
            vec![entry(TimelineStep::Completed), entry(TimelineStep::Retried)],
        ),
    ] {
        let changed = sql.rows_written();
        let writes = sql.writes(|| save_job(&sql, &lives::queued(), &timeline).unwrap());
        assert_eq!(
            (writes.len(), sql.rows_written() - changed),
            (1, 1),
            "{writes:?}"
        );
        assert_eq!(job::last_number(&sql).unwrap(), number);
    }
}

fn entry(step: TimelineStep) -> TimelineEntry {
    TimelineEntry {
        at: 1,
        step,
        detail: None,
    }
}

fn find(store: &QueueStore<Sqlite>, name: &str) -> Entry {
    store.find(&JobKey::new("ann", name)).unwrap().unwrap()
}
