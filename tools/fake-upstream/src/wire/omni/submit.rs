//! `POST /v1/interactions`.

use axum::Extension;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::show::show;
use super::validation::{check_body, check_model, prompt_of};
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::ledger::{Job, OmniJob};
use crate::wire::submission::{Submission, read_marks, take};
use crate::wire::{admission, answers};

/// Accepts an interaction, or meets its fault.
pub(super) async fn submit(
    Extension(call): Extension<Call>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = serde_json::from_slice::<Value>(&body).ok();
    let prompt = body.as_ref().map(prompt_of).unwrap_or_default();
    call.asks_for(&prompt);
    call.pass(Step::Submit, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    match read(prompt, body) {
        Ok(submission) => take(&call, submission, show).await,
        Err(refused) => *refused,
    }
}

fn read(prompt: String, body: Option<Value>) -> Result<Submission, Box<Response>> {
    let Some(body) = body else {
        return Err(Box::new(answers::error(
            StatusCode::BAD_REQUEST,
            "Invalid JSON payload received.",
        )));
    };
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    check_model(&model)
        .and_then(|()| check_body(&model, &body))
        .map_err(|refused| Box::new(answers::invalid(&refused)))?;
    let marks = read_marks(&prompt)?;
    Ok(Submission {
        job: Job::Omni(OmniJob::read(&body)),
        model,
        prompt,
        body,
        marks,
    })
}
