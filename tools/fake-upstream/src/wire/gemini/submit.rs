//! `POST /v1beta/models/{model}:predictLongRunning`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::validation::{check_body, check_model};
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::{Step, Wire};
use crate::ledger::{Job, Operation};
use crate::marks::{Marks, Refusal};
use crate::wire::submission::{Submission, read_marks, take};
use crate::wire::{admission, answers};

/// Accepts a job, or meets its fault.
pub(crate) async fn submit(
    Extension(call): Extension<Call>,
    Path(target): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = serde_json::from_slice::<Value>(&body);
    let prompt = body
        .as_ref()
        .ok()
        .and_then(|body| body["instances"][0]["prompt"].as_str())
        .unwrap_or_default()
        .to_owned();
    call.asks_for(&prompt);
    call.pass(Step::Submit, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    match read(&target, prompt, body.ok()) {
        Ok(submission) => take(&call, submission, started).await,
        Err(refused) => *refused,
    }
}

fn started(operation: &Operation) -> Value {
    json!({ "name": operation.name() })
}

fn read(target: &str, prompt: String, body: Option<Value>) -> Result<Submission, Box<Response>> {
    let Some(model) = target.strip_suffix(":predictLongRunning") else {
        return Err(Box::new(answers::refuse(
            Wire::Gemini,
            &Refusal::NotFound,
            target,
        )));
    };
    let Some(body) = body else {
        return Err(Box::new(answers::error(
            StatusCode::BAD_REQUEST,
            "Invalid JSON payload received.",
        )));
    };
    check_model(model)
        .and_then(|()| check_body(model, &body))
        .map_err(|refused| Box::new(answers::invalid(&refused)))?;
    let marks: Marks = read_marks(&prompt)?;
    Ok(Submission {
        job: Job::Gemini,
        model: model.to_owned(),
        prompt,
        body,
        marks,
    })
}
