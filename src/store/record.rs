//! The stored record of a job, with its version (I11). A change that serde's defaults cannot bridge
//! gets the next version; [`read_job`] then still reads the earlier ones.

use crate::machine::job::{Job, TimelineEntry};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version that is written.
pub const JOB_VERSION: u32 = 1;

/// A stored record that cannot be read.
#[derive(Debug, Error)]
pub enum StoredError {
    #[error("the stored job is not valid JSON of its version")]
    Unreadable(#[from] serde_json::Error),
    #[error("the stored job has version {0}, which this build does not know")]
    UnknownVersion(u32),
}

#[derive(Serialize)]
struct Writing<'a> {
    version: u32,
    job: &'a Job,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct ReadingV1 {
    job: Job,
}

/// The record of a job, as JSON.
pub fn write_job(job: &Job) -> Result<String, StoredError> {
    Ok(serde_json::to_string(&Writing {
        version: JOB_VERSION,
        job,
    })?)
}

/// Reads a record of any version up to [`JOB_VERSION`].
pub fn read_job(record: &str) -> Result<Job, StoredError> {
    match serde_json::from_str::<Version>(record)?.version {
        1 => Ok(serde_json::from_str::<ReadingV1>(record)?.job),
        unknown => Err(StoredError::UnknownVersion(unknown)),
    }
}

/// An entry of the timeline, as JSON on one line.
pub fn write_entry(entry: &TimelineEntry) -> Result<String, StoredError> {
    Ok(serde_json::to_string(entry)?)
}

/// Reads an entry; `None` if the line is not one.
pub fn read_entry(line: &str) -> Option<TimelineEntry> {
    serde_json::from_str(line).ok()
}
