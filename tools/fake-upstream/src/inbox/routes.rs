//! The routes of the inbox.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{page, receive};
use crate::world::World;

/// The receiver, recorded like the rest of the main listener.
pub(crate) fn routes() -> Router {
    Router::new().route("/api/webhooks/worker", post(receive::receive))
}

/// The page, which is not recorded.
pub(crate) fn page_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/inbox", get(page::show))
        .route("/inbox/mode", post(page::switch))
}
