//! Stored videos: list, sign, delete.

use super::answer::Answer;
use super::call::Call;
use super::generations::{page, refused};
use super::query::list_query;
use super::view;
use crate::machine::job::Video;
use crate::machine::{JobKey, SECOND, Status};
use crate::wire::api::{Problem, rfc3339};
use crate::wire::message::{JobMessage, JobReply, QueueMessage};
use serde_json::{Value, json};

/// `GET /api/storage/videos`: the caller's completed generations whose video is still there. Deleted ones are
/// left out of a page, so it may hold fewer than its limit and yet have a next one.
pub(super) async fn list(call: &Call) -> Result<Answer, Problem> {
    let user_id = call.user()?;
    let query = list_query(|name| call.parameter(name)).map_err(Problem::invalid)?;
    let message =
        QueueMessage::List { user_id, status: Some(Status::Completed), limit: query.limit, after: query.after };
    let (generations, next) = page(call, &message).await?;
    let videos: Vec<Value> = generations.iter().filter_map(entry).collect();
    Answer::json(200, &json!({ "success": true, "videos": videos, "hasMore": next.is_some(), "nextCursor": next }))
}

/// A video as a list shows it; `None` when it was deleted.
fn entry(generation: &Value) -> Option<Value> {
    let result = &generation["result"];
    let video_url = result["videoUrl"].as_str()?;
    Some(json!({
        "id": generation["id"],
        "generationId": generation["generationId"],
        "videoUrl": video_url,
        "fileSize": result["fileSize"],
        "duration": result["duration"],
        "resolution": result["resolution"],
        "format": result["format"],
        "prompt": generation["prompt"],
        "model": generation["model"],
        "provider": generation["provider"],
        "createdAt": generation["createdAt"],
        "completedAt": generation["completedAt"],
    }))
}

/// `GET /api/storage/videos/{id}`: a signed address.
pub(super) async fn show(call: &Call, id: &str) -> Result<Answer, Problem> {
    let key = call.key(id)?;
    let video = stored(call, &key).await?;
    let expires_at = view::video_url_expiry(call);
    Answer::json(
        200,
        &json!({
            "success": true,
            "videoUrl": view::video_url(call, &key),
            "expiresAt": rfc3339(expires_at * SECOND),
            "fileSize": video.size,
        }),
    )
}

/// `DELETE /api/storage/videos/{id}`: the generation stays completed.
pub(super) async fn delete(call: &Call, id: &str) -> Result<Answer, Problem> {
    let key = call.key(id)?;
    match view::ask(call, &key, &JobMessage::DeleteVideo).await? {
        JobReply::View { .. } => Answer::json(200, &json!({ "success": true })),
        JobReply::Missing => Err(Problem::no_generation()),
        JobReply::Refused { refusal } => Err(refused(refusal)),
        JobReply::Created { .. }
        | JobReply::Conflict
        | JobReply::Withdrawn
        | JobReply::Timeline { .. }
        | JobReply::State { .. } => Err(view::out_of_turn(call)),
    }
}

/// The stored video of a generation.
pub(super) async fn stored(call: &Call, key: &JobKey) -> Result<Video, Problem> {
    match view::ask(call, key, &JobMessage::View).await? {
        JobReply::View { video, .. } => video.ok_or_else(Problem::no_video),
        JobReply::Missing => Err(Problem::no_generation()),
        JobReply::Created { .. }
        | JobReply::Conflict
        | JobReply::Withdrawn
        | JobReply::Timeline { .. }
        | JobReply::State { .. }
        | JobReply::Refused { .. } => Err(view::out_of_turn(call)),
    }
}
