//! A job's database: its record in one row, and its timeline.

use super::{Sql, SqlValue};
use crate::machine::follow::Entry;
use crate::machine::job::{Job, Note};
use crate::wire::stored::{self, StoredError};
use thiserror::Error;

/// Each job has a database of its own, so every row that creating it takes is paid for by each job. Hence neither a count of
/// versions, which `job` stands for by being made last, nor AUTOINCREMENT, whose own table costs a row an entry: entries only
/// go all together, so the numbers never come twice. The first databases have both; their tables are read and written alike.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS timeline (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, step TEXT NOT NULL, detail TEXT);
    CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
";
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
    if is_untouched(sql).map_err(JobStoreError::Database)? {
        return Ok(None);
    }
    let rows = sql.run("SELECT record FROM job WHERE id = 1", Vec::new()).map_err(JobStoreError::Database)?;
    let record = rows.into_iter().next().and_then(|row| row.into_iter().next());
    Ok(record.map(|record| stored::read_job(&record.into_text())).transpose()?)
}

/// Saves the job and adds to its timeline. The record is written last: should the platform refuse a
/// statement, the job is as it was.
pub fn save<S: Sql>(sql: &S, job: &Job, notes: &[Note]) -> Result<(), JobStoreError<S::Error>> {
    let record = stored::write_job(job)?;
    if is_untouched(sql).map_err(JobStoreError::Database)? {
        sql.run(TABLES, Vec::new()).map_err(JobStoreError::Database)?;
    }
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
    if is_untouched(sql)? {
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

/// Whether the database has not got all of its tables yet.
fn is_untouched<S: Sql>(sql: &S) -> Result<bool, S::Error> {
    let look = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job'";
    Ok(sql.run(look, Vec::new())?.is_empty())
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
