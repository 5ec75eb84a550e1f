//! Stored videos: serve, list, sign, delete.

use crate::api::field_error::FieldError;
use crate::api::openapi::formats::{done, json_answer};
use crate::api::openapi::headers;
use crate::api::openapi::operation::{Access, Operation};
use crate::api::openapi::parameters;
use crate::api::openapi::schemas::Schemas;
use crate::api::problem::Problem;
use crate::api::query::MAX_EXPIRES_IN;
use crate::api::videos::{Page, Signed};
use crate::config::VIDEO_URL_TTL;
use serde_json::{Value, json};

const TAG: &str = "Videos";

pub(crate) fn all(schemas: &mut Schemas) -> Vec<Operation> {
    let (page, signed) = (schemas.of::<Page>(), schemas.of::<Signed>());
    let missing = || [Problem::no_generation(), Problem::no_video()];
    vec![
        file(),
        Operation::get("/api/storage/videos", "listStoredVideos")
            .of(TAG, Access::Owner)
            .says(
                "Your videos",
                "Completed generations whose video is still there, newest first. A page may hold fewer than its limit, or none, and yet \
                 have a next one, because deleted videos are left out of it.",
            )
            .with(parameters::search())
            .with(parameters::limit())
            .with(parameters::after())
            .answers(200, json_answer("A page.", &page))
            .fails([Problem::invalid(vec![FieldError::parameter("limit", "must be a whole number from 1 to 100")])]),
        Operation::get("/api/storage/videos/{id}", "getStoredVideo")
            .of(TAG, Access::Owner)
            .says("A signed address", "Whoever has the address may load the video until it expires.")
            .with(json!({
                "name": "expiresIn", "in": "query", "required": false, "description": "For how many seconds the address is valid.",
                "schema": { "type": "integer", "minimum": 1, "maximum": MAX_EXPIRES_IN, "default": VIDEO_URL_TTL },
            }))
            .answers(200, json_answer("The address.", &signed))
            .fails(missing()),
        Operation::delete("/api/storage/videos/{id}", "deleteStoredVideo")
            .of(TAG, Access::Owner)
            .says("Delete a video", "The file goes for good; the generation stays completed.")
            .answers(200, done("It is gone."))
            .fails(missing()),
    ]
}

fn file() -> Operation {
    let conditional = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": false, "description": description, "schema": { "type": "string" },
        })
    };
    let signed = |name: &str, description: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": description, "schema": { "type": "string" },
        })
    };
    let mut part = whole("The bytes asked for.");
    part["headers"]["Content-Range"] = headers::header("Content-Range", true);
    let mut unchanged = json!({ "description": "The caller has this version already." });
    unchanged["headers"] = kept();
    Operation::get("/api/generations/{id}/video", "getVideo")
        .of(TAG, Access::OwnerOrAddress)
        .says(
            "The file",
            "By the owner's token, or by a signed address as it stands in `result.videoUrl`. A single range of bytes is answered with 206; a \
             malformed one, or several, with the whole file.",
        )
        .with(signed("user", "Of a signed address: whose it is."))
        .with(signed("expires", "Of a signed address: until when it is valid, in seconds since 1970."))
        .with(conditional("Range", "Which bytes, such as `bytes=0-1023`."))
        .with(conditional("If-Range", "The `ETag` the range belongs to; of another version the whole file comes."))
        .with(conditional("If-None-Match", "The `ETag` the caller has already."))
        .answers(200, whole("The whole file."))
        .answers(206, part)
        .answers(304, unchanged)
        .fails([Problem::no_generation(), Problem::no_video(), Problem::range_not_satisfiable(4_012_345)])
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
