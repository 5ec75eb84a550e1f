//! Completing a generation with what depends on the moment of asking: place in the queue, links, signed address.

use crate::api::call::Call;
use crate::api::generations::clarification::response_too_long;
use crate::api::problem::Problem;
use crate::api::query::bad_cursor;
pub(crate) use crate::api::unanswered::{out_of_turn, silent};
use crate::generation::{Generation, Links};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{Refusal, Video};
use crate::machine::queue::{Card, Standing};
use crate::objects::messages::{JobMessage, JobReply, QueueMessage, QueueReply};
use crate::objects::stub;

/// Sends a message to a job. One that is not there, or does not take the message, is the caller's problem.
pub(crate) async fn job(call: &Call, key: &JobKey, message: &JobMessage) -> Result<JobReply, Problem> {
    let reply = stub::job(&call.env, key, message).await.map_err(|error| silent(&error))?;
    if let JobReply::Refused { refusal } = reply {
        return Err(refused(refusal));
    }
    if reply == JobReply::Missing { Err(Problem::no_generation()) } else { Ok(reply) }
}

/// Sends a message to the queue. A cursor that is none of ours is the caller's problem.
pub(crate) async fn queue(call: &Call, message: &QueueMessage) -> Result<QueueReply, Problem> {
    let reply = stub::queue(&call.env, message).await.map_err(|error| silent(&error))?;
    if reply == QueueReply::BadCursor { Err(Problem::invalid(vec![bad_cursor()])) } else { Ok(reply) }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::AlreadyEnded => Problem::conflict("already_ended", "The generation has already ended."),
        Refusal::NotRetryable => {
            Problem::conflict("not_retryable", "Only a failed or cancelled generation can be retried.")
        }
        Refusal::TooManyAttempts => {
            Problem::conflict("too_many_attempts", "The generation has had all the attempts it may have.")
        }
        Refusal::InputsGone => {
            Problem::conflict("images_deleted", "The images of this order have been deleted; order it anew.")
        }
        Refusal::NoVideo => Problem::no_video(),
        Refusal::NotConfirmable => {
            Problem::conflict("not_pending_confirmation", "The generation does not wait for a confirmation.")
        }
        Refusal::NotClarifiable => {
            Problem::conflict("not_pending_clarification", "The generation does not wait for a clarification.")
        }
        Refusal::PromptTooLong => Problem::invalid(vec![response_too_long()]),
        Refusal::StillNeeded => Problem::conflict("still_needed", "Something is still left to do."),
        Refusal::NoEvent => Problem::no_delivery(),
    }
}

/// Fills in what the moment decides.
pub(crate) async fn complete(call: &Call, mut generation: Generation, video: Option<&Video>) -> Generation {
    let key = generation.key();
    if generation.status == Status::Queued
        && let Ok(QueueReply::Standing { standing }) =
            stub::queue(&call.env, &QueueMessage::Standing { key: key.clone() }).await
    {
        generation.stand(&standing);
    }
    if let Some(result) = &mut generation.result {
        result.video_url = video.map(|_| video_url(call, &key));
    }
    generation.links = Some(links(call, &key));
    generation
}

/// A list's entry, with its standing if it waits.
pub(crate) fn listed(call: &Call, card: &Card, standing: Option<Standing>) -> Option<Generation> {
    let mut generation: Generation = serde_json::from_str(&card.snapshot).ok()?;
    generation.status = card.status;
    if let Some(result) = &mut generation.result
        && result.video_deleted_at.is_none()
    {
        result.video_url = Some(video_url(call, &card.key));
    }
    generation.links = Some(links(call, &card.key));
    if let Some(standing) = standing {
        generation.stand(&standing);
    }
    Some(generation)
}

/// The signed address of a video.
pub(crate) fn video_url(call: &Call, key: &JobKey) -> String {
    call.config.url_signer.sign(&call.public_url(), key, video_url_expiry(call))
}

/// Until when an address handed out now is valid, in seconds since the Unix epoch.
fn video_url_expiry(call: &Call) -> u64 {
    call.now_seconds() + call.config.video_url_ttl
}

/// The address of a generation.
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
