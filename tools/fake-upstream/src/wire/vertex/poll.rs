//! `POST …/models/{model}:fetchPredictOperation`.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::admission;
use super::target::{Target, not_json};
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::{Step, Wire};
use crate::ledger::{Job, Operation, State, VertexJob};
use crate::lock::locked;
use crate::marks::{Refusal, ResultFault};
use crate::wire::checks::{invalid, known};
use crate::wire::film::FILM;
use crate::wire::{answers, downloads, looks};

const RESPONSE_TYPE: &str =
    "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse";
/// The default support code of a filtered render: one of those for children.
const USUAL_CODE: u64 = 58_061_214;

/// Answers with an operation's state, or meets its fault.
pub(super) async fn poll(
    call: &Call,
    target: &Target,
    headers: &HeaderMap,
    body: Option<Value>,
) -> Response {
    let name = body
        .as_ref()
        .and_then(|body| body["operationName"].as_str())
        .unwrap_or_default();
    let id = name.rsplit('/').next().unwrap_or_default();
    looks::recognise(call, id);
    call.pass(Step::Poll, Closed::Before).await;
    if let Err(refused) = admission::admit_call(&call.world, headers, target) {
        return *refused;
    }
    let Some(body) = &body else { return not_json() };
    if let Err(refused) = check(target, body, name) {
        return *refused;
    }
    let Some(operation) = looks::count(call, id, name) else {
        return answers::refuse(Wire::Vertex, &Refusal::NotFound, &target.model);
    };
    let spelt_out = match looks::meet(call, &operation).await {
        Ok(spelt_out) => spelt_out,
        Err(answer) => return *answer,
    };
    let mut body = json!({ "name": name });
    if operation.state() == State::Rendering {
        if spelt_out {
            body["done"] = json!(false);
        }
        return answers::json_answer(StatusCode::OK, &body);
    }
    match &operation.result {
        Some(ResultFault::Raw(raw)) => body = answers::raw_json(raw, &operation),
        _ => finish(&mut body, &operation),
    }
    locked(&call.world.ledger).collect(&operation.id);
    downloads::inline(call, &operation, &body)
}

/// An operation is polled by its full name, at the model it belongs to.
fn check(target: &Target, body: &Value, name: &str) -> Result<(), Box<Response>> {
    known(body, "", &["operationName"]).map_err(|refused| Box::new(answers::invalid(&refused)))?;
    let model = format!(
        "projects/{}/locations/{}/publishers/google/models/{}/operations/",
        target.project, target.location, target.model
    );
    if name.starts_with(&model) {
        return Ok(());
    }
    let refused = invalid(format!(
        "Invalid operation name: \"{name}\" does not belong to the endpoint."
    ));
    Err(Box::new(answers::invalid(&refused)))
}

/// Adds the end of the operation.
fn finish(body: &mut Value, operation: &Operation) {
    let Job::Vertex(job) = &operation.job else {
        return;
    };
    let error = |code: i32| json!({ "code": code, "message": answers::FAILED });
    let videos = json!({ "raiMediaFilteredCount": 0, "videos": videos(job, &operation.file) });
    let (response, error) = match &operation.result {
        Some(ResultFault::Filtered(code)) => {
            let reason = answers::filtered((*code).unwrap_or(USUAL_CODE));
            (
                Some(json!({ "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [reason] })),
                None,
            )
        }
        Some(ResultFault::Error(code)) => (None, Some(error(*code))),
        Some(ResultFault::Empty) => (Some(json!({})), None),
        Some(ResultFault::ErrorAndResponse) => (Some(videos), Some(error(13))),
        Some(ResultFault::At(uri)) => (
            Some(json!({ "videos": [{ "gcsUri": uri, "mimeType": "video/mp4" }] })),
            None,
        ),
        Some(ResultFault::Never | ResultFault::Raw(_)) | None => (Some(videos), None),
    };
    body["done"] = json!(true);
    if let Some(mut response) = response {
        response["@type"] = json!(RESPONSE_TYPE);
        body["response"] = response;
    }
    if let Some(error) = error {
        body["error"] = error;
    }
}

/// The videos' addresses, or their bytes.
fn videos(job: &VertexJob, file: &str) -> Vec<Value> {
    if job.storage.is_none() {
        let video = json!({ "bytesBase64Encoded": FILM, "mimeType": "video/mp4" });
        return (0..job.samples).map(|_| video.clone()).collect();
    }
    job.objects(file)
        .iter()
        .map(|uri| json!({ "gcsUri": uri, "mimeType": "video/mp4" }))
        .collect()
}
