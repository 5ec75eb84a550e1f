//! Whether the worker can work: its settings are whole and its queue answers.

use super::answer::Answer;
use super::call::Call;
use super::queue;
use crate::machine::Status;
use crate::wire::api::Problem;
use serde_json::json;

/// `GET /health`, open to everyone; 503 when the queue gives no answer.
pub(super) async fn show(call: &Call) -> Result<Answer, Problem> {
    let stats = queue::stats(call).await?;
    let waiting = stats.by_status.get(Status::Queued.as_str()).copied().unwrap_or(0);
    Answer::json(
        200,
        &json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "mode": call.config.queue.mode.as_str(),
            "queue": { "waiting": waiting, "slots": stats.slots, "paused": stats.paused },
        }),
    )
}
