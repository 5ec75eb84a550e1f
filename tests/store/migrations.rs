//! A database reaches the newest schema from any earlier state.

use crate::sqlite::Sqlite;
use crate::{lists, lives};
use reelay::machine::queue::Rows;
use reelay::store::job;
use reelay::store::queue::QueueStore;
use reelay::store::queue_tables::MIGRATIONS;
use reelay::store::schema;
use reelay::store::schema::Migration;

/// More statements than all migrations of one object have.
const MORE_THAN_ALL: u32 = 100;

#[test]
fn opening_the_queue_again_changes_nothing() {
    let sql = Sqlite::new();
    open_queue(&sql);
    let schema = sql.schema();
    open_queue(&sql);
    assert_eq!(sql.schema(), schema);
    assert_eq!(versions(&sql), ["1", "2"]);
}

#[test]
fn a_queue_cut_off_after_any_statement_of_its_migrations_is_completed_by_the_next_opening_i11() {
    fn newer(sql: &Sqlite) -> bool {
        let columns = &[("entry", "colour", "TEXT"), ("book", "shade", "TEXT")];
        let second = Migration {
            columns,
            statements: "CREATE TABLE IF NOT EXISTS palette (colour TEXT PRIMARY KEY)",
        };
        schema::migrate(sql, &[&MIGRATIONS[..], &[second]].concat()).is_ok()
    }
    assert_cut_offs_heal(|sql| assert!(newer(sql)), newer);
}

#[test]
fn a_job_cut_off_after_any_statement_of_its_first_save_is_completed_by_the_next_one() {
    assert_cut_offs_heal(save_job, |sql| {
        job::save(sql, &lives::queued(), &[]).is_ok()
    });
}

#[test]
fn a_job_cut_off_within_its_first_save_is_none_yet() {
    for statements in 0..4 {
        let sql = Sqlite::new();
        sql.cut_off_after(Some(statements));
        assert!(job::save(&sql, &lives::queued(), &[]).is_err());
        sql.cut_off_after(None);
        assert!(
            job::load(&sql).unwrap().is_none(),
            "after {statements} statements"
        );
    }
}

#[test]
fn a_new_migration_is_applied_once_and_keeps_what_is_stored_i11() {
    let sql = Sqlite::new();
    let entry = lists::entry(1, "ann", "job", 1_000, "a boat");
    QueueStore::open(sql.clone()).unwrap().save(&entry).unwrap();
    let second = Migration {
        columns: &[("entry", "colour", "TEXT NOT NULL DEFAULT 'none'")],
        statements: "CREATE TABLE IF NOT EXISTS palette (colour TEXT PRIMARY KEY);
            UPDATE entry SET colour = 'blue' WHERE colour = 'none'",
    };
    let newer = [&MIGRATIONS[..], &[second]].concat();
    schema::migrate(&sql, &newer).unwrap();
    let colours =
        || sql.texts("SELECT generation_id || ' ' || colour FROM entry ORDER BY sequence");
    assert_eq!(
        (versions(&sql), colours()),
        (
            ["1", "2", "3"].map(str::to_owned).to_vec(),
            vec!["job blue".to_owned()]
        )
    );
    let schema = sql.schema();
    // After a rollback, the old release finds its rows, and writes rows without the new column.
    let mut store = QueueStore::open(sql.clone()).unwrap();
    assert_eq!(store.find(&entry.summary.key).unwrap(), Some(entry));
    store
        .save(&lists::entry(2, "ann", "later", 2_000, "a boat"))
        .unwrap();
    let writes = sql.writes(|| schema::migrate(&sql, &newer).unwrap());
    assert_eq!(
        (writes, sql.schema()),
        (Vec::new(), schema),
        "a second migration changes nothing"
    );
    assert_eq!(colours(), ["job blue", "later none"]);
}

fn open_queue(sql: &Sqlite) {
    QueueStore::open(sql.clone()).unwrap();
}

fn save_job(sql: &Sqlite) {
    job::save(sql, &lives::queued(), &[]).unwrap();
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
