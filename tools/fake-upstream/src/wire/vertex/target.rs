//! The common parts of calls to a model.

use axum::http::StatusCode;
use axum::response::Response;

use crate::wire::answers;

/// The target of a call to a model.
pub(super) struct Target {
    pub(super) project: String,
    pub(super) location: String,
    pub(super) model: String,
}

/// The answer to a body that is not JSON.
pub(super) fn not_json() -> Response {
    answers::error(StatusCode::BAD_REQUEST, "Invalid JSON payload received.")
}
