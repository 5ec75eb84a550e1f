//! Gemini Omni over the Interactions API. Unlike its sisters it writes its names with underscores.

mod ending;
mod poll;
mod show;
mod submit;
mod validation;

use axum::Router;
use axum::routing::{get, post};

/// The routes of interactions in both versions; their files are the Files API's.
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
