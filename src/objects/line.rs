//! The positions that this isolate knows.

use crate::machine::job::Job;
use crate::machine::queue::{GetPositions, Lookup, Position, Readers, Wanted};
use crate::objects::stub;
use crate::objects::stub::StubError;
use crate::time::Millis;
use std::cell::RefCell;
use worker::Env;

thread_local! {
    static READERS: RefCell<Readers> = RefCell::default();
}

/// The position of a job that waits, at most a second or two old; `None` if the queue does not
/// know the job.
pub async fn position(env: &Env, job: &Job, now: Millis) -> Result<Option<Position>, StubError> {
    match READERS.with_borrow_mut(|readers| readers.read(wanted(job), now)) {
        Lookup::Show(position) => Ok(Some(position)),
        Lookup::Ask(jobs) => ask(env, jobs, now).await,
    }
}

/// The position of a job that was just changed. Whoever reads it next is shown the same.
pub async fn new_position(
    env: &Env,
    job: &Job,
    now: Millis,
) -> Result<Option<Position>, StubError> {
    ask(env, vec![wanted(job)], now).await
}

fn wanted(job: &Job) -> Wanted {
    Wanted {
        key: job.key.clone(),
        changed_at: job.updated_at,
    }
}

/// Asks the queue, and returns the position of the first of these jobs.
async fn ask(env: &Env, jobs: Vec<Wanted>, now: Millis) -> Result<Option<Position>, StubError> {
    let keys = jobs.iter().map(|job| job.key.clone()).collect();
    let answer = stub::queue(env, &GetPositions { keys }).await;
    READERS.with_borrow_mut(|readers| match &answer {
        Ok(positions) => readers.told(jobs, positions, now),
        Err(_) => readers.not_told(now),
    });
    Ok(answer?.into_iter().next().flatten())
}
