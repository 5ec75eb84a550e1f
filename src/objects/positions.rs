//! The positions that this isolate knows.

use crate::ids::JobKey;
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

/// The position of a job that waits, at most two seconds old; `None` if the queue does not know the
/// job.
pub async fn position(env: &Env, job: &Job, now: Millis) -> Result<Option<Position>, StubError> {
    let job = wanted(&job.key, job.updated_at);
    match READERS.with_borrow_mut(|readers| readers.read(&job, now)) {
        Lookup::Show(position) => Ok(Some(position)),
        Lookup::Ask(others) => ask(env, job, others, now).await,
    }
}

/// The position of a job that was just changed. Its next reader is shown the same.
pub async fn new_position(
    env: &Env,
    job: &Job,
    now: Millis,
) -> Result<Option<Position>, StubError> {
    ask(env, wanted(&job.key, job.updated_at), Vec::new(), now).await
}

/// Keeps the position that the queue told, for the next reader of a job that was last changed at
/// `changed_at`.
pub fn tell(key: &JobKey, changed_at: Millis, position: Position, now: Millis) {
    let told = [(wanted(key, changed_at), Some(position))];
    READERS.with_borrow_mut(|readers| readers.told(told, now));
}

fn wanted(key: &JobKey, changed_at: Millis) -> Wanted {
    Wanted {
        key: key.clone(),
        changed_at,
    }
}

/// Asks the queue for a job's position, and for those of others that were read.
async fn ask(
    env: &Env,
    job: Wanted,
    others: Vec<Wanted>,
    now: Millis,
) -> Result<Option<Position>, StubError> {
    let question = GetPositions {
        key: job.key.clone(),
        others: others.iter().map(|job| job.key.clone()).collect(),
    };
    let answer = stub::queue(env, &question).await;
    READERS.with_borrow_mut(|readers| match &answer {
        Ok(positions) => {
            let jobs = std::iter::once(job).chain(others);
            readers.told(jobs.zip(positions.iter().copied()), now);
        }
        Err(_) => readers.not_told(now),
    });
    Ok(answer?.into_iter().next().flatten())
}
