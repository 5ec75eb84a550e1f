//! Veo over Vertex AI, and the objects that it creates in Cloud Storage.

mod admission;
mod models;
mod poll;
mod storage;
mod submit;
mod target;
mod validation;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Router, routing};
use serde_json::Value;

use crate::call::Call;
use crate::journal::Wire;
use crate::marks::Refusal;
use crate::wire::answers;

use target::Target;

/// The routes of models in both versions, and of objects.
pub(super) fn routes() -> Router {
    let mut routes = Router::new();
    for version in ["v1", "v1beta1"] {
        let path = format!(
            "/{version}/projects/{{project}}/locations/{{location}}/publishers/google/models/{{target}}"
        );
        let own = format!("/{version}/projects/{{project}}/locations/{{location}}/models");
        routes = routes
            .route(&path, routing::post(call_model))
            .route(&own, routing::get(models::list));
    }
    routes
        .route(
            "/storage/v1/b/{bucket}/o/{object}",
            routing::get(storage::object),
        )
        .route(
            "/download/storage/v1/b/{bucket}/o/{object}",
            routing::get(storage::object),
        )
}

/// `POST …/models/{model}:{verb}`.
async fn call_model(
    Extension(call): Extension<Call>,
    Path((project, location, target)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = serde_json::from_slice::<Value>(&body).ok();
    let (model, verb) = target.split_once(':').unwrap_or((&target, ""));
    let target = Target {
        project,
        location,
        model: model.to_owned(),
    };
    match verb {
        "predictLongRunning" => submit::submit(&call, target, &headers, body).await,
        "fetchPredictOperation" => poll::poll(&call, &target, &headers, body).await,
        _ => answers::refuse(Wire::Vertex, &Refusal::NotFound, model),
    }
}
