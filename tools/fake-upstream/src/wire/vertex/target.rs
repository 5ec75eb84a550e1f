//! What the calls of a model have in common.

use axum::http::StatusCode;
use axum::response::Response;

use crate::wire::answers;

/// Where a call of a model goes.
pub(super) struct Target {
    pub(super) project: String,
    pub(super) location: String,
    pub(super) model: String,
}

/// A body that is no JSON.
pub(super) fn not_json() -> Response {
    answers::error(StatusCode::BAD_REQUEST, "Invalid JSON payload received.")
}
