//! How a queued job gets started: one module a mode. Jobs always live in the queue's object; a mode only decides
//! who says "start", and when.

mod immediate;

pub use immediate::start;

use crate::config::DispatchMode;
use crate::log::{self, Line};
use crate::machine::job::Request;
use crate::machine::{JobKey, Millis, Status};
use crate::stub;
use crate::wire::message::QueueMessage;
use worker::Env;

/// A job to be made durable and given its place.
#[derive(Debug)]
pub struct Submission {
    pub key: JobKey,
    pub request: Request,
}

/// An accepted job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// False for a repeat of the same request.
    pub new: bool,
    pub status: Status,
    /// From 1 while waiting, else 0; also 0 when the queue did not answer, for the job will ask it again.
    pub queue_position: u64,
    /// The epoch that was granted a slot and is to be started.
    pub admitted: Option<u64>,
}

/// Why a job was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The id is taken by a request with another body.
    Conflict,
    /// Too many jobs wait; nothing was stored.
    Full { retry_after: Millis },
    /// An object gave no answer; the same request may be repeated.
    Unavailable,
}

/// Makes a job durable and gives it its place.
pub async fn accept(env: &Env, mode: DispatchMode, submission: Submission) -> Result<Accepted, Rejection> {
    match mode {
        DispatchMode::Immediate => immediate::accept(env, submission).await,
    }
}

/// Has the queue repair what a lost alarm left undone.
pub async fn sweep(env: &Env) {
    if let Err(error) = stub::queue(env, &QueueMessage::Sweep).await {
        log::error(&Line { message: "sweep failed", reason: Some(error.to_string()), ..Line::default() });
    }
}
