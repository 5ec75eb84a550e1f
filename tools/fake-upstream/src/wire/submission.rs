//! A submit that Google would accept, on any wire: its fault, and its entry in the ledger.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock;
use crate::gates::Closed;
use crate::journal::Step;
use crate::ledger::{Job, Operation};
use crate::lock::locked;
use crate::marks::{Marks, SubmitFault};
use crate::push;
use crate::wire::answers;
use crate::wire::checks::without_bytes;

/// A validated submit.
pub(crate) struct Submission {
    pub(crate) job: Job,
    pub(crate) model: String,
    pub(crate) prompt: String,
    pub(crate) body: Value,
    pub(crate) marks: Marks,
}

/// The marks of a prompt; one that is not understood is refused.
pub(crate) fn read_marks(prompt: &str) -> Result<Marks, Box<Response>> {
    Marks::read(prompt).map_err(|unknown| {
        Box::new(answers::error(
            StatusCode::BAD_REQUEST,
            &format!("fake-upstream: {unknown}"),
        ))
    })
}

/// Accepts a job and answers with the result of `started`, or meets its fault.
pub(crate) async fn take(
    call: &Call,
    submission: Submission,
    started: fn(&Operation) -> Value,
) -> Response {
    let mark = locked(&call.world.faults).meet(
        "submit",
        &submission.prompt,
        &submission.marks.submit,
        |marks| &marks.submit,
    );
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    let fault = mark.map(|mark| mark.fault);
    match &fault {
        Some(SubmitFault::Refuse(refusal)) => {
            return answers::refuse(submission.job.wire(), refusal, &submission.model);
        }
        Some(SubmitFault::Raw(raw)) => return answers::raw(raw, None),
        Some(SubmitFault::HangBefore) => return call.hang().await,
        Some(SubmitFault::ResetBefore) => return call.cut(),
        Some(SubmitFault::Redirect) => {
            let elsewhere = format!("{}/submit", call.world.other_origin);
            return answers::redirect(StatusCode::TEMPORARY_REDIRECT, elsewhere);
        }
        _ => {}
    }
    let operation = accept(call, submission);
    let body = started(&operation);
    call.visible();
    call.pass(Step::Submit, Closed::AfterAcceptance).await;
    match fault {
        Some(SubmitFault::HangAfter) => call.hang().await,
        Some(SubmitFault::ResetAfter) => call.cut(),
        Some(SubmitFault::InternalAfter) => answers::web_page(StatusCode::INTERNAL_SERVER_ERROR),
        Some(SubmitFault::Garbage) => answers::garbage(),
        Some(SubmitFault::Html) => answers::web_page(StatusCode::OK),
        Some(SubmitFault::HtmlBadGateway) => answers::web_page(StatusCode::BAD_GATEWAY),
        Some(SubmitFault::RawAfter(raw)) => answers::raw(&raw, Some(&operation)),
        Some(SubmitFault::NoName) => answers::json_answer(StatusCode::OK, &json!({})),
        _ => answers::json_answer(StatusCode::OK, &body),
    }
}

/// Adds the job to the ledger and returns the entry.
fn accept(call: &Call, submission: Submission) -> Operation {
    let world = &call.world;
    let mut faults = locked(&world.faults);
    let result = faults.meet(
        "result",
        &submission.prompt,
        &submission.marks.result,
        |marks| &marks.result,
    );
    let defaults = faults.defaults();
    let render = submission.marks.render.or(defaults.render);
    let mut marks = submission.marks;
    marks.bytes = marks.bytes.or(defaults.bytes);
    drop(faults);
    let mut ledger = locked(&world.ledger);
    let (file, first, second) = (ledger.fresh_id(), ledger.fresh_id(), ledger.fresh_id());
    let operation = Operation {
        id: submission.job.id(&first, &second),
        file,
        job: submission.job,
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
        told_at_ms: None,
        collected: false,
        cancelled: false,
        deleted: false,
    };
    call.belongs_to(&operation);
    ledger.accept(operation.clone());
    drop(ledger);
    push::schedule(world, &operation);
    operation
}
