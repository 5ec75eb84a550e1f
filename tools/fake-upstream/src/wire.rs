//! Google's wires, as Google's own SDK uses them.

mod admission;
mod answers;
mod bytes;
mod checks;
mod downloads;
mod files;
mod film;
mod gemini;
mod looks;
mod oauth;
mod omni;
mod submission;
mod vertex;

use axum::Router;
use axum::routing::get;

/// The routes of the main listener under Google's paths.
pub(crate) fn routes() -> Router {
    let mut routes = Router::new()
        .merge(gemini::routes())
        .merge(vertex::routes())
        .merge(omni::routes());
    for version in ["v1", "v1beta"] {
        routes = routes
            .route(&format!("/{version}/files/{{target}}"), get(files::visit))
            .route(
                &format!("/download/{version}/files/{{target}}"),
                get(files::content),
            );
    }
    routes.merge(oauth::routes())
}

/// The routes of the other host.
pub(crate) fn other_routes() -> Router {
    Router::new().route("/files/{id}", get(files::content_elsewhere))
}
