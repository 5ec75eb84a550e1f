//! The state of the control API's handlers, and their refusals.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::world::World;

/// The state of a handler.
pub(super) type Shared = State<Arc<World>>;

/// Answers 400 with one sentence.
pub(super) fn bad_request(message: impl Into<String>) -> Response {
    let body = Json(json!({ "error": message.into() }));
    (StatusCode::BAD_REQUEST, body).into_response()
}
