//! `GET /v1/models`, in both versions.

use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::wire::{admission, answers};

/// One of the models, for a good key.
pub(crate) async fn list(Extension(call): Extension<Call>, headers: HeaderMap) -> Response {
    call.pass(Step::Models, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    let model = json!({ "name": "models/gemini-omni-1.2-flash", "displayName": "Gemini Omni" });
    let page = json!({ "models": [model], "nextPageToken": "2" });
    answers::json_answer(StatusCode::OK, &page)
}
