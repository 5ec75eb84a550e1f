//! A job's database: its record in one row, and its timeline.

use super::schema::{self, Migration};
use super::{Sql, SqlValue};
use crate::machine::follow::Entry;
use crate::machine::job::{Job, Note};
use crate::wire::stored::{self, StoredError};
use thiserror::Error;

const MIGRATIONS: [Migration; 1] = [Migration {
    columns: &[],
    statements: "
    CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS timeline (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, step TEXT NOT NULL, detail TEXT
    );
",
}];
/// How many timeline entries are read at most.
const MAX_NOTES: u32 = 2_000;

/// A job that could not be loaded or saved.
#[derive(Debug, Error)]
pub enum JobStoreError<E> {
    #[error("the job's database failed")]
    Database(E),
    #[error("the job's record could not be read or written")]
    Record(#[from] StoredError),
}

/// Loads the job; `None` when there never was one. Looking at an untouched object stores nothing.
pub fn load<S: Sql>(sql: &S) -> Result<Option<Job>, JobStoreError<S::Error>> {
    if schema::version(sql).map_err(JobStoreError::Database)? == 0 {
        return Ok(None);
    }
    schema::migrate(sql, &MIGRATIONS).map_err(JobStoreError::Database)?;
    let rows = sql.run("SELECT record FROM job WHERE id = 1", Vec::new()).map_err(JobStoreError::Database)?;
    let record = rows.into_iter().next().and_then(|row| row.into_iter().next());
    Ok(record.map(|record| stored::read_job(&record.into_text())).transpose()?)
}

/// Saves the job and adds to its timeline. The record is written last: should the platform refuse a
/// statement, the job is as it was.
pub fn save<S: Sql>(sql: &S, job: &Job, notes: &[Note]) -> Result<(), JobStoreError<S::Error>> {
    let record = stored::write_job(job)?;
    schema::migrate(sql, &MIGRATIONS).map_err(JobStoreError::Database)?;
    for note in notes {
        let values = vec![note.at.into(), note.step.as_str().into(), note.detail.clone().into()];
        sql.run("INSERT INTO timeline (at, step, detail) VALUES (?, ?, ?)", values).map_err(JobStoreError::Database)?;
    }
    let statement =
        "INSERT INTO job (id, record) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record";
    sql.run(statement, vec![record.into()]).map_err(JobStoreError::Database)?;
    Ok(())
}

/// The timeline, oldest first.
pub fn timeline<S: Sql>(sql: &S) -> Result<Vec<Note>, S::Error> {
    if schema::version(sql)? == 0 {
        return Ok(Vec::new());
    }
    let statement = "SELECT at, step, detail FROM timeline ORDER BY number LIMIT ?";
    let rows = sql.run(statement, vec![MAX_NOTES.into()])?;
    Ok(rows.into_iter().filter_map(read_note).collect())
}

/// The entries after the one of this number, oldest first, `limit` at most. The database must have been loaded.
pub fn timeline_after<S: Sql>(sql: &S, number: u64, limit: u32) -> Result<Vec<Entry>, S::Error> {
    let statement = "SELECT number, at, step, detail FROM timeline WHERE number > ? ORDER BY number LIMIT ?";
    let rows = sql.run(statement, vec![number.into(), limit.into()])?;
    Ok(rows.into_iter().filter_map(read_entry).collect())
}

/// The number of the newest entry, 0 if there is none. The database must have been loaded.
pub fn last_number<S: Sql>(sql: &S) -> Result<u64, S::Error> {
    let rows = sql.run("SELECT max(number) FROM timeline", Vec::new())?;
    Ok(rows.first().and_then(|row| row.first()).map_or(0, SqlValue::unsigned))
}

fn read_entry(mut row: Vec<SqlValue>) -> Option<Entry> {
    let note = read_note(row.split_off(row.len().min(1)))?;
    Some(Entry { number: row.first()?.unsigned(), note })
}

fn read_note(row: Vec<SqlValue>) -> Option<Note> {
    let [at, step, detail] = <[SqlValue; 3]>::try_from(row).ok()?;
    let detail = if detail.is_null() { None } else { Some(detail.into_text()) };
    Some(Note { at: at.unsigned(), step: step.into_text(), detail })
}
