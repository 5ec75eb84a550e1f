//! The faults of a download, on any wire.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::call::Call;
use crate::ledger::Operation;
use crate::lock::locked;
use crate::marks::DownloadFault;
use crate::wire::answers;
use crate::wire::bytes::{Manner, deliver, deliver_json};
use crate::wire::film::{self, FILM, SAMPLE, Video};

/// A gateway's error that has status 200 and the type of a video.
const JSON_ERROR: &[u8] = br#"{"error":{"message":"no such file"}}"#;

/// The place of the bytes.
pub(crate) enum Place {
    /// At their proper address.
    Here,
    /// On the other host, at this address.
    Elsewhere(String),
    /// Nowhere: the address redirects to itself.
    Loop,
}

/// Chooses the fault of this download, which `content` then applies; returns the fault's answer, or
/// the place of the bytes.
pub(crate) async fn meet(call: &Call, operation: &Operation) -> Result<Place, Box<Response>> {
    let fault = decide(call, operation);
    Err(Box::new(match fault {
        Some(DownloadFault::Refuse(refusal)) => {
            answers::refuse(operation.wire(), &refusal, &operation.model)
        }
        Some(DownloadFault::Html) => answers::web_page(StatusCode::OK),
        Some(DownloadFault::Hang) => call.hang().await,
        Some(DownloadFault::RedirectOther) => {
            return Ok(Place::Elsewhere(format!(
                "{}/files/{}",
                call.world.other_origin, operation.file
            )));
        }
        Some(DownloadFault::RedirectTo(address)) => return Ok(Place::Elsewhere(address)),
        Some(DownloadFault::RedirectLoop) => return Ok(Place::Loop),
        _ => return Ok(Place::Here),
    }))
}

/// The mark that this download meets, recorded with the job.
fn decide(call: &Call, operation: &Operation) -> Option<DownloadFault> {
    let mark = locked(&call.world.faults).meet(
        "download",
        &operation.id,
        &operation.marks.download,
        |marks| &marks.download,
    );
    if let Some(mark) = &mark {
        call.meets(&mark.label);
    }
    if let Some(operation) = locked(&call.world.ledger).find(&operation.id) {
        operation.download.clone_from(&mark);
    }
    mark.map(|mark| mark.fault)
}

/// The bytes of a job's video, in the manner chosen for its last download.
pub(crate) fn content(call: &Call, operation: &Operation) -> Response {
    let fault = operation.download.as_ref().map(|mark| &mark.fault);
    if fault == Some(&DownloadFault::Empty) {
        return [(header::CONTENT_TYPE, "video/mp4")].into_response();
    }
    deliver(
        call.clone(),
        &video(operation, fault),
        manner(fault),
        headers(fault),
    )
}

/// A JSON answer that contains the video. A fault about bytes applies to this answer; one about an
/// address or headers is ignored, because the video has none of its own.
pub(crate) fn inline(call: &Call, operation: &Operation, body: &Value) -> Response {
    if !body
        .to_string()
        .contains(Value::from(FILM).to_string().trim_matches('"'))
    {
        return answers::json_answer(StatusCode::OK, body);
    }
    let fault = decide(call, operation);
    deliver_json(
        call.clone(),
        body,
        &video(operation, fault.as_ref()),
        manner(fault.as_ref()),
    )
}

/// The contents of a job's file.
fn video(operation: &Operation, fault: Option<&DownloadFault>) -> Video {
    match fault {
        Some(DownloadFault::Empty) => Video::Pattern(0),
        Some(DownloadFault::Json) => Video::Made(Bytes::from_static(JSON_ERROR)),
        Some(DownloadFault::Half) => Video::Made(Bytes::from_static(&SAMPLE[..SAMPLE.len() / 2])),
        Some(DownloadFault::NoMoov) => Video::Made(film::without_moov()),
        Some(DownloadFault::Trailing) => Video::Made([SAMPLE, b"</html>\n"].concat().into()),
        Some(DownloadFault::Gzip) => Video::Made(film::gzipped()),
        Some(DownloadFault::WebM) => Video::Made(film::webm()),
        _ => of(operation),
    }
}

/// The correct video of a job.
pub(crate) fn of(operation: &Operation) -> Video {
    operation.marks.bytes.map_or(Video::Sample, Video::Pattern)
}

fn headers(fault: Option<&DownloadFault>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let content_type = match fault {
        Some(DownloadFault::Type(None)) => None,
        Some(DownloadFault::Type(Some(named))) => HeaderValue::from_str(named).ok(),
        _ => Some(HeaderValue::from_static("video/mp4")),
    };
    let encoding = match fault {
        Some(DownloadFault::Encoding(named)) => HeaderValue::from_str(named).ok(),
        Some(DownloadFault::Gzip) => Some(HeaderValue::from_static("gzip")),
        _ => None,
    };
    headers.extend(content_type.map(|value| (header::CONTENT_TYPE, value)));
    headers.extend(encoding.map(|value| (header::CONTENT_ENCODING, value)));
    headers
}

fn manner(fault: Option<&DownloadFault>) -> Manner {
    match fault {
        Some(DownloadFault::Truncated) => Manner::Truncated,
        Some(DownloadFault::Reset) => Manner::Reset,
        Some(DownloadFault::Stall) => Manner::Stall,
        Some(DownloadFault::Chunked) => Manner::Chunked,
        Some(DownloadFault::Slow(rate)) => Manner::Slow(*rate),
        _ => Manner::Plain,
    }
}
