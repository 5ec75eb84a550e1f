//! A database reaches the newest schema from wherever it was left.

use crate::lives;
use crate::sqlite::Sqlite;
use reelay::store::job;
use reelay::store::queue::QueueStore;

/// More statements than all migrations of one object have.
const MORE_THAN_ALL: u32 = 100;

#[test]
fn opening_the_queue_again_changes_nothing() {
    let sql = Sqlite::new();
    open_queue(&sql);
    let schema = sql.schema();
    open_queue(&sql);
    assert_eq!(sql.schema(), schema);
    assert_eq!(versions(&sql), ["1"]);
}

#[test]
fn a_queue_cut_off_after_any_statement_of_its_migrations_is_completed_by_the_next_opening() {
    assert_cut_offs_heal(open_queue, |sql| QueueStore::open(sql.clone()).is_ok());
}

#[test]
fn a_job_cut_off_after_any_statement_of_its_first_save_is_completed_by_the_next_one() {
    assert_cut_offs_heal(save_job, |sql| job::save(sql, &lives::queued(), &[]).is_ok());
}

#[test]
fn a_job_cut_off_within_its_migrations_is_none_yet() {
    for statements in 0..4 {
        let sql = Sqlite::new();
        sql.cut_off_after(Some(statements));
        assert!(job::save(&sql, &lives::queued(), &[]).is_err());
        sql.cut_off_after(None);
        assert!(job::load(&sql).unwrap().is_none(), "after {statements} statements");
    }
}

fn open_queue(sql: &Sqlite) {
    QueueStore::open(sql.clone()).unwrap();
}

fn save_job(sql: &Sqlite) {
    job::save(sql, &lives::queued(), &[]).unwrap();
}

/// Cuts `attempt` off after each of its statements and has `whole` run then.
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
        assert_eq!(sql.schema(), expected.schema(), "after {statements} statements");
        assert_eq!(versions(&sql), versions(&expected), "after {statements} statements");
    }
    assert!((3..MORE_THAN_ALL).contains(&cut_offs), "{cut_offs} cut-offs");
}

fn versions(sql: &Sqlite) -> Vec<String> {
    sql.texts("SELECT CAST(version AS TEXT) FROM schema_version ORDER BY version")
}
