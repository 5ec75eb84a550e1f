//! The cron triggers. Every minute the sweep: it starts jobs in mode `cron` and repairs what was
//! lost in every mode. Every day the clean-up.

use crate::machine::queue::{DeleteOld, Sweep};
use crate::objects::stub;
use worker::Env;

/// The trigger of the clean-up, as in `wrangler.toml`; every other trigger sweeps.
const DAILY: &str = "17 3 * * *";

/// Runs the work of the trigger `cron`.
pub async fn tick(env: &Env, cron: &str) {
    let taken = if cron == DAILY {
        stub::queue(env, &DeleteOld).await.map(drop)
    } else {
        stub::queue(env, &Sweep).await
    };
    if let Err(error) = taken {
        tracing::error!(cron, reason = %error, "[CRON] Failed");
    }
}
