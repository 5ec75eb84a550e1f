//! `GET /v1/interactions/{id}`.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::show::show;
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::{Step, Wire};
use crate::ledger::State;
use crate::lock::locked;
use crate::marks::{Refusal, ResultFault};
use crate::wire::{admission, answers, downloads, looks};

/// Answers with an interaction's state, or meets its fault.
pub(super) async fn poll(
    Extension(call): Extension<Call>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    looks::recognise(&call, &id);
    call.pass(Step::Poll, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    if query
        .unwrap_or_default()
        .split('&')
        .any(|pair| pair == "stream=true")
    {
        return answers::error(
            StatusCode::BAD_REQUEST,
            "fake-upstream: interactions are not streamed here.",
        );
    }
    let Some(operation) = looks::count(&call, &id, &id) else {
        return answers::refuse(Wire::Omni, &Refusal::NotFound, "");
    };
    let spelt_out = match looks::meet(&call, &operation).await {
        Ok(spelt_out) => spelt_out,
        Err(answer) => return *answer,
    };
    let mut body = show(&operation);
    let raw = match &operation.result {
        Some(ResultFault::Raw(raw)) => Some(raw),
        _ => None,
    };
    match operation.state() {
        State::Rendering if spelt_out => body["status"] = json!("queued"),
        State::Rendering | State::Cancelled => {}
        State::Done | State::Collected => {
            if let Some(raw) = raw {
                body = answers::raw_json(raw, &operation);
            }
            locked(&call.world.ledger).collect(&id);
        }
    }
    downloads::inline(&call, &operation, &body)
}
