//! What the queue holds.

use super::answer::Answer;
use super::call::Call;
use super::view;
use crate::stub;
use crate::wire::api::Problem;
use crate::wire::message::{QueueMessage, QueueReply, QueueStats};

/// `GET /api/queue/status` and `GET /api/queue/stats`; `field` is what the object is called. Any caller may ask: it
/// holds numbers only.
pub(super) async fn show(call: &Call, field: &str) -> Result<Answer, Problem> {
    call.anyone().await?;
    Answer::success(field, &stats(call).await?)
}

pub(super) async fn stats(call: &Call) -> Result<Box<QueueStats>, Problem> {
    let reply = stub::queue(&call.env, &QueueMessage::Stats).await;
    match reply.map_err(|error| view::unavailable(call, "queue gave no answer", &error))? {
        QueueReply::Stats { stats } => Ok(stats),
        QueueReply::Standing { .. }
        | QueueReply::Full { .. }
        | QueueReply::Unknown
        | QueueReply::Page { .. }
        | QueueReply::BadCursor
        | QueueReply::Done => Err(view::out_of_turn(call)),
    }
}
