//! Gemini Omni over the Interactions API. Unlike the other wires it uses snake case.

mod ending;
mod poll;
mod show;
mod submit;
mod validation;

use axum::Router;
use axum::routing::{get, post};

/// The routes of interactions in both versions; files have those of the Files API.
pub(super) fn routes() -> Router {
    let mut routes = Router::new();
    for version in ["v1", "v1beta"] {
        routes = routes
            .route(&format!("/{version}/interactions"), post(submit::submit))
            .route(
                &format!("/{version}/interactions/{{id}}"),
                get(poll::poll).delete(ending::delete),
            )
            .route(
                &format!("/{version}/interactions/{{id}}/cancel"),
                post(ending::cancel),
            );
    }
    routes
}
