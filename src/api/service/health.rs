//! Whether the worker can work: its settings are whole and its queue answers.

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::queue;
use crate::machine::Status;
use crate::store::stats::Slots;
use serde::Serialize;

/// What a worker that can work says of itself.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct Health<'a> {
    /// Always `ok`: a worker that cannot work answers with a problem.
    status: &'a str,
    /// Reelay's own version.
    version: &'a str,
    /// How a waiting job gets started: `immediate`, `cron`, `alarm` or `queue`.
    mode: &'a str,
    queue: QueueHealth,
}

/// The queue in three numbers.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub(crate) struct QueueHealth {
    /// How many generations wait for a slot.
    waiting: u64,
    slots: Slots,
    paused: bool,
}

/// `GET /health`, open to everyone; 503 when the queue gives no answer.
pub(crate) async fn show(call: &Call) -> Result<Answer, Problem> {
    let stats = queue::stats(call).await?;
    let waiting = stats.by_status.get(Status::Queued.as_str()).copied().unwrap_or(0);
    let queue = QueueHealth { waiting, slots: stats.slots, paused: stats.paused };
    let mode = call.config.queue.mode.as_str();
    Answer::json(200, &Health { status: "ok", version: env!("CARGO_PKG_VERSION"), mode, queue })
}
