//! Cloud Storage: the objects of finished operations, in its JSON API.

use axum::Extension;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::admission;
use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::ledger::{Job, Operation, State};
use crate::lock::locked;
use crate::marks::ResultFault;
use crate::wire::downloads::{Place, content, meet};
use crate::wire::{answers, downloads, files};

/// `GET /storage/v1/b/{bucket}/o/{object}`, with `alt=media` for the bytes; the same under
/// `/download`.
pub(super) async fn object(
    Extension(call): Extension<Call>,
    OriginalUri(uri): OriginalUri,
    Path((bucket, object)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let found = find(&call, &bucket, &object);
    call.pass(Step::Download, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers, "storage.googleapis.com") {
        return *refused;
    }
    let Some(operation) = found else {
        let message = format!("No such object: {bucket}/{object}");
        let mut error = json!({ "code": 404, "message": message });
        error["errors"] = json!([{ "message": message, "domain": "global", "reason": "notFound" }]);
        return answers::json_answer(StatusCode::NOT_FOUND, &json!({ "error": error }));
    };
    if !query
        .unwrap_or_default()
        .split('&')
        .any(|pair| pair == "alt=media")
    {
        let about = json!({
            "kind": "storage#object",
            "bucket": bucket,
            "name": object,
            "contentType": "video/mp4",
            "size": downloads::of(&operation).length().to_string(),
        });
        return answers::json_answer(StatusCode::OK, &about);
    }
    match meet(&call, &operation).await {
        Ok(Place::Here) => decided(&call, &operation),
        Ok(Place::Elsewhere(to)) => answers::redirect(StatusCode::FOUND, to),
        Ok(Place::Loop) => {
            let to = format!("{}{}?alt=media", files::origin(&call, &headers), uri.path());
            answers::redirect(StatusCode::FOUND, to)
        }
        Err(answer) => *answer,
    }
}

/// The job that created this object; the request is recorded as belonging to it.
fn find(call: &Call, bucket: &str, object: &str) -> Option<Operation> {
    let file = object.rsplit('/').nth(1)?;
    let operation = locked(&call.world.ledger)
        .find_file(file)
        .map(|operation| operation.clone())?;
    let Job::Vertex(job) = &operation.job else {
        return None;
    };
    let uri = format!("gs://{bucket}/{object}");
    let made = matches!(operation.result, None | Some(ResultFault::Raw(_)));
    let there = made && operation.state() != State::Rendering;
    if !there || !job.objects(file).contains(&uri) {
        return None;
    }
    call.belongs_to(&operation);
    Some(operation)
}

/// The bytes, with the fault that was just chosen.
fn decided(call: &Call, operation: &Operation) -> Response {
    let now = locked(&call.world.ledger)
        .find_file(&operation.file)
        .map(|operation| operation.clone());
    content(call, &now.unwrap_or_else(|| operation.clone()))
}
