//! `GET /v1beta/models/{model}/operations/{id}`.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::call::Call;
use crate::gates::Closed;
use crate::journal::{Step, Wire};
use crate::ledger::{Operation, State, video_uri};
use crate::lock::locked;
use crate::marks::{Refusal, ResultFault};
use crate::wire::{admission, answers, downloads, looks};

const RESPONSE_TYPE: &str =
    "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse";

/// Google's message for a filtered render, from a report of a real answer.
const FILTERED: &str = "We encountered an issue with the audio for your prompt, which means we could not create your \
     video. This can sometimes happen due to our safety filters or other processing issues. Please modify your prompt \
     and try again. You have not been charged for this attempt.";

/// Answers with an operation's state, or meets its fault.
pub(crate) async fn poll(
    Extension(call): Extension<Call>,
    Path((model, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    looks::recognise(&call, &id);
    call.pass(Step::Poll, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    let Some(operation) = looks::count(&call, &id, &format!("models/{model}/operations/{id}"))
    else {
        return answers::refuse(Wire::Gemini, &Refusal::NotFound, &model);
    };
    let spelt_out = match looks::meet(&call, &operation).await {
        Ok(spelt_out) => spelt_out,
        Err(answer) => return *answer,
    };
    let mut body = json!({ "name": operation.name() });
    if operation.state() == State::Rendering {
        if spelt_out {
            body["done"] = json!(false);
        }
        return answers::json_answer(StatusCode::OK, &body);
    }
    locked(&call.world.ledger).collect(&id);
    match &operation.result {
        Some(ResultFault::Raw(raw)) => body = answers::raw_json(raw, &operation),
        _ => finish(&mut body, &operation),
    }
    downloads::inline(&call, &operation, &body)
}

/// Adds the end of the operation.
fn finish(body: &mut Value, operation: &Operation) {
    let at = |uri: &str| json!({ "generatedSamples": [{ "video": { "uri": uri } }] });
    let video = at(&video_uri(&operation.file));
    let error = |code: i32| json!({ "code": code, "message": answers::FAILED });
    let (response, error) = match &operation.result {
        Some(ResultFault::Filtered(code)) => {
            let reason = (*code).map_or_else(|| FILTERED.to_owned(), answers::filtered);
            (
                Some(json!({ "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [reason] })),
                None,
            )
        }
        Some(ResultFault::Error(code)) => (None, Some(error(*code))),
        Some(ResultFault::Empty) => (Some(json!({})), None),
        Some(ResultFault::ErrorAndResponse) => (Some(video), Some(error(13))),
        Some(ResultFault::At(uri)) => (Some(at(uri)), None),
        Some(ResultFault::Never | ResultFault::Raw(_)) | None => (Some(video), None),
    };
    body["done"] = json!(true);
    if let Some(response) = response {
        body["response"] = json!({ "@type": RESPONSE_TYPE, "generateVideoResponse": response });
    }
    if let Some(error) = error {
        body["error"] = error;
    }
}
