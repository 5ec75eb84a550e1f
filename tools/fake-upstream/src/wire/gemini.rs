//! Veo over the Gemini API, as Google's own SDK used it before version 3.

mod models;
mod poll;
mod submit;
mod validation;

use axum::Router;
use axum::routing::{get, post};

/// The routes of models and jobs; files have those of the Files API.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1beta/models", get(models::list))
        .route("/v1beta/models/{target}", post(submit::submit))
        .route("/v1beta/models/{model}/operations/{id}", get(poll::poll))
}
