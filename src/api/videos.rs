//! Stored videos: listing, signing and deleting.

pub mod file;
#[cfg(not(target_arch = "wasm32"))]
pub mod operations;
pub mod range;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::generations::view;
use crate::api::problem::Problem;
use crate::api::query::{ListQuery, expires_in, list_query};
pub(crate) use crate::api::videos::file::serve;
use crate::generation::{Generation, GenerationResult};
use crate::ids::JobKey;
use crate::machine::Status;
use crate::machine::job::{DeleteVideo, Video, View};
use crate::objects::messages::List;
use crate::time::SECOND;
use crate::time::rfc3339;
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = VideoPage))]
#[serde(rename_all = "camelCase")]
pub(crate) struct VideoPage {
    success: bool,
    videos: Vec<ListedVideo>,
    has_more: bool,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedVideo {
    id: String,
    generation_id: String,
    prompt: String,
    provider: String,
    model: String,
    created_at: String,
    #[cfg_attr(not(target_arch = "wasm32"), schema(required = true))]
    completed_at: Option<String>,
    #[serde(flatten)]
    result: GenerationResult,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema), schema(as = SignedVideo))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signed {
    success: bool,
    video_url: String,
    expires_at: String,
    file_size: u64,
}

/// `GET /api/storage/videos`: the user's completed generations whose video still exists. Deleted
/// videos are skipped, so a page may have fewer entries than its limit and still have a next page.
pub(crate) async fn list(call: &Call, user_id: String) -> Result<Answer, Problem> {
    let ListQuery {
        search,
        limit,
        after,
        ..
    } = list_query(|name| call.parameter(name)).map_err(Problem::invalid)?;
    let message = List {
        user_id: Some(user_id),
        status: Some(Status::Completed),
        search,
        limit,
        after,
    };
    let (generations, next_cursor) = view::page(call, &message).await?;
    let videos = generations.into_iter().filter_map(listed).collect();
    Answer::json(
        200,
        &VideoPage {
            success: true,
            videos,
            has_more: next_cursor.is_some(),
            next_cursor,
        },
    )
}

/// An entry of the list; `None` if the video was deleted.
fn listed(generation: Generation) -> Option<ListedVideo> {
    let result = generation
        .result
        .filter(|result| result.video_url.is_some())?;
    Some(ListedVideo {
        id: generation.id,
        generation_id: generation.generation_id,
        prompt: generation.prompt,
        provider: generation.provider,
        model: generation.model,
        created_at: generation.created_at,
        completed_at: generation.completed_at,
        result,
    })
}

/// `GET /api/storage/videos/{id}`: a signed URL.
pub(crate) async fn show(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    let lifetime = expires_in(|name| call.parameter(name)).map_err(Problem::invalid)?;
    let video = stored(call, &key).await?;
    let expires = call.now_seconds() + lifetime.unwrap_or(call.config.video_url_ttl);
    let signed = Signed {
        success: true,
        video_url: call
            .config
            .url_signer
            .sign(&call.public_url(), &key, expires),
        expires_at: rfc3339(expires * SECOND),
        file_size: video.size,
    };
    Answer::json(200, &signed)
}

/// `DELETE /api/storage/videos/{id}`: the generation stays completed.
pub(crate) async fn delete(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    view::job(call, &key, &DeleteVideo).await?;
    Answer::json(200, &json!({ "success": true }))
}

/// The stored video of a generation.
pub(crate) async fn stored(call: &Call, key: &JobKey) -> Result<Video, Problem> {
    let job = view::job(call, key, &View).await?;
    job.video().cloned().ok_or_else(Problem::no_video)
}
