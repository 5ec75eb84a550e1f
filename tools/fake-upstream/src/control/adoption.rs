//! `POST /__control/operations`: adopts operations that an earlier run accepted.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::handler::{Shared, bad_request};
use crate::clock;
use crate::journal::Wire;
use crate::ledger::{Job, OmniJob, Operation, VertexJob};
use crate::lock::locked;
use crate::marks::Marks;

/// An operation of an earlier run, as its `GET /__control/operations` listed it. Only Vertex AI and
/// Omni need the last three: they contain the project and the place for the video.
#[derive(Deserialize)]
pub(super) struct Adopted {
    model: String,
    id: String,
    file: String,
    prompt: String,
    wire: Option<Wire>,
    #[serde(default)]
    name: String,
    request: Option<Value>,
}

impl Adopted {
    fn job(&self) -> Result<Job, &'static str> {
        let request = self.request.as_ref().unwrap_or(&Value::Null);
        match self.wire {
            None | Some(Wire::Gemini) => Ok(Job::Gemini),
            Some(Wire::Omni) => Ok(Job::Omni(OmniJob::read(request))),
            Some(Wire::Vertex) => match self.name.split('/').collect::<Vec<_>>()[..] {
                ["projects", project, "locations", location, ..] => {
                    Ok(Job::Vertex(VertexJob::read(project, location, request)))
                }
                _ => Err("an operation of Vertex AI is adopted with its name"),
            },
        }
    }
}

/// Adds the operation as rendered and not collected. Its render was paid for in the earlier run, so
/// it is listed as adopted and is not part of this run's statistics.
pub(super) async fn adopt(State(world): Shared, Json(adopted): Json<Adopted>) -> Response {
    if [&adopted.model, &adopted.id, &adopted.file]
        .into_iter()
        .any(|word| word.is_empty() || word.contains('/'))
    {
        return bad_request("model, id and file are single words");
    }
    let job = match adopted.job() {
        Ok(job) => job,
        Err(reason) => return bad_request(reason),
    };
    let mut marks = match Marks::read(&adopted.prompt) {
        Ok(marks) => marks,
        Err(unknown) => return bad_request(unknown.to_string()),
    };
    let mut faults = locked(&world.faults);
    let result = faults.meet("result", &adopted.prompt, &marks.result, |marks| {
        &marks.result
    });
    marks.bytes = marks.bytes.or(faults.defaults().bytes);
    drop(faults);
    let operation = Operation {
        request: adopted
            .request
            .unwrap_or_else(|| json!({ "instances": [{ "prompt": adopted.prompt }] })),
        id: adopted.id,
        job,
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
        told_at_ms: None,
        collected: false,
        cancelled: false,
        deleted: false,
    };
    let name = operation.name();
    if locked(&world.ledger).adopt(operation) {
        Json(json!({ "name": name })).into_response()
    } else {
        (
            StatusCode::CONFLICT,
            Json(json!({ "error": "the operation or the file is known already" })),
        )
            .into_response()
    }
}
