//! How a queued job gets started. Jobs always live in the queue's object; a mode only decides who
//! says "start", and when. The mode `alarm` needs nothing here: the enqueue sets the queue's alarm.

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

/// A job to be made durable and given its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    pub key: JobKey,
    pub request: Request,
    /// The images of the order, to be put into R2 before the job is made.
    pub uploads: Vec<Upload>,
}

/// What is left to do behind the answer. Whatever is cut off here is done by a timer or the sweep.
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
