//! `POST /v1beta/models/{model}:predictLongRunning`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock;
use crate::gates::Closed;
use crate::journal::Step;
use crate::ledger::Operation;
use crate::marks::{Marks, SubmitFault};
use crate::wire::validation::{check_body, check_model, without_bytes};
use crate::wire::{admission, answers};
use crate::world::locked;

/// A submit that Google would take.
struct Submission {
    model: String,
    prompt: String,
    body: Value,
    marks: Marks,
}

/// Accepts a job, or meets its fault.
pub(crate) async fn submit(
    Extension(call): Extension<Call>,
    Path(target): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = serde_json::from_slice::<Value>(&body);
    let prompt =
        body.as_ref().ok().and_then(|body| body["instances"][0]["prompt"].as_str()).unwrap_or_default().to_owned();
    call.belongs_to(&prompt, None);
    call.pass(Step::Submit, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    let submission = match read(&target, prompt, body.ok()) {
        Ok(submission) => submission,
        Err(refused) => return *refused,
    };
    let fault =
        locked(&call.world.faults).meet("submit", &submission.prompt, &submission.marks.submit, |marks| &marks.submit);
    if let Some(mark) = &fault {
        call.meets(&mark.label);
    }
    answer(&call, submission, fault.map(|mark| mark.fault)).await
}

fn read(target: &str, prompt: String, body: Option<Value>) -> Result<Submission, Box<Response>> {
    let refuse = |status: u16, message: &str| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Box::new(answers::error(status, message))
    };
    let Some(model) = target.strip_suffix(":predictLongRunning") else {
        return Err(refuse(404, "Requested entity was not found."));
    };
    let Some(body) = body else {
        return Err(refuse(400, "Invalid JSON payload received."));
    };
    check_model(model)
        .and_then(|()| check_body(model, &body))
        .map_err(|invalid| refuse(invalid.status, &invalid.message))?;
    let marks = Marks::read(&prompt).map_err(|unknown| refuse(400, &format!("fake-upstream: {unknown}")))?;
    Ok(Submission { model: model.to_owned(), prompt, body, marks })
}

async fn answer(call: &Call, submission: Submission, fault: Option<SubmitFault>) -> Response {
    match &fault {
        Some(SubmitFault::Refuse(refusal)) => return answers::refuse(refusal, &submission.model),
        Some(SubmitFault::HangBefore) => return call.hang().await,
        Some(SubmitFault::ResetBefore) => return call.cut(),
        Some(SubmitFault::Redirect) => {
            let elsewhere = format!("{}/submit", call.world.other_origin);
            return answers::redirect(StatusCode::TEMPORARY_REDIRECT, elsewhere);
        }
        _ => {}
    }
    let name = accept(call, submission);
    call.visible();
    call.pass(Step::Submit, Closed::AfterAcceptance).await;
    match fault {
        Some(SubmitFault::HangAfter) => call.hang().await,
        Some(SubmitFault::ResetAfter) => call.cut(),
        Some(SubmitFault::InternalAfter) => answers::web_page(StatusCode::INTERNAL_SERVER_ERROR),
        Some(SubmitFault::Garbage) => answers::garbage(),
        Some(SubmitFault::Html) => answers::web_page(StatusCode::OK),
        Some(SubmitFault::HtmlBadGateway) => answers::web_page(StatusCode::BAD_GATEWAY),
        Some(SubmitFault::NoName) => answers::json_answer(StatusCode::OK, &json!({})),
        _ => answers::json_answer(StatusCode::OK, &json!({ "name": name })),
    }
}

/// Writes the job into the ledger and returns the operation's name.
fn accept(call: &Call, submission: Submission) -> String {
    let world = &call.world;
    let mut faults = locked(&world.faults);
    let result = faults.meet("result", &submission.prompt, &submission.marks.result, |marks| &marks.result);
    let defaults = faults.defaults();
    let render = submission.marks.render.or(defaults.render);
    let mut marks = submission.marks;
    marks.bytes = marks.bytes.or(defaults.bytes);
    drop(faults);
    let mut ledger = locked(&world.ledger);
    let operation = Operation {
        id: ledger.fresh_id(),
        file: ledger.fresh_id(),
        model: submission.model,
        prompt: submission.prompt,
        request: without_bytes(&submission.body),
        submitted_by: Some(call.seq),
        accepted_at_ms: clock::unix_ms(),
        accepted: clock::now(),
        render: render.unwrap_or(world.options.render),
        marks,
        result: result.map(|mark| mark.fault),
        download: None,
        polls: 0,
        collected: false,
    };
    let name = operation.name();
    call.belongs_to(&operation.prompt, Some(&operation.id));
    ledger.accept(operation);
    name
}
