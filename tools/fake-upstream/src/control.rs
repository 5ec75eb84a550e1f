//! The control API under `/__control`. Nothing here is recorded.

mod adoption;
mod handler;
mod identity;

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gates::Closed;
use crate::inbox::{Delivery, Mode};
use crate::journal::{Entry, Step, Wanted};
use crate::ledger::Operation;
use crate::lock::locked;
use crate::marks::Marks;
use crate::world::World;

use handler::{Shared, bad_request};

/// The routes, to be nested under `/__control`.
pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/health", get(health))
        .route("/faults", get(show_faults).post(set_faults))
        .route("/gate", post(set_gate))
        .route("/reset", post(reset))
        .route("/requests", get(requests))
        .route("/wait", get(wait))
        .route("/counts", get(counts))
        .route("/operations", get(operations).post(adoption::adopt))
        .route("/render-stats", get(render_stats))
        .route("/service-account", get(identity::service_account))
        .route("/tokens/expire", post(identity::expire_tokens))
        .route("/push", post(identity::set_push))
        .route("/pushes", get(identity::pushes))
        .route("/inbox", get(inbox))
        .route("/inbox/mode", get(show_mode).post(set_mode))
}

async fn health(State(world): Shared) -> Json<Value> {
    Json(json!({ "status": "ok", "origin": world.origin, "other": world.other_origin }))
}

async fn show_faults(State(world): Shared) -> Json<Value> {
    Json(json!({ "marks": locked(&world.faults).text() }))
}

#[derive(Deserialize)]
struct NewFaults {
    marks: String,
}

async fn set_faults(State(world): Shared, Json(new): Json<NewFaults>) -> Response {
    match Marks::read(&new.marks) {
        Ok(marks) => {
            locked(&world.faults).set_defaults(new.marks.clone(), marks);
            Json(json!({ "marks": new.marks })).into_response()
        }
        Err(unknown) => bad_request(unknown.to_string()),
    }
}

#[derive(Deserialize)]
struct Gate {
    step: Step,
    state: GateState,
    #[serde(default)]
    after: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum GateState {
    Closed,
    Open,
}

async fn set_gate(State(world): Shared, Json(gate): Json<Gate>) -> Response {
    if matches!(gate.step, Step::Other | Step::Unknown | Step::Keys) {
        return bad_request("this step has no gate");
    }
    match (gate.state, gate.after) {
        (GateState::Open, _) => world.gates.open(gate.step),
        (GateState::Closed, false) => world.gates.close(gate.step, Closed::Before),
        (GateState::Closed, true) if gate.step == Step::Submit => {
            world.gates.close(gate.step, Closed::AfterAcceptance);
        }
        (GateState::Closed, true) => return bad_request("only submit has an \"after\""),
    }
    Json(json!({ "ok": true })).into_response()
}

async fn reset(State(world): Shared) -> Json<Value> {
    let since = world.reset();
    Json(json!({ "ok": true, "since": since }))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
    step: Option<Step>,
}

async fn requests(State(world): Shared, Query(query): Query<Since>) -> Json<Vec<Entry>> {
    Json(world.journal.list(query.since, query.step))
}

async fn wait(State(world): Shared, Query(wanted): Query<Wanted>) -> Response {
    let (reached, requests) = world.journal.wait(&wanted).await;
    let status = if reached {
        StatusCode::OK
    } else {
        StatusCode::REQUEST_TIMEOUT
    };
    let body = json!({ "reached": reached, "count": requests.len(), "requests": requests });
    (status, Json(body)).into_response()
}

async fn counts(State(world): Shared) -> Json<Value> {
    let ledger = locked(&world.ledger);
    let (operations, collected) = (ledger.operations().len(), ledger.told());
    drop(ledger);
    Json(json!({
        "requests": world.journal.counts(),
        "operations": operations,
        "collected": collected,
        "inbox": locked(&world.inbox).kept(),
    }))
}

async fn operations(State(world): Shared) -> Json<Vec<Value>> {
    let ledger = locked(&world.ledger);
    Json(ledger.operations().iter().map(show_operation).collect())
}

fn show_operation(operation: &Operation) -> Value {
    json!({
        "name": operation.name(),
        "wire": operation.wire(),
        "id": operation.id,
        "model": operation.model,
        "prompt": operation.prompt,
        "parameters": operation.request["parameters"],
        "request": operation.request,
        "submittedBy": operation.submitted_by,
        "acceptedAtMs": operation.accepted_at_ms,
        "renderMs": operation.render.as_millis(),
        "readyAtMs": operation.ready_at_ms(),
        "toldAtMs": operation.told_at_ms,
        "state": operation.state(),
        "adopted": operation.is_adopted(),
        "polls": operation.polls,
        "file": operation.file,
        "deleted": operation.deleted,
    })
}

async fn render_stats(State(world): Shared) -> Json<Value> {
    let ledger = locked(&world.ledger);
    let (now, most) = ledger.rendering();
    let accepted = ledger
        .operations()
        .iter()
        .filter(|operation| !operation.is_adopted());
    let order: Vec<Value> = accepted
        .map(|operation| json!({ "id": operation.id, "prompt": operation.prompt }))
        .collect();
    Json(json!({ "rendering": now, "maxRendering": most, "accepted": order }))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    since: u64,
}

async fn inbox(State(world): Shared, Query(after): Query<After>) -> Json<Vec<Delivery>> {
    Json(locked(&world.inbox).after(after.since).cloned().collect())
}

async fn show_mode(State(world): Shared) -> Json<Value> {
    Json(json!({ "mode": locked(&world.inbox).mode.to_string() }))
}

#[derive(Deserialize)]
struct NewMode {
    mode: String,
}

async fn set_mode(State(world): Shared, Json(new): Json<NewMode>) -> Response {
    let Some(mode) = Mode::read(&new.mode) else {
        return bad_request(format!("unknown mode {}", new.mode));
    };
    locked(&world.inbox).mode = mode;
    Json(json!({ "mode": new.mode })).into_response()
}
