//! Saving without knowing what is stored.

use crate::sqlite::{Sqlite, SqliteError};
use reelay::machine::job::{Job, TimelineEntry};
use reelay::machine::queue::{Entry, Rows};
use reelay::store::job::{JobStore, JobStoreError};

pub(crate) trait Put: Rows {
    /// Inserts or replaces the entry.
    fn put(&mut self, entry: &Entry) -> Result<(), Self::Error> {
        let before = self.find(&entry.summary.key)?;
        self.save(before.as_ref(), entry)
    }
}

impl<R: Rows> Put for R {}

/// Saves a job as a new instance does.
pub(crate) fn save_job(
    sql: &Sqlite,
    job: &Job,
    timeline: &[TimelineEntry],
) -> Result<(), JobStoreError<SqliteError>> {
    JobStore::default().save(sql, job, timeline)
}
