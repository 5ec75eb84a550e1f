//! An interaction in Google's format.

use serde_json::{Value, json};

use crate::clock;
use crate::ledger::{Job, OmniJob, Operation, State, video_uri};
use crate::marks::ResultFault;
use crate::wire::answers;
use crate::wire::film::FILM;

/// An interaction's state and, at its end, its results.
pub(super) fn show(operation: &Operation) -> Value {
    let now = clock::unix_ms();
    let mut body = json!({
        "id": operation.id,
        "object": "interaction",
        "model": operation.model,
        "created": clock::rfc3339(operation.accepted_at_ms),
        "updated": clock::rfc3339(now),
    });
    match operation.state() {
        State::Rendering => body["status"] = json!("in_progress"),
        State::Cancelled => body["status"] = json!("cancelled"),
        State::Done | State::Collected => {
            if let Job::Omni(job) = &operation.job {
                finish(&mut body, operation, job);
            }
        }
    }
    body
}

/// Adds the end of the interaction.
fn finish(body: &mut Value, operation: &Operation, job: &OmniJob) {
    let mut steps = job.input.as_array().cloned().unwrap_or_default();
    let video = json!({ "type": "model_output", "content": [video(job, &operation.file)] });
    let error = |code: i32| {
        let word = match code {
            3 => "invalid_argument",
            8 => "resource_exhausted",
            14 => "unavailable",
            _ => "internal",
        };
        json!([{
            "code": format!("https://ai.google.dev/errors/{word}"),
            "message": answers::FAILED,
        }])
    };
    let (status, output, errors, tokens) = match &operation.result {
        // Completed without a video means filtered. The answer does not say why.
        Some(ResultFault::Filtered(_)) => (
            "completed",
            Some(json!({ "type": "thought", "signature": "c2lnbg==" })),
            None,
            0,
        ),
        Some(ResultFault::Empty) => (
            "completed",
            Some(json!({ "type": "model_output", "content": [] })),
            None,
            0,
        ),
        Some(ResultFault::Error(code)) => ("failed", None, Some(error(*code)), 0),
        Some(ResultFault::ErrorAndResponse) => ("failed", Some(video), Some(error(13)), job.tokens),
        Some(ResultFault::At(uri)) => {
            let video = json!({ "type": "video", "mime_type": "video/mp4", "uri": uri });
            (
                "completed",
                Some(json!({ "type": "model_output", "content": [video] })),
                None,
                job.tokens,
            )
        }
        Some(ResultFault::Never | ResultFault::Raw(_)) | None => {
            ("completed", Some(video), None, job.tokens)
        }
    };
    steps.extend(output);
    body["status"] = json!(status);
    body["steps"] = json!(steps);
    if let Some(errors) = errors {
        body["errors"] = errors;
    }
    let of_video = json!([{ "modality": "video", "tokens": tokens }]);
    body["usage"] = json!({
        "total_output_tokens": tokens,
        "total_tokens": tokens,
        "output_tokens_by_modality": if tokens > 0 { of_video } else { json!([]) },
    });
}

/// The video's bytes, or its address.
fn video(job: &OmniJob, file: &str) -> Value {
    let mut video = json!({ "type": "video", "mime_type": "video/mp4" });
    if job.inline {
        video["data"] = json!(FILM);
    } else {
        video["uri"] = json!(video_uri(file));
    }
    video
}
