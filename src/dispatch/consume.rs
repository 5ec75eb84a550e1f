//! The mode `queue`: a message of the platform's queue says that a job waits. It is a wake-up, never the job: losing,
//! doubling or reordering messages changes nothing but when someone looks.
//!
//! The consumer asks for admission, in order as ever, and acknowledges once its job has started. While there is no
//! slot the message comes back later. The consumer never fails as a whole, because that would be a panic.

use crate::clock;
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::queue::{Standing, claim_again, claim_delay};
use crate::objects::messages::{JobMessage, JobReply, QueueMessage, QueueReply, WakeUp};
use crate::objects::stub;
use crate::time::{MINUTE, Millis, SECOND};
use serde_json::Value;
use worker::{Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage};

/// How the name of the dead-letter queue ends.
const DEAD: &str = "-dead";
/// A message of this age is replaced by a new one, so that it does not use up its retries while its job waits in
/// good order: by then it has used at most 60 of the 100 that `wrangler.toml` allows.
const REPLACED_AFTER: Millis = 30 * MINUTE;
/// A job that the queue does not know yet is looked at again after half of this.
const UNKNOWN_AGAIN: Millis = 20 * SECOND;
/// It has no position; this one lets the wait above hold.
const UNKNOWN_POSITION: u64 = 10;

/// What becomes of a message.
enum Verdict {
    Acknowledge,
    /// Comes back after so many milliseconds.
    Again(Millis),
}

/// Takes a batch of either queue.
pub async fn consume(env: &Env, batch: MessageBatch<Value>) {
    let dead = batch.queue().ends_with(DEAD);
    for message in batch.raw_iter() {
        match read(&message) {
            Some(wake_up) if dead => end(env, &message, &wake_up).await,
            Some(wake_up) => start(env, &message, &wake_up).await,
            None if dead => {
                tracing::error!("[DISPATCH] Unreadable message given up");
                message.ack();
            }
            // It may be one of a newer build; if not, it ends in the dead-letter queue.
            None => message.retry(),
        }
    }
}

async fn start(env: &Env, message: &RawMessage, wake_up: &WakeUp) {
    let now = clock::now();
    let age = now.saturating_sub(message.timestamp().as_millis());
    match claim(env, &wake_up.key(), now, age).await {
        Verdict::Acknowledge => message.ack(),
        Verdict::Again(delay) => {
            if age >= REPLACED_AFTER && stub::wake_up(env, wake_up, Some(now + delay), now).await {
                message.ack();
                return;
            }
            let seconds = u32::try_from(delay.div_ceil(SECOND)).unwrap_or(u32::MAX);
            message.retry_with_options(&QueueRetryOptionsBuilder::new().with_delay_seconds(seconds).build());
        }
    }
}

async fn claim(env: &Env, key: &JobKey, now: Millis, age: Millis) -> Verdict {
    // As soon as its age allows.
    let again = Verdict::Again(claim_delay(0, 0, age));
    match stub::queue(env, &QueueMessage::Claim { key: key.clone() }).await {
        Ok(QueueReply::Standing { standing: Standing { admitted: Some(epoch), created_at, .. } }) => {
            match stub::job(env, key, &JobMessage::Start { epoch, created_at }).await {
                Ok(_) => Verdict::Acknowledge,
                Err(_) => again,
            }
        }
        // It has ended, or waits for its user.
        Ok(QueueReply::Standing { standing: Standing { position: 0, .. } }) => Verdict::Acknowledge,
        Ok(QueueReply::Standing { standing }) => Verdict::Again(claim_again(&standing, now, age)),
        // A job that the queue has not heard of: looking at it sets its timer, and it will enqueue itself.
        Ok(QueueReply::Unknown) => match stub::job(env, key, &JobMessage::Check { created_at: None }).await {
            Ok(JobReply::State { status: Status::Queued, .. }) | Err(_) => {
                Verdict::Again(claim_delay(UNKNOWN_AGAIN, UNKNOWN_POSITION, age))
            }
            Ok(_) => Verdict::Acknowledge,
        },
        Ok(_) | Err(_) => again,
    }
}

/// Ends a job that could not be started, instead of losing it.
async fn end(env: &Env, message: &RawMessage, wake_up: &WakeUp) {
    let key = wake_up.key();
    let dead_letter = JobMessage::DeadLetter { epoch: wake_up.epoch, created_at: wake_up.created_at };
    match stub::job(env, &key, &dead_letter).await {
        Ok(_) => {
            tracing::error!(generationId = key.generation_id, userId = key.user_id, "[DISPATCH] Message given up");
            message.ack();
        }
        Err(error) => {
            let JobKey { user_id, generation_id } = key;
            tracing::error!(generationId = generation_id, userId = user_id, reason = %error, "[DISPATCH] Dead letter not taken");
            message.retry();
        }
    }
}

fn read(message: &RawMessage) -> Option<WakeUp> {
    let text = js_sys::JSON::stringify(&message.body()).ok()?;
    serde_json::from_str(&String::from(text)).ok()
}
