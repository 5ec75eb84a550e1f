//! `GET /v1beta/models/{model}/operations/{id}`.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::ledger::{Operation, State};
use crate::marks::{PollFault, Refusal, ResultFault};
use crate::wire::{admission, answers};
use crate::world::locked;

const RESPONSE_TYPE: &str = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse";

/// The words Google filters with, from a report of a real answer.
const FILTERED: &str = "We encountered an issue with the audio for your prompt, which means we could not create your \
     video. This can sometimes happen due to our safety filters or other processing issues. Please modify your prompt \
     and try again. You have not been charged for this attempt.";

/// Tells how far an operation is, or meets its fault.
pub(crate) async fn poll(
    Extension(call): Extension<Call>,
    Path((model, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Some(operation) = locked(&call.world.ledger).find(&id) {
        call.belongs_to(&operation.prompt, Some(&id));
    }
    call.pass(Step::Poll, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    let operation =
        locked(&call.world.ledger).find(&id).filter(|operation| operation.model == model).map(|operation| {
            operation.polls += 1;
            operation.clone()
        });
    let Some(operation) = operation else {
        return answers::refuse(&Refusal::NotFound, &model);
    };
    let mark = locked(&call.world.faults).meet("poll", &id, &operation.marks.poll, |marks| &marks.poll);
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    let spelt_out = match mark.map(|mark| mark.fault) {
        Some(PollFault::Refuse(refusal)) => return answers::refuse(&refusal, &model),
        Some(PollFault::Hang) => return call.hang().await,
        Some(PollFault::Reset) => return call.cut(),
        Some(PollFault::Garbage) => return answers::garbage(),
        Some(PollFault::Html) => return answers::web_page(StatusCode::OK),
        Some(PollFault::DoneFalse) => true,
        None => false,
    };
    let mut body = json!({ "name": operation.name() });
    if operation.state() == State::Rendering {
        if spelt_out {
            body["done"] = json!(false);
        }
    } else {
        finish(&mut body, &operation);
        locked(&call.world.ledger).collect(&id);
    }
    answers::json_answer(StatusCode::OK, &body)
}

/// Adds how the operation ended.
fn finish(body: &mut Value, operation: &Operation) {
    let video = json!({ "generatedSamples": [{ "video": {
        "uri": format!(
            "https://generativelanguage.googleapis.com/v1beta/files/{}:download?alt=media",
            operation.file
        ),
    } }] });
    let error = |code: i32| {
        json!({
            "code": code,
            "message": "Video generation failed due to an internal server issue. Please try again.",
        })
    };
    let (response, error) = match operation.result {
        Some(ResultFault::Filtered) => {
            (Some(json!({ "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [FILTERED] })), None)
        }
        Some(ResultFault::Error(code)) => (None, Some(error(code))),
        Some(ResultFault::Empty) => (Some(json!({})), None),
        Some(ResultFault::ErrorAndResponse) => (Some(video), Some(error(13))),
        Some(ResultFault::Never) | None => (Some(video), None),
    };
    body["done"] = json!(true);
    if let Some(response) = response {
        body["response"] = json!({ "@type": RESPONSE_TYPE, "generateVideoResponse": response });
    }
    if let Some(error) = error {
        body["error"] = error;
    }
}
