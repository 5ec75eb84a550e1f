//! `POST /v1/interactions/{id}/cancel` and `DELETE /v1/interactions/{id}`.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::show::show;
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::{Step, Wire};
use crate::ledger::State;
use crate::lock::locked;
use crate::marks::Refusal;
use crate::wire::{admission, answers, looks};

/// Cancels an interaction that still renders; any other stays unchanged.
pub(super) async fn cancel(
    Extension(call): Extension<Call>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    looks::recognise(&call, &id);
    call.pass(Step::Cancel, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    if !looks::is_known(&call, &id, &id) {
        return answers::refuse(Wire::Omni, &Refusal::NotFound, "");
    }
    let mut ledger = locked(&call.world.ledger);
    ledger.cancel(&id);
    let cancelled = ledger
        .find(&id)
        .filter(|operation| operation.state() == State::Cancelled);
    if let Some(operation) = cancelled {
        return answers::json_answer(StatusCode::OK, &show(operation));
    }
    answers::error(
        StatusCode::BAD_REQUEST,
        "The interaction is not in progress and cannot be cancelled.",
    )
}

/// Deletes an interaction: from then on it is not found.
pub(super) async fn delete(
    Extension(call): Extension<Call>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    looks::recognise(&call, &id);
    call.pass(Step::Delete, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    if looks::is_known(&call, &id, &id) && locked(&call.world.ledger).delete(&id) {
        return answers::json_answer(StatusCode::OK, &json!({}));
    }
    answers::refuse(Wire::Omni, &Refusal::NotFound, "")
}
