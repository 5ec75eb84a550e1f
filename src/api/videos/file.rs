//! The video file, streamed from R2 to the caller without buffering it in memory.

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::videos;
use crate::api::videos::range::{Conditions, Selection, select};
use crate::clients::video_file::VideoKind;
use crate::ids::JobKey;
use worker::{Bucket, Object, Range, ResponseBody};

/// The binding of the bucket.
pub(crate) const BUCKET: &str = "VIDEOS";
/// A stored video never changes. Only the caller's browser may cache it.
const CACHE: &str = "private, max-age=3600";

/// `GET` and `HEAD /api/generations/{id}/video`.
pub(crate) async fn serve(call: &Call, key: JobKey) -> Result<Answer, Problem> {
    let video = videos::stored(call, &key).await?;
    let etag = format!("\"{}\"", video.etag);
    let head = call.request.inner().method() == "HEAD";
    let (if_none_match, if_range, range) = (
        call.header("If-None-Match"),
        call.header("If-Range"),
        call.header("Range"),
    );
    let conditions = Conditions {
        if_none_match: if_none_match.as_deref(),
        if_range: if_range.as_deref(),
        // A range applies only to GET (RFC 9110, section 14.2).
        range: range.as_deref().filter(|_| !head),
    };
    let answer = match select(conditions, &etag, video.size) {
        Selection::NotModified => Answer::empty(304),
        Selection::Unsatisfiable => return Err(Problem::range_not_satisfiable(video.size)),
        Selection::Whole if head => {
            let object = found(bucket(call)?.head(video.key.as_str()).await)?;
            file(Answer::empty(200), &object, &key, video.size)
        }
        Selection::Whole => {
            let object = found(bucket(call)?.get(video.key.as_str()).execute().await)?;
            file(
                Answer::stream(200, body(&object)?),
                &object,
                &key,
                video.size,
            )
        }
        Selection::Part { offset, length } => {
            let part = Range::OffsetWithLength { offset, length };
            let object = found(
                bucket(call)?
                    .get(video.key.as_str())
                    .range(part)
                    .execute()
                    .await,
            )?;
            let content_range = format!("bytes {offset}-{}/{}", offset + length - 1, video.size);
            file(Answer::stream(206, body(&object)?), &object, &key, length)
                .with("Content-Range", content_range)
        }
    };
    Ok(answer
        .with("ETag", etag)
        .with("Cache-Control", CACHE)
        .with("Accept-Ranges", "bytes"))
}

/// Adds the headers of the file. Its content type is the one found when it was stored.
fn file(answer: Answer, object: &Object, key: &JobKey, length: u64) -> Answer {
    let stored_as = object.http_metadata().content_type;
    let kind = if stored_as.as_deref() == Some(VideoKind::WebM.content_type()) {
        VideoKind::WebM
    } else {
        VideoKind::Mp4
    };
    answer
        .with("Content-Type", kind.content_type())
        .with("Content-Length", length.to_string())
        .with(
            "Content-Disposition",
            format!(
                "inline; filename=\"{}.{}\"",
                key.generation_id,
                kind.extension()
            ),
        )
}

fn bucket(call: &Call) -> Result<Bucket, Problem> {
    call.env.bucket(BUCKET).map_err(|error| failed(&error))
}

fn found(answer: worker::Result<Option<Object>>) -> Result<Object, Problem> {
    answer.map_err(|error| failed(&error))?.ok_or_else(|| {
        tracing::error!("[STORAGE] Recorded video is missing");
        Problem::no_video()
    })
}

fn body(object: &Object) -> Result<ResponseBody, Problem> {
    object
        .body()
        .ok_or_else(Problem::no_video)?
        .response_body()
        .map_err(|error| failed(&error))
}

fn failed(error: &worker::Error) -> Problem {
    tracing::error!(reason = %error, "[STORAGE] Video could not be read");
    Problem::unavailable()
}
