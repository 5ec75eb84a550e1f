//! The mode `immediate`: the request that accepts a job starts it behind its answer, if a slot was free.

use crate::ids::JobKey;
use crate::objects::messages::JobMessage;
use crate::objects::stub;
use crate::time::Millis;
use worker::Env;

/// Tells an admitted job to start. Meant for `wait_until`: if it is cut off, the queue's alarm starts the job.
pub(crate) async fn start(env: &Env, key: &JobKey, epoch: u64, created_at: Option<Millis>) {
    if let Err(error) = stub::job(env, key, &JobMessage::Start { epoch, created_at }).await {
        // The queue's alarm starts it.
        tracing::warn!(reason = %error, "[DISPATCH] Start left to the queue");
    }
}
