//! `POST /__control/operations`: taking over what an earlier run had accepted.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{Shared, bad_request};
use crate::clock;
use crate::ledger::Operation;
use crate::marks::Marks;
use crate::world::locked;

/// An operation of an earlier run, as its `GET /__control/operations` listed it.
#[derive(Deserialize)]
pub(super) struct Adopted {
    model: String,
    id: String,
    file: String,
    prompt: String,
}

/// Enters the operation as rendered and not collected. Its render was paid for in the earlier run, so it is listed as
/// adopted and takes no part in the statistics of this one.
pub(super) async fn adopt(State(world): Shared, Json(adopted): Json<Adopted>) -> Response {
    if [&adopted.model, &adopted.id, &adopted.file].into_iter().any(|word| word.is_empty() || word.contains('/')) {
        return bad_request("model, id and file are single words");
    }
    let mut marks = match Marks::read(&adopted.prompt) {
        Ok(marks) => marks,
        Err(unknown) => return bad_request(unknown.to_string()),
    };
    let mut faults = locked(&world.faults);
    let result = faults.meet("result", &adopted.prompt, &marks.result, |marks| &marks.result);
    marks.bytes = marks.bytes.or(faults.defaults().bytes);
    drop(faults);
    let operation = Operation {
        request: json!({ "instances": [{ "prompt": adopted.prompt }] }),
        id: adopted.id,
        file: adopted.file,
        model: adopted.model,
        prompt: adopted.prompt,
        submitted_by: None,
        accepted_at_ms: clock::unix_ms(),
        accepted: clock::now(),
        render: Duration::ZERO,
        marks,
        result: result.map(|mark| mark.fault),
        download: None,
        polls: 0,
        collected: false,
    };
    let name = operation.name();
    if locked(&world.ledger).adopt(operation) {
        Json(json!({ "name": name })).into_response()
    } else {
        (StatusCode::CONFLICT, Json(json!({ "error": "the operation or the file is known already" }))).into_response()
    }
}
