//! Google's wire: Veo over the Gemini API, as Google's own SDK speaks it.

mod admission;
mod answers;
mod bytes;
mod files;
mod poll;
mod submit;
mod validation;

use axum::Router;
use axum::routing::{get, post};

/// The routes of the main listener under Google's paths.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/v1beta/models/{target}", post(submit::submit))
        .route("/v1beta/models/{model}/operations/{id}", get(poll::poll))
        .route("/v1beta/files/{target}", get(files::visit))
        .route("/download/v1beta/files/{target}", get(files::content))
}

/// The routes of the other host.
pub(crate) fn other_routes() -> Router {
    Router::new().route("/files/{id}", get(files::content_elsewhere))
}
