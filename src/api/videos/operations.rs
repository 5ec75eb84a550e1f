//! The description of the routes of stored videos.

use crate::api::openapi::formats::{done, json_answer};
use crate::api::openapi::headers;
use crate::api::openapi::operation::Operation;
use crate::api::openapi::parameters;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::api::query::MAX_EXPIRES_IN;
use crate::api::videos::{Signed, VideoPage};
use crate::config::VIDEO_URL_TTL;
use serde_json::{Value, json};

const TAG: &str = "Videos";

pub(crate) fn list(schemas: &mut Schemas) -> Operation {
    Operation::new("listStoredVideos", TAG)
        .says(
            "List your videos",
            "Completed generations whose video still exists, newest first. Deleted videos are skipped, so a page may have fewer entries than its limit, or none, and still have a next page.",
        )
        .with(parameters::search())
        .answers_page(&schemas.of::<VideoPage>())
}

pub(crate) fn show(schemas: &mut Schemas) -> Operation {
    let seconds = json!({ "type": "integer", "minimum": 1, "maximum": MAX_EXPIRES_IN, "default": VIDEO_URL_TTL });
    Operation::new("getStoredVideo", TAG)
        .says(
            "Get a signed URL",
            "Anyone who has the URL can load the video until it expires.",
        )
        .with(parameters::optional(
            "query",
            "expiresIn",
            "How long the URL is valid, in seconds.",
            &seconds,
        ))
        .answers(200, json_answer("The URL.", &schemas.of::<Signed>()))
        .fails([Problem::no_video()])
}

pub(crate) fn delete(_: &mut Schemas) -> Operation {
    Operation::new("deleteStoredVideo", TAG)
        .says(
            "Delete a video",
            "Deletes the file permanently. The generation stays completed.",
        )
        .answers(200, done("The video was deleted."))
        .fails([Problem::no_video()])
}

pub(crate) fn serve(_: &mut Schemas) -> Operation {
    let text = json!({ "type": "string" });
    let header = |name, description| parameters::optional("header", name, description, &text);
    let query = |name, description| parameters::optional("query", name, description, &text);
    let mut part = whole("The requested bytes.");
    part["headers"]["Content-Range"] = headers::header("Content-Range", true);
    let mut unchanged = json!({ "description": "The caller already has this version." });
    unchanged["headers"] = kept();
    Operation::new("getVideo", TAG)
        .says(
            "Get the video",
            "Needs the owner's token, or a signed URL such as `result.videoUrl`. A single byte range is answered with 206; a malformed range, or several ranges, with the whole file.",
        )
        .with(query("user", "In a signed URL: the owner."))
        .with(query("expires", "In a signed URL: when it expires, in seconds since 1970."))
        .with(header("Range", "The byte range, such as `bytes=0-1023`."))
        .with(header("If-Range", "The `ETag` of the range; if the file has another one, the whole file is sent."))
        .with(header("If-None-Match", "The `ETag` that the caller already has."))
        .answers(200, whole("The whole file."))
        .answers(206, part)
        .answers(304, unchanged)
        .fails([Problem::no_video(), Problem::range_not_satisfiable(4_012_345)])
}

fn whole(description: &str) -> Value {
    let mut headers = kept();
    headers["Content-Disposition"] = headers::header("Content-Disposition", true);
    let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
    json!({ "description": description, "headers": headers, "content": { "video/mp4": bytes, "video/webm": bytes } })
}

fn kept() -> Value {
    let mut headers = json!({});
    for name in ["ETag", "Accept-Ranges", "Cache-Control"] {
        headers[name] = headers::header(name, true);
    }
    headers
}
