//! Jobs in states that no transition leads to, for tests to begin with.

use reelay::machine::job::{Job, JobRecord};

/// `job` with a changed record.
pub(crate) fn altered(job: &Job, change: impl FnOnce(&mut JobRecord)) -> Job {
    let mut record = JobRecord::clone(job);
    change(&mut record);
    let record = serde_json::to_value(record).expect("a record is JSON");
    serde_json::from_value(record).expect("a job is read from its record")
}
