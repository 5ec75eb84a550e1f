//! `POST …/models/{model}:predictLongRunning`.

use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::admission;
use super::target::{Target, not_json};
use super::validation::{check_body, check_model};
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::ledger::{Job, Operation, VertexJob};
use crate::wire::answers;
use crate::wire::submission::{Submission, read_marks, take};

/// Accepts a job, or meets its fault.
pub(super) async fn submit(
    call: &Call,
    target: Target,
    headers: &HeaderMap,
    body: Option<Value>,
) -> Response {
    let prompt = body
        .as_ref()
        .and_then(|body| body["instances"][0]["prompt"].as_str())
        .unwrap_or_default()
        .to_owned();
    call.asks_for(&prompt);
    call.pass(Step::Submit, Closed::Before).await;
    if let Err(refused) = admission::admit_call(&call.world, headers, &target) {
        return *refused;
    }
    match read(target, prompt, body) {
        Ok(submission) => take(call, submission, started).await,
        Err(refused) => *refused,
    }
}

fn started(operation: &Operation) -> Value {
    json!({ "name": operation.name() })
}

fn read(target: Target, prompt: String, body: Option<Value>) -> Result<Submission, Box<Response>> {
    let body = body.ok_or_else(|| Box::new(not_json()))?;
    check_model(&target)
        .and_then(|()| check_body(&target.model, &body))
        .map_err(|refused| Box::new(answers::invalid(&refused)))?;
    let marks = read_marks(&prompt)?;
    let job = Job::Vertex(VertexJob::read(&target.project, &target.location, &body));
    Ok(Submission {
        job,
        model: target.model,
        prompt,
        body,
        marks,
    })
}
