//! Stored videos: serve, list, sign, delete.

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
            "Your videos",
            "Completed generations whose video is still there, newest first. A page may hold fewer than its limit, or none, and yet \
             have a next one, because deleted videos are left out of it.",
        )
        .with(parameters::search())
        .answers_page(&schemas.of::<VideoPage>())
}

pub(crate) fn show(schemas: &mut Schemas) -> Operation {
    let seconds = json!({ "type": "integer", "minimum": 1, "maximum": MAX_EXPIRES_IN, "default": VIDEO_URL_TTL });
    Operation::new("getStoredVideo", TAG)
        .says(
            "A signed address",
            "Whoever has the address may load the video until it expires.",
        )
        .with(parameters::optional(
            "query",
            "expiresIn",
            "For how many seconds the address is valid.",
            &seconds,
        ))
        .answers(200, json_answer("The address.", &schemas.of::<Signed>()))
        .fails([Problem::no_video()])
}

pub(crate) fn delete(_: &mut Schemas) -> Operation {
    Operation::new("deleteStoredVideo", TAG)
        .says(
            "Delete a video",
            "The file goes for good; the generation stays completed.",
        )
        .answers(200, done("It is gone."))
        .fails([Problem::no_video()])
}

pub(crate) fn serve(_: &mut Schemas) -> Operation {
    let text = json!({ "type": "string" });
    let header = |name, description| parameters::optional("header", name, description, &text);
    let query = |name, description| parameters::optional("query", name, description, &text);
    let mut part = whole("The bytes asked for.");
    part["headers"]["Content-Range"] = headers::header("Content-Range", true);
    let mut unchanged = json!({ "description": "The caller has this version already." });
    unchanged["headers"] = kept();
    Operation::new("getVideo", TAG)
        .says(
            "The file",
            "By the owner's token, or by a signed address as it stands in `result.videoUrl`. A single range of bytes is answered with 206; a \
             malformed one, or several, with the whole file.",
        )
        .with(query("user", "Of a signed address: whose it is."))
        .with(query("expires", "Of a signed address: until when it is valid, in seconds since 1970."))
        .with(header("Range", "Which bytes, such as `bytes=0-1023`."))
        .with(header("If-Range", "The `ETag` the range belongs to; of another version the whole file comes."))
        .with(header("If-None-Match", "The `ETag` the caller has already."))
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
