//! Completing a generation with what depends on the moment of asking: place in the queue, links, signed address.

use super::call::Call;
use crate::machine::job::Video;
use crate::machine::queue::{Card, Standing};
use crate::machine::{JobKey, Status};
use crate::stub;
use crate::wire::api::{Generation, Links, Problem};
use crate::wire::message::{JobMessage, JobReply, QueueMessage, QueueReply};

/// Sends a message to a job that answers with itself.
pub(super) async fn ask(call: &Call, key: &JobKey, message: &JobMessage) -> Result<JobReply, Problem> {
    stub::job(&call.env, key, message).await.map_err(|error| unavailable(call, "job gave no answer", &error))
}

/// Logs why an object gave no answer; the caller learns only that it may try again.
pub(super) fn unavailable(call: &Call, message: &str, error: &stub::StubError) -> Problem {
    tracing::error!(requestId = call.request_id, reason = %error, "[API] Unavailable: {message}");
    Problem::unavailable()
}

/// An object answered something that does not belong to the question.
pub(super) fn out_of_turn(call: &Call) -> Problem {
    tracing::error!(requestId = call.request_id, "[API] Unavailable: an object answered out of turn");
    Problem::unavailable()
}

/// Fills in what the moment decides.
pub(super) async fn complete(call: &Call, mut generation: Generation, video: Option<&Video>) -> Generation {
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
pub(super) fn listed(call: &Call, card: &Card, standing: Option<Standing>) -> Option<Generation> {
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
pub(super) fn video_url(call: &Call, key: &JobKey) -> String {
    call.config.url_signer.sign(&call.public_url(), key, video_url_expiry(call))
}

/// Until when an address handed out now is valid, in seconds since the Unix epoch.
pub(super) fn video_url_expiry(call: &Call) -> u64 {
    call.now_seconds() + call.config.video_url_ttl
}

/// The address of a generation.
pub(super) fn location(call: &Call, generation_id: &str) -> String {
    format!("{}/api/generations/{generation_id}", call.public_url())
}

pub(super) fn links(call: &Call, key: &JobKey) -> Links {
    let this = location(call, &key.generation_id);
    Links {
        cancel: format!("{this}/cancel"),
        retry: format!("{this}/retry"),
        timeline: format!("{this}/timeline"),
        video: format!("{this}/video"),
        this,
    }
}
