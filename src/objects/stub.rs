//! Typed messages: to the Durable Objects, one POST of JSON each, and to the platform's queue.

use crate::ids::JobKey;
use crate::machine::job::Refusal;
use crate::machine::message::Message;
use crate::objects::messages::{Follow, NoStream, WakeUp};
use crate::objects::sse::EVENT_STREAM;
use crate::time::{Millis, SECOND};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use worker::{Env, MessageBuilder, Method, Request, RequestInit, Response, ResponseBody, Stub};

/// The name of the one queue object.
const QUEUE_NAME: &str = "queue";
/// The longest delay of a message of the platform's queue, in seconds: twelve hours.
const MAX_DELAY: u64 = 12 * 3_600;
/// A stub needs a complete URL; its path is the message's name.
const ADDRESS: &str = "https://object/";

/// A message that got no reply. It may still have been processed.
#[derive(Debug, Error)]
pub enum StubError {
    #[error("the object is unreachable")]
    Unreachable(#[source] worker::Error),
    #[error("the object answered with HTTP {0}")]
    Status(u16),
    #[error("the message or its reply is unreadable")]
    Unreadable(#[source] serde_json::Error),
}

/// Sends a message to a job's object.
pub async fn job<M>(env: &Env, key: &JobKey, message: &M) -> Result<M::Reply, StubError>
where
    M: Message + Serialize,
    M::Reply: DeserializeOwned,
{
    let body = serde_json::to_string(message).map_err(StubError::Unreadable)?;
    reply(&ask(job_object(env, key)?, M::NAME, body).await?)
}

/// A job's answer to [`Follow`].
#[derive(Debug)]
pub enum Followed {
    /// The events, as they happen.
    Stream(ResponseBody),
    Reply(Result<NoStream, Refusal>),
}

/// Asks a job's object for its live timeline.
pub async fn follow(env: &Env, key: &JobKey, message: &Follow) -> Result<Followed, StubError> {
    let body = serde_json::to_string(message).map_err(StubError::Unreadable)?;
    let mut response = deliver(job_object(env, key)?, Follow::NAME, body).await?;
    let content_type = response.headers().get("Content-Type").ok().flatten();
    if content_type.as_deref() == Some(EVENT_STREAM) {
        return Ok(Followed::Stream(response.body().clone()));
    }
    let text = response.text().await.map_err(StubError::Unreachable)?;
    reply(&text).map(Followed::Reply)
}

fn job_object(env: &Env, key: &JobKey) -> Result<Stub, StubError> {
    let object = env
        .durable_object("JOB_MANAGER")
        .and_then(|jobs| jobs.get_by_name(&key.object_name()));
    object.map_err(StubError::Unreachable)
}

/// Sends a message to the queue.
pub async fn queue<M>(env: &Env, message: &M) -> Result<M::Reply, StubError>
where
    M: Message + Serialize,
    M::Reply: DeserializeOwned,
{
    let body = serde_json::to_string(message).map_err(StubError::Unreadable)?;
    reply(&ask(queue_object(env)?, M::NAME, body).await?)
}

fn queue_object(env: &Env) -> Result<Stub, StubError> {
    let object = env
        .durable_object("QUEUE_MANAGER")
        .and_then(|queues| queues.get_by_name(QUEUE_NAME));
    object.map_err(StubError::Unreachable)
}

/// Sends the message of this name, and returns the text of its reply.
async fn ask(object: Stub, name: &str, body: String) -> Result<String, StubError> {
    let mut response = deliver(object, name, body).await?;
    response.text().await.map_err(StubError::Unreachable)
}

async fn deliver(object: Stub, name: &str, body: String) -> Result<Response, StubError> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let address = format!("{ADDRESS}{name}");
    let request = Request::new_with_init(&address, &init).map_err(StubError::Unreachable)?;
    let response = object
        .fetch_with_request(request)
        .await
        .map_err(StubError::Unreachable)?;
    if response.status_code() == 200 {
        Ok(response)
    } else {
        Err(StubError::Status(response.status_code()))
    }
}

fn reply<R: DeserializeOwned>(text: &str) -> Result<R, StubError> {
    serde_json::from_str(text).map_err(StubError::Unreadable)
}

/// Sends a message on the platform's queue that a job waits, delayed until `not_before`. Returns
/// whether it was sent. If it cannot be sent, nothing is lost, because the sweep admits every job.
pub async fn wake_up(env: &Env, wake_up: &WakeUp, not_before: Option<Millis>, now: Millis) -> bool {
    let wait = not_before
        .map_or(0, |at| at.saturating_sub(now).div_ceil(SECOND))
        .min(MAX_DELAY);
    let message = MessageBuilder::new(wake_up)
        .delay_seconds(u32::try_from(wait).unwrap_or(0))
        .build();
    let sent = match env.queue("DISPATCH") {
        Ok(queue) => queue.send(message).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &sent {
        let WakeUp {
            generation_id,
            user_id,
            ..
        } = wake_up;
        tracing::error!(generationId = generation_id, userId = user_id, reason = %error, "[DISPATCH] Wake-up not sent");
    }
    sent.is_ok()
}
