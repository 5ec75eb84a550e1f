//! Handling a message of the platform's queue, which says that a job waits. The message is a
//! wake-up, never the job: a lost, duplicated or reordered message only changes when the queue is
//! asked for a slot.

use crate::machine::Status;
use crate::machine::job::{Check, DeadLetter, Start};
use crate::machine::message::{NoAnswer, Reply};
use crate::machine::queue::{Claim, Position, claim_again, claim_delay};
use crate::time::{MINUTE, Millis, SECOND};

/// A message of this age is replaced by a new one, so that it does not use up its retries while its
/// job is waiting normally: by then it has used at most 60 of the 100 that `wrangler.toml` allows.
const REPLACED_AFTER: Millis = 30 * MINUTE;
/// A job that the queue does not know yet is claimed again after half of this.
const UNKNOWN_AGAIN: Millis = 20 * SECOND;
/// The assumed position of a job that the queue does not know, so that the wait above applies.
const UNKNOWN_POSITION: u64 = 10;

/// What follows the reply to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The job has a slot.
    Start(Start),
    /// The queue does not know the job. A check re-arms the job's alarm, and the job then enqueues
    /// itself.
    Check(Check),
    Over(Verdict),
}

/// What to do with the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Acknowledge,
    /// Deliver it again after this many milliseconds.
    Again(Millis),
    /// Replace it by a new message, due after this many milliseconds.
    Replace(Millis),
}

/// `age` is how long ago the message was sent.
pub fn claimed(reply: Reply<Claim>, now: Millis, age: Millis) -> Claimed {
    match reply {
        Ok(Some(Position {
            admitted: Some(start),
            ..
        })) => Claimed::Start(start),
        // The job has ended, or waits for its user.
        Ok(Some(Position { number: 0, .. })) => Claimed::Over(Verdict::Acknowledge),
        Ok(Some(position)) => Claimed::Over(again(claim_again(&position, now, age), age)),
        Ok(None) => Claimed::Check(Check { created_at: None }),
        Err(NoAnswer) => Claimed::Over(again(claim_delay(0, 0, age), age)),
    }
}

/// The verdict after a start was sent to the job.
pub fn started(reply: &Reply<Start>, age: Millis) -> Verdict {
    match reply {
        Ok(_) => Verdict::Acknowledge,
        Err(NoAnswer) => again(claim_delay(0, 0, age), age),
    }
}

/// The verdict after a check of a job that the queue does not know.
pub fn checked(reply: &Reply<Check>, age: Millis) -> Verdict {
    match reply {
        Ok(Some(state)) if state.status != Status::Queued => Verdict::Acknowledge,
        Ok(None) => Verdict::Acknowledge,
        Ok(Some(_)) | Err(NoAnswer) => {
            again(claim_delay(UNKNOWN_AGAIN, UNKNOWN_POSITION, age), age)
        }
    }
}

/// Whether the dead letter is handled, after the job was notified that its message was given up.
pub fn is_done_with(reply: &Reply<DeadLetter>) -> bool {
    reply.is_ok()
}

fn again(delay: Millis, age: Millis) -> Verdict {
    if age >= REPLACED_AFTER {
        Verdict::Replace(delay)
    } else {
        Verdict::Again(delay)
    }
}
