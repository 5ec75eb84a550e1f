//! `GET …/projects/{project}/locations/{location}/models`: the project's own models.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::admission::admit_list;
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::wire::answers;

/// An empty list: models of Google are not a project's own.
pub(super) async fn list(
    Extension(call): Extension<Call>,
    Path((project, location)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    call.pass(Step::Models, Closed::Before).await;
    match admit_list(&call.world, &headers, &project, &location) {
        Ok(()) => answers::json_answer(StatusCode::OK, &json!({})),
        Err(refused) => *refused,
    }
}
