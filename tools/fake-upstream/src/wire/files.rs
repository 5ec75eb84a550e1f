//! The finished file: its address redirects to its bytes, here or on another host.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::call::Call;
use crate::gates::Closed;
use crate::journal::Step;
use crate::marks::{DownloadFault, Refusal};
use crate::wire::bytes::{Manner, Video, deliver};
use crate::wire::{admission, answers};
use crate::world::locked;

const VERB: &str = ":download";

/// `GET /v1beta/files/{id}:download?alt=media`: decides the fault of this download and redirects to the bytes.
pub(crate) async fn visit(
    Extension(call): Extension<Call>,
    Path(target): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let file = target.strip_suffix(VERB).unwrap_or(&target);
    let found = locked(&call.world.ledger).find_file(file).map(|operation| operation.clone());
    if let Some(operation) = &found {
        call.belongs_to(&operation.prompt, Some(&operation.id));
    }
    call.pass(Step::Download, Closed::Before).await;
    if let Err(refused) = admission::admit(&call.world, &headers) {
        return *refused;
    }
    let media = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=media"));
    let Some(operation) = found.filter(|_| media && target.ends_with(VERB)) else {
        return answers::refuse(&Refusal::NotFound, "");
    };
    let mark =
        locked(&call.world.faults).meet("download", &operation.id, &operation.marks.download, |marks| &marks.download);
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    if let Some(operation) = locked(&call.world.ledger).find(&operation.id) {
        operation.download.clone_from(&mark);
    }
    let origin = origin(&call, &headers);
    let bytes = format!("{origin}/download/v1beta/files/{file}{VERB}?alt=media");
    let to = match mark.map(|mark| mark.fault) {
        Some(DownloadFault::Refuse(refusal)) => return answers::refuse(&refusal, ""),
        Some(DownloadFault::Html) => return answers::web_page(StatusCode::OK),
        Some(DownloadFault::Hang) => return call.hang().await,
        Some(DownloadFault::RedirectOther) => {
            format!("{}/files/{file}", call.world.other_origin)
        }
        Some(DownloadFault::RedirectLoop) => {
            format!("{origin}/v1beta/files/{file}{VERB}?alt=media")
        }
        _ => bytes,
    };
    answers::redirect(StatusCode::FOUND, to)
}

/// `GET /download/v1beta/files/{id}:download?alt=media`: the bytes, in the manner the last visit decided.
pub(crate) async fn content(Extension(call): Extension<Call>, Path(target): Path<String>) -> Response {
    let file = target.strip_suffix(VERB).unwrap_or(&target);
    serve(&call, file)
}

/// The same bytes on the other host.
pub(crate) async fn content_elsewhere(Extension(call): Extension<Call>, Path(file): Path<String>) -> Response {
    serve(&call, &file)
}

fn serve(call: &Call, file: &str) -> Response {
    let Some(operation) = locked(&call.world.ledger).find_file(file).map(|operation| operation.clone()) else {
        return answers::refuse(&Refusal::NotFound, "");
    };
    call.belongs_to(&operation.prompt, Some(&operation.id));
    let manner = match operation.download.map(|mark| mark.fault) {
        Some(DownloadFault::Empty) => {
            return [(header::CONTENT_TYPE, "video/mp4")].into_response();
        }
        Some(DownloadFault::Truncated) => Manner::Truncated,
        Some(DownloadFault::Reset) => Manner::Reset,
        Some(DownloadFault::Stall) => Manner::Stall,
        Some(DownloadFault::Chunked) => Manner::Chunked,
        Some(DownloadFault::Slow(rate)) => Manner::Slow(rate),
        _ => Manner::Plain,
    };
    let video = operation.marks.bytes.map_or(Video::Sample, Video::Pattern);
    deliver(call.clone(), video, manner)
}

/// The base URL the caller used.
fn origin(call: &Call, headers: &HeaderMap) -> String {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map_or_else(|| call.world.origin.clone(), |host| format!("http://{host}"))
}
