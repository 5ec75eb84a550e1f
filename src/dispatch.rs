//! How a queued job gets started. The queue's object always holds the jobs; a dispatch mode only
//! decides what triggers a start, and when. Mode `alarm` needs nothing here: the enqueue sets the
//! queue's alarm.

pub mod accept;
pub mod consume;
pub mod cron;
pub mod inputs;

pub use crate::dispatch::accept::accept;
pub use crate::dispatch::consume::consume;
pub use crate::dispatch::cron::tick;

use crate::clock;
use crate::dispatch::inputs::Upload;
use crate::ids::JobKey;
use crate::machine::acceptance::{Accepted, FollowUp};
use crate::machine::job::Request;
use crate::machine::queue::Mode;
use crate::objects::messages::WakeUp;
use crate::objects::stub;
use crate::time::Millis;
use worker::Env;

/// A job to create and enqueue.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    pub key: JobKey,
    pub request: Request,
    /// The images of the order, to be stored in R2 before the job is created.
    pub uploads: Vec<Upload>,
}

/// Work done after the response is sent. If it is cut off, an alarm or the sweep does it.
pub async fn follow_up(
    env: Env,
    mode: Mode,
    key: JobKey,
    not_before: Option<Millis>,
    accepted: Accepted,
) {
    match accepted.follow_up(mode) {
        FollowUp::Start(start) => {
            if let Err(error) = stub::job(&env, &key, &start).await {
                // The queue's alarm starts it.
                tracing::warn!(reason = %error, "[DISPATCH] Start left to the queue");
            }
        }
        FollowUp::WakeUp => {
            let wake_up = WakeUp::of(&key, accepted.epoch, accepted.created_at);
            stub::wake_up(&env, &wake_up, not_before, clock::now()).await;
        }
        FollowUp::Nothing => {}
    }
}
