//! A database reaches the newest schema from any earlier state.

use crate::put::{Put as _, save_job};
use crate::sqlite::Sqlite;
use crate::{lists, lives};
use reelay::machine::alerts::Alerts;
use reelay::machine::queue::Rows;
use reelay::store::job;
use reelay::store::queue::QueueStore;
use reelay::store::queue_tables::MIGRATIONS;
use reelay::store::schema;
use reelay::store::schema::Migration;
use reelay::store::sql::Sql;

/// More statements than all migrations of one object have.
const MORE_THAN_ALL: u32 = 100;

#[test]
fn opening_the_queue_again_changes_nothing() {
    let sql = Sqlite::new();
    open_queue(&sql);
    let schema = sql.schema();
    open_queue(&sql);
    assert_eq!(sql.schema(), schema);
    assert_eq!(versions(&sql), ["1", "2", "3"]);
}

#[test]
fn a_queue_cut_off_after_any_statement_of_its_migrations_is_completed_by_the_next_opening_i11() {
    fn newer(sql: &Sqlite) -> bool {
        let columns = &[("entry", "colour", "TEXT"), ("book", "shade", "TEXT")];
        let next = Migration {
            columns,
            statements: "CREATE TABLE IF NOT EXISTS palette (colour TEXT PRIMARY KEY)",
        };
        schema::migrate(sql, &[&MIGRATIONS[..], &[next]].concat()).is_ok()
    }
    assert_cut_offs_heal(|sql| assert!(newer(sql)), newer);
}

#[test]
fn a_job_cut_off_after_any_statement_of_its_first_save_is_completed_by_the_next_one() {
    assert_cut_offs_heal(save_new_job, |sql| {
        save_job(sql, &lives::queued(), &[]).is_ok()
    });
}

#[test]
fn a_job_cut_off_within_its_first_save_is_none_yet() {
    for statements in 0..3 {
        let sql = Sqlite::new();
        sql.cut_off_after(Some(statements));
        assert!(save_job(&sql, &lives::queued(), &[]).is_err());
        sql.cut_off_after(None);
        assert!(
            job::load(&sql).unwrap().is_none(),
            "after {statements} statements"
        );
    }
}

#[test]
fn a_queue_without_the_table_of_alerts_gets_it_and_keeps_its_rows_i11() {
    let sql = Sqlite::new();
    schema::migrate(&sql, &MIGRATIONS[..1]).unwrap();
    let entry = lists::entry(1, "ann", "job", 1_000, "a boat");
    QueueStore::opened(sql.clone()).put(&entry).unwrap();
    let mut store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(versions(&sql), ["1", "2", "3"]);
    assert_eq!(store.find(&entry.summary.key).unwrap(), Some(entry));
    assert_eq!(store.alerts().unwrap(), Alerts::default());
    store.save_alerts(&Alerts::default()).unwrap();
    assert_eq!(store.alerts().unwrap(), Alerts::default());
}

#[test]
fn a_record_of_alerts_that_cannot_be_read_counts_as_that_of_a_new_worker_i11() {
    let sql = Sqlite::new();
    let store = QueueStore::open(sql.clone()).unwrap();
    for record in ["no JSON", r#"{"firing":7}"#] {
        let statement = "INSERT INTO alert (id, record) VALUES (1, ?) \
             ON CONFLICT (id) DO UPDATE SET record = excluded.record";
        sql.run(statement, vec![record.into()]).unwrap();
        assert_eq!(store.alerts().unwrap(), Alerts::default(), "{record}");
    }
}

#[test]
fn a_new_migration_is_applied_once_and_keeps_what_is_stored_i11() {
    let sql = Sqlite::new();
    let entry = lists::entry(1, "ann", "job", 1_000, "a boat");
    QueueStore::open(sql.clone()).unwrap().put(&entry).unwrap();
    let next = Migration {
        columns: &[("entry", "colour", "TEXT NOT NULL DEFAULT 'none'")],
        statements: "CREATE TABLE IF NOT EXISTS palette (colour TEXT PRIMARY KEY);
            UPDATE entry SET colour = 'blue' WHERE colour = 'none'",
    };
    let newer = [&MIGRATIONS[..], &[next]].concat();
    schema::migrate(&sql, &newer).unwrap();
    let colours =
        || sql.texts("SELECT generation_id || ' ' || colour FROM entry ORDER BY sequence");
    assert_eq!(
        (versions(&sql), colours()),
        (
            ["1", "2", "3", "4"].map(str::to_owned).to_vec(),
            vec!["job blue".to_owned()]
        )
    );
    let schema = sql.schema();
    // After a rollback, the old release finds its rows, and writes rows without the new column.
    let mut store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(store.find(&entry.summary.key).unwrap(), Some(entry));
    store
        .put(&lists::entry(2, "ann", "later", 2_000, "a boat"))
        .unwrap();
    let writes = sql.writes(|| schema::migrate(&sql, &newer).unwrap());
    assert_eq!(
        (writes, sql.schema()),
        (Vec::new(), schema),
        "a repeated migration changes nothing"
    );
    assert_eq!(colours(), ["job blue", "later none"]);
}

fn open_queue(sql: &Sqlite) {
    QueueStore::open(sql.clone()).unwrap();
}

fn save_new_job(sql: &Sqlite) {
    save_job(sql, &lives::queued(), &[]).unwrap();
}

/// Cuts `attempt` off after each of its statements, then runs `whole`.
fn assert_cut_offs_heal(whole: fn(&Sqlite), attempt: fn(&Sqlite) -> bool) {
    let expected = Sqlite::new();
    whole(&expected);
    let mut cut_offs = 0;
    for statements in 0..MORE_THAN_ALL {
        let sql = Sqlite::new();
        sql.cut_off_after(Some(statements));
        if attempt(&sql) {
            break;
        }
        cut_offs += 1;
        sql.cut_off_after(None);
        whole(&sql);
        assert_eq!(
            sql.schema(),
            expected.schema(),
            "after {statements} statements"
        );
        assert_eq!(
            versions(&sql),
            versions(&expected),
            "after {statements} statements"
        );
    }
    assert!(
        (3..MORE_THAN_ALL).contains(&cut_offs),
        "{cut_offs} cut-offs"
    );
}

/// Empty where versions are not counted.
fn versions(sql: &Sqlite) -> Vec<String> {
    if sql
        .texts("SELECT name FROM sqlite_master WHERE name = 'schema_version'")
        .is_empty()
    {
        return Vec::new();
    }
    sql.texts("SELECT CAST(version AS TEXT) FROM schema_version ORDER BY version")
}
