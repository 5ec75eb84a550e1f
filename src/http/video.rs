//! The file itself: from R2 to the caller without passing through this worker's memory.

use super::answer::Answer;
use super::auth;
use super::call::Call;
use super::range::{Conditions, Selection, select};
use super::storage;
use crate::log;
use crate::machine::JobKey;
use crate::machine::job::Video;
use crate::wire::api::{Problem, is_generation_id};
use worker::{Range, ResponseBody};

/// The binding of the bucket.
const BUCKET: &str = "VIDEOS";
/// A video never changes under its key; only its owner's browser may keep it.
const CACHE: &str = "private, max-age=3600";

/// `GET` and `HEAD /api/generations/{id}/video`.
pub(super) async fn serve(call: &Call, id: &str) -> Result<Answer, Problem> {
    let key = authorize(call, id).await?;
    let video = storage::stored(call, &key).await?;
    let etag = format!("\"{}\"", video.etag);
    let head = call.request.inner().method() == "HEAD";
    let (if_none_match, if_range, range) =
        (call.header("If-None-Match"), call.header("If-Range"), call.header("Range"));
    let conditions = Conditions {
        if_none_match: if_none_match.as_deref(),
        if_range: if_range.as_deref(),
        // HEAD knows no ranges (RFC 9110, section 14.2).
        range: range.as_deref().filter(|_| !head),
    };
    let answer = match select(conditions, &etag, video.size) {
        Selection::NotModified => Answer::empty(304),
        Selection::Unsatisfiable => return Err(Problem::range_not_satisfiable(video.size)),
        Selection::Whole if head => file(Answer::empty(200), &key, video.size),
        Selection::Whole => file(Answer::stream(200, read(call, &video, None).await?), &key, video.size),
        Selection::Part { offset, length } => {
            let part = Range::OffsetWithLength { offset, length };
            let content_range = format!("bytes {offset}-{}/{}", offset + length - 1, video.size);
            let answer = Answer::stream(206, read(call, &video, Some(part)).await?);
            file(answer, &key, length).with("Content-Range", content_range)
        }
    };
    Ok(answer.with("ETag", etag).with("Cache-Control", CACHE).with("Accept-Ranges", "bytes"))
}

/// Whoever holds a signed address, whatever else the request carries (an HTTP client may add a token of another service);
/// or the owner by token.
async fn authorize(call: &Call, id: &str) -> Result<JobKey, Problem> {
    let Some(signature) = call.parameter("signature") else { return call.key(id).await };
    let user = call.parameter("user").unwrap_or_default();
    let expires = call.parameter("expires").unwrap_or_default();
    if is_generation_id(id) && call.config.url_signer.verify(&user, id, &expires, &signature, call.now_seconds()) {
        let key = JobKey::new(user, id);
        log::generation(&key);
        return Ok(key);
    }
    if call.caller().is_ok() {
        return call.key(id).await;
    }
    Err(auth::refused(&call.config, "The address is not valid or has expired; ask for a new one."))
}

fn file(answer: Answer, key: &JobKey, length: u64) -> Answer {
    answer
        .with("Content-Type", "video/mp4")
        .with("Content-Length", length.to_string())
        .with("Content-Disposition", format!("inline; filename=\"{}.mp4\"", key.generation_id))
}

async fn read(call: &Call, video: &Video, range: Option<Range>) -> Result<ResponseBody, Problem> {
    let failed = |error: worker::Error| {
        tracing::error!(reason = %error, "[STORAGE] Video could not be read");
        Problem::unavailable()
    };
    let bucket = call.env.bucket(BUCKET).map_err(failed)?;
    let get = bucket.get(video.key.as_str());
    let get = match range {
        Some(range) => get.range(range),
        None => get,
    };
    let Some(object) = get.execute().await.map_err(failed)? else {
        tracing::error!("[STORAGE] Recorded video is missing");
        return Err(Problem::no_video());
    };
    let body = object.body().ok_or_else(Problem::no_video)?;
    body.response_body().map_err(failed)
}
