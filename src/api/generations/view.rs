//! Completes a generation with what depends on the request: its position in the queue, its links
//! and its signed URL.

use crate::api::call::Call;
use crate::api::generations::clarification::response_too_long;
use crate::api::problem::Problem;
use crate::api::query::bad_cursor;
pub(crate) use crate::api::unanswered::silent;
use crate::clock;
use crate::generation::{Generation, Links};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{Job, Refusal, View};
use crate::machine::message::Message;
use crate::machine::queue::{Position, Summary};
use crate::objects::messages::{BadCursor, List};
use crate::objects::{positions, stub};
use crate::time::Millis;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Sends a message to a job. If the job does not exist or refuses the message, the caller gets a
/// problem.
pub(crate) async fn job<M, T>(call: &Call, key: &JobKey, message: &M) -> Result<T, Problem>
where
    M: Message<Reply = Result<T, Refusal>> + Serialize,
    T: DeserializeOwned,
{
    stub::job(&call.env, key, message)
        .await
        .map_err(|error| silent(&error))?
        .map_err(refused)
}

/// Sends a message to the queue.
pub(crate) async fn queue<M>(call: &Call, message: &M) -> Result<M::Reply, Problem>
where
    M: Message + Serialize,
    M::Reply: DeserializeOwned,
{
    stub::queue(&call.env, message)
        .await
        .map_err(|error| silent(&error))
}

/// The problem for an unknown cursor.
pub(crate) fn unknown_cursor(_: BadCursor) -> Problem {
    Problem::invalid(vec![bad_cursor()])
}

pub(crate) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NoJob => Problem::no_generation(),
        Refusal::AlreadyEnded => {
            Problem::conflict("already_ended", "The generation has already ended.")
        }
        Refusal::NotRetryable => Problem::conflict(
            "not_retryable",
            "Only a failed or cancelled generation can be retried.",
        ),
        Refusal::TooManyAttempts => Problem::conflict(
            "too_many_attempts",
            "The generation has used all its attempts.",
        ),
        Refusal::ImagesGone => Problem::conflict(
            "images_deleted",
            "The images of this order have been deleted; send a new order.",
        ),
        Refusal::NoVideo => Problem::no_video(),
        Refusal::NotConfirmable => Problem::conflict(
            "not_pending_confirmation",
            "The generation is not waiting for a confirmation.",
        ),
        Refusal::NotClarifiable => Problem::conflict(
            "not_pending_clarification",
            "The generation is not waiting for a clarification.",
        ),
        Refusal::PromptTooLong => Problem::invalid(vec![response_too_long()]),
        Refusal::NoEvent => Problem::no_delivery(),
    }
}

/// The current state of a generation, as the API shows it.
pub(crate) async fn now(call: &Call, key: &JobKey) -> Result<Generation, Problem> {
    let (job, now) = (job(call, key, &View).await?, clock::now());
    let position = if job.status() == Status::Queued {
        positions::position(&call.env, &job, now)
            .await
            .ok()
            .flatten()
    } else {
        None
    };
    Ok(shown(call, &job, position, now))
}

/// A job that was just changed. Its position is asked for at once.
pub(crate) async fn changed(call: &Call, job: &Job) -> Generation {
    let now = clock::now();
    let position = if job.status() == Status::Queued {
        let told = positions::new_position(&call.env, job, now).await;
        told.ok().flatten()
    } else {
        None
    };
    shown(call, job, position, now)
}

fn shown(call: &Call, job: &Job, position: Option<Position>, now: Millis) -> Generation {
    let mut generation = Generation::of(job, now);
    if let Some(position) = position {
        generation.stand(&position);
    }
    if let Some(result) = &mut generation.result {
        result.video_url = job.video().map(|_| video_url(call, &job.key));
    }
    generation.links = Some(links(call, &job.key));
    generation
}

/// A page of generations and the cursor of the next page.
pub(crate) async fn page(
    call: &Call,
    message: &List,
) -> Result<(Vec<Generation>, Option<String>), Problem> {
    let page = queue(call, message).await?.map_err(unknown_cursor)?;
    let listed = page
        .jobs
        .iter()
        .filter_map(|(summary, position)| listed(call, summary, position.as_ref()));
    Ok((listed.collect(), page.next))
}

/// An entry of a list, with its position if it waits.
fn listed(call: &Call, summary: &Summary, position: Option<&Position>) -> Option<Generation> {
    let mut generation: Generation = serde_json::from_str(&summary.snapshot).ok()?;
    generation.status = summary.status;
    if let Some(result) = &mut generation.result
        && result.video_deleted_at.is_none()
    {
        result.video_url = Some(video_url(call, &summary.key));
    }
    generation.links = Some(links(call, &summary.key));
    if let Some(position) = position {
        generation.stand(position);
    }
    Some(generation)
}

/// The signed URL of a video.
pub(crate) fn video_url(call: &Call, key: &JobKey) -> String {
    call.config
        .url_signer
        .sign(&call.public_url(), key, video_url_expiry(call))
}

/// When a signed URL that is created now expires, in seconds since the Unix epoch.
fn video_url_expiry(call: &Call) -> u64 {
    call.now_seconds() + call.config.video_url_ttl
}

/// The URL of a generation.
pub(crate) fn location(call: &Call, generation_id: &str) -> String {
    format!("{}/api/generations/{generation_id}", call.public_url())
}

pub(crate) fn links(call: &Call, key: &JobKey) -> Links {
    let this = location(call, &key.generation_id);
    Links {
        cancel: format!("{this}/cancel"),
        retry: format!("{this}/retry"),
        timeline: format!("{this}/timeline"),
        video: format!("{this}/video"),
        this,
    }
}
