//! The cron triggers: each minute the sweep, which in the mode `cron` is what starts jobs and in every mode repairs
//! what was lost; each day the clean-up.

use crate::objects::messages::QueueMessage;
use crate::objects::stub;
use worker::Env;

/// The trigger of the clean-up, as it stands in `wrangler.toml`; every other one sweeps.
const DAILY: &str = "17 3 * * *";

/// Does what the trigger `cron` is there for.
pub async fn tick(env: &Env, cron: &str) {
    let message = if cron == DAILY { QueueMessage::Expire } else { QueueMessage::Sweep };
    if let Err(error) = stub::queue(env, &message).await {
        tracing::error!(cron, reason = %error, "[CRON] Failed");
    }
}
