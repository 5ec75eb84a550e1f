//! How a queued job gets started. Jobs always live in the queue's object; a mode only decides who says "start", and
//! when. The mode `alarm` needs nothing here: the enqueue sets the queue's alarm.

pub mod accept;
pub mod consume;
pub mod cron;
pub mod immediate;
pub mod inputs;

pub use crate::dispatch::accept::accept;
pub use crate::dispatch::consume::consume;
pub use crate::dispatch::cron::tick;

use crate::clock;
use crate::dispatch::inputs::Upload;
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::Request;
use crate::machine::queue::{Mode, OverBudget, Standing};
use crate::objects::messages::WakeUp;
use crate::objects::stub;
use crate::time::Millis;
use worker::Env;

/// A job to be made durable and given its place.
#[derive(Debug)]
pub struct Submission {
    pub key: JobKey,
    pub request: Request,
    /// The images it names.
    pub uploads: Vec<Upload>,
}

/// An accepted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// False for a repeat of the same request.
    pub new: bool,
    pub status: Status,
    pub epoch: u64,
    /// When the job was made.
    pub created_at: Millis,
    /// `None` when the queue did not answer: the job will ask it again.
    pub standing: Option<Standing>,
}

/// Why a job was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The id is taken by a request with another body.
    Conflict,
    /// Too many jobs wait; nothing was stored.
    Full { retry_after: Millis },
    /// It would cost more than today has left; nothing was stored.
    OverBudget { over: OverBudget },
    /// An object gave no answer; the same request may be repeated.
    Unavailable,
}

/// What is left to do behind the answer. Whatever is cut off here is done by a timer or the sweep.
pub async fn follow_up(env: Env, mode: Mode, key: JobKey, not_before: Option<Millis>, accepted: Accepted) {
    let wake_up = WakeUp::of(&key, accepted.epoch, accepted.created_at);
    match accepted.standing {
        Some(Standing { admitted: Some(epoch), created_at, .. }) if epoch == accepted.epoch => {
            immediate::start(&env, &key, epoch, created_at).await;
        }
        Some(Standing { position: 0, .. }) => {}
        Some(_) if mode == Mode::Queue => {
            stub::wake_up(&env, &wake_up, not_before, clock::now()).await;
        }
        Some(_) => {}
        // The queue may not have heard of it: besides the job's own timer there is now a message that looks after it.
        None => {
            stub::wake_up(&env, &wake_up, not_before, clock::now()).await;
        }
    }
}
