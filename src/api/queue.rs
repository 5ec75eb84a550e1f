//! The queue's figures and its jobs.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::answer::Answer;
use crate::api::auth::Caller;
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::ids::JobKey;
use crate::objects::messages::Stats;
use crate::store::stats::QueueStats;

/// `GET /api/queue/status`.
pub(crate) async fn status(call: &Call, caller: Caller) -> Result<Answer, Problem> {
    Answer::success("status", &numbers(call, &caller).await?)
}

/// `GET /api/queue/stats`: the same, called `stats`.
pub(crate) async fn stats(call: &Call, caller: Caller) -> Result<Answer, Problem> {
    Answer::success("stats", &numbers(call, &caller).await?)
}

/// `GET /api/queue/jobs/{id}`: the same as `GET /api/generations/{id}`, called `job`.
pub(crate) async fn job(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    Answer::success("job", &view::now(call, &key).await?)
}

/// The queue's figures, for any caller. Only operators and the app's server see what all users
/// together spend, and which alerts are firing.
async fn numbers(call: &Call, caller: &Caller) -> Result<QueueStats, Problem> {
    let mut stats = view::queue(call, &Stats).await?;
    if !caller.is_trusted() {
        (stats.cost, stats.alerts) = (None, None);
        stats.limits.max_cost_per_day = None;
        stats.limits.max_cost_per_user_per_day = None;
    }
    Ok(stats)
}
