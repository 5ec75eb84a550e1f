//! Typed messages: to the Durable Objects, one POST of JSON each, and to the platform's queue.

use crate::machine::{JobKey, Millis, SECOND};
use crate::wire::message::{JobMessage, JobReply, QueueMessage, QueueReply, WakeUp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use worker::{Env, MessageBuilder, Method, Request, RequestInit, Stub};

/// The name of the one queue object.
const QUEUE_NAME: &str = "queue";
/// The longest delay of a message of the platform's queue, in seconds: twelve hours.
const MAX_DELAY: u64 = 12 * 3_600;
/// Objects look at the body only; a stub still wants a whole address.
const ADDRESS: &str = "https://object/";

/// A message that got no answer. It may have been taken.
#[derive(Debug, Error)]
pub enum StubError {
    #[error("the object could not be reached")]
    Unreachable(#[source] worker::Error),
    #[error("the object answered {0}")]
    Status(u16),
    #[error("the message or its answer could not be read")]
    Unreadable(#[source] serde_json::Error),
}

/// Sends a message to a job's object.
pub async fn job(env: &Env, key: &JobKey, message: &JobMessage) -> Result<JobReply, StubError> {
    let object = env.durable_object("JOB_MANAGER").and_then(|jobs| jobs.get_by_name(&key.object_name()));
    send(object.map_err(StubError::Unreachable)?, message).await
}

/// Sends a message to the queue.
pub async fn queue(env: &Env, message: &QueueMessage) -> Result<QueueReply, StubError> {
    let object = env.durable_object("QUEUE_MANAGER").and_then(|queues| queues.get_by_name(QUEUE_NAME));
    send(object.map_err(StubError::Unreachable)?, message).await
}

async fn send<M: Serialize, R: DeserializeOwned>(object: Stub, message: &M) -> Result<R, StubError> {
    let body = serde_json::to_string(message).map_err(StubError::Unreadable)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(ADDRESS, &init).map_err(StubError::Unreachable)?;
    let mut response = object.fetch_with_request(request).await.map_err(StubError::Unreachable)?;
    if response.status_code() != 200 {
        return Err(StubError::Status(response.status_code()));
    }
    let text = response.text().await.map_err(StubError::Unreachable)?;
    serde_json::from_str(&text).map_err(StubError::Unreadable)
}

/// Says through the platform's queue that a job waits, not before `not_before`. Nothing is lost with a message that
/// cannot be sent, because the sweep looks after every job.
pub async fn wake_up(env: &Env, wake_up: &WakeUp, not_before: Option<Millis>, now: Millis) -> bool {
    let wait = not_before.map_or(0, |at| at.saturating_sub(now).div_ceil(SECOND)).min(MAX_DELAY);
    let message = MessageBuilder::new(wake_up).delay_seconds(u32::try_from(wait).unwrap_or(0)).build();
    let sent = match env.queue("DISPATCH") {
        Ok(queue) => queue.send(message).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &sent {
        let WakeUp { generation_id, user_id, .. } = wake_up;
        tracing::error!(generationId = generation_id, userId = user_id, reason = %error, "[DISPATCH] Wake-up not sent");
    }
    sent.is_ok()
}
