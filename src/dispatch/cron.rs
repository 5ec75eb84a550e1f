//! The cron triggers: each minute the sweep, which in the mode `cron` is what starts jobs and in
//! every mode repairs what was lost; each day the clean-up.

use crate::machine::queue::{DeleteOld, Sweep};
use crate::objects::stub;
use worker::Env;

/// The trigger of the clean-up, as it stands in `wrangler.toml`; every other one sweeps.
const DAILY: &str = "17 3 * * *";

/// Does what the trigger `cron` is there for.
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
