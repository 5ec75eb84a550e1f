//! A job's database: one row with its record and its timeline.

use crate::machine::cached::Cached;
use crate::machine::follow::NumberedEntry;
use crate::machine::job::{Job, TimelineEntry};
use crate::store::record;
use crate::store::record::StoredError;
use crate::store::sql::{Sql, SqlValue};
use thiserror::Error;

/// Each job has its own database, so every row written at its creation is billed for each job, and
/// every row written by a step for each step. Hence there is no table of schema versions (the
/// record has a version) and only one table with one row: the timeline, one line of JSON per entry,
/// is saved with the record in one write. `entered` counts all entries ever made, so it is the
/// number of the last one.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS job (
        id INTEGER PRIMARY KEY CHECK (id = 1), entered INTEGER NOT NULL, record TEXT NOT NULL, timeline TEXT NOT NULL
    )
";
/// The most timeline entries that are kept; then the oldest are dropped. A typical job has 8.
const MAX_TIMELINE: u32 = 2_000;
/// The most bytes of the record and its timeline together. The platform refuses a row of more than
/// 2 MB (<https://developers.cloudflare.com/durable-objects/platform/limits/>), including a few
/// bytes of the row itself, and then the job could no longer be saved. So the timeline gets the
/// space that the record leaves, and the oldest entries beyond it are dropped. This limit is far
/// away: a record has a few KB, 2,000 entries of 100 bytes have 200 KB, and an upstream's sentence
/// in an entry has 500 characters.
const MAX_ROW: usize = 1_990_000;

/// A job that could not be loaded or saved.
#[derive(Debug, Error)]
pub enum JobStoreError<E> {
    #[error("the job's database failed")]
    Database(E),
    #[error("the job's record could not be read or written")]
    Record(#[from] StoredError),
}

/// The stored timeline.
#[derive(Debug, Default)]
struct Timeline {
    /// The number of the last entry; dropped entries count.
    entered: u64,
    /// One line per kept entry, oldest first.
    lines: String,
}

/// The row of a job.
#[derive(Debug)]
struct Stored {
    job: Job,
    timeline: Timeline,
}

/// A job's database as one instance of its object uses it: the row is read once, and kept in
/// memory.
#[derive(Debug, Default)]
pub struct JobStore {
    /// `None` if there is no job.
    row: Cached<Option<Stored>>,
}

impl JobStore {
    /// The job; `None` if there never was one. Reading an untouched object stores nothing.
    pub fn load<S: Sql>(&mut self, sql: &S) -> Result<Option<Job>, JobStoreError<S::Error>> {
        let row = self.row.get(|| read_row(sql))?;
        Ok(row.as_ref().map(|row| row.job.clone()))
    }

    /// Saves the job and appends to its timeline. A long timeline never prevents the save. If the
    /// platform refuses a statement, the stored job is unchanged.
    pub fn save<S: Sql>(
        &mut self,
        sql: &S,
        job: &Job,
        timeline: &[TimelineEntry],
    ) -> Result<(), JobStoreError<S::Error>> {
        let record = record::write_job(job)?;
        let before = self.row.take(|| read_row(sql))?;
        let is_new = before.is_none();
        let mut kept = before.map(|row| row.timeline).unwrap_or_default();
        for entry in timeline {
            kept.add(&record::write_entry(entry)?);
        }
        kept.drop_oldest(MAX_ROW.saturating_sub(record.len()));
        let row = Stored {
            job: job.clone(),
            timeline: kept,
        };
        self.row.set(Some(row), |row| {
            let timeline = row.as_ref().map(|row| &row.timeline);
            write_row(sql, is_new, record, timeline).map_err(JobStoreError::Database)
        })
    }

    /// Reads the row again next time.
    pub fn forget(&mut self) {
        self.row.forget();
    }
}

/// Loads the job without an instance's memory.
pub fn load<S: Sql>(sql: &S) -> Result<Option<Job>, JobStoreError<S::Error>> {
    JobStore::default().load(sql)
}

/// The timeline, oldest first.
pub fn timeline<S: Sql>(sql: &S) -> Result<Vec<TimelineEntry>, S::Error> {
    Ok(timeline_after(sql, 0, MAX_TIMELINE)?
        .into_iter()
        .map(|entry| entry.entry)
        .collect())
}

/// The entries after this number, oldest first, at most `limit`.
pub fn timeline_after<S: Sql>(
    sql: &S,
    number: u64,
    limit: u32,
) -> Result<Vec<NumberedEntry>, S::Error> {
    if !has_job(sql)? {
        return Ok(Vec::new());
    }
    let rows = sql.run("SELECT entered, timeline FROM job WHERE id = 1", Vec::new())?;
    let Some(Ok([entered, lines])) = rows.into_iter().next().map(<[_; 2]>::try_from) else {
        return Ok(Vec::new());
    };
    Ok(Timeline::of(&entered, lines)
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

/// Whether the table exists, which the first save creates: a query without it would fail.
fn has_job<S: Sql>(sql: &S) -> Result<bool, S::Error> {
    let tables = sql.run(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job'",
        Vec::new(),
    )?;
    Ok(!tables.is_empty())
}

fn read_row<S: Sql>(sql: &S) -> Result<Option<Stored>, JobStoreError<S::Error>> {
    if !has_job(sql).map_err(JobStoreError::Database)? {
        return Ok(None);
    }
    let rows = sql
        .run(
            "SELECT record, entered, timeline FROM job WHERE id = 1",
            Vec::new(),
        )
        .map_err(JobStoreError::Database)?;
    let Some(Ok([record, entered, lines])) = rows.into_iter().next().map(<[_; 3]>::try_from) else {
        return Ok(None);
    };
    Ok(Some(Stored {
        job: record::read_job(&record.into_text())?,
        timeline: Timeline::of(&entered, lines),
    }))
}

fn write_row<S: Sql>(
    sql: &S,
    is_new: bool,
    record: String,
    timeline: Option<&Timeline>,
) -> Result<(), S::Error> {
    if is_new {
        sql.run(TABLE, Vec::new())?;
    }
    let (entered, lines) = timeline.map_or((0, ""), |timeline| {
        (timeline.entered, timeline.lines.as_str())
    });
    let statement = "INSERT INTO job (id, entered, record, timeline) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE \
                     SET entered = excluded.entered, record = excluded.record, timeline = excluded.timeline";
    sql.run(statement, vec![entered.into(), record.into(), lines.into()])?;
    Ok(())
}

impl Timeline {
    fn of(entered: &SqlValue, lines: SqlValue) -> Self {
        Self {
            entered: entered.unsigned(),
            lines: lines.into_text(),
        }
    }

    fn add(&mut self, line: &str) {
        self.entered += 1;
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    /// Keeps the newest entries that fit into [`MAX_TIMELINE`] and `room` bytes.
    fn drop_oldest(&mut self, room: usize) {
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
        if dropped > 0 {
            self.lines = kept.to_owned();
        }
    }

    /// The kept entries with their numbers. An entry that cannot be read is skipped, with its
    /// number.
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
