//! What becomes of a message of the platform's queue, which says that a job waits. The message is a
//! wake-up, never the job: losing, duplicating or reordering messages only changes when the queue
//! is asked.

use crate::machine::Status;
use crate::machine::job::{Check, DeadLetter, Start};
use crate::machine::message::{NoAnswer, Reply};
use crate::machine::queue::{Claim, Position, claim_again, claim_delay};
use crate::time::{MINUTE, Millis, SECOND};

/// A message of this age is replaced by a new one, so that it does not use up its retries while its
/// job waits in good order: by then it has used at most 60 of the 100 that `wrangler.toml` allows.
const REPLACED_AFTER: Millis = 30 * MINUTE;
/// A job that the queue does not know yet is looked up again after half of this.
const UNKNOWN_AGAIN: Millis = 20 * SECOND;
/// A job that the queue does not know has no position; this one lets the wait above hold.
const UNKNOWN_POSITION: u64 = 10;

/// What follows the reply to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// The job has a slot.
    Start(Start),
    /// The queue does not know the job: asking the job sets its timer, and it will enqueue itself.
    Check(Check),
    Over(Verdict),
}

/// What becomes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Acknowledge,
    /// It comes back after so many milliseconds.
    Again(Millis),
    /// A new message takes its place, due after so many milliseconds.
    Replace(Millis),
}

/// `age` is how long ago the message was sent.
pub fn claimed(reply: Reply<Claim>, now: Millis, age: Millis) -> Claimed {
    match reply {
        Ok(Some(Position {
            admitted: Some(start),
            ..
        })) => Claimed::Start(start),
        // It has ended, or waits for its user.
        Ok(Some(Position { number: 0, .. })) => Claimed::Over(Verdict::Acknowledge),
        Ok(Some(position)) => Claimed::Over(again(claim_again(&position, now, age), age)),
        Ok(None) => Claimed::Check(Check { created_at: None }),
        Err(NoAnswer) => Claimed::Over(again(claim_delay(0, 0, age), age)),
    }
}

/// After the job was told to start.
pub fn started(reply: &Reply<Start>, age: Millis) -> Verdict {
    match reply {
        Ok(_) => Verdict::Acknowledge,
        Err(NoAnswer) => again(claim_delay(0, 0, age), age),
    }
}

/// After a job was asked that the queue does not know.
pub fn checked(reply: &Reply<Check>, age: Millis) -> Verdict {
    match reply {
        Ok(Some(state)) if state.status != Status::Queued => Verdict::Acknowledge,
        Ok(None) => Verdict::Acknowledge,
        Ok(Some(_)) | Err(NoAnswer) => {
            again(claim_delay(UNKNOWN_AGAIN, UNKNOWN_POSITION, age), age)
        }
    }
}

/// After a job was told that its message was given up: whether the dead letter is done with.
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
