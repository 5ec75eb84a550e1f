//! A job's database: one row with its record and its timeline.

use crate::machine::follow::NumberedEntry;
use crate::machine::job::{Job, TimelineEntry};
use crate::store::record;
use crate::store::record::StoredError;
use crate::store::sql::{Sql, SqlValue};
use thiserror::Error;

/// Each job has a database of its own, so every row that creating it takes is paid for by each job,
/// and every row that a step writes by each step. Hence no count of schema versions (a change goes
/// into the record, which has one), and one table of one row: the timeline of `timeline`, a line of
/// JSON each, go with the record in one write. `entered` counts all timeline there ever were, so it
/// is the number of the last. What is read most stands first: a row is read from its beginning, as
/// far as it is needed.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS job (
        id INTEGER PRIMARY KEY CHECK (id = 1), entered INTEGER NOT NULL, record TEXT NOT NULL, timeline TEXT NOT NULL
    )
";
/// How many timeline are kept at most; then the oldest go. Usual are 8.
const MAX_TIMELINE: u32 = 2_000;
/// How many bytes the record and its timeline have together at most. The platform refuses a row of
/// more than 2 MB (<https://developers.cloudflare.com/durable-objects/platform/limits/>), a few
/// bytes of which are the row's own, and then the job could not be saved any more; so the timeline
/// has what the record leaves, and beyond that the oldest timeline go. That is far: a record has a
/// few KB, 2,000 timeline of 100 bytes have 200 KB, and an upstream's sentence in an entry 500
/// characters.
const MAX_ROW: usize = 1_990_000;

/// A job that could not be loaded or saved.
#[derive(Debug, Error)]
pub enum JobStoreError<E> {
    #[error("the job's database failed")]
    Database(E),
    #[error("the job's record could not be read or written")]
    Record(#[from] StoredError),
}

/// The timeline as it is stored.
#[derive(Default)]
struct Timeline {
    /// The number of the last entry, those that are gone included.
    entered: u64,
    /// A line for each entry that is kept, the oldest first.
    lines: String,
}

/// Loads the job; `None` when there never was one. Looking at an untouched object stores nothing.
pub fn load<S: Sql>(sql: &S) -> Result<Option<Job>, JobStoreError<S::Error>> {
    if !has_job(sql).map_err(JobStoreError::Database)? {
        return Ok(None);
    }
    let rows = sql
        .run("SELECT record FROM job WHERE id = 1", Vec::new())
        .map_err(JobStoreError::Database)?;
    let record = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next());
    Ok(record
        .map(|record| record::read_job(&record.into_text()))
        .transpose()?)
}

/// Saves the job and adds to its timeline, which never keeps the job from being saved. Should the
/// platform refuse a statement, the job is as it was.
pub fn save<S: Sql>(
    sql: &S,
    job: &Job,
    timeline: &[TimelineEntry],
) -> Result<(), JobStoreError<S::Error>> {
    let record = record::write_job(job)?;
    let lines = timeline
        .iter()
        .map(record::write_entry)
        .collect::<Result<Vec<_>, _>>()?;
    save_row(sql, record, &lines).map_err(JobStoreError::Database)
}

/// The timeline, oldest first.
pub fn timeline<S: Sql>(sql: &S) -> Result<Vec<TimelineEntry>, S::Error> {
    Ok(timeline_after(sql, 0, MAX_TIMELINE)?
        .into_iter()
        .map(|entry| entry.entry)
        .collect())
}

/// The entries after the one of this number, oldest first, `limit` at most.
pub fn timeline_after<S: Sql>(
    sql: &S,
    number: u64,
    limit: u32,
) -> Result<Vec<NumberedEntry>, S::Error> {
    if !has_job(sql)? {
        return Ok(Vec::new());
    }
    Ok(read_timeline(sql)?
        .entries()
        .filter(|entry| entry.number > number)
        .take(limit as usize)
        .collect())
}

/// The number of the newest entry, 0 if there is none.
pub fn last_number<S: Sql>(sql: &S) -> Result<u64, S::Error> {
    if !has_job(sql)? {
        return Ok(0);
    }
    let rows = sql.run("SELECT entered FROM job WHERE id = 1", Vec::new())?;
    Ok(rows
        .first()
        .and_then(|row| row.first())
        .map_or(0, SqlValue::unsigned))
}

/// Whether the database has its table, which the first save makes: a query without it would fail.
fn has_job<S: Sql>(sql: &S) -> Result<bool, S::Error> {
    let tables = sql.run(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job'",
        Vec::new(),
    )?;
    Ok(!tables.is_empty())
}

fn save_row<S: Sql>(sql: &S, record: String, lines: &[String]) -> Result<(), S::Error> {
    if !has_job(sql)? {
        sql.run(TABLE, Vec::new())?;
    }
    let mut timeline = read_timeline(sql)?;
    timeline.add(lines);
    let kept = timeline.newest(MAX_ROW.saturating_sub(record.len()));
    let statement = "INSERT INTO job (id, entered, record, timeline) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE \
                     SET entered = excluded.entered, record = excluded.record, timeline = excluded.timeline";
    sql.run(
        statement,
        vec![timeline.entered.into(), record.into(), kept.into()],
    )?;
    Ok(())
}

fn read_timeline<S: Sql>(sql: &S) -> Result<Timeline, S::Error> {
    let rows = sql.run("SELECT entered, timeline FROM job WHERE id = 1", Vec::new())?;
    let Some(Ok([entered, lines])) = rows.into_iter().next().map(<[_; 2]>::try_from) else {
        return Ok(Timeline::default());
    };
    Ok(Timeline {
        entered: entered.unsigned(),
        lines: lines.into_text(),
    })
}

impl Timeline {
    fn add(&mut self, lines: &[String]) {
        for line in lines {
            self.entered += 1;
            self.lines.push_str(line);
            self.lines.push('\n');
        }
    }

    /// The newest timeline that [`MAX_TIMELINE`] and so many bytes have room for.
    fn newest(&self, room: usize) -> &str {
        let surplus = self
            .lines
            .lines()
            .count()
            .saturating_sub(MAX_TIMELINE as usize);
        let mut kept = self.lines.as_str();
        let mut dropped = 0;
        while dropped < surplus || kept.len() > room {
            kept = kept.split_once('\n').map_or("", |(_, rest)| rest);
            dropped += 1;
        }
        kept
    }

    /// The timeline that are kept, with their numbers. One that cannot be read is passed over, and
    /// its number with it.
    fn entries(&self) -> impl Iterator<Item = NumberedEntry> {
        let kept = self.lines.lines().count() as u64;
        let numbers = self.entered.saturating_sub(kept) + 1..;
        let entries = numbers.zip(self.lines.lines());
        entries.filter_map(|(number, line)| {
            Some(NumberedEntry {
                number,
                entry: record::read_entry(line)?,
            })
        })
    }
}
