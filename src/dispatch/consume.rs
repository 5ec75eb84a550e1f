//! Mode `queue`: a message of the platform's queue says that a job waits. It is a wake-up, never
//! the job: a lost, duplicated or reordered message only changes when the queue is asked for a
//! slot.
//!
//! The consumer claims a slot, in the queue's usual order, and acknowledges the message once its
//! job has started. While no slot is free, the message is delivered again later. The consumer never
//! fails as a whole, because that would be a panic.

use crate::clock;
use crate::ids::JobKey;
use crate::machine::claim::{Claimed, Verdict, checked, claimed, is_done_with, started};
use crate::machine::job::DeadLetter;
use crate::machine::message::NoAnswer;
use crate::machine::queue::Claim;
use crate::objects::messages::WakeUp;
use crate::objects::stub;
use crate::time::{Millis, SECOND};
use serde_json::Value;
use worker::{Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage};

/// The suffix of the dead-letter queue's name.
const DEAD: &str = "-dead";
/// Handles a batch of the queue or of the dead-letter queue.
pub async fn consume(env: &Env, batch: MessageBatch<Value>) {
    let dead = batch.queue().ends_with(DEAD);
    for message in batch.raw_iter() {
        match read(&message) {
            Some(wake_up) if dead => end(env, &message, &wake_up).await,
            Some(wake_up) => start(env, &message, &wake_up).await,
            None if dead => {
                tracing::error!("[DISPATCH] Unreadable dead letter dropped");
                message.ack();
            }
            // It may come from a newer build. If not, it ends in the dead-letter queue.
            None => message.retry(),
        }
    }
}

async fn start(env: &Env, message: &RawMessage, wake_up: &WakeUp) {
    let now = clock::now();
    let age = now.saturating_sub(message.timestamp().as_millis());
    let delay = match claim(env, &wake_up.key(), now, age).await {
        Verdict::Acknowledge => return message.ack(),
        Verdict::Again(delay) => delay,
        Verdict::Replace(delay) => {
            if stub::wake_up(env, wake_up, Some(now + delay), now).await {
                return message.ack();
            }
            delay
        }
    };
    let seconds = u32::try_from(delay.div_ceil(SECOND)).unwrap_or(u32::MAX);
    message.retry_with_options(
        &QueueRetryOptionsBuilder::new()
            .with_delay_seconds(seconds)
            .build(),
    );
}

async fn claim(env: &Env, key: &JobKey, now: Millis, age: Millis) -> Verdict {
    let reply = stub::queue(env, &Claim { key: key.clone() })
        .await
        .map_err(|_| NoAnswer);
    match claimed(reply, now, age) {
        Claimed::Start(start) => started(
            &stub::job(env, key, &start).await.map_err(|_| NoAnswer),
            age,
        ),
        Claimed::Check(check) => checked(
            &stub::job(env, key, &check).await.map_err(|_| NoAnswer),
            age,
        ),
        Claimed::Over(verdict) => verdict,
    }
}

/// Fails a job that could not be started, instead of losing it.
async fn end(env: &Env, message: &RawMessage, wake_up: &WakeUp) {
    let key = wake_up.key();
    let dead_letter = DeadLetter {
        epoch: wake_up.epoch,
        created_at: wake_up.created_at,
    };
    let reply = stub::job(env, &key, &dead_letter).await;
    let JobKey {
        user_id,
        generation_id,
    } = &key;
    match &reply {
        Ok(_) => tracing::error!(
            generationId = generation_id,
            userId = user_id,
            "[DISPATCH] Dead letter received"
        ),
        Err(error) => {
            tracing::error!(generationId = generation_id, userId = user_id, reason = %error, "[DISPATCH] Dead letter not processed");
        }
    }
    if is_done_with(&reply.map_err(|_| NoAnswer)) {
        message.ack();
    } else {
        message.retry();
    }
}

fn read(message: &RawMessage) -> Option<WakeUp> {
    let text = js_sys::JSON::stringify(&message.body()).ok()?;
    serde_json::from_str(&String::from(text)).ok()
}
