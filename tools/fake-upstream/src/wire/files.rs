//! The Files API: a finished file's metadata, its address, which redirects to its bytes, and the
//! bytes.

use axum::Extension;
use axum::extract::{OriginalUri, Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock;
use crate::gates::Closed;
use crate::journal::{Step, Wire};
use crate::ledger::{Job, Operation, State, video_uri};
use crate::lock::locked;
use crate::marks::{FileFault, Mark, Refusal};
use crate::wire::downloads::{Place, content as bytes, meet};
use crate::wire::{admission, answers, downloads};

const VERB: &str = ":download";
/// How long Google stores a file.
const KEPT_MS: u64 = 48 * 3600 * 1000;

/// `GET /{version}/files/{id}` and `GET /{version}/files/{id}:download?alt=media`.
pub(crate) async fn visit(
    Extension(call): Extension<Call>,
    OriginalUri(uri): OriginalUri,
    Path(target): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let file = target.strip_suffix(VERB);
    let found = find(&call, file.unwrap_or(&target));
    let step = if file.is_some() {
        Step::Download
    } else {
        Step::File
    };
    call.pass(step, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    let media = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=media"));
    // Vertex AI creates no files.
    match found.filter(|operation| (media || file.is_none()) && operation.wire() != Wire::Vertex) {
        None => answers::refuse(Wire::Gemini, &Refusal::NotFound, ""),
        Some(operation) if file.is_none() => look(&call, &operation).await,
        Some(operation) => download(&call, &operation, &headers, uri.path()).await,
    }
}

/// The job of a file that exists; the request is recorded as belonging to it.
fn find(call: &Call, file: &str) -> Option<Operation> {
    let operation = locked(&call.world.ledger)
        .find_file(file)
        .map(|operation| operation.clone())?;
    call.belongs_to(&operation);
    Some(operation)
}

/// Chooses the fault of this download and redirects to the bytes.
async fn download(call: &Call, operation: &Operation, headers: &HeaderMap, path: &str) -> Response {
    let state =
        locked(&call.world.faults).foresee("file", &operation.id, &operation.marks.file, |marks| {
            &marks.file
        });
    if state.is_some_and(|mark| matches!(mark.fault, FileFault::Processing | FileFault::Failed)) {
        let words = format!(
            "The File {} is not in an ACTIVE state and usage is not allowed.",
            operation.file
        );
        return answers::error(StatusCode::BAD_REQUEST, &words);
    }
    let origin = origin(call, headers);
    let to = match meet(call, operation).await {
        Ok(Place::Here) => format!("{origin}/download{path}?alt=media"),
        Ok(Place::Elsewhere(to)) => to,
        Ok(Place::Loop) => format!("{origin}{path}?alt=media"),
        Err(answer) => return *answer,
    };
    answers::redirect(StatusCode::FOUND, to)
}

/// A file's metadata.
async fn look(call: &Call, operation: &Operation) -> Response {
    if matches!(operation.state(), State::Rendering | State::Cancelled) {
        return answers::refuse(operation.wire(), &Refusal::NotFound, "");
    }
    let mark =
        locked(&call.world.faults).meet("file", &operation.id, &operation.marks.file, |marks| {
            &marks.file
        });
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    let state = match mark.map(|Mark { fault, .. }| fault) {
        Some(FileFault::Refuse(refusal)) => {
            return answers::refuse(operation.wire(), &refusal, &operation.model);
        }
        Some(FileFault::Hang) => return call.hang().await,
        Some(FileFault::Reset) => return call.cut(),
        Some(FileFault::Processing) => "PROCESSING",
        Some(FileFault::Failed) => "FAILED",
        None => "ACTIVE",
    };
    answers::json_answer(StatusCode::OK, &describe(operation, state))
}

fn describe(operation: &Operation, state: &str) -> Value {
    let made = operation.ready_at_ms();
    let mut file = json!({
        "name": format!("files/{}", operation.file),
        "mimeType": "video/mp4",
        "createTime": clock::rfc3339(made),
        "updateTime": clock::rfc3339(made),
        "expirationTime": clock::rfc3339(made + KEPT_MS),
        "uri": format!("https://generativelanguage.googleapis.com/v1beta/files/{}", operation.file),
        "state": state,
        "source": "GENERATED",
    });
    if state == "ACTIVE" {
        file["sizeBytes"] = json!(downloads::of(operation).length().to_string());
        file["downloadUri"] = json!(video_uri(&operation.file));
        if let Job::Omni(job) = &operation.job {
            file["videoMetadata"] = json!({ "videoDuration": format!("{}s", job.seconds) });
        }
    }
    if state == "FAILED" {
        file["error"] = json!({ "code": 13, "message": "The file could not be processed." });
    }
    file
}

/// `GET /download/{version}/files/{id}:download?alt=media`: the bytes, in the manner chosen for the
/// last download.
pub(crate) async fn content(
    Extension(call): Extension<Call>,
    Path(target): Path<String>,
) -> Response {
    let file = target.strip_suffix(VERB).unwrap_or(&target);
    serve(&call, file)
}

/// The same bytes on the other host.
pub(crate) async fn content_elsewhere(
    Extension(call): Extension<Call>,
    Path(file): Path<String>,
) -> Response {
    serve(&call, &file)
}

fn serve(call: &Call, file: &str) -> Response {
    match find(call, file) {
        Some(operation) => bytes(call, &operation),
        None => answers::refuse(Wire::Gemini, &Refusal::NotFound, ""),
    }
}

/// The base URL that the caller used.
pub(crate) fn origin(call: &Call, headers: &HeaderMap) -> String {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map_or_else(
            || call.world.origin.clone(),
            |host| format!("http://{host}"),
        )
}
