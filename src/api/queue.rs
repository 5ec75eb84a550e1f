//! What the queue holds.

#[cfg(not(target_arch = "wasm32"))]
pub mod operations;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::objects::messages::Stats;
use crate::store::stats::QueueStats;

/// `GET /api/queue/status` and `GET /api/queue/stats`; `field` is what the object is called. Any caller may ask: it
/// holds numbers only, and what all users together spend is told to operators and the app's server.
pub(crate) async fn show(call: &Call, field: &str) -> Result<Answer, Problem> {
    let caller = call.anyone().await?;
    let mut stats = stats(call).await?;
    if !caller.is_trusted() {
        stats.cost = None;
    }
    Answer::success(field, &stats)
}

pub(crate) async fn stats(call: &Call) -> Result<QueueStats, Problem> {
    view::queue(call, &Stats).await
}
