//! The line as this isolate knows it: many readers of waiting jobs cost the queue one question a
//! second.

use crate::machine::job::Job;
use crate::machine::queue::{GetLine, GetPosition, Newcomer, Position, Positions};
use crate::objects::stub;
use crate::objects::stub::StubError;
use crate::time::{Millis, SECOND};
use std::cell::RefCell;
use std::rc::Rc;
use worker::Env;

/// How long others use what is known while one request asks.
const ASKING: Millis = 5 * SECOND;

/// What this isolate knows.
#[derive(Debug, Default)]
struct Known {
    positions: Option<Rc<Positions>>,
    /// When a request last asked.
    asked_at: Millis,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// The position of a job that waits, at most a second or two old; `None` if the queue does not
/// know the job.
pub async fn position(env: &Env, job: &Job, now: Millis) -> Result<Option<Position>, StubError> {
    let positions = recent(env, now).await?;
    let newcomer = Newcomer {
        upstream: &job.terms.upstream(),
        has_submitted: !job.submits.is_empty(),
        since: job.updated_at,
        not_before: job.not_before,
    };
    if let Some(position) = positions.find(&job.key, newcomer, now) {
        return Ok(Some(position));
    }
    let key = job.key.clone();
    stub::queue(env, &GetPosition { key }).await
}

async fn recent(env: &Env, now: Millis) -> Result<Rc<Positions>, StubError> {
    let known = KNOWN.with_borrow_mut(|known| {
        let positions = known.positions.clone()?;
        let is_asking = now.saturating_sub(known.asked_at) < ASKING;
        if positions.are_recent(now) || is_asking {
            return Some(positions);
        }
        known.asked_at = now;
        None
    });
    if let Some(positions) = known {
        return Ok(positions);
    }
    let asked = stub::queue(env, &GetLine).await;
    KNOWN.with_borrow_mut(|known| {
        known.asked_at = 0;
        let positions = Rc::new(Positions::from(asked?));
        known.positions = Some(Rc::clone(&positions));
        Ok(positions)
    })
}
